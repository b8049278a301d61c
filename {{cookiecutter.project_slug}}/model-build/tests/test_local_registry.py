from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from local_pipelines import BUCKET, Laptop, definition, get, output_of, processing, states

from model_build.local.registry import Registry, RegistryError

WRITE = (
    "import pathlib, sys; [pathlib.Path(sys.argv[-1], n).write_text('{}') for n in ('model.tar.gz', 'metrics.json')]"
)


ROUNDS = 5
WRITER = f"""
import sys; from pathlib import Path; from model_build.local.registry import Registry
registry = Registry(Path(sys.argv[1]))
for number in range({ROUNDS}):
    registry.register({{'ModelPackageGroupName': 'models', 'Number': number}}, {{}})
    registry.decide('models', 1, 'Approved', 'at once')
"""


def test_processes_that_register_and_decide_at_once_lose_nothing(tmp_path: Path) -> None:
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], env=environ) for _ in range(4)]
    assert [writer.wait(30) for writer in writers] == [0] * 4
    registry = Registry(tmp_path)
    assert registry.versions("models") == list(range(1, 4 * ROUNDS + 1))
    assert len(registry.entry("models", 1)["ApprovalHistory"]) == 4 * ROUNDS + 1


def test_a_decision_keeps_who_when_and_why(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    entry = registry.register({"ModelPackageGroupName": "models"}, {"PipelineName": "p"})
    assert entry["ModelApprovalStatus"] == "PendingManualApproval"
    assert entry["ModelPackageArn"] == "arn:aws:sagemaker:local:000000000000:model-package/models/1"
    registry.decide("models", 1, "Rejected", "too slow")
    registry.decide("models", 1, "Approved", "fast after all")
    history = registry.entry("models", 1)["ApprovalHistory"]
    assert [(step["Status"], step["Reason"]) for step in history] == [
        ("PendingManualApproval", "registered"),
        ("Rejected", "too slow"),
        ("Approved", "fast after all"),
    ]
    assert all(step["By"] and step["Time"] for step in history)


def test_what_does_not_exist_is_answered_with_what_does(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    with pytest.raises(RegistryError, match="models has no version 1; it is empty"):
        registry.decide("models", 1, "Approved", "")
    for _ in range(2):
        registry.register({"ModelPackageGroupName": "models"}, {})
    with pytest.raises(RegistryError, match="models has no version 7; it has 1, 2"):
        registry.decide("models", 7, "Approved", "")


@pytest.mark.parametrize("request_", [{"ModelPackageGroupName": "../up"}, {}, {"ModelPackageGroupName": "a" * 64}])
def test_a_group_that_sagemaker_would_not_take_is_refused(tmp_path: Path, request_: dict[str, str]) -> None:
    with pytest.raises(RegistryError, match="is no name of a model package group"):
        Registry(tmp_path).register(request_, {})
    with pytest.raises(RegistryError, match="ModelApprovalStatus 'Maybe' is not accepted"):
        Registry(tmp_path).register({"ModelPackageGroupName": "models", "ModelApprovalStatus": "Maybe"}, {})


def register(metrics: str) -> dict[str, object]:
    def below(name: str) -> dict[str, object]:
        return {"Std:Join": {"On": "/", "Values": [output_of("Package"), name]}}

    return {
        "Name": "Register",
        "Type": "RegisterModel",
        "Arguments": {
            "ModelPackageGroupName": "models",
            "InferenceSpecification": {"Containers": [{"Image": "image", "ModelDataUrl": below("model.tar.gz")}]},
            "ModelMetrics": {
                "ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": below(metrics)}}
            },
            "CustomerMetadataProperties": {"execution": get("Execution.PipelineExecutionId")},
        },
    }


def test_a_model_is_registered_with_its_resolved_request(laptop: Laptop) -> None:
    record = laptop.run(definition(processing("Package", WRITE), register("metrics.json")))
    entry = laptop.workspace.registry.entry("models", 1)
    assert states(record) == {"Package": "Succeeded", "Register": "Succeeded"}
    assert entry["CustomerMetadataProperties"] == {"execution": record.id}
    assert entry["Origin"] == {"PipelineName": "test-pipeline", "PipelineExecutionId": record.id}
    assert laptop.workspace.store.exists(entry["InferenceSpecification"]["Containers"][0]["ModelDataUrl"])
    assert json.dumps(entry).count("Std:") == 0


def test_a_model_whose_report_is_missing_is_not_registered(laptop: Laptop) -> None:
    record = laptop.run(definition(processing("Package", WRITE), register("nothing.json")))
    assert record.steps["Register"].failure == (
        f"ModelMetrics.ModelQuality.Statistics.S3Uri is {BUCKET}/{record.id}/Package/out/nothing.json, "
        "but nothing is there"
    )
    assert laptop.workspace.registry.versions("models") == []
