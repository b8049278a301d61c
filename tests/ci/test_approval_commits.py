"""The build that takes approvals to the repository, really run in bash: an approval is one commit, all else is none.

The build's commands and variables are those of the project that CloudFormation made in the emulated AWS; the repository
is a bare one in a folder, in place of the connection's git endpoint.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from machine import run_command

from tests.bootstrap.accounts import Accounts
from tests.ci.codebuild import build
from tests.ci.deployments import SLUG, STAGES, Delivery, environments, repository_of
from tests.emulated import emulated_aws

pytestmark = pytest.mark.slow

PUSHED_IN_BETWEEN = """#!/bin/sh
cat > /dev/null
cd '{colleague}' || exit 1
test '{always}' = yes || test ! -e pushed.txt || exit 0
git -c core.hooksPath=/dev/null pull --quiet --rebase origin main
date +%s%N >> pushed.txt
git add pushed.txt
git commit --quiet --message 'Work of a colleague'
git -c core.hooksPath=/dev/null push --quiet origin HEAD:main
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, bake: Callable[..., Path]) -> Iterator[Delivery]:
    """An account set up for GitHub, with an empty model package group."""
    package = tmp_path_factory.mktemp("package")
    for name in ("model.tar.gz", "smoke.json"):
        (package / name).write_bytes(b"nobody looks into it")
    with emulated_aws("--control-plane-only") as aws:
        folder = bake(ci="github") / "model-deploy"
        accounts = Accounts(aws, folder, aws.account, dict.fromkeys(STAGES, aws.account), SLUG)
        accounts.set_up("github")
        made = Delivery(accounts, package)
        made.open_registry()
        yield made


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory, registry: Delivery) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("environments")
    made = environments(folder, registry.accounts.folder / "requirements")
    return {**made, "UV_CACHE_DIR": str(folder / "cache")}


@dataclass(frozen=True)
class Approvals:
    """The approvals build of a project and its repository; `home` is the build's own."""

    registry: Delivery
    jobs: dict[str, str]
    home: Path

    @property
    def repository(self) -> Path:
        return self.home / "repository.git"

    def record(self, package: str, decided: bool = False) -> tuple[int, str]:
        """Exit code and output of the build that an approval event starts."""
        aws = self.registry.accounts.aws
        (project,) = aws.client("codebuild").batch_get_projects(names=[f"{SLUG}-approvals"])["projects"]
        variables = {each["name"]: each["value"] for each in project["environment"]["environmentVariables"]}
        folder = self.home / "build"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        environment = {
            **aws.environment(),
            **variables,
            **self.jobs,
            "REPOSITORY_URL": str(self.repository),
            "MODEL_PACKAGE_ARN": package,
            **({"DECIDED": "--decided"} if decided else {}),
            "HOME": str(self.home),
        }
        done = build(project["source"]["buildspec"], folder, environment).done
        return done.returncode, done.stdout

    def git(self, *arguments: str) -> str:
        done = run_command(["git", "--git-dir", self.repository, *arguments])
        assert done.returncode == 0, done.stdout
        return done.stdout

    def commits(self) -> list[str]:
        """Subjects of what came to main, oldest first."""
        return self.git("log", "--reverse", "--format=%s", "seed..main").splitlines()

    def approved(self) -> str:
        recorded: str = json.loads(self.git("show", "main:approved.json"))["model_package_arn"]
        return recorded

    def push_in_between(self, always: bool) -> None:
        """A colleague pushes while the build does: the first time, or every time."""
        colleague = self.home / "colleague"
        done = run_command(["git", "clone", "--quiet", self.repository, colleague])
        assert done.returncode == 0, done.stdout
        self.hook("pre-push", PUSHED_IN_BETWEEN.format(colleague=colleague, always="yes" if always else "no"))

    def hook(self, name: str, script: str) -> None:
        """A hook of every git command of the build."""
        hooks = self.home / "hooks"
        hooks.mkdir()
        (hooks / name).write_text(script)
        (hooks / name).chmod(0o755)
        (self.home / ".gitconfig").write_text(f"[core]\n\thooksPath = {hooks}\n")


