"""What a smoke test checks of a model that answers at once."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Callable, Iterable
from typing import Any

from model_deploy.aws import code_of, message_of
from model_deploy.errors import DeployError
from model_deploy.settings import ProblemType
from model_deploy.smoke.cases import Answer, Cases, difference, parse_csv_answers, parse_json_answers, same
from model_deploy.smoke.targets import Response, Target

CSV, JSON = "text/csv", "application/json"


@dataclasses.dataclass(frozen=True)
class Outcome:
    check: str
    passed: bool
    detail: str


class Refused(Exception):
    """A check that does not hold, and why."""


def realtime(target: Target, cases: Cases, calls: int, p99_ms: float, problem_type: ProblemType) -> Iterable[Outcome]:
    """The outcomes of all checks, each as soon as it is known.

    Args:
        target: whom to ask.
        cases: rows with known answers.
        calls: how many calls the latency is measured with, one row each.
        p99_ms: what the slowest percent may take, in milliseconds: the alarm's threshold.
        problem_type: what the attributions of a row add up to.
    """
    checks: tuple[tuple[str, Callable[[], str]], ...] = (
        ("answers", lambda: _answers(target, cases)),
        ("CSV and JSON agree", lambda: _formats_agree(target, cases)),
        ("attributions", lambda: _attributions(target, cases, problem_type)),
        ("a bad row", lambda: _bad_row(target)),
        ("an unknown content type", lambda: _unknown_type(target)),
        ("latency", lambda: _latency(target, cases, calls, p99_ms)),
    )
    for name, check in checks:
        yield outcome(name, check)


def outcome(name: str, check: Callable[[], str]) -> Outcome:
    """What came of one check; what AWS refuses fails it, so that the other checks' outcomes are still told."""
    from botocore.exceptions import ClientError

    try:
        return Outcome(name, True, check())
    except Refused as error:
        return Outcome(name, False, str(error))
    except ClientError as error:
        return Outcome(name, False, f"{error.operation_name}: {code_of(error)}: {message_of(error)}")


def compare(cases: Cases, given: list[Answer]) -> str:
    """How many answers are as expected.

    Raises:
        Refused: one is not, or some are missing.
    """
    if len(given) != len(cases.answers):
        raise Refused(f"{len(given)} answers to {len(cases.answers)} rows")
    differing = [
        (row, words)
        for row, (expected, answer) in enumerate(zip(cases.answers, given, strict=True), 1)
        if (words := difference(expected, answer))
    ]
    if differing:
        row, words = differing[0]
        raise Refused(f"{len(differing)} of {len(given)} differ; row {row}: {words}")
    return f"{len(given)} of {len(given)} as the packaged model gave them"


def parsed(parse: Callable[[bytes], list[Answer]], body: bytes) -> list[Answer]:
    """Answers in a body.

    Raises:
        Refused: they can't be read.
    """
    try:
        return parse(body)
    except (ValueError, KeyError, UnicodeDecodeError) as error:
        raise Refused(f"the answer can't be read: {' '.join(str(error).split())}") from error


def percentile(values: list[float], percent: float) -> float:
    """Nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


def _answers(target: Target, cases: Cases) -> str:
    return compare(cases, _asked(target, cases))


def _formats_agree(target: Target, cases: Cases) -> str:
    as_json = _asked(target, cases)
    body = _body(target.ask(cases.csv(), CSV, CSV))
    as_csv = parsed(lambda text: parse_csv_answers(text, as_json[0]), body)
    for row, (one, other) in enumerate(zip(as_json, as_csv, strict=False), 1):
        if words := difference(_textual(one), _textual(other)):
            raise Refused(f"row {row}, CSV against JSON: {words}")
    if len(as_csv) != len(as_json):
        raise Refused(f"{len(as_csv)} lines of CSV, {len(as_json)} answers of JSON")
    return f"{len(as_csv)} rows"


def _attributions(target: Target, cases: Cases, problem_type: ProblemType) -> str:
    """The project's own image always offers them: an answer without is a container that lost them."""
    answers = parsed(parse_json_answers, _body(target.ask(cases.json(), JSON, JSON, attributions=True)))
    if len(answers) != len(cases.rows):
        raise Refused(f"{len(answers)} answers to {len(cases.rows)} rows")
    bases: dict[str, float] = {}
    for row, answer in enumerate(answers, 1):
        if words := _unexplained(answer, cases.features, problem_type, bases):
            raise Refused(f"row {row}: {words}")
    shares = answers[0]["attributions"]
    name = max(shares, key=lambda feature: abs(shares[feature]))
    return f"{len(shares)} features; most of the first row: {name} {shares[name]:+.3g}"


