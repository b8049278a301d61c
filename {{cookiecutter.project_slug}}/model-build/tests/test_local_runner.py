from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from local_pipelines import (
    BUCKET,
    Laptop,
    compare,
    condition,
    definition,
    fail,
    get,
    join,
    json_get,
    output_of,
    parameter,
    processing,
    states,
    training,
)
from rich.console import Console

from model_build.local.definition import DefinitionError
from model_build.local.progress import LineProgress, TableProgress, show_failures
from model_build.local.records import Status
from model_build.local.selection import SelectionError

REPORT = "import json, pathlib, sys; pathlib.Path(sys.argv[-2], 'report.json').write_text(sys.argv[-1])"


def gate(value: str) -> dict[str, Any]:
    message = join("auc ", json_get("Evaluate", "Report", "auc"), " is below ", get("Parameters.Least"), on="")
    return definition(
        processing("Evaluate", REPORT, arguments=[json.dumps({"auc": float(value)})]),
        condition(
            "Gate",
            compare(json_get("Evaluate", "Report", "auc"), "GreaterThanOrEqualTo", get("Parameters.Least")),
            then=[processing("Package"), processing("After", depends_on=["Package"])],
            otherwise=[fail("GateFailed", message)],
        ),
        processing("Outside", depends_on=["After"]),
        parameters=[parameter("Least", "Float", 0.9)],
    )


def test_a_condition_runs_one_branch_and_what_follows_it(laptop: Laptop) -> None:
    record = laptop.run(gate("0.93"))
    assert record.status is Status.SUCCEEDED
    assert states(record) == {
        "Evaluate": "Succeeded",
        "Gate": "Succeeded",
        "Package": "Succeeded",
        "After": "Succeeded",
        "GateFailed": "NotExecuted",
        "Outside": "Succeeded",
    }
    assert record.steps["Gate"].note == "0.93 >= 0.9"


def test_a_fail_step_ends_the_execution_with_its_message(laptop: Laptop) -> None:
    record = laptop.run(gate("0.93"), Least="0.95")
    assert record.status is Status.FAILED
    assert record.failure == "GateFailed: auc 0.93 is below 0.95"
    assert states(record)["Package"] == states(record)["Outside"] == "NotExecuted"


def test_jobs_that_do_not_wait_for_each_other_overlap(laptop: Laptop) -> None:
    meet = (
        "import pathlib, sys, time\n"
        "mine, other = (pathlib.Path(sys.argv[-3], name) for name in sys.argv[-2:])\n"
        "mine.touch()\n"
        "end = time.time() + 10\n"
        "while not other.exists():\n"
        "    assert time.time() < end, 'nobody came'\n"
        "    time.sleep(0.01)\n"
    )
    place = str(laptop.environment.project)
    pair = [processing("A", meet, arguments=[place, "a", "b"]), processing("B", meet, arguments=[place, "b", "a"])]
    record = laptop.run(definition(*pair))
    assert record.status is Status.SUCCEEDED


def test_a_failed_job_is_told_with_exit_code_last_lines_and_log(laptop: Laptop) -> None:
    code = "import sys; [print('line', n) for n in range(50)]; sys.exit('no such column: age')"
    record = laptop.run(definition(processing("Broken", code), processing("Next", depends_on=["Broken"])))
    assert record.failure == "Broken: exit code 1"
    assert states(record) == {"Broken": "Failed", "Next": "NotExecuted"}
    console = Console(file=StringIO(), width=60)
    show_failures(console, record)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert shown.startswith("Broken failed: exit code 1\n")
    assert "line 31\n" in shown and "line 30\n" not in shown
    assert "no such column: age" in shown
    assert f"Full log: {record.steps['Broken'].log}\n" in shown
    assert (laptop.workspace.executions.folder(record.id) / "Broken" / "ml").is_dir()
    assert not laptop.workspace.store.exists(f"{BUCKET}/{record.id}")


def test_a_successful_job_leaves_its_log_and_outputs_only(laptop: Laptop) -> None:
    record = laptop.run(definition(processing("Say", "print('said')")))
    folder = laptop.workspace.executions.folder(record.id) / "Say"
    assert [file.name for file in folder.iterdir()] == ["log.txt"]
    assert (folder / "log.txt").read_text() == "said\n"


def test_a_missing_input_fails_the_step_and_names_the_place(laptop: Laptop) -> None:
    record = laptop.run(definition(processing("A", inputs={"in": f"{BUCKET}/none"})))
    assert record.failure == f"A: nothing at {BUCKET}/none"


