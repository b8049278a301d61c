"""Remove empty folders: cookiecutter leaves a folder behind when the names of all its files render to nothing."""

from pathlib import Path


def remove_empty_folders(folder: Path) -> None:
    for child in folder.iterdir():
        if child.is_dir() and not child.is_symlink() and child.name != ".git":
            remove_empty_folders(child)
            if not any(child.iterdir()):
                child.rmdir()


remove_empty_folders(Path())
