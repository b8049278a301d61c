"""Checkpoints of a training that may be interrupted: found again only by a training of the same kind."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

INTERVAL_ROUNDS = 50
NAME = "model"
_PATTERN = re.compile(rf"{NAME}_(\d+)\.ubj")


def training_fingerprint(parameters: Mapping[str, Any], features: Sequence[str], rows: int) -> str:
    """Hash of what a training must share with a checkpoint to go on from it; threads may differ."""
    same = {name: value for name, value in parameters.items() if name != "nthread"}
    return hashlib.sha256(json.dumps([same, list(features), rows], sort_keys=True).encode()).hexdigest()


def newest_checkpoint(folder: Path, fingerprint: str) -> Path | None:
    """The checkpoint with the most rounds; those of another training are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / "fingerprint"
    found = {int(match[1]): path for path in folder.iterdir() if (match := _PATTERN.fullmatch(path.name))}
    if not mark.is_file() or mark.read_text(encoding="utf-8") != fingerprint:
        for path in found.values():
            path.unlink()
        mark.write_text(fingerprint, encoding="utf-8")
        return None
    return found[max(found)] if found else None
