"""Registered models as folders: which version is meant, and its archive unpacked once."""

from __future__ import annotations

import dataclasses
import gzip
import json
import os
import shutil
import tarfile
import tempfile
import zlib
from pathlib import Path
from typing import Any

from model_build.local.registry import Registry
from model_build.local.store import Store, StoreError, digest_files
from model_build.local.workspace import Workspace


class ModelError(ValueError):
    """No such model, or one whose files are gone or damaged; with what to do about it."""


@dataclasses.dataclass(frozen=True)
class LocalModel:
    """A version, the folder of its unpacked archive, and its requests with known answers (empty without any)."""

    entry: dict[str, Any]
    folder: Path
    smoke: dict[str, Any]

    @property
    def title(self) -> str:
        entry = self.entry
        return (
            f"{entry['ModelPackageGroupName']} version {entry['ModelPackageVersion']}, {entry['ModelApprovalStatus']}"
        )

    @property
    def signature(self) -> dict[str, Any]:
        """What signature.json of the package holds."""
        content: dict[str, Any] = json.loads((self.folder / "signature.json").read_text(encoding="utf-8"))
        return content


def find_model(workspace: Workspace, group: str, version: int | None = None) -> LocalModel:
    """The newest approved model of a group, or the version that is asked for, whatever its status.

    Raises:
        ModelError: none is approved, or its files are gone or damaged.
        RegistryError: there is no such version.
    """
    entry = workspace.registry.entry(group, version) if version else _newest_approved(workspace.registry, group)
    store = workspace.store
    return LocalModel(entry, _unpacked(entry, store, workspace.models), _smoke(entry, store))


def _newest_approved(registry: Registry, group: str) -> dict[str, Any]:
    entries = registry.entries(group)
    approved = [entry for entry in entries if entry["ModelApprovalStatus"] == "Approved"]
    if approved:
        return approved[-1]
    if not entries:
        raise ModelError(f"no model of {group} is registered; train one with `python -m model_build run`")
    newest = entries[-1]["ModelPackageVersion"]
    raise ModelError(f"no model of {group} is approved; approve one with `python -m model_build approve {newest}`")


def _unpacked(entry: dict[str, Any], store: Store, cache: Path) -> Path:
    version, uri = entry["ModelPackageVersion"], entry["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
    archive = store.path(uri)
    if not archive.is_file():
        raise ModelError(f"version {version} has lost its {uri}; train another with `python -m model_build run`")
    folder = cache / digest_files({archive.name: archive})[:16]
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        _unpack(archive, folder)
    return folder.absolute()


def _unpack(archive: Path, target: Path) -> None:
    """Whole or not at all; nothing outside the folder is written, whatever the archive says."""
    whole = Path(tempfile.mkdtemp(dir=target.parent, prefix=".unpacking-"))
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(whole, filter="data")
        whole.chmod(0o755)
        try:
            os.rename(whole, target)
        except OSError:
            if not target.is_dir():
                raise
    except (tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError) as error:
        raise ModelError(f"{archive} is damaged or no model archive: {error}") from error
    finally:
        shutil.rmtree(whole, ignore_errors=True)


def _smoke(entry: dict[str, Any], store: Store) -> dict[str, Any]:
    try:
        content: dict[str, Any] = store.document(entry["CustomerMetadataProperties"]["smoke-uri"])
    except (KeyError, StoreError):
        return {}
    return content
