"""One row and a thousand rows per call: our server against the same model behind Flask and gunicorn.

    python benchmarks/serving.py --job-python .venv-job/bin/python
    python benchmarks/serving.py --crossover

The default project's model is trained first. Both servers are started as they would be in a container, one worker each,
and get the same bodies from the same load generator in turn (benchmarks/serving_load.py: 16 callers). Their answers are
compared before a figure counts. Ratios are those of the medians. The peer runs gunicorn's sync worker, its default,
which closes every connection; `--peer-threads 4` gives it gthread, which keeps them. --crossover times the two forms of
the model for growing numbers of rows, which is where the server's NATIVE_ROWS comes from. XGBoost in the peer may use
every processor for a thousand rows, and one for one row: more only get into each other's way there.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.serving_model import PackagedModel

ROWS_BAR, BATCH_BAR, START_BAR = 5.0, 1.0, 2.0
OURS, PEER = "model_build", "flask + gunicorn"
PORTS = {OURS: 18471, PEER: 18472}
BATCH, TOLERANCE = 1000, 1e-4
CROSSOVER = """
import sys, timeit, numpy as np
from pathlib import Path
from model_build.serving import predictor
model = predictor.Predictor.load(Path(sys.argv[1]))
native = model.native.result()
random = np.random.default_rng(0)
for rows in (1, 10, 50, 100, 150, 200, 300, 500, 1000, 5000):
    features = random.integers(0, 9, (rows, len(model.preprocessing.features))).astype(np.float32)
    predictor.NATIVE_ROWS = rows + 1
    calls = [lambda: model.ask(features), lambda: native.scores(features)]
    onnx, own = (min(timeit.repeat(call, number=20, repeat=9)) / 20 * 1e6 for call in calls)
    print(f"{rows:6} rows  onnxruntime {onnx:8.0f} us   xgboost {own:8.0f} us")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--job-python", default=os.environ.get("JOB_PYTHON", sys.executable), metavar="PYTHON")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="of every measurement")
    parser.add_argument("--peer-threads", type=int, default=1)
    parser.add_argument("--crossover", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="serving-") as folder:
        model = PackagedModel(Path(folder), arguments.job_python)
        if arguments.crossover:
            command = [arguments.job_python, "-c", CROSSOVER, str(model.folder)]
            subprocess.run(command, env=model.environment(PORTS[OURS]), check=True)
            return
        commands = servers(model, arguments.peer_threads)
        print_start_up(model, commands, arguments.runs)
        compare(model, commands, arguments.runs, arguments.seconds)


def servers(model: PackagedModel, peer_threads: int) -> dict[str, list[str]]:
    bind = ["--bind", f"127.0.0.1:{PORTS[PEER]}", "--chdir", str(Path(__file__).parent), "--log-level", "warning"]
    peer = [sys.executable, "-m", "gunicorn", "--workers", "1", "--threads", str(peer_threads), *bind]
    return {
        OURS: [model.job_python, "-m", "model_build.entrypoint", "serve"],
        PEER: [*peer, "serving_flask:app"],
    }


@contextmanager
def running(model: PackagedModel, side: str, command: Sequence[str], **variables: str) -> Iterator[float]:
    """A server while the block runs; gives the seconds until its first good answer to /ping."""
    environment = {**model.environment(PORTS[side]), "MODEL_DIR": str(model.folder), **variables}
    started = time.perf_counter()
    with (model.folder.parent / f"{PORTS[side]}.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        while not answers_ping(PORTS[side]):
            if process.poll() is not None:
                raise SystemExit(f"{side} ended with {process.returncode}: {Path(log.name).read_text()[-2000:]}")
            time.sleep(0.005)
        yield time.perf_counter() - started
    finally:
        process.terminate()
        process.wait(60)


def answers_ping(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def print_start_up(model: PackagedModel, commands: dict[str, list[str]], runs: int) -> None:
    seconds: dict[str, list[float]] = {side: [] for side in commands}
    for attempt in range(runs + 1):  # the first one fills the bytecode caches
        for side, command in commands.items():
            with running(model, side, command) as took:
                if attempt:
                    seconds[side].append(took)
    for side in commands:
        print(f"{side:18} first /ping after {statistics.median(seconds[side]):.2f} s (bar {START_BAR:.0f} s for ours)")


def compare(model: PackagedModel, commands: dict[str, list[str]], runs: int, seconds: float) -> None:
    cases = {
        f"{count:,} row{'s' * (count > 1)}, {media}": (media, body(media, model.rows(count)), count)
        for count in (1, BATCH)
        for media in ("application/json", "text/csv")
    }
    for case, (media, content, count) in cases.items():
        peer_threads = {"OMP_NUM_THREADS": "1"} if count == 1 else {}
        with running(model, OURS, commands[OURS]), running(model, PEER, commands[PEER], **peer_threads):
            measured: dict[str, list[dict[str, Any]]] = {side: [] for side in commands}
            for attempt in range(runs + 1):
                for side in commands:
                    result = load(model, PORTS[side], media, content, seconds if attempt else 0.5)
                    if result["failed"]:
                        raise SystemExit(f"{side}: {result['failed']} requests failed; {result['answer'][:200]}")
                    if attempt:
                        measured[side].append(result)
            check_equal(media, *(measured[side][-1]["answer"] for side in commands))
            print_case(case, measured, ROWS_BAR if count == 1 else BATCH_BAR)


def body(media: str, rows: list[dict[str, Any]]) -> bytes:
    if media == "application/json":
        return json.dumps({"instances": rows}).encode()
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(["" if v is None else v for v in row.values()] for row in rows)
    return text.getvalue().encode()


def load(model: PackagedModel, port: int, media: str, content: bytes, seconds: float) -> dict[str, Any]:
    path = model.folder.parent / "body"
    path.write_bytes(content)
    command = [model.job_python, str(Path(__file__).with_name("serving_load.py")), str(port), media, str(path)]
    done = subprocess.run([*command, str(seconds)], check=True, capture_output=True, text=True)
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def check_equal(media: str, ours: str, theirs: str) -> None:
    """Every prediction the same, every score within 1e-4."""
    sides = []
    for text in (ours, theirs):
        if media == "text/csv":
            sides.append([(label, float(score)) for label, score in csv.reader(text.splitlines())])
        else:
            sides.append([(row["prediction"], row["score"]) for row in json.loads(text)["predictions"]])
    for (left, score), (right, other) in zip(*sides, strict=True):
        if abs(score - other) > TOLERANCE or (left != right and abs(score - 0.5) > TOLERANCE):
            raise SystemExit(f"the answers differ: {left} {score}, {right} {other}")


def print_case(case: str, measured: dict[str, list[dict[str, Any]]], bar: float) -> None:
    medians = {
        side: {key: statistics.median(result[key] for result in results) for key in ("rate", "median", "p99")}
        for side, results in measured.items()
    }
    print(case)
    for side, found in medians.items():
        rate, median, p99 = found["rate"], found["median"], found["p99"]
        print(f"  {side:18}{rate:9,.0f} requests/s   median {median:8.2f} ms   p99 {p99:8.2f} ms")
    ours, peer = medians[OURS], medians[PEER]
    print(f"  {ours['rate'] / peer['rate']:.1f} x (bar {bar:.0f} x), p99 {ours['p99'] / peer['p99']:.2f} x theirs")


if __name__ == "__main__":
    main()
