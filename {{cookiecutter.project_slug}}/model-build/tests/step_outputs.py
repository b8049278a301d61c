"""Runs the steps as the pipeline does, in this process."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from model_build.settings import PROJECT_ROOT, load_settings
from model_build.steps.command import read_json

SETTINGS = load_settings()
FEW_ROUNDS = "60"


@dataclasses.dataclass(frozen=True)
class StepOutputs:
    root: Path

    def __getattr__(self, name: str) -> Path:
        return self.root / name

    def read(self, name: str) -> dict[str, Any]:
        return read_json(self.root / name)

    def arguments(self, **folders: str) -> list[str]:
        """Step arguments for outputs by option name, `train="train"` for --train <root>/train."""
        return [part for option, name in folders.items() for part in (option_name(option), str(self.root / name))]


def option_name(name: str) -> str:
    return "--" + name.replace("_", "-")


def preprocess_arguments(outputs: StepOutputs) -> list[str]:
    names = {name: name for name in ("train", "validation", "test", "preprocessing", "summary")}
    return outputs.arguments(**names)


def run_steps(root: Path) -> StepOutputs:
    from model_build.steps import baseline, bias, check_contract, evaluate, package, preprocess, train

    outputs = StepOutputs(root)
    preprocess.main(["--input", str(PROJECT_ROOT / SETTINGS.data.sample), *preprocess_arguments(outputs)])
    splits = outputs.arguments(train="train", validation="validation")
    check_contract.main([*splits, *outputs.arguments(test="test", report="contract")])
    baseline.main(outputs.arguments(data="train", output="baseline"))
    trained = outputs.arguments(preprocessing="preprocessing", model_dir="model", output_dir="history")
    train.main([*splits, *trained, "--rounds", FEW_ROUNDS])
    evaluate.main(outputs.arguments(model="model", test="test", output="evaluation", predictions="predictions"))
    if SETTINGS.checks_bias:
        bias.main(outputs.arguments(predictions="predictions", train="train", output="bias"))
    package.main(
        outputs.arguments(model="model", test="test", evaluation="evaluation", summary="summary", output="package")
    )
    return outputs
