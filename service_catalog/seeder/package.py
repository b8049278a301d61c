"""The function's code as one file for Lambda: this repository's part and the hashed requirements, all plain Python.

Compiled parts of the requirements are left out, since each of them works without: so one file runs on every
processor and Python version that Lambda has. boto3 comes with Lambda's runtime.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from service_catalog.seeder.bundle import zipped

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements" / "seeder.txt"
ENTRY = "service_catalog.seeder.function.handler.handle"
RUNTIME = "python3.13"
_OLDEST_PYTHON = "3.11"  # its wheels run on the newer ones, too, once compiled parts are gone
_OWN = ("renderer/*.py", "service_catalog/__init__.py", "service_catalog/seeder/__init__.py")
_FUNCTION = "service_catalog/seeder/function/*.py"
_LEFT_OUT_FOLDERS = {"__pycache__", "bin", "tests", "test", "testing"}
_LEFT_OUT_SUFFIXES = {".so", ".pyi", ".pyd"}
_LEFT_OUT_NAMES = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "py.typed"}


@dataclass(frozen=True)
class Package:
    """`content` is a zip file; `key` is its key in the channel bucket, without the bucket."""

    sha256: str
    key: str
    content: bytes


def package() -> Package:
    """Installs the requirements, from uv's cache or the package index, and zips them with our own code."""
    with tempfile.TemporaryDirectory() as folder:
        _install(Path(folder))
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in _kept(Path(folder))}
    for pattern in (*_OWN, _FUNCTION):
        files.update({path.relative_to(ROOT).as_posix(): path.read_bytes() for path in ROOT.glob(pattern)})
    for name in ("cookiecutter.json", "local_extensions.py"):
        files[f"renderer/template/{name}"] = (ROOT / name).read_bytes()
    content = zipped(files, zipfile.ZIP_DEFLATED)
    digest = hashlib.sha256(content).hexdigest()
    return Package(digest, f"seeder/{digest}.zip", content)


def _install(folder: Path) -> None:
    from uv import find_uv_bin

    subprocess.run(  # noqa: S603
        [
            *(find_uv_bin(), "pip", "install", "--quiet", "--target", str(folder), "--no-compile", "--no-config"),
            *("--only-binary", ":all:", "--python-platform", "x86_64-manylinux_2_28"),
            *("--python-version", _OLDEST_PYTHON, "--require-hashes", "--requirements", str(REQUIREMENTS)),
        ],
        check=True,
    )


def _kept(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        if (
            path.is_file()
            and not _LEFT_OUT_FOLDERS & set(inside.parts[:-1])
            and path.suffix not in _LEFT_OUT_SUFFIXES
            and path.name not in _LEFT_OUT_NAMES
            and not path.name.startswith(".")
        ):
            yield path
