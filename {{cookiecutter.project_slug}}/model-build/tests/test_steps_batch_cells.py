"""prepare_batch accepts exactly the cells that the server accepts, and what it hands on means the same to the model."""

from __future__ import annotations

import csv
import gzip
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from model_build.analysis.errors import DataError
from model_build.analysis.features import Feature
from model_build.serving.encoding import Encoder
from model_build.serving.formats import CSV, JSON, JSON_LINES, PARQUET, RequestError
from model_build.serving.readers import read_features
from model_build.steps.batch_rows import LINE, Reader
from model_build.steps.batch_tables import table_writer

NULL_VALUES = ["", "?", "-999", "1e3"]
FEATURES = (
    Feature("whole", "integral"),
    Feature("real", "fractional"),
    Feature("work", "string", ("Private", "a b", "-999", "")),
)
TYPES = ("integral", "fractional", "string")
FILES = {CSV: "rows.csv", JSON_LINES: "rows.jsonl", PARQUET: "rows.parquet"}
Codes = NDArray[np.float32] | None
shared_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

TEXT = st.one_of(
    st.floats().map(str),
    st.integers(-(10**20), 10**20).map(str),
    st.text(max_size=5),
    st.sampled_from(
        ["True", "false", "39.5", "39.0", "1e39", "1e999", "inf", "nan", "-999", "-999.0", " -999 ", "1000", "1_0", "?"]
    ),
    st.sampled_from(["Private", "\u2003Private ", "a b", "never seen", "", " ", '"', "a,b", "1\n2"]),
)
VALUE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([-999, -999.0, 1000, 1e3, 39.5, 1e39, [], {}, [1]]),
    TEXT,
)
COLUMN = st.one_of(
    st.tuples(st.just(pl.Float64), st.floats()),
    st.tuples(st.just(pl.Float32), st.floats(width=32)),
    st.tuples(st.just(pl.Int64), st.integers(-(2**63), 2**63 - 1)),
    st.tuples(st.sampled_from([pl.Int16, pl.Float64, pl.String]), st.just(-999)),
    st.tuples(st.just(pl.Boolean), st.booleans()),
    st.tuples(st.sampled_from([pl.String, pl.Categorical]), TEXT),
    st.tuples(st.sampled_from([pl.Date, pl.Binary, pl.Null]), st.none()),
)


def served(body: bytes, media: str, feature: Feature) -> Codes:
    """The model's input of a request; None where the server refuses it."""
    try:
        return read_features(body, media, Encoder([feature], NULL_VALUES))
    except RequestError:
        return None


def prepared(content: bytes, media: str, feature: Feature, folder: Path) -> Codes:
    """The model's input of the lines that prepare_batch hands on; None where it refuses the file."""
    path = folder / FILES[media]
    path.write_bytes(content)
    try:
        found = list(Reader([feature], NULL_VALUES, ["prediction"]).read(path, path.name))
    except DataError:
        return None
    lines = b"".join(rows.features.write_ndjson().encode() for rows in found)
    codes = served(lines, JSON_LINES, feature)
    assert codes is not None, lines
    return codes


def same(left: Codes, right: Codes) -> bool:
    if left is None or right is None:
        return left is right
    return np.array_equal(left, right, equal_nan=True)


