"""The step cache: a job whose specification and inputs were seen before is not run again.

As in SageMaker (developer guide, "Caching pipeline steps" and "Default cache key attributes by pipeline step type"): a
cache belongs to one step of one pipeline, only successes count, the newest within `ExpireAfter` is used, and output
locations, instance types, names and tags don't matter. Two things are stricter than there: inputs are compared by
content, not by location, and the project's own code counts through `fingerprint` as the image would.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from model_build.local.files import write_json
from model_build.local.store import Store, StoreError

_KEY_ARGUMENTS = {
    "Processing": ("AppSpecification", "Environment", "ProcessingInputs"),
    "Training": ("AlgorithmSpecification", "Environment", "HyperParameters", "InputDataConfig"),
}


@dataclasses.dataclass(frozen=True)
class CachedStep:
    """A success of the past: the execution it happened in and the properties it ended with."""

    execution: str
    properties: Any


class StepCache:
    """Cached successes, one JSON file per key below `root`."""

    def __init__(self, root: Path, store: Store, fingerprint: str) -> None:
        self.root = root
        self.store = store
        self.fingerprint = fingerprint

    def key(self, pipeline: str, step: str, kind: str, request: Mapping[str, Any]) -> str:
        """What identifies a job with a resolved request, its inputs by content.

        Raises:
            StoreError: an input is not there.
        """
        specification = {name: request.get(name) for name in _KEY_ARGUMENTS[kind]}
        outputs = [
            (output["OutputName"], output["S3Output"]["LocalPath"])
            for output in request.get("ProcessingOutputConfig", {}).get("Outputs", [])
        ]
        document = [self.fingerprint, pipeline, step, kind, self._by_content(specification), outputs]
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()

    def find(self, key: str, expiry: timedelta) -> CachedStep | None:
        """The success under a key, if it is not older than `expiry` and its outputs are still in the store."""
        try:
            entry = json.loads(self._path(key).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        if datetime.now(UTC) - datetime.fromisoformat(entry["time"]) > expiry or not self._is_whole(entry["outputs"]):
            return None
        return CachedStep(entry["execution"], entry["properties"])

    def add(self, key: str, execution: str, properties: Any, outputs: list[str]) -> None:
        """Remembers a success and the sizes of the objects it left."""
        sizes = {
            uri: {name: file.stat().st_size for name, file in self.store.objects(uri).items()}
            for uri in outputs
            if self.store.exists(uri)
        }
        entry = {
            "time": datetime.now(UTC).isoformat(),
            "execution": execution,
            "properties": properties,
            "outputs": sizes,
        }
        write_json(self._path(key), entry)

    def _path(self, key: str) -> Path:
        return self.root / key[:2] / f"{key}.json"

    def _is_whole(self, outputs: Mapping[str, Mapping[str, int]]) -> bool:
        try:
            return all(
                {name: file.stat().st_size for name, file in self.store.objects(uri).items()} == sizes
                for uri, sizes in outputs.items()
            )
        except StoreError:
            return False

    def _by_content(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: self.store.digest(child) if key == "S3Uri" and isinstance(child, str) else self._by_content(child)
                for key, child in value.items()
            }
        return [self._by_content(child) for child in value] if isinstance(value, list) else value
