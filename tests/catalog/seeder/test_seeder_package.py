"""The package as Lambda runs it: itself and boto3 on the path, nothing writable but the temporary folder, no home."""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from service_catalog.seeder.package import ENTRY, Package, package
from tests.catalog.seeder import lambda_like
from tests.catalog.seeder.git_repositories import commits
from tests.catalog.seeder.seeding import BUCKET, Surroundings, event, form, properties, published

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def made() -> Package:
    return package()


@pytest.fixture(scope="module")
def unzipped(made: Package, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Read-only, as /var/task is."""
    folder = tmp_path_factory.mktemp("task")
    zipfile.ZipFile(io.BytesIO(made.content)).extractall(folder)
    everything = [folder, *folder.rglob("*")]
    for path in everything:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield folder
    for path in everything:
        path.chmod(0o755)


@pytest.fixture(scope="module")
def boto(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lambda_like.runtime(tmp_path_factory.mktemp("lambda") / "runtime")


@pytest.mark.slow
def test_the_package_is_small_and_the_same_every_time(made: Package) -> None:
    assert len(made.content) < 12 * MEGABYTE, len(made.content)
    assert made == package()
    assert made.key == f"seeder/{made.sha256}.zip"


@pytest.mark.slow
def test_the_package_holds_no_compiled_code_no_tests_and_no_template(made: Package) -> None:
    names = zipfile.ZipFile(io.BytesIO(made.content)).namelist()
    assert [name for name in names if name.endswith((".so", ".pyc", ".pyd")) or "/tests/" in name] == []
    assert [name for name in names if name.startswith(lambda_like.OF_LAMBDA)] == []
    assert [name for name in names if "cookiecutter.project_slug" in name] == []
    ours = {name for name in names if name.startswith("service_catalog/")}
    assert {name.rsplit("/", 1)[0] for name in ours} == {
        "service_catalog",
        "service_catalog/seeder",
        "service_catalog/seeder/function",
    }
    assert "renderer/template/local_extensions.py" in names


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="Lambda is Linux")
def test_it_runs_as_in_lambda_within_its_memory(
    surroundings: Surroundings, unzipped: Path, boto: Path, tmp_path: Path
) -> None:
    repositories = surroundings.repositories()
    before = set(unzipped.rglob("*"))
    events = [event("Create", surroundings.stacks.url, properties(form()))] * 2
    with lambda_like.s3_with({f"{BUCKET}/{published().key}": published().content}) as s3:
        told = lambda_like.called(ENTRY, events, unzipped, boto, tmp_path / "tmp", surroundings.git.url, s3)
    first, second = surroundings.stacks.answers
    assert first == second and first["Status"] == "SUCCESS", first["Reason"]
    assert commits(repositories["model-build"]) == [first["Data"]["BuildCommit"]]
    assert told["kilobytes"] < 256 * 1024, told["kilobytes"]
    assert {"renderer", "dulwich", "cookiecutter", "urllib3"} <= set(told["modules"])
    assert [path.name for path in (tmp_path / "tmp").iterdir()] == ["sagemaker-mlops-bundles"]
    assert set(unzipped.rglob("*")) == before
