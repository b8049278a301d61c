"""A hidden folder beside the target: same file system, so the finished project moves into place in one step."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


@contextmanager
def staging_folder(output_dir: Path) -> Iterator[Path]:
    """Yield an empty folder in `output_dir`, gone afterwards whatever happens.

    Temporary files of this process go into it too. Parents of `output_dir` that had to be made are removed again
    if they end up empty. Raises OSError.
    """
    folder = output_dir / f".sagemaker-mlops-{secrets.token_hex(8)}"
    own_temporary, usual_temporary = folder / "tmp", tempfile.tempdir
    with ExitStack() as cleanup:
        for parent in reversed([output_dir, *output_dir.parents]):
            if not parent.exists():
                cleanup.callback(_remove_if_empty, parent)
        cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        cleanup.callback(setattr, tempfile, "tempdir", usual_temporary)
        output_dir.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
        own_temporary.mkdir()
        tempfile.tempdir = str(own_temporary)
        yield folder
