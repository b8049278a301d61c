"""Seconds and memory of the seeder: its package's handler, cold and warm, against a local git host and S3.

Cold: a new process, an empty temporary folder, no byte code, since a function's package is read-only. Warm: the same
process again, two empty repositories each time. The medians of several runs; wall-clock time, from event to answer.
"""

from __future__ import annotations

import io
import os
import statistics
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from service_catalog.seeder.package import ENTRY, package  # noqa: E402
from tests.catalog.seeder import lambda_like  # noqa: E402
from tests.catalog.seeder.git_server import serving  # noqa: E402
from tests.catalog.seeder.seeding import (  # noqa: E402
    BUCKET,
    S3,
    Surroundings,
    event,
    form,
    listening,
    properties,
    published,
)

RUNS = int(os.environ.get("BENCHMARK_RUNS", "5"))
WARM_CALLS = 3
BARS = {"package": 12.0, "cold": 3.0, "warm": 0.6, "memory": 256.0}


def main() -> None:
    made = package()
    cold: list[float] = []
    warm: list[float] = []
    cpu: list[float] = []
    cold_cpu: list[float] = []
    memory: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        task = folder / "task"
        zipfile.ZipFile(io.BytesIO(made.content)).extractall(task)
        runtime = lambda_like.runtime(folder / "runtime")
        for run in range(RUNS):
            with serving(folder / f"git-{run}") as git, listening() as stacks:
                around = Surroundings(S3(), stacks, git)
                slugs = [f"project-{number}" for number in range(WARM_CALLS + 1)]
                for slug in slugs:
                    around.repositories(slug)
                events = [event("Create", stacks.url, properties(form(project_slug=slug))) for slug in slugs]
                with lambda_like.s3_with({f"{BUCKET}/{published().key}": published().content}) as s3:
                    told = lambda_like.called(ENTRY, events, task, runtime, folder / f"tmp-{run}", git.url, s3)
                if any(answer["Status"] != "SUCCESS" for answer in stacks.answers):
                    sys.exit(f"not seeded: {stacks.answers}")
            cold.append(told["start"] + told["seconds"][0])
            warm += told["seconds"][1:]
            cpu += told["cpu"][1:]
            cold_cpu.append(told["cpu"][0])
            memory.append(told["kilobytes"] / 1024)
    print(f"The seeder on Python {sys.version.split()[0]}, {RUNS} cold starts with {WARM_CALLS} warm calls each")
    print(f"  package, zipped     {len(made.content) / 1e6:6.2f} MB   (bar: under {BARS['package']:g})")
    print(f"  cold render + push  {statistics.median(cold):6.2f} s    (bar: under {BARS['cold']:g})")
    print(f"  warm render + push  {statistics.median(warm):6.2f} s    (bar: under {BARS['warm']:g})")
    print(f"  cold, CPU of ours   {statistics.median(cold_cpu):6.2f} s")
    print(f"  warm, CPU of ours   {statistics.median(cpu):6.2f} s")
    print(f"  peak memory         {max(memory):6.1f} MB   (bar: under {BARS['memory']:g})")


if __name__ == "__main__":
    main()
