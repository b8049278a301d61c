from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from local_pipelines import BUCKET, Laptop, definition, get, output_of, parameter, processing

from model_build.local.records import ExecutionRecord

COPY = """
import pathlib, sys
source, target = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
(target / "copy.txt").write_text((source / "a.txt").read_text())
"""


def pipeline(code: str = COPY, cache: str = "P1D", **more: Any) -> dict[str, Any]:
    parameters = [parameter("Kind", "String", "ml.m5.large")]
    resources: dict[str, Any] = {"ProcessingResources": {"ClusterConfig": {"InstanceType": get("Parameters.Kind")}}}
    first = processing("First", code, inputs={"in": f"{BUCKET}/data"}, cache=cache, **resources, **more)
    second = processing("Second", COPY.replace("a.txt", "copy.txt"), inputs={"in": output_of("First")}, cache=cache)
    return definition(first, second, parameters=parameters)


def reused(record: ExecutionRecord) -> list[str]:
    return [step.name for step in record.steps.values() if step.reuse == "Cache"]


@pytest.fixture
def seeded(laptop: Laptop) -> Iterator[Laptop]:
    laptop.put(f"{BUCKET}/data", a_txt="one")
    yield laptop


def test_an_unchanged_pipeline_is_not_run_again_and_outputs_are_those_of_before(seeded: Laptop) -> None:
    first, second = seeded.run(pipeline()), seeded.run(pipeline())
    assert reused(first) == []
    assert reused(second) == ["First", "Second"]
    assert seeded.output(second, "Second") == seeded.output(first, "Second")
    assert second.steps["First"].source == first.id


def test_changed_content_under_the_same_name_runs_again(seeded: Laptop) -> None:
    seeded.run(pipeline())
    seeded.put(f"{BUCKET}/data", a_txt="two")
    record = seeded.run(pipeline())
    assert reused(record) == []
    assert (seeded.output(record, "Second") / "copy.txt").read_text() == "two"


def test_a_step_whose_inputs_came_out_the_same_is_not_run_again(seeded: Laptop) -> None:
    seeded.run(pipeline())
    record = seeded.run(pipeline(COPY + "print('changed, with the same result')"))
    assert reused(record) == ["Second"]


def test_instance_types_tags_and_output_places_do_not_count(seeded: Laptop) -> None:
    seeded.run(pipeline())
    record = seeded.run(pipeline(Tags=[{"Key": "a", "Value": "b"}]), Kind="ml.m5.4xlarge")
    assert reused(record) == ["First", "Second"]


def test_environment_and_code_of_the_project_count(seeded: Laptop) -> None:
    seeded.run(pipeline())
    assert reused(seeded.run(pipeline(Environment={"A": "1"}))) == ["Second"]
    changed = Laptop(seeded.environment.project, fingerprint="edited")
    assert reused(changed.run(pipeline())) == []


def test_an_expired_success_is_not_used(seeded: Laptop) -> None:
    seeded.run(pipeline(cache="PT1H"))
    for entry in (seeded.workspace.cache / "steps").rglob("*.json"):
        document = json.loads(entry.read_text())
        entry.write_text(json.dumps({**document, "time": "2020-01-01T00:00:00+00:00"}))
    assert reused(seeded.run(pipeline(cache="PT1H"))) == []


def test_a_failure_is_never_remembered(seeded: Laptop) -> None:
    broken = COPY + "sys.exit((source / 'a.txt').read_text() == 'one')"
    assert seeded.run(pipeline(broken)).status == "Failed"
    assert seeded.run(pipeline(broken)).status == "Failed"
    assert list((seeded.workspace.cache).rglob("*.json")) == []


def test_outputs_that_are_gone_are_made_again(seeded: Laptop) -> None:
    first = seeded.run(pipeline())
    (seeded.output(first, "Second") / "copy.txt").unlink()
    assert reused(seeded.run(pipeline())) == ["First"]


def test_steps_without_an_enabled_cache_and_runs_without_cache_run_again(seeded: Laptop) -> None:
    plain = definition(processing("First", COPY, inputs={"in": f"{BUCKET}/data"}))
    assert reused(seeded.run(plain)) == reused(seeded.run(plain)) == []
    seeded.run(pipeline())
    assert reused(seeded.run(pipeline(), use_cache=False)) == []