@pytest.fixture
def approvals(registry: Delivery, jobs: dict[str, str], tmp_path: Path) -> Approvals:
    made = Approvals(registry, jobs, tmp_path)
    seed = repository_of(registry.accounts.folder, tmp_path / "seed")
    done = run_command(["git", "clone", "--quiet", "--bare", seed, made.repository])
    assert done.returncode == 0, done.stdout
    made.git("tag", "seed", "main")
    return made


def version(package: str) -> str:
    return package.rpartition("/")[2]


def test_an_approval_is_one_commit_however_often_its_event_comes(approvals: Approvals) -> None:
    package = approvals.registry.register("Approved")
    code, output = approvals.record(package)
    assert code == 0, output
    assert approvals.commits() == [f"Deploy {SLUG} version {version(package)}"]
    assert approvals.approved() == package
    assert approvals.git("show", "--format=", "--name-only", "main").split() == ["approved.json"]

    code, output = approvals.record(package)
    assert code == 0, output
    assert f"version {version(package)} is recorded already" in output
    assert len(approvals.commits()) == 1


def test_an_older_version_counts_only_if_its_approval_has_changed(approvals: Approvals) -> None:
    older, newer = approvals.registry.register("Approved"), approvals.registry.register("Approved")
    assert approvals.record(newer)[0] == 0
    approvals.registry.decide(older, "Approved")
    code, output = approvals.record(older)
    assert code == 0, output
    assert f"version {version(older)} is older than the recorded {version(newer)}" in output
    assert approvals.commits() == [f"Deploy {SLUG} version {version(newer)}"]

    code, output = approvals.record(older, decided=True)
    assert code == 0, output
    assert approvals.commits() == [f"Deploy {SLUG} version {version(each)}" for each in (newer, older)]
    assert approvals.approved() == older

    code, output = approvals.record(newer, decided=True)
    assert code == 0, output
    assert "a newer decision is recorded" in output
    assert approvals.approved() == older


def test_of_two_approvals_at_once_none_is_lost(approvals: Approvals) -> None:
    first, second = approvals.registry.register(), approvals.registry.register()
    for package in (second, first):
        approvals.registry.decide(package, "Approved")
    for package in (second, first):
        code, output = approvals.record(package, decided=True)
        assert code == 0, output
    assert approvals.commits() == [f"Deploy {SLUG} version {version(each)}" for each in (second, first)]
    assert approvals.approved() == first


@pytest.mark.parametrize("status", ["Rejected", "PendingManualApproval"])
def test_what_is_not_approved_by_now_is_no_commit(approvals: Approvals, status: str) -> None:
    code, output = approvals.record(approvals.registry.register(status))
    assert code == 0, output
    assert f"is not approved but {status}" in output
    assert approvals.commits() == []


def test_a_version_of_another_group_is_refused(approvals: Approvals) -> None:
    other = approvals.registry.register("Approved").replace(f"/{SLUG}/", "/somebody-elses/")
    code, output = approvals.record(other)
    assert code != 0
    assert f"is no version of {SLUG}" in output
    assert approvals.commits() == []


def test_a_push_in_between_loses_neither_the_approval_nor_the_other_work(approvals: Approvals) -> None:
    approvals.push_in_between(always=False)
    package = approvals.registry.register("Approved")
    code, output = approvals.record(package)
    assert code == 0, output
    assert "Somebody else pushed at the same time; attempt 1 of 5" in output
    assert approvals.commits() == ["Work of a colleague", f"Deploy {SLUG} version {version(package)}"]
    assert approvals.approved() == package


def test_a_branch_that_never_rests_fails_the_build_and_keeps_the_work_of_others(approvals: Approvals) -> None:
    approvals.push_in_between(always=True)
    stub = approvals.home / "bin" / "sleep"
    stub.parent.mkdir()
    stub.write_text("#!/bin/sh\n")
    stub.chmod(0o755)
    impatient = replace(approvals, jobs={**approvals.jobs, "PATH": f"{stub.parent}{os.pathsep}{os.environ['PATH']}"})
    code, output = impatient.record(approvals.registry.register("Approved"))
    assert code != 0
    assert "attempt 5 of 5" in output
    assert approvals.commits() == ["Work of a colleague"] * 5


def test_a_commit_that_cannot_be_made_fails_the_build(approvals: Approvals) -> None:
    approvals.hook("commit-msg", "#!/bin/sh\nexit 1\n")
    code, output = approvals.record(approvals.registry.register("Approved"))
    assert code != 0, output
    assert approvals.commits() == []
