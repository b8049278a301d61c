"""Keeps the records of deployments whole: begun before anything changes, completed after, or by whoever looks next."""

from __future__ import annotations

import dataclasses

from rich.console import Console
from rich.markup import escape

from model_deploy import history
from model_deploy.aws import told_in_one_line
from model_deploy.errors import DeployError
from model_deploy.history import Record
from model_deploy.infrastructure import LastChange
from model_deploy.stage import StageContext
from model_deploy.values import module_values, values_hash

NOBODY_FOLLOWED = "nobody followed it to its end"
UNKNOWN = f"{NOBODY_FOLLOWED}; unknown how it ended"
LOOKED_AT = 20


class Entry:
    """The record of one deployment. A record that can't be kept is warned of: it is no reason to fail."""

    def __init__(self, context: StageContext, console: Console, command: str) -> None:
        self._context, self._console, self._command = context, console, command
        self._began = history.now()
        self._kept: Record | None = None

    def begin(self, part: str = "") -> None:
        """Write that it has begun, once there is a data bucket to keep the record in."""
        if self._kept is None:
            self._write("begun", "")

    def end(self, reason: str = "") -> None:
        """Write how it ended: with success, unless there is a reason."""
        self._write("failed" if reason else "succeeded", reason)

    def _write(self, outcome: history.Outcome, reason: str) -> None:
        try:
            with told_in_one_line():
                bucket = self._context.infrastructure.outputs().get("DataBucket")
                if not bucket:
                    return
                record = dataclasses.replace(self._kept or self._record(), outcome=outcome, reason=reason)
                if outcome != "begun":
                    seconds = (history.now() - self._began).total_seconds()
                    record = dataclasses.replace(record, seconds=round(seconds, 1))
                history.write(self._context.aws.stage("s3"), bucket, record)
                self._kept = record
        except (DeployError, OSError) as error:
            self._console.print(
                f"[yellow]warning[/yellow] this deployment's record ({outcome}) can't be kept: {escape(str(error))}"
            )

    def _record(self) -> Record:
        deployment = self._context.deployment
        return Record(
            began=self._began.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            seconds=0.0,
            stage=deployment.stage,
            outcome="begun",
            model_package_arn=deployment.package.arn if deployment.package else "",
            challenger_arn=deployment.challenger.arn if deployment.challenger else "",
            values_hash=values_hash(module_values(deployment)),
            by=history.caller(self._context.aws.registry("sts")),
            git_commit=history.git_commit(self._context.root),
            command=self._command,
            run=history.ci_run(),
        )


def settled(context: StageContext, bucket: str, most: int = history.MOST_READ) -> list[Record]:
    """The newest records, newest first; those of interrupted deployments completed by what is deployed.

    While something is under way, what has begun stays so.
    """
    s3 = context.aws.stage("s3")
    records = history.read(s3, bucket, most)
    if all(record.outcome != "begun" for record in records):
        return records
    last_change = context.infrastructure.last_change()
    if last_change == "under way":
        return records
    done = completed(records, context.infrastructure.deployed_package(), last_change)
    for before, after in zip(records, done, strict=True):
        if before != after:
            _keep_if_allowed(s3, bucket, after)
    return done


def completed(records: list[Record], deployed: str, last_change: LastChange) -> list[Record]:
    """Records, newest first, none of them merely begun.

    The newest of them has succeeded if its model runs; where that ran before already, only if its change was `done`.
    """
    found: list[Record] = []
    for index, record in enumerate(records):
        if record.outcome == "begun":
            overtaken = any(newer.outcome == "succeeded" for newer in found)
            before = next((older for older in records[index + 1 :] if older.outcome == "succeeded"), None)
            same_model = before is not None and before.model_package_arn == record.model_package_arn
            runs = record.model_package_arn == deployed and not overtaken
            told = not same_model or last_change == "done"
            outcome: history.Outcome = "succeeded" if runs and told else "failed"
            reason = UNKNOWN if runs and not told and last_change == "unknown" else NOBODY_FOLLOWED
            record = dataclasses.replace(record, outcome=outcome, reason=reason)
        found.append(record)
    return found


def _keep_if_allowed(s3: object, bucket: str, record: Record) -> None:
    """Who only reads may look as well."""
    try:
        with told_in_one_line():
            history.write(s3, bucket, record)
    except DeployError:
        return
