"""CloudFormation gets exactly one answer in time, whatever happens."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
import traceback
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from service_catalog.seeder.function import answering, bundles, commits, handler
from service_catalog.seeder.function.answering import LARGEST
from tests.catalog.seeder.git_server import SECRET_KEY, TOKEN
from tests.catalog.seeder.seeding import BUCKET, STACK_ID, Context, Surroundings, form, properties, published


def test_an_answer_is_tried_again_until_s3_takes_it(surroundings: Surroundings) -> None:
    surroundings.repositories()
    surroundings.stacks.statuses = [500, 503]
    assert surroundings.seed("Create", properties(form()))["Status"] == "SUCCESS"


def test_an_answer_that_is_refused_for_good_fails_the_call_so_that_lambda_tries_again(
    surroundings: Surroundings,
) -> None:
    surroundings.stacks.statuses = [403]
    with pytest.raises(ConnectionError, match="403"):
        surroundings.seed("Delete", {})
    assert surroundings.seed("Delete", {})["Status"] == "SUCCESS"


def test_answers_carry_what_cloudformation_sent(surroundings: Surroundings) -> None:
    told = surroundings.seed("Delete", {}, PhysicalResourceId="seed-x")
    assert told["StackId"] == STACK_ID
    assert (told["LogicalResourceId"], told["RequestId"][:8]) == ("Seed", "00000000")


@pytest.mark.parametrize("text", ["x" * 9000, "é\n\t\u2028" * 4000, '"\\' * 4000], ids=["long", "foreign", "quoted"])
def test_any_failure_is_one_line_in_a_small_answer(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    def broken(*_: object) -> None:
        raise OSError(text)

    monkeypatch.setattr(handler, "render", broken)
    told = surroundings.seed("Create", properties(form()))
    assert told["Status"] == "FAILED" and told["Reason"].startswith("OSError: ")
    assert told["Reason"].isprintable() and told["Reason"].isascii()
    assert max(surroundings.stacks.lengths) < LARGEST


def test_time_that_runs_out_is_answered_before_lambda_ends_the_function(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    surroundings.context = Context(seconds=20.2)
    monkeypatch.setattr(handler, "render", lambda *_: time.sleep(60))
    started = time.monotonic()
    told = surroundings.seed("Create", properties(form()))
    assert time.monotonic() - started < 20.2
    assert told["Status"] == "FAILED" and told["Reason"].startswith("the seeder ran out of time")
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_bundle_with_another_digest_is_not_unpacked(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    surroundings.s3.objects[BUCKET, published().key] += b"x"
    monkeypatch.setattr(bundles, "_unzip", pytest.fail)
    monkeypatch.setattr("tempfile.tempdir", str(surroundings.git.folder))
    told = surroundings.seed("Create", properties(form()))
    assert told["Status"] == "FAILED" and "has another digest" in told["Reason"]


def test_a_version_that_was_not_published_here_is_named(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    surroundings.s3.objects.clear()
    monkeypatch.setattr("tempfile.tempdir", str(surroundings.git.folder))
    told = surroundings.seed("Create", properties(form()))
    assert told["Reason"].endswith(f"{published().key}: S3 says NoSuchKey; has this version been published here?")


def test_a_warm_function_asks_s3_no_more(surroundings: Surroundings) -> None:
    surroundings.repositories()
    surroundings.seed("Create", properties(form()))
    asked = len(surroundings.s3.calls)
    surroundings.seed("Create", properties(form()))
    assert len(surroundings.s3.calls) == asked


def test_nothing_secret_is_logged_or_told(surroundings: Surroundings, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(2):
        told = surroundings.seed("Create", properties(form()))
        surroundings.repositories()
        for secret in (SECRET_KEY, TOKEN, "signature=x"):
            assert secret not in str(told)
            assert secret not in caplog.text


@pytest.mark.parametrize("status", [None, 503], ids=["unreachable", "busy"])
def test_the_signed_url_is_in_no_log_and_no_error_when_the_answer_cannot_be_delivered(
    surroundings: Surroundings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, status: int | None
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(answering, "_TRIES", answering._TRIES.new(backoff_factor=0.0))
    surroundings.stacks.statuses = [status] * 9 if status else []
    if status is None:
        surroundings.stacks.url = "http://127.0.0.1:1/answer?signature=x"
    with pytest.raises(ConnectionError, match="CloudFormation can't be reached") as raised:
        surroundings.seed("Delete", {})
    told = "".join(traceback.format_exception(raised.value)) + caplog.text
    assert "signature=" not in told and "/answer?" not in told


def test_a_stack_tells_its_time_by_its_id_or_gets_a_fixed_one() -> None:
    ticks = uuid.UUID(STACK_ID.rsplit("/", 1)[1]).time
    clock = datetime(1582, 10, 15, tzinfo=UTC) + timedelta(microseconds=ticks // 10)
    assert commits.made_at(STACK_ID) == int(clock.timestamp())
    assert commits.made_at("arn:x:stack/y/not-a-uuid") == commits.made_at(
        "arn:x:stack/y/00000000-0000-4000-8000-000000000000"
    )


def test_the_function_imports_nothing_that_its_package_lacks() -> None:
    """Neither CDK nor the form's code: the function stands alone."""
    code = (
        "import sys; from service_catalog.seeder.function import handler; "
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('aws_cdk', 'click', 'service_catalog')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": "."}
    )
    assert "aws_cdk" not in done.stdout and "service_catalog.answers" not in done.stdout
