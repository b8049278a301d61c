"""Check every split against the contract (model_build/contract.py) before anything is trained on it.

Writes contract.json into --report; a violation is a line on stderr (column, check, rows, examples, what is accepted)
and ends the step with exit code 1.

    python -m model_build.steps.check_contract --train out/train --validation out/validation --test out/test \\
        --report out/contract
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from model_build.analysis.violations import find_violations, violation_table
from model_build.contract import Contract
from model_build.steps.command import StepError, run, step_parser, write_json
from model_build.steps.tables import read_split

NAME = "check_contract"
SPLITS = ("train", "validation", "test")


def main(argv: Sequence[str] | None = None) -> None:
    parser = step_parser(NAME, __doc__)
    for split in SPLITS:
        parser.folder(f"--{split}", f"{split} split")
    parser.folder("--report", "where contract.json goes")
    arguments = parser.parse_args(argv)
    frames = {split: read_split(getattr(arguments, split)) for split in SPLITS}
    violations = [found for split, frame in frames.items() for found in find_violations(Contract, frame, split)]
    rows = {split: frame.height for split, frame in frames.items()}
    entries = [dataclasses.asdict(violation) for violation in violations]
    write_json(arguments.report / "contract.json", {"passed": not violations, "rows": rows, "violations": entries})
    if violations:
        raise StepError(f"the data break the contract in {len(violations)} ways\n{violation_table(violations)}")
    print(f"{sum(rows.values()):,} rows keep the contract of {len(Contract.to_schema().columns)} columns")


if __name__ == "__main__":
    run(main, NAME)
