"""Where a connection's endpoint refuses the function, a build pushes the same commit, by names in files alone."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.session import get_session
from botocore.validate import ParamValidator

from service_catalog.seeder.function import building, handler
from service_catalog.seeder.push_project import BUILDSPEC
from tests.catalog.seeder.git_repositories import commit_of_somebody, commits, files_of, git, refs
from tests.catalog.seeder.git_server import ACCESS_KEY, REGION, SECRET_KEY, TOKEN
from tests.catalog.seeder.seeding import S3, SLUG, Killed, Surroundings, clients, form, properties

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]
BRANCH = "sagemaker-mlops/0.1.0"
AWS = f"""#!{sys.executable}
import sys
sys.path.insert(0, {str(ROOT)!r})
assert sys.argv[1:4] == ["codecommit", "credential-helper", "get"], sys.argv
asked = dict(line.split("=", 1) for line in sys.stdin.read().splitlines() if line)
from botocore.credentials import Credentials
from service_catalog.seeder.function.remotes import Remote, credentials_for
url = f"{{asked['protocol']}}://{{asked['host']}}/{{asked['path']}}"
name, password = credentials_for(
    Remote("x", url, url, {REGION!r}, True), Credentials({ACCESS_KEY!r}, {SECRET_KEY!r}, {TOKEN!r})
)
print(f"username={{name}}\\npassword={{password}}")
"""


@dataclass
class CodeBuild:
    """Runs the buildspec's commands over the source, with bash, as the build's container does."""

    s3: S3
    folder: Path
    started: list[dict[str, Any]] = field(default_factory=list)
    said: str = ""
    outcome: str = ""
    before: Any = None

    def start_build(self, **request: Any) -> dict[str, Any]:
        model = get_session().get_service_model("codebuild").operation_model("StartBuild").input_shape
        assert not ParamValidator().validate(request, model).has_errors()
        self.started.append(request)
        bucket, _, key = request["sourceLocationOverride"].partition("/")
        source = self.folder / f"build-{len(self.started)}"
        zipfile.ZipFile(io.BytesIO(self.s3.objects[bucket, key])).extractall(source)
        tools = self.folder / "bin"
        tools.mkdir(exist_ok=True)
        (tools / "aws").write_text(AWS)
        (tools / "aws").chmod(0o700)
        (command,) = yaml.safe_load(BUILDSPEC.read_text(encoding="utf-8"))["phases"]["build"]["commands"]
        environment = {"PATH": f"{tools}:/usr/bin:/bin", "HOME": str(self.folder), "GIT_TERMINAL_PROMPT": "0"}
        if self.before:
            self.before()
        done = subprocess.run(["bash", "-c", command], cwd=source, env=environment, capture_output=True, text=True)
        self.said, self.outcome = done.stdout + done.stderr, "FAILED" if done.returncode else "SUCCEEDED"
        return {"build": {"id": "push:1", "buildStatus": "IN_PROGRESS"}}

    def batch_get_builds(self, ids: list[str]) -> dict[str, Any]:
        return {"builds": [{"id": ids[0], "buildStatus": self.outcome}]}


@pytest.fixture
def builds(surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CodeBuild:
    """A connection's endpoint that answers 403 to the function, and lets builds in."""
    codebuild = CodeBuild(surroundings.s3, tmp_path)
    codebuild.before = lambda: setattr(surroundings.git, "refusing", None)
    surroundings.git.refusing = 403
    monkeypatch.setattr(
        handler, "client", clients(s3=surroundings.s3, codebuild=codebuild, codeconnections=surroundings.connections)
    )
    monkeypatch.setattr(building, "SECONDS_BETWEEN_LOOKS", 0.0)
    monkeypatch.setenv("PUSH_PROJECT", "push-project")
    monkeypatch.setenv("PUSH_BUCKET", "parcels")
    return codebuild


def test_a_build_pushes_the_same_commit(surroundings: Surroundings, builds: CodeBuild) -> None:
    repositories = surroundings.repositories(connected=True)
    told = surroundings.seed("Create", properties(form(), connected=True))
    assert told["Status"] == "SUCCESS", told["Reason"] + builds.said
    assert refs(repositories["model-build"]) == {"refs/heads/main": told["Data"]["BuildCommit"]}
    assert commits(repositories["model-deploy"]) == [told["Data"]["DeployCommit"]]
    assert [set(request) for request in builds.started] == [
        {"projectName", "sourceTypeOverride", "sourceLocationOverride"}
    ]
    assert builds.started[0]["sourceLocationOverride"] == f"parcels/pushes/{SLUG}/model-build.zip"
    assert [key for _, key in surroundings.s3.objects if key.startswith("pushes/")] == []


