"""Preprocessing of a million CSV rows: our step against the same in idiomatic pandas.

    python benchmarks/preprocess.py --job-python .venv-job/bin/python --pandas-python .venv/bin/python

The data are the adult census rows of the template, drawn with replacement, numbers jittered, some fields emptied. Both
sides run as fresh processes on the same file and write the same: three Parquet splits, the encoders, the data's hash.
The outputs are compared before a time counts. A first run that does not count fills a bytecode cache for either side,
so that neither is charged for compiling its libraries. A second pandas run writes CSV instead of Parquet, as most
SageMaker examples do between steps. For each side it prints seconds, processor seconds and peak
resident memory; the ratio is that of the median seconds. Interpreters may also be given as JOB_PYTHON (polars, pandera)
and PANDAS_PYTHON (pandas, pyarrow).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BAR, MEMORY_BAR = 8.0, 1.5
OUTPUTS = ("train", "validation", "test", "preprocessing", "summary")

GENERATE = """
import sys, numpy as np, polars as pl
source, target, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
rng = np.random.default_rng(0)
adult = pl.read_csv(source)
big = adult[rng.integers(0, adult.height, rows)]
noise = {"age": 3, "fnlwgt": 5000, "hours_per_week": 4, "capital_gain": 50}
low_high = {"age": (17, 90), "fnlwgt": (10000, 1500000), "hours_per_week": (1, 99), "capital_gain": (0, 99999)}
big = big.with_columns(
    (pl.col(name) + pl.Series(rng.integers(-width, width + 1, rows))).clip(*low_high[name]).alias(name)
    for name, width in noise.items()
)
texts = [name for name, kind in big.schema.items() if kind == pl.String and name != "income"]
big = big.with_columns(
    pl.when(pl.Series(rng.random(rows) < 0.02) & pl.lit(name in ("workclass", "occupation", "native_country")))
    .then(pl.lit("?")).otherwise(pl.col(name)).alias(name) for name in texts
)
big.with_columns(pl.format(" {}", pl.col(name)).alias(name) for name in texts).write_csv(target)
"""

COMPARE = """
import json, sys
from pathlib import Path
import polars as pl
from polars.testing import assert_frame_equal
ours, theirs = map(Path, sys.argv[1:])
for split in ("train", "validation", "test"):
    left, right = (pl.read_parquet(side / split / "data.parquet") for side in (ours, theirs))
    left, right = (frame.with_columns(pl.col(pl.Enum).cast(pl.String)) for frame in (left, right))
    assert_frame_equal(left, right.select(pl.col(n).cast(left.schema[n]) for n in left.columns))
for file in ("preprocessing/preprocessing.json", "summary/data.json"):
    left, right = (json.loads((side / file).read_text()) for side in (ours, theirs))
    assert {name: left[name] for name in right} == right, f"{file} differs"
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--job-python", default=os.environ.get("JOB_PYTHON", sys.executable), metavar="PYTHON")
    parser.add_argument("--pandas-python", default=os.environ.get("PANDAS_PYTHON", sys.executable), metavar="PYTHON")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="preprocess-") as folder:
        compare(Path(folder), arguments.job_python, arguments.pandas_python, arguments.rows, arguments.runs)


def compare(folder: Path, job_python: str, pandas_python: str, rows: int, runs: int) -> None:
    project = stamp_out(folder)
    (folder / "input").mkdir()
    data = folder / "input" / "adult.csv"
    subprocess.run([job_python, "-c", GENERATE, project / "data" / "adult.csv.gz", data, str(rows)], check=True)
    print(f"{rows:,} rows, {data.stat().st_size / 1e6:.0f} MB of CSV, {os.cpu_count()} cores, median of {runs}")
    peer = Path(__file__).with_name("preprocess_pandas.py")
    sides = {
        "model_build": [job_python, "-m", "model_build.steps.preprocess"],
        "pandas": [pandas_python, str(peer), "--project", str(project)],
        "pandas to CSV": [pandas_python, str(peer), "--project", str(project), "--csv"],
    }
    times: dict[str, list[float]] = {side: [] for side in sides}
    busy: dict[str, list[float]] = {side: [] for side in sides}
    memory: dict[str, float] = {}
    for attempt in range(runs + 1):
        for side, command in sides.items():
            paths = [part for name in OUTPUTS for part in (f"--{name}", str(folder / side / name))]
            seconds, processor, peak = measured([*command, "--input", str(data.parent), *paths], project, folder)
            memory[side] = max(memory.get(side, 0.0), peak)
            if attempt:
                times[side].append(seconds)
                busy[side].append(processor)
    subprocess.run([job_python, "-c", COMPARE, folder / "model_build", folder / "pandas"], check=True)
    for side in sides:
        seconds, processor = statistics.median(times[side]), statistics.median(busy[side])
        print(f"{side:14} {seconds:6.2f} s   processor {processor:6.2f} s   peak {memory[side]:5.2f} GB")
    for side in ("pandas", "pandas to CSV"):
        ratio = statistics.median(times[side]) / statistics.median(times["model_build"])
        print(f"{ratio:.1f} x faster than {side} (bar {BAR:.0f} x)")
    print(f"same rows, same encoders; peak memory {memory['model_build']:.2f} GB (bar {MEMORY_BAR} GB)")


def stamp_out(folder: Path) -> Path:
    """A default project, made by the template's own command."""
    from cookiecutter.main import cookiecutter

    answers = {"project_slug": "benchmark", "problem_type": "binary_classification"}
    return Path(cookiecutter(str(ROOT), no_input=True, output_dir=folder, extra_context=answers)) / "model-build"


def measured(command: list[str], project: Path, folder: Path) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and peak resident gigabytes of a process; bytecode is kept below `folder`."""
    environment = {**os.environ, "PYTHONPATH": str(project), "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, cwd=project, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command[:3])} ended with {process.returncode}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e9


if __name__ == "__main__":
    main()
