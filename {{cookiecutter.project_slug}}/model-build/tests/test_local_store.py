from __future__ import annotations

import tarfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_build.local.archive import write_archive
from model_build.local.durations import parse_duration
from model_build.local.store import Store, StoreError


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "s3")


@pytest.mark.parametrize(
    "uri",
    [
        "s3://bucket/../other",
        "s3://bucket/a/../../etc",
        "s3://../bucket/a",
        "s3://bucket/a\\..\\b",
        "s3://bucket//a",
        "s3://bucket/a\x00",
        "s3://bucket/./a",
        "s3:///etc/passwd",
        "file:///etc/passwd",
        "/etc/passwd",
        "s3://Bad_Bucket/a",
    ],
)
def test_no_uri_leaves_the_store(store: Store, uri: str) -> None:
    with pytest.raises(StoreError):
        store.path(uri)


@given(st.text(max_size=20))
def test_any_key_is_refused_or_stays_below_its_bucket(key: str) -> None:
    root = Path("/nowhere/s3")
    try:
        path = Store(root).path(f"s3://bucket/{key}")
    except StoreError:
        return
    assert path == root / "bucket" or (root / "bucket") in path.parents
    assert ".." not in path.parts


def test_a_fetched_file_can_be_changed_without_changing_the_store(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    (source / "deep" / "a.txt").write_text("kept")
    store.copy_in(source, "s3://bucket/data")
    store.fetch("s3://bucket/data", tmp_path / "job")
    (tmp_path / "job" / "deep" / "a.txt").write_text("spoiled")
    assert store.path("s3://bucket/data/deep/a.txt").read_text() == "kept"
    store.fetch("s3://bucket/data/deep/a.txt", tmp_path / "single")
    assert (tmp_path / "single" / "a.txt").read_text() == "kept"


def test_moving_in_replaces_objects_and_leaves_the_others(store: Store, tmp_path: Path) -> None:
    for text in ("old", "new"):
        folder = tmp_path / text
        folder.mkdir()
        (folder / "same.txt").write_text(text)
        (folder / f"{text}.txt").write_text(text)
        store.move_in(folder, "s3://bucket/out")
    assert {name: file.read_text() for name, file in store.objects("s3://bucket/out").items()} == {
        "new.txt": "new",
        "old.txt": "old",
        "same.txt": "new",
    }


def test_the_digest_follows_names_and_contents(store: Store, tmp_path: Path) -> None:
    digests = set()
    for number, (name, text) in enumerate([("a", "1"), ("b", "1"), ("a", "2"), ("a", "1")]):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / name).write_text(text)
        store.copy_in(folder, f"s3://bucket/{number}")
        digests.add(store.digest(f"s3://bucket/{number}"))
    assert len(digests) == 3
    with pytest.raises(StoreError, match="nothing at s3://bucket/none"):
        store.digest("s3://bucket/none")


def test_an_archive_has_the_same_bytes_whatever_the_times(tmp_path: Path) -> None:
    archives = []
    for name in ("one", "two"):
        folder = tmp_path / name
        (folder / "code").mkdir(parents=True)
        (folder / "code" / "x.py").write_text("x = 1")
        (folder / "model").write_bytes(b"m" * 1000)
        (folder / "model").touch() if name == "two" else None
        write_archive(folder, tmp_path / f"{name}.tar.gz")
        archives.append((tmp_path / f"{name}.tar.gz").read_bytes())
    assert archives[0] == archives[1]
    with tarfile.open(tmp_path / "one.tar.gz") as archive:
        assert archive.getnames() == ["code", "code/x.py", "model"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P30D", timedelta(days=30)),
        ("30d", timedelta(days=30)),
        ("PT12H30M5S", timedelta(hours=12, minutes=30, seconds=5)),
        ("30dT5h", timedelta(days=30, hours=5)),
        ("T16m", timedelta(minutes=16)),
        ("P1Y2M1W", timedelta(days=365 + 60 + 7)),
    ],
)
def test_durations_are_read_as_sagemaker_writes_them(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "P", "PT", "30", "P1H", "P-1D", "1.5d"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no ISO 8601 duration"):
        parse_duration(text)