def test_a_build_leaves_others_commits_alone_and_may_run_again(surroundings: Surroundings, builds: CodeBuild) -> None:
    build = surroundings.repositories(connected=True)["model-build"]
    theirs = commit_of_somebody(build, note="x")
    for _ in range(2):
        surroundings.git.refusing = 403
        told = surroundings.seed("Create", properties(form(), connected=True))
        assert told["Status"] == "SUCCESS", told["Reason"] + builds.said
    assert set(refs(build)) == {"refs/heads/main", f"refs/heads/{BRANCH}"} and refs(build)["refs/heads/main"] == theirs
    assert git(build, "log", "-1", "--format=%P", BRANCH).split() == [theirs, told["Data"]["BuildCommit"]]


OVERLAPPING = {"README.md": "theirs", "other.txt": "theirs", "model_build": "no folder", "Makefile/x": "no file"}


@pytest.mark.parametrize("default", ["main", "trunk"])
def test_a_build_makes_the_very_commit_that_the_function_would(
    surroundings: Surroundings, builds: CodeBuild, tmp_path: Path, default: str
) -> None:
    build = surroundings.repositories(connected=True)["model-build"]
    commit_of_somebody(build, **OVERLAPPING)
    if default != "main":
        git(build, "branch", "--move", "main", default)
    before = tmp_path / "before"
    shutil.copytree(build, before)
    for refusing in (403, None):
        surroundings.git.refusing = refusing
        told = surroundings.seed("Create", properties(form(), connected=True))
        assert told["Status"] == "SUCCESS", told["Reason"] + builds.said
        made, files = refs(build), files_of(build, BRANCH)
        git(build, "fsck", "--strict")
        if refusing:
            built = made, files
            shutil.rmtree(build)
            shutil.copytree(before, build)
    assert built == (made, files)
    if default == "main":
        ours = files_of(build, told["Data"]["BuildCommit"])
        theirs = files_of(build, "main")
        assert files == {**{name: theirs[name] for name in ("README.md", "other.txt")}, **ours}
        assert len(builds.started) == 1


def test_a_build_knows_our_files_by_their_tree_not_by_their_commit(
    surroundings: Surroundings, builds: CodeBuild
) -> None:
    repositories = surroundings.repositories(connected=True)
    surroundings.git.refusing = None
    surroundings.seed("Create", properties(form(), connected=True))
    for repository in repositories.values():
        _rewrite(repository)
    before = {name: refs(repository) for name, repository in repositories.items()}
    surroundings.git.refusing = 403
    told = surroundings.seed("Create", properties(form(), connected=True))
    assert told["Status"] == "SUCCESS" and "our files are there" in builds.said, told["Reason"] + builds.said
    assert {name: refs(repository) for name, repository in repositories.items()} == before


def _rewrite(repository: Path) -> None:
    """The same files on main by a commit of somebody, and one more on top."""
    tree = git(repository, "rev-parse", "main^{tree}")
    git(repository, "update-ref", "refs/heads/main", git(repository, "commit-tree", "-m", "by somebody", tree))
    commit_of_somebody(repository, note="x")


def test_a_build_never_moves_a_branch_of_somebody(surroundings: Surroundings, builds: CodeBuild) -> None:
    build = surroundings.repositories(connected=True)["model-build"]
    commit_of_somebody(build, note="x")
    git(build, "branch", "sagemaker-mlops/0.1.0", "main")
    before = refs(build)
    told = surroundings.seed("Create", properties(form(), connected=True))
    assert told["Status"] == "FAILED" and "see the log of build push:1" in told["Reason"]
    assert "rejected" in builds.said
    assert refs(build) == before


def test_codecommit_has_no_way_around(surroundings: Surroundings, builds: CodeBuild) -> None:
    surroundings.repositories()
    told = surroundings.seed("Create", properties(form()))
    assert told["Status"] == "FAILED" and "refused the push" in told["Reason"]
    assert builds.started == []


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", ["put_object", "start_build", "batch_get_builds", "delete_object"])
def test_killed_around_a_build_and_called_again_it_converges(
    surroundings: Surroundings, builds: CodeBuild, call: str, after: bool
) -> None:
    repositories = surroundings.repositories(connected=True)
    kind = CodeBuild if hasattr(CodeBuild, call) else S3
    real = getattr(kind, call)

    def killed(*arguments: Any, **more: Any) -> None:
        if after:
            real(*arguments, **more)
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kind, call, killed)
        with pytest.raises(Killed):
            surroundings.seed("Create", properties(form(), connected=True))
    surroundings.git.refusing = 403
    told = surroundings.seed("Create", properties(form(), connected=True))
    assert told["Status"] == "SUCCESS", told["Reason"] + builds.said
    assert commits(repositories["model-build"]) == [told["Data"]["BuildCommit"]]
    assert commits(repositories["model-deploy"]) == [told["Data"]["DeployCommit"]]
