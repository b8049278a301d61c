"""Option sets that the template tests bake: all of them, and a pairwise selection."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

from allpairspy import AllPairs

ROOT = Path(__file__).resolve().parents[2]
CHOICES: dict[str, list[str]] = {
    key: value
    for key, value in json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8")).items()
    if isinstance(value, list) and not key.startswith("_")
}
EVERY = [dict(zip(CHOICES, combination, strict=True)) for combination in itertools.product(*CHOICES.values())]
PAIRWISE = [dict(zip(CHOICES, row, strict=True)) for row in AllPairs(list(CHOICES.values()))]
ALL_ON = {
    "problem_type": "binary_classification",
    "inference": "realtime_and_batch",
    "ci": "github",
    "infrastructure": "cloudformation",
    "accounts": "multi",
}

OTHER_PROBLEMS = [
    next(options for options in PAIRWISE if options["problem_type"] == problem_type)
    for problem_type in CHOICES["problem_type"]
    if problem_type != ALL_ON["problem_type"]
]


def label(options: dict[str, str]) -> str:
    return "-".join(options.values())
