"""Whether CI still has something to take to a stage, as the tooling account knows it.

Before a person has approved, CI can't assume the stage's deploy role. So it compares all that decides what the stage
looks like with what it noted in Parameter Store when it last deployed there.
Whoever deploys by hand takes that note back.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from model_deploy.aws import Aws, code_of, told_in_one_line
from model_deploy.bindings import load_bindings
from model_deploy.errors import DeployError, UsageError
from model_deploy.registry import KEEP_DEPLOYED, Kept, resolve_challenger, resolve_package
from model_deploy.settings import load_settings
from model_deploy.stage import StageContext, stage_name
from model_deploy.values import Deployment, module_values, values_hash

UNDER_WAY = "under way"
RUN = "GITHUB_RUN_ID"
NOTES = ("begun", "done")
NOTED_BY, NOTED_STAGE = ("github", "codepipeline"), "production"


class Release:
    """What this commit and the resolved model package would make of a stage, beside what CI noted there."""

    def __init__(self, stage: str, root: Path, environ: Mapping[str, str] = os.environ) -> None:
        settings, name = load_settings(root), stage_name(stage)
        bindings = load_bindings(settings, name, root)
        aws = Aws(bindings)
        self._ssm = aws.registry("ssm")
        self._parameter = parameter_of(settings.project.slug, name)
        self._run = int(environ.get(RUN) or 0)
        registry, own = aws.registry("sagemaker"), settings.stages[name]
        found = resolve_package(registry, settings, bindings, root)
        package = None if isinstance(found, Kept) else found
        challenger = resolve_challenger(registry, settings, bindings, own) if package else None
        values = module_values(Deployment(settings, bindings, name, package, challenger))
        kept = KEEP_DEPLOYED if isinstance(found, Kept) else ""
        parts = [values_hash(values), repr(own), kept, *_files(root / "infrastructure")]
        self.fingerprint = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    def answer(self, note: str = "") -> str:
        """`true` if there is something to take to the stage, else `false`; or what has been noted."""
        if note:
            self.note(note)
            return f"Noted that this deployment {'has begun' if note == 'begun' else 'is done'}"
        return "true" if self.pending else "false"

    @property
    def pending(self) -> bool:
        """False only if CI's last deployment to the stage was this, and it passed its smoke test."""
        return _noted(self._ssm, self._parameter).get("fingerprint") != self.fingerprint

    def note(self, what: str) -> None:
        """Note that the deployment of this has `begun`, or is `done`.

        Raises:
            UsageError: it is neither.
            DeployError: a newer run of CI has deployed to the stage.
        """
        if what not in NOTES:
            raise UsageError(f"--note {what!r} is not accepted; expected {' or '.join(NOTES)}")
        newest = int(_noted(self._ssm, self._parameter).get("run", 0))
        if newest > self._run > 0:
            raise DeployError(
                f"run {newest} has deployed since run {self._run}: approve the newest run instead; if this is the "
                f"newest, delete the SSM parameter {self._parameter} in the tooling account"
            )
        fingerprint = self.fingerprint if what == "done" else UNDER_WAY
        _put(self._ssm, self._parameter, fingerprint, self._run)


def reopen(context: StageContext, console: Console) -> None:
    """Have CI's next run look at production again, because somebody changes it now; a warning where that can't be."""
    settings, bindings = context.settings, context.deployment.bindings
    if settings.project.ci not in NOTED_BY or context.deployment.stage != NOTED_STAGE:
        return
    parameter = parameter_of(settings.project.slug, NOTED_STAGE)
    try:
        with told_in_one_line():
            account = context.aws.registry("sts").get_caller_identity()["Account"]
            if account != bindings.registry_account_id:
                raise DeployError(f"these credentials are of account {account}")
            ssm = context.aws.registry("ssm")
            noted = _noted(ssm, parameter)
            if noted.get("fingerprint", UNDER_WAY) != UNDER_WAY:
                _put(ssm, parameter, UNDER_WAY, int(noted.get("run", 0)))
    except DeployError as error:
        console.print(
            f"[yellow]warning[/yellow] CI may take production for what it last made of it ({escape(str(error))}); "
            f"in account {bindings.registry_account_id}, run:\n"
            f"  aws ssm delete-parameter --name {parameter} --region {bindings.region}",
            soft_wrap=True,
        )


def parameter_of(slug: str, stage: str) -> str:
    """Where CI notes what it has made of a stage."""
    return f"/{slug}/released/{stage}"


def _noted(ssm: Any, parameter: str) -> dict[str, Any]:
    from botocore.exceptions import ClientError

    try:
        noted = json.loads(ssm.get_parameter(Name=parameter)["Parameter"]["Value"])
    except ClientError as error:
        if code_of(error) != "ParameterNotFound":
            raise
        return {}
    except ValueError:
        return {}
    return noted if isinstance(noted, dict) else {}


def _put(ssm: Any, parameter: str, fingerprint: str, run: int) -> None:
    value = json.dumps({"fingerprint": fingerprint, "run": run})
    ssm.put_parameter(Name=parameter, Value=value, Type="String", Overwrite=True)


def _files(folder: Path) -> list[str]:
    """Contents of the templates, or of the module; not what Terraform puts beside it."""
    return [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.*")) if path.suffix in (".yaml", ".tf")]
