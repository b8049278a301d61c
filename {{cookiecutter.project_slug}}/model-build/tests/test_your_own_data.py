"""docs/your-own-data.md done to the letter: three edits, and the steps run on other data."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from step_outputs import SETTINGS, StepOutputs

from model_build.settings import PROJECT_ROOT

ROWS = 1_200
LABEL = {
    "binary_classification": "pa.Field(isin=['no', 'yes'])",
    "multiclass_classification": "pa.Field(isin=['low', 'mid', 'high'])",
    "regression": "pa.Field(ge=-100)",
}
CONTRACT = """
import pandera.polars as pa

class Contract(pa.DataFrameModel):
    tenure_months: int = pa.Field(ge=0, le=600)
    plan: str = pa.Field(isin=["basic", "plus"])
    monthly_fee: float = pa.Field(ge=0, nullable=True)
    customer: str
    weight: float = pa.Field(gt=0)
    churn: {kind} = {field}
"""
DATA = """[data]
sample = "data"
null_values = ["", "unknown"]
seed = 7
label = "churn"
positive = "{positive}"
exclude = []
sensitive = ""
advantaged = ""
strata = ""
weight = "weight"
group = "customer"

[data.splits]
train = 0.6
validation = 0.2
test = 0.2
"""
RUN = """
import sys
sys.path.insert(0, "tests")
from pathlib import Path
from step_outputs import run_steps
run_steps(Path(sys.argv[1]))
"""


def other_data() -> pl.DataFrame:
    rng = np.random.default_rng(3)
    tenure, fee = rng.integers(0, 100, ROWS), rng.normal(30, 8, ROWS).clip(1).round(2)
    plan = rng.choice(["basic", "plus"], ROWS)
    score = fee / 8 - tenure / 12 + 2 * (plan == "basic") + rng.normal(0, 0.5, ROWS)
    labels = {
        "binary_classification": np.where(score > np.median(score), "yes", "no"),
        "multiclass_classification": np.array(["low", "mid", "high"])[
            np.digitize(score, np.quantile(score, [0.3, 0.7]))
        ],
        "regression": score.round(3),
    }
    fees = pl.Series(fee).cast(pl.String).set(pl.Series(rng.random(ROWS) < 0.1), "unknown")
    return pl.DataFrame(
        {
            "tenure_months": tenure,
            "plan": plan,
            "monthly_fee": fees,
            "customer": [f"c{i // 3}" for i in range(ROWS)],
            "weight": rng.uniform(0.5, 2, ROWS).round(2),
            "note": "ignored",
            "churn": labels[SETTINGS.project.problem_type],
        }
    )


@pytest.mark.slow
def test_three_edits_bring_other_data(tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(PROJECT_ROOT / "model_build", project / "model_build", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PROJECT_ROOT / "tests", project / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    regression = SETTINGS.project.problem_type == "regression"

    (project / "data").mkdir()
    other_data().head(700).write_csv(project / "data" / "first.csv")
    other_data().tail(ROWS - 700).write_csv(project / "data" / "second.csv")

    field = LABEL[SETTINGS.project.problem_type]
    contract = CONTRACT.format(kind="float" if regression else "str", field=field)
    (project / "model_build" / "contract.py").write_text(contract, encoding="utf-8")

    text = (PROJECT_ROOT / "project.toml").read_text(encoding="utf-8")
    positive = "yes" if SETTINGS.project.problem_type == "binary_classification" else ""
    edited = re.sub(r"^\[data\].*?(?=^\[training\])", DATA.format(positive=positive) + "\n", text, flags=re.S | re.M)
    (project / "project.toml").write_text(edited, encoding="utf-8")

    environment = {**os.environ, "PYTHONPATH": str(project)}
    command = [sys.executable, "-c", RUN, str(tmp_path / "outputs")]
    result = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr

    outputs = StepOutputs(tmp_path / "outputs")
    summary = outputs.read("summary/data.json")
    assert (summary["rows"], summary["features"]) == (ROWS, ["tenure_months", "plan", "monthly_fee"])
    found = outputs.read("evaluation/evaluation.json")["naive_baseline"]
    assert (found["difference"] < 0) if regression else (found["difference"] > 0.1)
    customers = [set(pl.read_parquet(outputs.root / name / "data.parquet")["customer"]) for name in ("train", "test")]
    assert not customers[0] & customers[1]
    assert (outputs.package / "model.tar.gz").is_file()
