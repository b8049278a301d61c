"""Where runs on this machine keep their state: one folder, git-ignored."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from model_build.local.records import Executions
from model_build.local.registry import Registry
from model_build.local.store import Store


@dataclasses.dataclass(frozen=True)
class Workspace:
    """The state folder and its parts."""

    root: Path

    @property
    def store(self) -> Store:
        return Store(self.root / "s3")

    @property
    def registry(self) -> Registry:
        return Registry(self.root / "registry")

    @property
    def executions(self) -> Executions:
        return Executions(self.root / "executions")

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def cache(self) -> Path:
        return self.root / "cache"
