"""Raw files in, splits and encoders out; nothing of validation and test data reaches the encoders."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_build.analysis.errors import DataError
from model_build.analysis.features import Preprocessing
from model_build.analysis.splits import split_groups, split_rows
from model_build.steps.command import StepError
from model_build.steps.tables import MOST_CATEGORIES, find_tables, read_split, read_tables, write_split

SHARES = (0.7, 0.15, 0.15)
TYPES: dict[str, pl.DataType] = {"age": pl.Int64(), "pay": pl.Float64(), "city": pl.String(), "member": pl.Boolean()}
CITIES = st.sampled_from(["Oslo", "Rome", "Lima", None])


def read(path: Path, text: str) -> pl.DataFrame:
    path.write_text(text, encoding="utf-8")
    return read_tables([path], TYPES, list(TYPES), ["", "?", "NA"])


def frame(cities: list[str | None], labels: list[int]) -> pl.DataFrame:
    return pl.DataFrame({"city": cities, "y": labels[: len(cities)]}, schema={"city": pl.String, "y": pl.Int64})


@given(rows=st.integers(0, 500), seed=st.integers(0, 2**32))
def test_a_row_always_falls_into_the_same_split(rows: int, seed: int) -> None:
    first, second = split_rows(rows, SHARES, seed), split_rows(rows, SHARES, seed)
    assert np.array_equal(first, second)
    assert set(first.tolist()) <= {0, 1, 2}


def test_shares_are_kept_and_seeds_differ() -> None:
    numbers = split_rows(100_000, SHARES, 1)
    assert np.bincount(numbers) / 100_000 == pytest.approx(SHARES, abs=0.01)
    assert not np.array_equal(numbers, split_rows(100_000, SHARES, 2))


@given(groups=st.lists(st.one_of(st.none(), st.integers(0, 30)), min_size=1, max_size=200), seed=st.integers(0, 99))
def test_a_group_never_straddles_splits(groups: list[int | None], seed: int) -> None:
    numbers = split_groups(pl.Series(groups, dtype=pl.Int64), SHARES, seed)
    assert len(numbers) == len(groups)
    for group in set(groups):
        assert len({number for number, value in zip(numbers, groups, strict=True) if value == group}) == 1


def test_a_group_stays_in_its_split_when_others_arrive() -> None:
    few, many = pl.Series(range(50)), pl.Series(range(500))
    assert np.array_equal(split_groups(few, SHARES, 3), split_groups(many, SHARES, 3)[:50])


@settings(max_examples=40, deadline=None)
@given(
    train=st.lists(st.tuples(CITIES, st.integers(0, 9)), min_size=1, max_size=40), other=st.lists(CITIES, max_size=40)
)
def test_encoders_do_not_change_when_other_rows_do(
    train: list[tuple[str | None, int]], other: list[str | None]
) -> None:
    rows = frame([city for city, _ in train], [label for _, label in train])
    fitted = Preprocessing.fit(rows, ["city"], "y", "regression")
    before = fitted.transform(rows)
    fitted.transform(frame(other, [0] * len(other)))
    assert fitted == Preprocessing.fit(rows, ["city"], "y", "regression")
    assert np.array_equal(before, fitted.transform(rows), equal_nan=True)
    assert set(fitted.features[0].categories or ()) == {city for city, _ in train if city}


def test_categories_are_ordered_by_mean_label() -> None:
    rows = frame(["Oslo", "Oslo", "Rome", "Lima", "Lima"], [9, 9, 1, 4, 6])
    fitted = Preprocessing.fit(rows, ["city"], "y", "regression")
    assert fitted.features[0].categories == ("Rome", "Lima", "Oslo")


def test_unknown_and_missing_categories_become_missing_values() -> None:
    fitted = Preprocessing.fit(frame(["Oslo", "Rome"], [0, 1]), ["city"], "y", "regression")
    codes = fitted.transform(frame(["Rome", "Atlantis", None, "Oslo"], [0, 0, 0, 0]))
    assert codes.dtype == np.float32
    assert np.array_equal(codes[:, 0], np.array([1, np.nan, np.nan, 0], dtype=np.float32), equal_nan=True)


def test_encoders_survive_their_file() -> None:
    rows = pl.DataFrame(
        {"age": [1, 2], "pay": [0.5, None], "city": ["Rome", "Ωmega"], "member": [True, False], "y": ["a", "b"]}
    )
    fitted = Preprocessing.fit(rows, list(TYPES), "y", "binary_classification", ["a", "b"])
    assert Preprocessing.from_json(fitted.to_json()) == fitted
    assert [feature.type for feature in fitted.features] == ["integral", "fractional", "string", "integral"]
    assert json.loads(fitted.to_json())["classes"] == ["a", "b"]


def test_a_missing_feature_is_named() -> None:
    fitted = Preprocessing.fit(frame(["Oslo", "Rome"], [0, 1]), ["city"], "y", "regression")
    with pytest.raises(DataError, match="column 'city' is missing; expected city"):
        fitted.transform(pl.DataFrame({"town": ["Oslo"]}))


def test_an_unknown_class_is_named() -> None:
    rows = pl.DataFrame({"city": ["Rome"], "y": ["maybe"]})
    with pytest.raises(DataError, match=r"label column 'y' holds 'maybe' \(1 rows\); expected no, yes"):
        Preprocessing.fit(rows, ["city"], "y", "binary_classification", ["no", "yes"])


def test_text_is_stripped_and_null_markers_become_nulls(tmp_path: Path) -> None:
    table = read(tmp_path / "a.csv", "city,age,pay,member\n Oslo , 39,1.5,true\n ? ,?,NA,false\nNA,, 2,true\n")
    assert table.to_dict(as_series=False) == {
        "age": [39, None, None],
        "pay": [1.5, None, 2.0],
        "city": ["Oslo", None, None],
        "member": [True, False, True],
    }


def test_numbers_with_spaces_around_them_are_numbers(tmp_path: Path) -> None:
    table = read(tmp_path / "a.csv", "age,pay,city,member\n39 ,1.5 ,Oslo,True\n40,2,Rome,0\n")
    assert table.rows() == [(39, 1.5, "Oslo", True), (40, 2.0, "Rome", False)]


def test_a_wrong_number_is_pointed_at(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a.csv: column 'age', row 2: 'old' is not a whole number \(1 such rows\)"):
        read(tmp_path / "a.csv", "age,pay,city,member\n39,1,Oslo,true\nold,2,Rome,true\n")


def test_a_missing_column_is_named_with_what_was_found(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a.csv: column 'pay' is missing; found age, city"):
        read(tmp_path / "a.csv", "age,city\n39,Oslo\n")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a.csv is empty; expected a header and rows"):
        read(tmp_path / "a.csv", "")


def test_csv_gzip_and_parquet_read_alike(tmp_path: Path) -> None:
    text = "age,pay,city,member\n39,1.5, Oslo,true\n40,,?,false\n"
    plain = read(tmp_path / "a.csv", text)
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(text.encode()))
    plain.write_parquet(tmp_path / "c.parquet")
    for name in ("b.csv.gz", "c.parquet"):
        assert read_tables([tmp_path / name], TYPES, list(TYPES), ["?"]).equals(plain)


def test_a_null_marker_that_is_a_number_becomes_null(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("age,pay,city,member\n-999,-999,Oslo,true\n40,2,-999,false\n", encoding="utf-8")
    table = read_tables([tmp_path / "a.csv"], TYPES, list(TYPES), ["-999"])
    assert table.rows() == [(None, None, "Oslo", True), (40, 2.0, None, False)]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_null_marker_that_is_a_number_is_missing_in_every_form_it_is_written_in(tmp_path: Path, form: str) -> None:
    raw = pl.DataFrame({"age": [-999, 40], "pay": [-999.0, 2.5], "city": ["Oslo", "-999"], "member": [True, False]})
    path = tmp_path / f"a.{form}"
    getattr(raw, f"write_{form}")(path)
    table = read_tables([path], TYPES, list(TYPES), ["-999"])
    assert [table[name].to_list() for name in ("age", "pay", "city")] == [[None, 40], [None, 2.5], ["Oslo", None]]


def test_several_files_stand_one_below_the_other(tmp_path: Path) -> None:
    for name, city in (("a.csv", "Rome"), ("b.csv", " Lima ")):
        (tmp_path / name).write_text(f"age,pay,city,member\n39,1.5,{city},true\n", encoding="utf-8")
    table = read_tables([tmp_path / "a.csv", tmp_path / "b.csv"], TYPES, list(TYPES), ["?"])
    assert table["city"].to_list() == ["Rome", "Lima"]


def test_numbers_in_a_parquet_column_of_text_are_refused(tmp_path: Path) -> None:
    pl.DataFrame({"age": [1], "pay": [1.0], "city": [7], "member": [True]}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"a.parquet: column 'city' has type Int64; expected text"):
        read_tables([tmp_path / "a.parquet"], TYPES, list(TYPES), ["?"])


@pytest.mark.parametrize("distinct", [3, MOST_CATEGORIES + 1])
def test_text_leaves_a_split_as_it_came(tmp_path: Path, distinct: int) -> None:
    cities = [f"city {number % distinct}" for number in range(MOST_CATEGORIES + 1)]
    rows = "".join(f"39,1.5,{city},true\n" for city in cities)
    write_split(read(tmp_path / "a.csv", "age,pay,city,member\n" + rows), tmp_path)
    table = read_split(tmp_path)
    assert table.schema == pl.Schema(TYPES)
    assert table["city"].to_list() == cities


def test_files_are_read_in_order_of_name_and_others_ignored(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "README.md", ".hidden.csv"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    assert [path.name for path in find_tables(tmp_path)] == ["a.csv", "b.csv"]


def test_csv_and_parquet_are_not_mixed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x", encoding="utf-8")
    (tmp_path / "b.parquet").write_text("x", encoding="utf-8")
    with pytest.raises(StepError, match=r"mixes CSV \(a.csv\) and Parquet \(b.parquet\); expected one of the two"):
        find_tables(tmp_path)


def test_a_folder_without_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StepError, match="holds no data; expected files that end in"):
        find_tables(tmp_path)
