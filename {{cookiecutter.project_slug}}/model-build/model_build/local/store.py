"""S3 as a folder: `s3://bucket/key` is the file `<root>/bucket/key`."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_SEGMENT = re.compile(r"(?!\.{1,2}$)[^\\:*?\"<>|\x00-\x1f]+")


class StoreError(ValueError):
    """A URI that names nothing, or no object at all."""


class Store:
    """Objects below `root`. Objects arrive whole: each is written elsewhere and moved to its place.

    A prefix means a folder here: `s3://b/part` does not match an object `part-0` as it would in S3.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, uri: str) -> Path:
        """The file or folder of a URI, existing or not, always below the root.

        Raises:
            StoreError: not an `s3://` URI, no valid bucket, or a key that would leave its bucket.
        """
        scheme, _, rest = str(uri).partition("://")
        bucket, *key = rest.rstrip("/").split("/")
        if scheme != "s3" or not _BUCKET.fullmatch(bucket) or ".." in bucket:
            raise StoreError(f"{uri!r} is no S3 location; expected s3://bucket/key")
        if not all(_SEGMENT.fullmatch(segment) for segment in key):
            raise StoreError(f"{uri!r} has a key that is no path on every system")
        return self.root.joinpath(bucket, *key)

    def objects(self, uri: str) -> dict[str, Path]:
        """Files at a URI by their name relative to it, sorted; one entry with the file's own name for a single object.

        Raises:
            StoreError: nothing is there.
        """
        path = self.path(uri)
        if path.is_file():
            return {path.name: path}
        found = {file.relative_to(path).as_posix(): file for file in sorted(_files(path))}
        if not found:
            raise StoreError(f"nothing at {uri}")
        return found

    def exists(self, uri: str) -> bool:
        """Whether an object, or at least one below the prefix, is there."""
        path = self.path(uri)
        return path.is_file() or next(_files(path), None) is not None

    def digest(self, uri: str) -> str:
        """SHA-256 over names and contents at a URI.

        Raises:
            StoreError: nothing is there.
        """
        return digest_files(self.objects(uri))

    def document(self, uri: str) -> Any:
        """The JSON document at a URI.

        Raises:
            StoreError: nothing is there, or it is no JSON.
        """
        path = self.path(uri)
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise StoreError(f"nothing at {uri}") from error
        except ValueError as error:
            raise StoreError(f"{uri} is no JSON: {error}") from error

    def fetch(self, uri: str, folder: Path) -> None:
        """Copies what is at a URI into a folder; copies, so that a job can't write into the store.

        Raises:
            StoreError: nothing is there.
        """
        for name, file in self.objects(uri).items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)

    def move_in(self, folder: Path, uri: str) -> None:
        """Moves the files of a folder below a URI, replacing those of the same name."""
        target = self.path(uri)
        for file in list(_files(folder)):
            destination = target / file.relative_to(folder)
            destination.parent.mkdir(parents=True, exist_ok=True)
            os.replace(file, destination)

    def copy_in(self, folder: Path, uri: str) -> None:
        """Copies a folder to a URI where nothing is yet; who comes second to the same URI changes nothing."""
        target = self.path(uri)
        if self.exists(uri):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.root, prefix=".incoming-") as incoming:
            whole = Path(shutil.copytree(folder, Path(incoming, target.name), copy_function=shutil.copyfile))
            try:
                os.rename(whole, target)
            except OSError:
                if not self.exists(uri):
                    raise


def folder_digest(folder: Path) -> str:
    """SHA-256 over names and contents of the files in a folder."""
    return digest_files({file.relative_to(folder).as_posix(): file for file in sorted(_files(folder))})


def digest_files(files: dict[str, Path]) -> str:
    """SHA-256 over names and contents of files, in the order given."""
    digest = hashlib.sha256()
    for name, file in files.items():
        with file.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        digest.update(f"{len(name.encode())}:{name}={content};".encode())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        yield from (Path(parent, name) for name in names)
