"""What is left when a command is interrupted: nothing that nobody has agreed to."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from model_deploy import cli, errors
from model_deploy.cloudformation import change_sets
from model_deploy.errors import Terminated
from model_deploy.terraform.module import TerraformModule
from model_deploy.terraform.program import Terraform
from tests.stages import deployment_of

ID = "arn:aws:cloudformation:eu-west-1:111122223333:changeSet/deploy/1"


class Interrupted:
    """CloudFormation, as far as a change set needs it; whoever looks at the change set is interrupted."""

    def __init__(self, by: BaseException) -> None:
        self.by, self.deleted = by, list[str]()

    def create_change_set(self, **given: Any) -> dict[str, str]:
        return {"Id": ID}

    def describe_change_set(self, **given: Any) -> dict[str, Any]:
        raise self.by

    def delete_change_set(self, ChangeSetName: str, **given: Any) -> None:
        self.deleted.append(ChangeSetName)

    def list_change_sets(self, **given: Any) -> dict[str, Any]:
        return {"Summaries": []}

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        return {
            "Stacks": [{"StackName": StackName, "StackId": f"id-of-{StackName}", "StackStatus": "REVIEW_IN_PROGRESS"}]
        }

    def delete_stack(self, StackName: str) -> None:
        self.deleted.append(StackName)


@pytest.mark.parametrize("by", [KeyboardInterrupt(), Terminated(), RuntimeError("throttled")], ids=repr)
def test_an_interrupted_plan_takes_its_change_set_and_empty_stack_along(by: BaseException) -> None:
    client = Interrupted(by)
    with pytest.raises(type(by)):
        change_sets.create(client, "first", True, "{}", {}, {})
    assert client.deleted == [ID, "id-of-first"]
    client = Interrupted(by)
    with pytest.raises(type(by)):
        change_sets.create(client, "second", False, "{}", {}, {})
    assert client.deleted == [ID], "a stack that is there stays"


def test_ci_cancelling_a_job_interrupts_it_as_ctrl_c_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    undone: list[str] = []

    def command(prog_name: str) -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        except BaseException:
            undone.append("change set")
            raise

    monkeypatch.setattr(cli, "app", command)
    try:
        with pytest.raises(SystemExit) as ended:
            cli.main()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ended.value.code == 130 and undone == ["change set"]
    assert capsys.readouterr().err == "Interrupted.\n"


def terraform(monkeypatch: pytest.MonkeyPatch, root: Path) -> Callable[[int], TerraformModule]:
    """`make(version)` is the module of another process, with a terraform that writes what it was given as its plan."""
    (root / "infrastructure").mkdir()
    (root / "infrastructure" / "x.tf").write_text('variable "model_package_arn" {}\n', encoding="utf-8")

    def text(self: Terraform, *arguments: str) -> str:
        given = dict(argument.lstrip("-").split("=", 1) for argument in arguments if "=" in argument)
        if arguments[0] == "plan":
            Path(given["out"]).write_text(Path(given["var-file"]).read_text(encoding="utf-8"), encoding="utf-8")
        return "{}"

    monkeypatch.setattr(Terraform, "text", text)

    def make(version: int) -> TerraformModule:
        return TerraformModule(deployment_of("realtime", "staging", "terraform", version), cast(Any, None), root)

    return make


def test_a_plan_is_not_overwritten_by_another_one_of_the_same_checkout(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make = terraform(monkeypatch, tmp_path)
    mine, others = make(1), make(2)
    agreed, later = mine.plan(), others.plan()
    assert agreed.parts[0].handle.read_text(encoding="utf-8").count("model-package/census-income/1") == 1
    assert later.parts[0].handle.read_text(encoding="utf-8").count("model-package/census-income/2") == 1


def test_a_process_leaves_no_plan_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    make = terraform(monkeypatch, tmp_path)
    module = make(1)
    plan = module.plan()
    assert plan.parts[0].handle.is_file()
    del module
    assert not list((tmp_path / "build" / "terraform" / "staging").glob("run-*"))


def test_terraform_is_told_to_stop_when_ci_cancels_the_job(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program, stopped = tmp_path / "terraform", tmp_path / "stopped"
    program.write_text(
        f"#!/bin/sh\ntrap 'echo yes > {stopped}; exit 1' INT\necho '{{}}'\n"
        "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.2; done\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    def cancel(message: dict[str, Any]) -> None:
        raise Terminated

    with pytest.raises(errors.Interrupted, match="stopped between two resources"):
        Terraform(tmp_path, tmp_path).follow(cancel, "apply")
    assert stopped.read_text(encoding="utf-8") == "yes\n"
