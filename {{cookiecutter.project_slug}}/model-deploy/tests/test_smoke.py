"""What the smoke test lets pass of a server, and what it doesn't."""

from __future__ import annotations

import dataclasses
import io
import json
import math
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console

from model_deploy.errors import DeployError, UsageError
from model_deploy.settings import ProblemType
from model_deploy.smoke import checks, run
from model_deploy.smoke.cases import Cases
from model_deploy.smoke.checks import JSON, Outcome
from model_deploy.smoke.targets import Response, Server
from model_deploy.stage import StageContext
from tests.stages import deployment_of, package

Answer = dict[str, Any]
SHARES = {"age": 0.5, "hours": -0.25}
BINARY = {"prediction": "yes", "score": 1 / (1 + math.exp(-0.35)), "base_value": 0.1, "attributions": SHARES}
REGRESSION = {"prediction": 0.35, "base_value": 0.1, "attributions": SHARES}
SEVERAL = {"prediction": "b", "score_a": 0.1, "score_b": 0.7, "score_c": 0.2, "base_value": 0.1, "attributions": SHARES}


@dataclasses.dataclass
class Explaining:
    """Answers with these, when asked for attributions."""

    answers: list[Answer]
    status: int = 200

    def ask(self, body: bytes, content_type: str, accept: str, attributions: bool = False) -> Response:
        content: Answer = {"predictions": self.answers} if self.status == 200 else {"error": "no attributions here"}
        return Response(self.status, json.dumps(content).encode())


def attributions(problem_type: ProblemType, *answers: Answer, status: int = 200) -> Outcome:
    rows = tuple({"age": row, "hours": 40} for row in range(len(answers)))
    cases = Cases(("age", "hours"), rows, tuple({"prediction": answer.get("prediction")} for answer in answers))
    outcomes = checks.realtime(Explaining(list(answers), status), cases, 1, 500, problem_type)
    return next(found for found in outcomes if found.check == "attributions")


def test_attributions_that_add_up_pass() -> None:
    assert attributions("binary_classification", BINARY, BINARY).passed
    assert attributions("regression", REGRESSION).passed
    assert attributions("multiclass_classification", SEVERAL, SEVERAL, {**SEVERAL, "prediction": "a"}).passed


def without(answer: Answer, name: str) -> Answer:
    return {key: value for key, value in answer.items() if key != name}


@pytest.mark.parametrize(
    ("problem_type", "answer", "told"),
    [
        ("binary_classification", without(BINARY, "attributions"), "the answer has none"),
        ("binary_classification", without(BINARY, "base_value"), "the answer has none"),
        ("binary_classification", {**BINARY, "attributions": {"age": 0.25}}, "not of the model's features"),
        ("binary_classification", {**BINARY, "attributions": {"age": None, "hours": 0.1}}, "age is no number"),
        ("binary_classification", {**BINARY, "score": 0.9}, "which is not that of score 0.9"),
        ("regression", {**REGRESSION, "prediction": 0.5}, "they add up to 0.35, the prediction is 0.5"),
        ("multiclass_classification", without(SEVERAL, "attributions"), "the answer has none"),
        ("multiclass_classification", {**SEVERAL, "base_value": 0.2}, "not that of the other rows of class b"),
    ],
)
def test_a_container_that_lost_its_attributions_fails(problem_type: ProblemType, answer: Answer, told: str) -> None:
    whole = {"binary_classification": BINARY, "regression": REGRESSION, "multiclass_classification": SEVERAL}
    found = attributions(problem_type, whole[problem_type], answer)
    assert not found.passed and found.detail.startswith("row 2: ") and told in found.detail


def test_a_refusal_to_explain_fails() -> None:
    found = attributions("binary_classification", BINARY, status=400)
    assert not found.passed and "no attributions here" in found.detail


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_a_margin_too_large_for_a_float_is_no_stack_trace(score: float) -> None:
    answer = {**BINARY, "score": score, "base_value": 5000.0 if score else -5000.0}
    assert attributions("binary_classification", answer).passed


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8080",
        "ftp://x",
        "http://127.0.0.1:abc",
        "http://[",
        "http://",
        "http://:80",
        "http://a b/",
        "http://ä/",
    ],
)
def test_an_address_that_is_none_is_named(url: str) -> None:
    with pytest.raises(UsageError, match="--url .* is not accepted; expected one such as http://127.0.0.1:8080"):
        Server(url)


def test_a_server_that_is_not_there_is_one_line() -> None:
    with pytest.raises(DeployError, match="can't be asked"):
        Server("http://127.0.0.1:9").ask(b"", JSON, JSON)


def test_what_aws_refuses_is_a_failed_check() -> None:
    from botocore.exceptions import ClientError

    def refused() -> str:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "StartPipelineExecution")

    assert checks.outcome("batch run", refused) == Outcome(
        "batch run", False, "StartPipelineExecution: AccessDenied: not you"
    )


class Empty:
    """A stage with a data bucket and no model."""

    def outputs(self) -> dict[str, str]:
        return {"DataBucket": "data"}

    def deployed_package(self) -> str:
        return ""

    def registry(self, service: str) -> None:
        return None


def smoke_of_nothing(monkeypatch: pytest.MonkeyPatch, pinned: str) -> str:
    monkeypatch.setenv("MLOPS_MODEL_PACKAGE_ARN", pinned)
    monkeypatch.setattr(run, "require_account", lambda context: None)
    said = io.StringIO()
    context = StageContext(deployment_of(version=None), cast(Any, Empty()), cast(Any, Empty()), Path("/nowhere"))
    run.of_stage(context, None, 1, Console(file=said, width=200))
    return said.getvalue()


def test_a_stage_that_keeps_no_model_has_asked_nothing_and_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DeployError, match="staging runs no model that could be asked, and gets none.*not approved"):
        smoke_of_nothing(monkeypatch, "keep")
    assert "No model is approved for this stage yet" in smoke_of_nothing(monkeypatch, "none")


def test_who_approves_is_told_that_another_stage_may_keep_another_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLOPS_MODEL_PACKAGE_ARN", "keep")
    monkeypatch.setattr(run, "require_account", lambda context: None)
    monkeypatch.setattr(run, "deployed_package", lambda context: package(3))
    monkeypatch.setattr(checks, "realtime", lambda *arguments: [Outcome("answers", True, "as expected")])
    said, cases = io.StringIO(), Cases(("age",), ({"age": 1},), ({"prediction": "yes"},))
    monkeypatch.setattr(Cases, "download", lambda s3, uri: cases)
    stage = type("Full", (Empty,), {"registry": lambda *_: None, "stage": lambda *_: None})()
    context = StageContext(deployment_of(version=3), cast(Any, stage), cast(Any, stage), Path("/nowhere"))
    run.of_stage(context, None, 1, Console(file=said, width=200))
    assert "staging is asked with version 3, which says nothing about another version" in said.getvalue()