def _unexplained(answer: Answer, features: tuple[str, ...], problem_type: ProblemType, bases: dict[str, float]) -> str:
    """What doesn't hold of one answer's attributions; empty if all does.

    With the base value they add up to the margin: of a binary model's score, or a regression's prediction itself. Of
    several classes only the predicted one is explained, and no answer tells its margin: there, `bases` holds the base
    value that each class has in all rows.
    """
    shares, predicted = answer.get("attributions"), answer.get("prediction")
    if not isinstance(shares, dict) or "base_value" not in answer:
        return "the answer has none, and the project's image always gives them when asked"
    if set(shares) != set(features):
        return "they are not of the model's features"
    numbers = {**shares, "base_value": answer["base_value"]}
    if strange := [name for name, value in numbers.items() if not _is_finite(value)]:
        return f"{strange[0]} is no number"
    base = float(answer["base_value"])
    margin = base + sum(shares.values())
    if problem_type == "binary_classification" and not same(answer.get("score"), _logistic(margin)):
        return f"they add up to the margin {margin:g}, which is not that of score {answer.get('score')}"
    if problem_type == "regression" and not same(predicted, margin):
        return f"they add up to {margin:g}, the prediction is {predicted}"
    if problem_type == "multiclass_classification" and not same(bases.setdefault(str(predicted), base), base):
        return f"base_value {base:g} is not that of the other rows of class {predicted}"
    return ""


def _logistic(margin: float) -> float:
    return 1 / (1 + math.exp(-margin)) if margin >= 0 else 1 - 1 / (1 + math.exp(margin))


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _bad_row(target: Target) -> str:
    response = target.ask(b'{"instances": [{"no such feature": 1}]}', JSON, JSON)
    return f"refused with 400: {_error_words(response, (400,))}"


def _unknown_type(target: Target) -> str:
    response = target.ask(b"1,2,3", "application/x-nothing", JSON)
    return f"refused with {response.status}: {_error_words(response, (400, 415))}"


def _latency(target: Target, cases: Cases, calls: int, p99_ms: float) -> str:
    taken = []
    for call in range(calls):
        row = call % len(cases.rows)
        body, began = cases.json(slice(row, row + 1)), time.perf_counter()
        _body(target.ask(body, JSON, JSON))
        taken.append((time.perf_counter() - began) * 1000)
    p50, p99 = percentile(taken, 50), percentile(taken, 99)
    words = (
        f"p50 {p50:.1f} ms, p99 {p99:.1f} ms over {calls} calls, the network included; the alarm is at {p99_ms:g} ms"
    )
    if p99 > p99_ms:
        raise Refused(words)
    return words


def _asked(target: Target, cases: Cases) -> list[Answer]:
    answers = parsed(parse_json_answers, _body(target.ask(cases.json(), JSON, JSON)))
    if not answers:
        raise Refused("no answers")
    return answers


def _body(response: Response) -> bytes:
    if response.status != 200:
        raise Refused(f"status {response.status}: {_first_line(response.body)}")
    return response.body


def _error_words(response: Response, statuses: tuple[int, ...]) -> str:
    if response.status not in statuses:
        raise Refused(f"status {response.status}, expected {statuses[-1]}: {_first_line(response.body)}")
    try:
        content: Any = json.loads(response.body)
        words = content["error"]
    except (ValueError, TypeError, KeyError) as error:
        raise Refused(f'no {{"error": …}} but {_first_line(response.body)}') from error
    if not isinstance(words, str) or "\n" in words or "Traceback" in words:
        raise Refused(f"the error is not one line: {_first_line(response.body)}")
    return words if len(words) <= 80 else words[:77] + "..."


def _textual(answer: Answer) -> Answer:
    """CSV can't tell a class called 1 from the number."""
    return {name: value if isinstance(value, float) else str(value) for name, value in answer.items()}


def _first_line(body: bytes) -> str:
    lines = body.decode(errors="replace").strip().splitlines()
    return lines[0][:120] if lines else "an empty body"


def failures(outcomes: Iterable[Outcome]) -> None:
    """Say which checks failed.

    Raises:
        DeployError: some did.
    """
    failed = [found.check for found in outcomes if not found.passed]
    if failed:
        raise DeployError(f"smoke test failed: {', '.join(failed)}")
