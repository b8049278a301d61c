"""The training pipeline: which steps, in which order, with which gate, and what it registers."""

from __future__ import annotations

from typing import Any

import pytest
from definitions import VARIANTS, definition, step, variant

from model_build.pipelines.outline import edges, nodes
from model_build.serving.formats import ALIASES, READ, WRITTEN
from model_build.settings import load_settings

SETTINGS = load_settings()
BIAS = ["CheckBias"] if SETTINGS.checks_bias else []
every_variant = pytest.mark.parametrize(("inference", "accounts"), VARIANTS)


def register(inference: str, accounts: str) -> dict[str, Any]:
    arguments: dict[str, Any] = step(definition(inference, accounts), "Register")["Arguments"]
    return arguments


@every_variant
def test_steps_stand_in_the_order_in_which_they_run(inference: str, accounts: str) -> None:
    assert list(nodes(definition(inference, accounts))) == [
        *["Preprocess", "CheckContract", "Baseline", "Train", "Evaluate", "BaselinePredictions", *BIAS, "Gate"],
        *["Package", "Register", "GateFailed"],
    ]


def test_nothing_is_trained_on_data_that_breaks_the_contract() -> None:
    drawn = {(edge.source, edge.target) for edge in edges(nodes(definition(*VARIANTS[0])))}
    assert {("CheckContract", "Baseline"), ("Baseline", "Train")} <= drawn


def test_gate_holds_the_metric_and_the_bias_against_parameters() -> None:
    comparison = "GreaterThanOrEqualTo" if SETTINGS.gate_direction == "higher" else "LessThanOrEqualTo"
    conditions = step(definition(*VARIANTS[0]), "Gate")["Arguments"]["Conditions"]
    assert [condition["Type"] for condition in conditions] == [comparison, *["LessThanOrEqualTo" for _ in BIAS]]
    assert [condition["RightValue"]["Get"] for condition in conditions] == [
        "Parameters.GateThreshold",
        *["Parameters.BiasMaximum" for _ in BIAS],
    ]


def test_a_missed_gate_says_what_the_evaluation_and_the_bias_check_said() -> None:
    message = step(definition(*VARIANTS[0]), "GateFailed")["Arguments"]["ErrorMessage"]["Std:Join"]["Values"]
    assert [value["Std:JsonGet"]["Path"] for value in message] == ["gate.message", *["gate.message" for _ in BIAS]]


@every_variant
def test_a_registered_model_states_how_it_may_be_deployed(inference: str, accounts: str) -> None:
    specification = register(inference, accounts)["InferenceSpecification"]
    assert ("SupportedRealtimeInferenceInstanceTypes" in specification) == (inference != "batch")
    assert ("SupportedTransformInstanceTypes" in specification) == (inference in ("batch", "realtime_and_batch"))
    assert sorted(specification["SupportedContentTypes"]) == sorted([*READ, *ALIASES])
    assert sorted(specification["SupportedResponseMIMETypes"]) == sorted(WRITTEN)


@every_variant
def test_a_registered_model_carries_its_evidence(inference: str, accounts: str) -> None:
    arguments = register(inference, accounts)
    kinds = {"ModelQuality", "ModelDataQuality", *(["Bias"] if BIAS else [])}
    assert set(arguments["ModelMetrics"]) == set(arguments["DriftCheckBaselines"]) == kinds
    assert "Tags" not in arguments


def _uri_ending(uri: dict[str, Any]) -> str:
    return str(uri["Std:Join"]["Values"][-1])


@every_variant
def test_a_registered_model_tells_where_it_came_from(inference: str, accounts: str) -> None:
    bindings = variant(inference, accounts)[1]
    metadata = register(inference, accounts)["CustomerMetadataProperties"]
    assert metadata["git-commit"] == {"Get": "Parameters.GitCommit"}
    assert metadata["data-sha256"]["Std:JsonGet"]["Path"] == "sha256"
    assert metadata["image-digest"] == bindings.image_uri.partition("@")[2]
    assert [_uri_ending(metadata[key]) for key in ("report-uri", "smoke-uri")] == ["report.html", "smoke.json"]
    assert metadata["inference"] == inference
    assert metadata["problem-type"] == SETTINGS.project.problem_type


def test_a_lowered_gate_can_be_seen_in_the_registered_model() -> None:
    metadata = register(*VARIANTS[0])["CustomerMetadataProperties"]
    demanded = {"gate-threshold": "GateThreshold"} | ({"bias-maximum": "BiasMaximum"} if BIAS else {})
    for name, parameter in demanded.items():
        assert metadata[name]["Std:Join"]["Values"] == [{"Get": f"Parameters.{parameter}"}]
    stated = {"gate-metric": SETTINGS.gate.metric, "gate-threshold-in-settings": str(SETTINGS.gate.threshold)}
    if BIAS:
        stated |= {"bias-metric": SETTINGS.bias.metric, "bias-maximum-in-settings": str(SETTINGS.bias.maximum)}
    assert stated.items() <= metadata.items()


def test_a_model_waits_for_approval_however_the_pipeline_is_started() -> None:
    assert register(*VARIANTS[0])["ModelApprovalStatus"] == "PendingManualApproval"


def test_new_data_under_an_old_name_misses_the_cache() -> None:
    environment = step(definition(*VARIANTS[0]), "Preprocess")["Arguments"]["Environment"]
    assert environment == {"DATA_VERSION": {"Get": "Parameters.DataVersion"}}


def test_nothing_starts_without_saying_which_version_of_the_data_it_reads() -> None:
    parameters = {parameter["Name"]: parameter for parameter in definition(*VARIANTS[0])["Parameters"]}
    assert [name for name, parameter in parameters.items() if "DefaultValue" not in parameter] == ["DataVersion"]
    assert parameters["InputData"]["DefaultValue"].endswith("/data/")


def test_no_experiment_is_made_on_the_side() -> None:
    assert definition(*VARIANTS[0])["PipelineExperimentConfig"] is None
