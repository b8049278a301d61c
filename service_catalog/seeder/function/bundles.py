"""The template's bundle: from S3, by its digest, into a folder that the next event finds again."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tempfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

from renderer import Template
from service_catalog.seeder.function.refusals import RefusedError

LARGEST = 64 * 1024 * 1024
_PARTS = {"cookiecutter.json", "local_extensions.py", "hooks", "{{cookiecutter.project_slug}}"}
_loaded: dict[str, Template] = {}


def template(s3: Any, bucket: str, key: str, sha256: str) -> Template:
    """The template whose bundle has this digest; raises RefusedError if S3 holds none or another one there.

    Only the newest is kept, since the temporary folder of a function is small.
    """
    folders = Path(tempfile.gettempdir()) / "sagemaker-mlops-bundles"
    folder = folders / sha256
    if not folder.is_dir():
        content = _fetched(s3, bucket, key, sha256)
        shutil.rmtree(folders, ignore_errors=True)
        _loaded.clear()
        folders.mkdir(mode=0o700, parents=True)
        whole = Path(tempfile.mkdtemp(dir=folders))
        _unzip(content, whole)
        whole.rename(folder)
    if sha256 not in _loaded or _loaded[sha256].folder != folder:
        _loaded[sha256] = Template(folder)
    return _loaded[sha256]


def _fetched(s3: Any, bucket: str, key: str, sha256: str) -> bytes:
    from botocore.exceptions import ClientError

    where = f"the template's bundle s3://{bucket}/{key}"
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
        content: bytes = found["Body"].read(LARGEST + 1)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "error")
        raise RefusedError(f"{where}: S3 says {code}; has this version been published here?") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise RefusedError(f"{where} has another digest than the project's template says: publish the version again")
    return content


def _unzip(content: bytes, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > LARGEST:
            raise RefusedError(f"the template's bundle holds more than {LARGEST} bytes")
        for entry in entries:
            path = PurePosixPath(entry.filename)
            if path.is_absolute() or ".." in path.parts or path.parts[0] not in _PARTS or entry.is_dir():
                raise RefusedError(f"the template's bundle holds {entry.filename!a}, which no template does")
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            with os.fdopen(descriptor, "wb") as file:
                file.write(archive.read(entry))
