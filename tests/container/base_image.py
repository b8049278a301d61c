"""A stand-in for `python:3-slim` made of this machine's own files, for where no image registry can be reached."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

PROGRAMS = (
    "sh",
    "install",
    "ls",
    "cat",
    "cp",
    "mv",
    "rm",
    "mkdir",
    "ln",
    "chmod",
    "chown",
    "env",
    "id",
    "uname",
    "true",
)
FILES = ("/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/os-release", "/etc/ssl/certs/ca-certificates.crt")
LIBRARY_PACKAGES = ("libc6", "libgcc-s1", "libstdc++6", "zlib1g")
FOLDERS = (
    "usr/bin",
    "usr/sbin",
    "usr/lib",
    "usr/lib64",
    "usr/local/bin",
    "etc",
    "opt",
    "proc",
    "sys",
    "dev",
    "run",
    "var",
)
MERGED = ("bin", "sbin", "lib", "lib64")
LEFT_OUT = re.compile(r"/(site-packages|test|tests|idlelib|tkinter|turtledemo|__pycache__|config-3[^/]*)(/|$)|\.a$")
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
SETTINGS = ("ENV PATH=/usr/local/bin:/usr/bin:/bin", "ENV LD_LIBRARY_PATH=/usr/local/lib", f"ENV PIP_CERT={FILES[-1]}")


def write_base_image(target: Path) -> None:
    """Tar of a root with a shell, a few programs and this interpreter as /usr/local/bin/python, with pip."""
    prefix = Path(sys.base_prefix)
    with tarfile.open(target, "w") as tar:
        for folder in FOLDERS:
            _add_folder(tar, folder, 0o755)
        _add_folder(tar, "tmp", 0o1777)
        for name in MERGED:
            _add_link(tar, name, f"usr/{name}")
        for path in sorted(_system_files(prefix)):
            tar.add(path.resolve(), _merged(path), filter=_owned_by_root)
        _add_python(tar, prefix)


def _add_python(tar: tarfile.TarFile, prefix: Path) -> None:
    tar.add(Path(sys.executable).resolve(), f"usr/local/bin/{PYTHON}", filter=_owned_by_root)
    for name in ("python", "python3"):
        _add_link(tar, f"usr/local/bin/{name}", PYTHON)
    for library in (prefix / "lib").glob("libpython3*.so*"):
        tar.add(library.resolve(), f"usr/local/lib/{library.name}", filter=_owned_by_root)
    tar.add(prefix / "lib" / PYTHON, f"usr/local/lib/{PYTHON}", filter=_slim)
    _add_folder(tar, f"usr/local/lib/{PYTHON}/site-packages", 0o755)
    spec = importlib.util.find_spec("pip")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("this interpreter has no pip to put into a base image")
    tar.add(Path(spec.origin).parent, f"usr/local/lib/{PYTHON}/site-packages/pip", filter=_owned_by_root)


def _system_files(prefix: Path) -> set[Path]:
    """Programs, and every shared library that they, this interpreter and its extension modules load."""
    programs = [Path(found) for name in PROGRAMS if (found := shutil.which(name, path="/usr/bin:/bin"))]
    loading = [*programs, Path(sys.executable).resolve(), *(prefix / "lib" / PYTHON / "lib-dynload").glob("*.so")]
    libraries = {library for path in loading for library in _loaded_libraries(path)}
    packaged = {path for package in LIBRARY_PACKAGES for path in _packaged_libraries(package)}
    files = {Path(name) for name in FILES if Path(name).exists()}
    return {path for path in {*programs, *libraries, *packaged, *files} if not path.is_relative_to(prefix)}


def _loaded_libraries(program: Path) -> Iterator[Path]:
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    yield from (Path(name) for name in re.findall(r"(/\S+\.so[^\s:]*)", listed))


def _packaged_libraries(package: str) -> Iterator[Path]:
    listed = subprocess.run(["dpkg", "-L", package], capture_output=True, text=True, check=False).stdout
    yield from (path for name in listed.splitlines() if ".so" in name and (path := Path(name)).is_file())


def _merged(path: Path) -> str:
    """Name in the tar of a file that may be listed below /lib, which is a link to /usr/lib."""
    parts = PurePosixPath(path).parts[1:]
    return "/".join(("usr", *parts) if parts[0] in MERGED else parts)


def _add_folder(tar: tarfile.TarFile, name: str, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, mode
    tar.addfile(entry)


def _add_link(tar: tarfile.TarFile, name: str, target: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    tar.addfile(entry)


def _owned_by_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    return entry


def _slim(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if LEFT_OUT.search(f"/{entry.name}") else _owned_by_root(entry)
