"""The template as one file in S3: the same bytes on every machine, so that the project stack can name its digest."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

from renderer.template import DEFAULT, version

_FIXED_DATE = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE = 0o100644 << 16


@dataclass(frozen=True)
class Bundle:
    """`content` is a zip file; `key` is its key in the channel bucket, without the bucket."""

    version: str
    sha256: str
    key: str
    content: bytes


def bundle() -> Bundle:
    """The template of this checkout or wheel: cookiecutter.json, its rules, hooks and the project's tree."""
    files = {path.as_posix(): (DEFAULT.folder / path).read_bytes() for path in DEFAULT.files()}
    content = zipped(files, zipfile.ZIP_STORED)
    digest = hashlib.sha256(content).hexdigest()
    return Bundle(version(), digest, f"bundles/{version()}/{digest}.zip", content)


def zipped(files: Mapping[str, bytes], method: int) -> bytes:
    """A zip of plain files, sorted, without dates, owners or the machine's idea of modes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _FIXED_DATE)
            entry.create_system = 3  # Unix, also where this runs on Windows
            entry.external_attr = _PLAIN_FILE
            entry.compress_type = method
            archive.writestr(entry, files[name])
    return buffer.getvalue()
