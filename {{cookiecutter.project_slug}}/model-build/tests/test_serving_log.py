"""The request log: enough to find a request again, and never what was in it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from serving_models import CSV_ROWS, NULL_VALUES, ask
from starlette.testclient import TestClient

from model_build.serving.app import create_app
from model_build.serving.predictor import Predictor

CANARY = "canary-5d1f"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def logged(capfd: pytest.CaptureFixture[str]) -> Lines:
    return lambda: [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_an_answered_request_is_one_line(client: TestClient, logged: Lines) -> None:
    identity = {"X-Amzn-SageMaker-Inference-Id": "order-7"}
    ask(client, CSV_ROWS, "text/csv", "application/json", **identity)
    (line,) = logged()
    assert line.pop("milliseconds") > 0
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "route": "/invocations",
        "status": 200,
        "rows": 3,
        "media_in": "text/csv",
        "media_out": "application/json",
        "bytes_in": len(CSV_ROWS),
        "inference_id": "order-7",
    }


def test_a_refused_request_is_one_line_too(client: TestClient, logged: Lines) -> None:
    ask(client, "39,Private", "text/csv")
    ask(client, "x", "image/png")
    client.get("/invocations")
    client.get("/nowhere")
    lines = logged()
    assert [line["status"] for line in lines] == [400, 415, 405, 404]
    assert [line["route"] for line in lines] == ["/invocations", "/invocations", "/invocations", "other"]


def test_successful_pings_are_not_logged(client: TestClient, logged: Lines) -> None:
    client.get("/ping")
    client.get("/execution-parameters")
    assert [line["route"] for line in logged()] == ["/execution-parameters"]


def parquet(**columns: Any) -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(columns).write_parquet(buffer)
    return buffer.getvalue()


BODIES: list[tuple[str, str | bytes]] = [
    ("text/csv", f"39,{CANARY},40\n"),
    ("text/csv", f"{CANARY},Private,40\n"),
    ("text/csv", f'39,"{CANARY}'),
    ("application/json", json.dumps([{"age": 1, "work": CANARY, "hours": 2}])),
    ("application/json", json.dumps([{"age": 1, "work": "x", CANARY: 2}])),
    ("application/json", f'[{{"age": {CANARY}'),
    ("application/jsonlines", f'[1, "x", "{CANARY}"]'),
    ("application/x-parquet", parquet(age=[CANARY], work=["x"], hours=[1])),
    ("application/x-parquet", parquet(age=[1], work=["x"], hours=[1], **{CANARY: [1]})),
    (CANARY, CANARY),
]


@pytest.mark.parametrize(("media", "body"), BODIES)
def test_no_value_of_a_request_is_logged(
    client: TestClient, capfd: pytest.CaptureFixture[str], media: str, body: str | bytes
) -> None:
    ask(client, body, media)
    ask(client, body, media, CANARY)
    ask(client, body, media, **{"X-Amzn-SageMaker-Custom-Attributes": CANARY})
    client.get(f"/{CANARY}")
    written = capfd.readouterr()
    assert len(written.out.splitlines()) == 4
    assert CANARY not in written.out + written.err


def test_an_unexpected_error_is_logged_by_its_place_not_its_message(
    predictor: Predictor, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Predictor, features: object, explained: bool = False) -> None:
        raise KeyError(CANARY)

    monkeypatch.setattr(Predictor, "ask", fail)
    ask(TestClient(create_app(predictor, NULL_VALUES)), CSV_ROWS, "text/csv")
    written = capfd.readouterr()
    line = json.loads(written.out)
    assert line["status"] == 500
    assert line["error"].startswith("KeyError at test_serving_log.py:")
    assert CANARY not in written.out + written.err
