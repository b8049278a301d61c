"""A stage as CloudFormation stacks, each deployed by a change set that somebody could look at."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from model_deploy.aws import Aws
from model_deploy.cloudformation import change_sets
from model_deploy.cloudformation.change_sets import ChangeSet
from model_deploy.cloudformation.events import Follower
from model_deploy.cloudformation.stack import NEVER_CREATED, Stack, find_stack, resources
from model_deploy.errors import DeployError, Interrupted
from model_deploy.infrastructure import Change, LastChange, PartPlan, Plan, Progress, plain_kind, plain_name
from model_deploy.values import FOUNDATION_OUTPUTS, Deployment, Part, stack_values

PARTS: tuple[Part, ...] = ("foundation", "endpoint", "batch")
SUCCEEDED = ("CREATE_COMPLETE", "UPDATE_COMPLETE")


@dataclasses.dataclass(frozen=True)
class Failed:
    """A stack whose first creation failed: it can only be deleted, and created anew."""

    stack: Stack


class Stacks:
    """The stacks of one stage."""

    def __init__(self, deployment: Deployment, aws: Aws, root: Path) -> None:
        self._deployment, self._root = deployment, root
        self._client = aws.stage("cloudformation")

    def outputs(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for part in PARTS:
            stack = self._find(part)
            if stack and stack.exists:
                found |= stack.outputs
        return found

    def deployed_package(self) -> str:
        for part in ("endpoint", "batch"):
            stack = self._find(part)
            if stack and stack.exists and not stack.first_creation_failed:
                return stack.parameters.get("ModelPackageArn", "")
        return ""

    def last_change(self) -> LastChange:
        found = [stack for part in PARTS if (stack := self._find(part))]
        if any(stack.busy for stack in found):
            return "under way"
        undone = any("ROLLBACK" in stack.status or stack.status.endswith("_FAILED") for stack in found)
        return "undone" if undone else "done"

    def plan(self) -> Plan:
        outputs = self._foundation_outputs()
        parts: list[PartPlan] = []
        try:
            for part in self._deployment.parts:
                parts.append(self._plan(part, outputs))
        except BaseException:
            self.discard(Plan(tuple(parts)))
            raise
        return Plan(tuple(parts))

    def discard(self, plan: Plan) -> None:
        for part in plan.parts:
            if isinstance(part.handle, ChangeSet):
                change_sets.discard(self._client, part.handle)

    def apply(self, plan: Plan, progress: Progress) -> None:
        waiting = list(plan.parts)
        try:
            while waiting:
                part = waiting[0] = self._replanned(waiting[0])
                waiting.pop(0)
                if part.handle:
                    self._execute(part.handle, part.part, progress)
        except BaseException:
            self.discard(Plan(tuple(waiting)))
            raise

    def stop_autoscaling(self, progress: Progress) -> None:
        stack = self._find("endpoint")
        if stack is None:
            return
        parameters = {**stack.parameters, "Autoscaling": "false"}
        made = change_sets.create(self._client, stack.name, False, "", parameters, self._deployment.tags)
        if made:
            self._execute(made[0], "autoscaling off", progress)

    def resources(self) -> list[Change]:
        found: list[Change] = []
        for part in PARTS:
            stack = self._find(part)
            if stack and stack.exists:
                found += [_removed(summary) for summary in resources(self._client, stack.id)]
            elif stack and stack.status in NEVER_CREATED:
                found.append(Change("remove", "cloudformation stack", stack.name, (stack.status,)))
        return [change for change in found if change.name]

    def destroy(self, progress: Progress) -> None:
        for part in reversed(PARTS):
            stack = self._find(part)
            if stack is None:
                continue
            if stack.status in NEVER_CREATED:
                self._client.delete_stack(StackName=stack.id)
                continue
            _refuse_if_busy(stack)
            progress.part(part)
            follower = Follower(self._client, stack.id, progress)
            self._client.delete_stack(StackName=stack.id)
            with _told_when_interrupted(stack.name):
                follower.follow(("DELETE_COMPLETE",))

    def _find(self, part: str) -> Stack | None:
        return find_stack(self._client, self._deployment.name(part))

    def _foundation_outputs(self) -> dict[str, str]:
        """Outputs of the foundation; before it is there, stand-ins by which the rest can be planned all the same."""
        stack = self._find("foundation")
        if stack and stack.exists and set(FOUNDATION_OUTPUTS) <= stack.outputs.keys():
            return stack.outputs
        bindings, name = self._deployment.bindings, self._deployment.name
        return {
            "ExecutionRoleArn": f"arn:{bindings.partition}:iam::{bindings.account_id}:role/{name('execution')}",
            "DataBucket": f"{name()}-to-be-created".lower(),
            "TopicArn": f"arn:{bindings.partition}:sns:{bindings.region}:{bindings.account_id}:{name('notifications')}",
        }

    def _plan(self, part: Part, outputs: dict[str, str]) -> PartPlan:
        stack, name = self._find(part), self._deployment.name(part)
        if stack and stack.first_creation_failed:
            anew = Change("replace", "cloudformation stack", name, (f"it is {stack.status}",))
            return PartPlan(part, (anew,), Failed(stack))
        if stack:
            _refuse_if_busy(stack)
            _refuse_if_stuck(stack)
        template, file = change_sets.read_template(self._root, part)
        values = stack_values(self._deployment, part, outputs)
        parameters = change_sets.template_parameters(self._client, template, values, file)
        creates = stack is None or not stack.exists
        made = change_sets.create(self._client, name, creates, template, parameters, self._deployment.tags)
        return PartPlan(part, made[1], made[0]) if made else PartPlan(part, ())

    def _replanned(self, part: PartPlan) -> PartPlan:
        """The same part, planned anew if what the foundation put out differs from what it was planned with."""
        handle = part.handle
        if handle is None:
            return part
        if isinstance(handle, Failed):
            self._delete_failed(handle.stack)
            return self._plan(_part(part.part), self._foundation_outputs())
        outputs = self._foundation_outputs()
        assumed = {name: handle.parameters[name] for name in FOUNDATION_OUTPUTS if name in handle.parameters}
        if all(outputs[name] == value for name, value in assumed.items()):
            return part
        self._client.delete_change_set(ChangeSetName=handle.id, StackName=handle.stack)
        return self._plan(_part(part.part), outputs)

    def _execute(self, handle: ChangeSet, part: str, progress: Progress) -> None:
        stack = find_stack(self._client, handle.stack)
        if stack is None:
            raise DeployError(f"{handle.stack}: somebody has deleted the stack since this plan was made; plan again")
        _refuse_if_busy(stack)
        progress.part(part)
        follower = Follower(self._client, stack.id, progress)
        change_sets.execute(self._client, handle)
        with _told_when_interrupted(stack.name):
            follower.follow(SUCCEEDED)

    def _delete_failed(self, stack: Stack) -> None:
        self._client.delete_stack(StackName=stack.id)
        Follower(self._client, stack.id, _Silent()).follow(("DELETE_COMPLETE",))


class _Silent:
    def part(self, part: str) -> None: ...
    def event(self, event: Any) -> None: ...
    def tick(self) -> None: ...


class _told_when_interrupted:
    """Says on Ctrl-C what goes on all the same."""

    def __init__(self, stack: str) -> None:
        self._stack = stack

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, KeyboardInterrupt):
            raise Interrupted(
                f"CloudFormation carries on with {self._stack} by itself; "
                f"follow it with `status`, or: aws cloudformation describe-stack-events --stack-name {self._stack}"
            ) from error


def _refuse_if_busy(stack: Stack) -> None:
    if stack.busy:
        raise DeployError(
            f"{stack.name} is {stack.status}: another deployment is at work; wait until it has ended, then try again"
        )


def _refuse_if_stuck(stack: Stack) -> None:
    if stack.status == "UPDATE_ROLLBACK_FAILED":
        raise DeployError(
            f"{stack.name} is {stack.status}: {stack.reason or 'no reason given'}; repair what it names, then: "
            f"aws cloudformation continue-update-rollback --stack-name {stack.name}"
        )


def _removed(summary: dict[str, Any]) -> Change:
    return Change("remove", plain_kind(summary["ResourceType"]), plain_name(summary.get("PhysicalResourceId", "")))


def _part(name: str) -> Part:
    return next(part for part in PARTS if part == name)