def as_csv(*rows: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


@shared_folder
@given(feature=st.sampled_from(FEATURES), cell=TEXT)
@example(feature=FEATURES[0], cell="39.5")
@example(feature=FEATURES[1], cell="1e39")
@example(feature=FEATURES[1], cell="True")
def test_a_cell_of_a_csv_file_means_what_it_means_to_the_server(feature: Feature, cell: str, tmp_path: Path) -> None:
    body = as_csv([cell])
    file = as_csv([feature.name], [cell])
    assert same(prepared(file, CSV, feature, tmp_path), served(body, CSV, feature)), cell


@shared_folder
@given(feature=st.sampled_from(FEATURES), value=VALUE)
@example(feature=FEATURES[1], value=True)
def test_a_value_of_a_json_line_means_what_it_means_to_the_server(feature: Feature, value: Any, tmp_path: Path) -> None:
    line = orjson.dumps({feature.name: value})
    assert same(prepared(line, JSON_LINES, feature, tmp_path), served(line, JSON_LINES, feature)), value


@shared_folder
@given(feature=st.sampled_from(FEATURES), typed=COLUMN)
def test_a_value_of_a_parquet_file_means_what_it_means_to_the_server(
    feature: Feature, typed: tuple[Any, Any], tmp_path: Path
) -> None:
    kind, value = typed
    file = io.BytesIO()
    pl.DataFrame([pl.Series(feature.name, [value]).cast(kind)]).write_parquet(file)
    content = file.getvalue()
    assert same(prepared(content, PARQUET, feature, tmp_path), served(content, PARQUET, feature)), typed


@pytest.mark.parametrize("kind", TYPES[:2])
@pytest.mark.parametrize("marker", ["-999", "-999.0"])
def test_a_null_marker_that_is_a_number_is_missing_in_every_form(kind: Any, marker: str, tmp_path: Path) -> None:
    feature = Feature("x", kind)
    encoder = Encoder([feature], [marker])

    def code(body: bytes, media: str) -> float:
        return float(read_features(body, media, encoder)[0, 0])

    for text in (b"-999", b"-999.0", b" -9.99e2"):
        assert math.isnan(code(text, CSV)) and math.isnan(code(b"[[" + text + b"]]", JSON)), text
        assert code(text.replace(b"9", b"8"), CSV) == -888
    for number in (pl.Int32, pl.Float32, pl.Float64, pl.Decimal(10, 2)):
        file = io.BytesIO()
        pl.DataFrame([pl.Series("x", [-999]).cast(number)]).write_parquet(file)
        assert math.isnan(code(file.getvalue(), PARQUET)), number
        (tmp_path / "x.parquet").write_bytes(file.getvalue())
        (rows,) = Reader([feature], [marker], []).read(tmp_path / "x.parquet", "x.parquet")
        assert rows.features["x"].to_list() == [None]


PAIR = [Feature("a", "integral"), Feature("b", "string", ("x",))]


def read(content: bytes, path: Path) -> list[list[Any]]:
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    found = list(Reader(PAIR, [""], ["prediction"]).read(path, path.name))
    assert [rows.given.height for rows in found] == [rows.features.height for rows in found]
    return [list(row) for rows in found for row in rows.features.rows()]


@pytest.mark.parametrize("ending", ["csv", "csv.gz"])
def test_empty_lines_are_no_rows_as_they_are_none_to_the_server(tmp_path: Path, ending: str) -> None:
    content = b'\xef\xbb\xbf\r\n\r\na,b\r\n\r\n1,x\r\n\r\n2,"y\r\n\r\nz"\r\n\r\n'
    assert read(content, tmp_path / f"new.{ending}") == [[1, "x"], [2, "y\r\n\r\nz"]]
    assert len(read_features(content.partition(b"b")[2], CSV, Encoder(PAIR, [""]))) == 2


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"a,b\n1,x\n2\n", "line 3 has 1 values; expected 2, as the header"),
        (b"a,b\n\n1,x\n2,x,3\n", "line 4 has 3 values; expected 2, as the header"),
        (b"a,b\n1,x\n \n", "line 3 has 1 values; expected 2, as the header"),
        (b'a,b\n1,"x\ny"\n2', "line 4 has 1 values; expected 2, as the header"),
        (b'a,b\n1,"x"y\n', "line 2 is no CSV: "),
        (b'a,b\n1,"x\n', "line 2 is no CSV: "),
        (b'a,"b', "line 1 is no CSV: "),
        (b"a,b\n1,\xff\n", " is no CSV: 'utf-8' codec can't decode"),
        (b"a,b,a\n1,x,2\n", "column 'a' is there twice; rename one"),
        (b"\n\n", " is empty; expected a header and rows"),
    ],
)
def test_a_damaged_csv_is_refused_with_its_file_and_line(tmp_path: Path, content: bytes, complaint: str) -> None:
    with pytest.raises(DataError) as failure:
        read(content, tmp_path / "new.csv")
    assert str(failure.value).startswith(("new.csv: " + complaint, "new.csv" + complaint))
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize("content", [b"not packed", gzip.compress(b"a,b\n" + b"1,x\n" * 99)[:-9]])
def test_a_damaged_gzip_file_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "new.csv.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match="new.csv.gz is no CSV: "):
        list(Reader(PAIR, [""], []).read(path, path.name))


@settings(parent=shared_folder, max_examples=100)
@example(works=["a\u2028b"], classes=[">50K\u2028", "\u0085"])
@example(works=["\x0b\x0c\x1c\r\n"], classes=["\x1d\x1e\u2029", "\r\n"])
@given(
    works=st.lists(TEXT, min_size=1, max_size=3),
    classes=st.lists(st.text(min_size=1), min_size=2, max_size=2),
)
def test_json_lines_keep_text_that_looks_like_an_end_of_line(
    works: list[str], classes: list[str], tmp_path: Path
) -> None:
    rows = [{"work": work} for work in works]
    answers = [{"prediction": classes[number % 2]} for number in range(len(rows))]
    path = tmp_path / "predictions.jsonl"
    path.unlink(missing_ok=True)
    with table_writer(path) as write:
        write(pl.DataFrame({LINE: [orjson.dumps(row).decode() for row in rows]}), pl.DataFrame(answers))
    written = [orjson.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
    assert written == [row | answer for row, answer in zip(rows, answers, strict=True)]
