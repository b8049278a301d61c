"""`make demo` brings a project from nothing to an approved model that answers, and says where everything is."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_demo_ends_with_an_approved_model_that_answers_and_tells_where_things_are(tmp_path: Path) -> None:
    done = subprocess.run(
        ["make", "demo", f"DEMO_FOLDER={tmp_path}"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    project = tmp_path / "1" / "census-income" / "model-build"
    told = dict(re.findall(r"^(Model|Report|Entry) +(\S+)$", done.stdout, flags=re.MULTILINE))
    assert told.keys() == {"Model", "Report", "Entry"}, done.stdout
    assert (project / told["Model"]).name == "model.tar.gz"
    assert (project / told["Model"]).is_file()
    assert "<svg" in (project / told["Report"]).read_text(encoding="utf-8")
    assert json.loads((project / told["Entry"]).read_text(encoding="utf-8"))["ModelApprovalStatus"] == "Approved"
    assert not re.search(r"[Ww]arning|Traceback", done.stdout)
    checks = ("answers", "CSV and JSON agree", "attributions", "a bad row", "an unknown content type", "latency")
    assert [check for check in checks if not re.search(rf"^ +{check} +passed ", done.stdout, re.MULTILINE)] == []
    assert re.search(r"p50 [\d.]+ ms, p99 [\d.]+ ms", done.stdout)
    assert re.search(r"^  base value +[+-][\d.]+$", done.stdout, re.MULTILINE)
    assert re.search(r"^  while idle +[\d.]+ *$", done.stdout, re.MULTILINE)
    assert not (project / ".local" / "server.json").exists()
