"""Checkpoints of a training that may be interrupted: only the same training finds them again, until it has finished.

A folder may keep files that were removed here, as S3 does behind SageMaker. So every training has an id, which is in
its mark and beside each of its checkpoints; files of other ids count for nothing.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xgboost as xgb

INTERVAL_ROUNDS = 50
MARK = "training.json"
_PATTERN = re.compile(r"model_(\d+)\.(ubj|json)")
History = dict[str, dict[str, list[float]]]


def training_fingerprint(parameters: Mapping[str, Any], features: Sequence[str], rows: int) -> str:
    """Hash of what a training must share with a checkpoint to go on from it; threads may differ."""
    same = {name: value for name, value in parameters.items() if name != "nthread"}
    return hashlib.sha256(json.dumps([same, list(features), rows], sort_keys=True).encode()).hexdigest()


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """An unfinished training: its trees, and {split: {metric: [value per round]}} so far."""

    name: str
    booster: xgb.Booster
    history: History


class Checkpoints:
    """Checkpoints in `folder` of the training with `fingerprint`; those of another or a finished one are removed."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self._folder, self._fingerprint = folder, fingerprint
        folder.mkdir(parents=True, exist_ok=True)
        mark = _read(folder / MARK)
        if mark.get("fingerprint") == fingerprint and mark.get("finished") is False:
            self._training = str(mark.get("training"))
        else:
            self._training = uuid.uuid4().hex
            self._clear(finished=False)

    def newest(self, parameters: dict[str, Any]) -> Checkpoint | None:
        """The whole checkpoint with the most rounds; an interruption may have cut the last one short."""
        found = {int(match[1]) for path in self._folder.iterdir() if (match := _PATTERN.fullmatch(path.name))}
        for rounds in sorted(found, reverse=True):
            model, record = self._paths(rounds)
            state = _read(record)
            if state.get("training") == self._training and model.is_file() and _digest(model) == state.get("sha256"):
                return Checkpoint(model.name, xgb.Booster(parameters, model_file=model), state["history"])
        return None

    def write(self, booster: xgb.Booster, history: History) -> None:
        model, record = self._paths(booster.num_boosted_rounds())
        booster.save_model(model)
        _write(record, {"training": self._training, "sha256": _digest(model), "history": history})

    def finish(self) -> None:
        """Remove the checkpoints: the next training of this kind starts afresh."""
        self._clear(finished=True)

    def _clear(self, *, finished: bool) -> None:
        _write(
            self._folder / MARK,
            {"fingerprint": self._fingerprint, "training": self._training, "finished": finished},
        )
        for path in self._folder.iterdir():
            if _PATTERN.fullmatch(path.name):
                path.unlink()

    def _paths(self, rounds: int) -> tuple[Path, Path]:
        return self._folder / f"model_{rounds}.ubj", self._folder / f"model_{rounds}.json"


class CheckpointWriter(xgb.callback.TrainingCallback):
    """Writes a checkpoint every `INTERVAL_ROUNDS`; `earlier` is the history of the rounds before this process."""

    def __init__(self, checkpoints: Checkpoints, earlier: History) -> None:
        super().__init__()
        self._checkpoints, self._earlier = checkpoints, earlier

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        if model.num_boosted_rounds() % INTERVAL_ROUNDS == 0:
            self._checkpoints.write(model, join_histories(self._earlier, evals_log))
        return False


def join_histories(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> History:
    """One history of the rounds before and after an interruption."""
    return {
        split: {
            metric: [float(value) for part in (earlier, later) for value in part.get(split, {}).get(metric, [])]
            for metric in metrics
        }
        for split, metrics in (later or earlier).items()
    }


def early_stopping(rounds: int, split: str, earlier: Checkpoint | None) -> xgb.callback.EarlyStopping:
    """Stop when the last metric of `split` has not improved for `rounds`, counting those before an interruption."""
    callback = xgb.callback.EarlyStopping(rounds=rounds, save_best=True, data_name=split)
    if earlier is not None:
        metric, scores = list(earlier.history[split].items())[-1]
        callback.stopping_history = {split: {metric: list(scores)}}
        callback.best_scores = {split: {metric: [scores[earlier.booster.best_iteration]]}}
        callback.current_rounds = len(scores) - 1 - earlier.booster.best_iteration
    return callback


def _read(path: Path) -> dict[str, Any]:
    """The object in a JSON file; an empty one if there is none that can be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content) + "\n", encoding="utf-8", newline="\n")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
