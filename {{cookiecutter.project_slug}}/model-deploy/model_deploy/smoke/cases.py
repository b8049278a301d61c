"""Rows with known answers, as the training pipeline leaves them beside the model, and when an answer is the same."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from pathlib import Path
from typing import Any

from model_deploy.aws import message_of
from model_deploy.errors import DeployError, UsageError

TOLERANCE = 1e-4
Answer = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Cases:
    """`rows` by feature name, and the answer the packaged model gave to each."""

    features: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    answers: tuple[Answer, ...]

    @classmethod
    def parse(cls, text: str, where: str) -> Cases:
        """Cases from the text of a smoke.json.

        Raises:
            UsageError: it isn't one.
        """
        try:
            content = json.loads(text)
            features = tuple(str(feature["name"]) for feature in content["features"])
            cases = cls(features, tuple(map(dict, content["rows"])), tuple(map(dict, content["answers"])))
        except (ValueError, TypeError, KeyError) as error:
            reason = " ".join(str(error).split())
            raise UsageError(
                f"{where}: {reason}; expected features, rows and answers as a smoke.json has them"
            ) from error
        complete = all("prediction" in answer for answer in cases.answers)
        if not cases.rows or not features or len(cases.rows) != len(cases.answers) or not complete:
            raise UsageError(f"{where}: expected at least one row, and an answer with `prediction` for each")
        return cases

    @classmethod
    def read(cls, file: Path) -> Cases:
        """Cases of a file.

        Raises:
            UsageError: it can't be read or isn't one.
        """
        try:
            return cls.parse(file.read_text(encoding="utf-8"), str(file))
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"--cases {file}: {error}") from error

    @classmethod
    def download(cls, s3: Any, uri: str) -> Cases:
        """Cases at an S3 URI.

        Raises:
            DeployError: there are none.
        """
        if not uri.startswith("s3://"):
            raise DeployError("the model was registered without smoke.json; give rows by --cases")
        from botocore.exceptions import ClientError

        bucket, _, key = uri.removeprefix("s3://").partition("/")
        try:
            text = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        except ClientError as error:
            raise DeployError(f"{uri} can't be read: {message_of(error)}; give rows by --cases") from error
        return cls.parse(text, uri)

    def json(self, rows: slice = slice(None)) -> bytes:
        """Rows as SageMaker's JSON."""
        return json.dumps({"instances": self.rows[rows]}).encode()

    def csv(self, rows: slice = slice(None), header: bool = False) -> bytes:
        """Rows as CSV, in the order of the features; a missing value is an empty field."""
        written = io.StringIO()
        writer = csv.writer(written, lineterminator="\n")
        if header:
            writer.writerow(self.features)
        for row in self.rows[rows]:
            writer.writerow(["" if row.get(name) is None else row[name] for name in self.features])
        return written.getvalue().encode()


def difference(expected: Answer, given: Answer) -> str:
    """What differs between two answers, in words; empty if they are the same."""
    for name, value in expected.items():
        if name not in given:
            return f"{name} is missing"
        if not same(value, given[name]):
            return f"{name} is {given[name]!r}, expected {value!r}"
    return ""


def same(expected: Any, given: Any) -> bool:
    """Whether two values are equal, numbers to 4 digits."""
    if _is_number(expected) and _is_number(given):
        return math.isclose(expected, given, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(expected == given)


def parse_json_answers(body: bytes) -> list[Answer]:
    """Answers of a JSON response; a ValueError if it isn't one."""
    content = json.loads(body)
    answers = content["predictions"] if isinstance(content, dict) and "predictions" in content else None
    if not isinstance(answers, list) or not all(isinstance(answer, dict) for answer in answers):
        raise ValueError("expected predictions, a list of objects")
    return answers


def parse_csv_answers(body: bytes, like: Answer) -> list[Answer]:
    """Answers of a CSV response, whose columns are in the order of JSON's keys; a ValueError if it isn't one."""
    found = []
    for number, cells in enumerate(csv.reader(io.StringIO(body.decode())), 1):
        if len(cells) != len(like):
            raise ValueError(f"line {number} has {len(cells)} columns, expected {len(like)}")
        pairs = zip(like.items(), cells, strict=True)
        found.append({name: float(cell) if _is_number(value) else cell for (name, value), cell in pairs})
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
