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


def usable_checkpoints(folder: Path, fingerprint: str) -> list[Path]:
    """Checkpoints of this training, those with the most rounds first; those of another one are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / "fingerprint"
    found = {int(match[1]): path for path in folder.iterdir() if (match := _PATTERN.fullmatch(path.name))}
    if not mark.is_file() or mark.read_text(encoding="utf-8") != fingerprint:
        for path in found.values():
            path.unlink()
        mark.write_text(fingerprint, encoding="utf-8")
        return []
    return [found[rounds] for rounds in sorted(found, reverse=True)]