def test_a_job_sees_its_own_paths_and_no_credentials(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    code = (
        "import json, os, pathlib, sys, tempfile\n"
        "seen = {'argv': sys.argv[1:], 'temporary': tempfile.gettempdir(), 'environ': dict(os.environ)}\n"
        "pathlib.Path(sys.argv[1], 'report.json').write_text(json.dumps(seen))\n"
    )
    arguments = ["--a=/opt/ml/x", "/opt/mlx", "/srv/opt/ml/x"]
    record = laptop.run(definition(processing("A", code, arguments=arguments, Environment={"PLACE": "/opt/ml/y"})))
    seen = json.loads((laptop.output(record, "A") / "report.json").read_text())
    ml = str(laptop.workspace.executions.folder(record.id) / "A" / "ml")
    assert seen["argv"][1:] == [f"--a={ml}/x", "/opt/mlx", "/srv/opt/ml/x"]
    environ = seen["environ"]
    assert not [name for name in environ if name.startswith("AWS")]
    assert (environ["PLACE"], environ["SM_ML_ROOT"]) == (f"{ml}/y", ml)
    assert environ["PYTHONPATH"] == str(laptop.environment.project)
    assert int(environ["OMP_NUM_THREADS"]) >= 1
    assert seen["temporary"].startswith(str(laptop.workspace.executions.folder(record.id)))


TRAIN = """
import json, os, pathlib, sys
root = pathlib.Path(os.environ["SM_ML_ROOT"])
config = {file.stem: json.loads(file.read_text()) for file in (root / "input" / "config").iterdir()}
assert config["resourceconfig"]["hosts"] == ["algo-1"], config
assert config["inputdataconfig"]["train"]["TrainingInputMode"] == "File", config
rows = (root / "input" / "data" / "train" / "a.txt").read_text()
(root / "model" / "model.txt").write_text(rows + config["hyperparameters"]["rounds"])
(root / "output" / "data" / "history.txt").write_text("history")
(root / "checkpoints" / "last.txt").write_text("checkpoint")
"""


def test_a_training_job_gets_sagemakers_folders_and_leaves_an_archive(laptop: Laptop) -> None:
    laptop.put(f"{BUCKET}/data", a_txt="rows ")
    checkpoints = {"S3Uri": f"{BUCKET}/checkpoints", "LocalPath": "/opt/ml/checkpoints"}
    step = training(
        "Train", TRAIN, {"train": f"{BUCKET}/data"}, HyperParameters={"rounds": 7}, CheckpointConfig=checkpoints
    )
    record = laptop.run(
        definition(step, processing("Use", inputs={"model": get("Steps.Train.ModelArtifacts.S3ModelArtifacts")}))
    )
    assert record.status is Status.SUCCEEDED, record.failure
    uri = record.steps["Train"].properties["ModelArtifacts"]["S3ModelArtifacts"]
    with tarfile.open(laptop.workspace.store.path(uri)) as archive:
        content = archive.extractfile("model.txt")
        assert content and content.read() == b"rows 7"
    assert laptop.workspace.store.exists(uri.replace("model.tar.gz", "output.tar.gz"))
    assert laptop.workspace.store.exists(f"{BUCKET}/checkpoints/last.txt")


def test_a_training_job_tells_its_own_reason_and_its_checkpoints_outlive_it(laptop: Laptop) -> None:
    code = (
        "import os, pathlib, sys; root = pathlib.Path(os.environ['SM_ML_ROOT'])\n"
        "seen = (root / 'checkpoints' / 'a.txt').exists(); (root / 'checkpoints' / 'a.txt').touch()\n"
        "(root / 'output' / 'failure').write_text('out of luck\\nlong story'); sys.exit(0 if seen else 3)\n"
    )
    step = training("Train", code, CheckpointConfig={"S3Uri": f"{BUCKET}/checkpoints"})
    assert laptop.run(definition(step)).failure == "Train: exit code 3: out of luck"
    assert laptop.run(definition(step)).status is Status.SUCCEEDED


def test_a_job_that_takes_too_long_is_ended(laptop: Laptop) -> None:
    slow = processing("Slow", "import time; time.sleep(60)", StoppingCondition={"MaxRuntimeInSeconds": 0.3})
    assert laptop.run(definition(slow)).failure == "Slow: ran longer than 0.3 seconds"


def counting(name: str, folder: Path, **more: Any) -> dict[str, Any]:
    """A job that adds a line to a file of its name, so that runs can be counted."""
    code = f"import pathlib, sys; open({str(folder / name)!r}, 'a').write('x'); pathlib.Path(sys.argv[-1], 'o').touch()"
    return processing(name, code, **more)


def test_running_from_a_step_keeps_what_does_not_wait_for_it(laptop: Laptop, tmp_path: Path) -> None:
    document = definition(
        counting("A", tmp_path),
        counting("Beside", tmp_path),
        counting("B", tmp_path, inputs={"in": output_of("A")}, cache="P1D"),
        counting("C", tmp_path, inputs={"in": output_of("B")}),
    )
    first = laptop.run(document)
    second = laptop.run(document, start_from="B")
    assert {name: (tmp_path / name).read_text() for name in first.steps} == {
        "A": "x",
        "Beside": "x",
        "B": "xx",
        "C": "xx",
    }
    assert {name: step.reuse for name, step in second.steps.items()} == {
        "A": "Selection",
        "Beside": "Selection",
        "B": None,
        "C": None,
    }
    assert second.steps["A"].source == first.id


def test_running_from_a_step_needs_an_execution_to_build_on(laptop: Laptop) -> None:
    document = definition(processing("A"), processing("B", inputs={"in": output_of("A")}))
    with pytest.raises(
        SelectionError, match="no earlier execution of test-pipeline holds what B needs .A.; run it whole"
    ):
        laptop.run(document, start_from="B")
    with pytest.raises(DefinitionError, match="no step 'C'; expected one of A, B"):
        laptop.run(document, start_from="C")


def test_executions_that_run_at_once_keep_out_of_each_others_way(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from local_pipelines import *\n"
        "laptop = Laptop(Path(sys.argv[1]))\n"
        "steps = [processing('A', 'import time; time.sleep(0.2)'), processing('B', depends_on=['A'])]\n"
        "print(laptop.run(definition(*steps)).status)\n"
    )
    children = [start(script, tmp_path) for _ in range(3)]
    assert [child.communicate()[0] for child in children] == ["Succeeded\n"] * 3
    laptop = Laptop(tmp_path)
    assert len(list(laptop.workspace.executions.latest_first("test-pipeline"))) == 3


def start(script: str, folder: Path) -> subprocess.Popen[str]:
    paths = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.Popen([sys.executable, "-c", script, str(folder)], env=environ, stdout=subprocess.PIPE, text=True)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_execution_leaves_no_process_and_says_stopped(number: signal.Signals, tmp_path: Path) -> None:
    grandchild = (
        "import os, subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"
    )
    code = f"{grandchild}; open({str(tmp_path / 'pids')!r}, 'w').write(f'{{os.getpid()}} {{p.pid}}\\n'); time.sleep(60)"
    script = (
        "import sys; from pathlib import Path; from local_pipelines import *\n"
        f"steps = [processing('Long', {code!r}), processing('Next', depends_on=['Long'])]\n"
        "Laptop(Path(sys.argv[1])).run(definition(*steps))\n"
    )
    runner = start(script, tmp_path)
    deadline = time.monotonic() + 10
    while not (tmp_path / "pids").exists() or not (tmp_path / "pids").read_text().endswith("\n"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    runner.send_signal(number)
    runner.communicate(timeout=10)
    for pid in (tmp_path / "pids").read_text().split():
        assert not alive(int(pid))
    record = next(Laptop(tmp_path).workspace.executions.latest_first("test-pipeline"))
    assert (record.status, states(record)) == (Status.STOPPED, {"Long": "Stopped", "Next": "NotExecuted"})


def alive(pid: int) -> bool:
    """Whether a process runs; one that waits for its parent to notice its end does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_pipe_gets_a_line_per_event_and_a_terminal_a_table(laptop: Laptop) -> None:
    record = laptop.run(gate("0.93"))
    lines = Console(file=StringIO(), width=40)
    table = Console(file=StringIO(), force_terminal=True, width=100)
    for progress in (LineProgress(lines), TableProgress(table)):
        with progress:
            progress.changed(record, record.steps["Gate"])
            progress.changed(record, None)
    plain: str = lines.file.getvalue()  # type: ignore[attr-defined]
    assert plain.splitlines()[0].startswith("  Gate: succeeded (0.0 s) 0.93 >= 0.9")
    assert f"test-pipeline {record.id}: Succeeded" in plain
    assert "GateFailed" in table.file.getvalue()  # type: ignore[attr-defined]
