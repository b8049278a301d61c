"""Where a stage's bytes live: accounts, network, keys and roles, known only when it is deployed."""

from __future__ import annotations

import dataclasses
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from model_deploy.errors import BindingsError
from model_deploy.settings import STAGES, Settings, StageName

LOCAL_FILE = "bindings.local.toml"
Fetch = Callable[[str, list[str]], dict[str, str]]


@dataclasses.dataclass(frozen=True)
class Rule:
    """What a binding may look like; `many` bindings are comma-separated where they are given as text."""

    pattern: str
    example: str
    many: bool = False
    optional: bool = False


KEY = r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/(mrk-)?[0-9a-f-]{32,36}"
BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
RULES: dict[str, Rule] = {
    "region": Rule(r"[a-z]{2}(-[a-z]+){1,3}-\d{1,2}", "eu-west-1"),
    "account_id": Rule(r"\d{12}", "444455556666"),
    "registry_account_id": Rule(r"\d{12}", "111122223333"),
    "artifact_bucket": Rule(BUCKET, "my-artifacts"),
    "artifact_key_arn": Rule(KEY, "arn:aws:kms:eu-west-1:111122223333:key/<id>"),
    "kms_key_arn": Rule(KEY, "arn:aws:kms:eu-west-1:444455556666:key/<id>, the stage's own"),
    "subnet_ids": Rule(r"subnet-[0-9a-f]{8,17}", "subnet-0a1b2c3d,subnet-4e5f6a7b", many=True, optional=True),
    "security_group_ids": Rule(r"sg-[0-9a-f]{8,17}", "sg-0a1b2c3d", many=True, optional=True),
    "permissions_boundary_arn": Rule(
        r"arn:aws[a-z-]*:iam::\d{12}:policy/[\w+=,.@/-]{1,512}", "arn:aws:iam::444455556666:policy/<name>"
    ),
    "deploy_role_arn": Rule(
        r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}", "arn:aws:iam::444455556666:role/<name>", optional=True
    ),
    "notification_email": Rule(
        r"[\w.+-]{1,64}@[a-zA-Z0-9-]{1,63}(\.[a-zA-Z0-9-]{1,63})+", "team@company.example", optional=True
    ),
    "state_bucket": Rule(BUCKET, "my-terraform-state", optional=True),
    "project_name": Rule(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}", "census-income"),
    "project_id": Rule(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,19}", "p-abcdefghijkl", optional=True),
}


@dataclasses.dataclass(frozen=True)
class Bindings:
    region: str
    account_id: str
    registry_account_id: str
    artifact_bucket: str
    artifact_key_arn: str
    kms_key_arn: str
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    permissions_boundary_arn: str
    deploy_role_arn: str
    notification_email: str
    state_bucket: str
    project_name: str
    project_id: str

    @property
    def partition(self) -> str:
        return self.kms_key_arn.split(":")[1]

    @property
    def tags(self) -> dict[str, str]:
        """SageMaker's own project tags, by which Studio finds what a project owns."""
        tags = {"sagemaker:project-name": self.project_name, "sagemaker:project-id": self.project_id}
        return {key: value for key, value in tags.items() if value}


def load_bindings(
    settings: Settings,
    stage: StageName,
    root: Path,
    environ: Mapping[str, str] = os.environ,
    fetch: Fetch | None = None,
) -> Bindings:
    """Bindings of a stage of the project at `root`, checked against its settings.

    Each comes from the first that has it: environment variables `MLOPS_<STAGE>_<NAME>` and `MLOPS_<NAME>`,
    `bindings.local.toml` (table of the stage, then top level), SSM parameters `/<slug>/bindings/<stage>/<name>` and
    `/<slug>/bindings/<name>`; an empty value says that there is none and ends the search. `region` falls back to
    `AWS_REGION`, `registry_account_id` to `account_id`, `project_name` to the slug.

    Raises:
        BindingsError: a binding is missing, malformed or contradicts another.
    """
    slug = settings.project.slug
    given = _lookup(slug, stage, root, environ, fetch)
    given.setdefault("project_name", slug)
    given.setdefault("registry_account_id", given.get("account_id", ""))
    values: dict[str, Any] = {name: _typed(name, given.get(name, ""), slug, stage) for name in RULES}
    bindings = Bindings(**values)
    _check(bindings, settings, stage)
    return bindings


def variables(name: str, stage: str) -> tuple[str, str]:
    """Environment variables of a binding, the stage's own first."""
    return f"MLOPS_{stage.upper()}_{name.upper()}", f"MLOPS_{name.upper()}"


def how_to_give(name: str, slug: str, stage: str) -> str:
    """The ways to give a binding, as the end of an error message."""
    return (
        f"give it as {variables(name, stage)[0]}, as {name} under [{stage}] in {LOCAL_FILE} or as SSM parameter "
        f"/{slug}/bindings/{stage}/{name}, like {RULES[name].example}"
    )


def _lookup(slug: str, stage: str, root: Path, environ: Mapping[str, str], fetch: Fetch | None) -> dict[str, str]:
    found = _local_file(root, stage)
    for name in RULES:
        variable = next((variable for variable in variables(name, stage) if variable in environ), "")
        if variable:
            found[name] = environ[variable]
    region = found.get("region") or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or ""
    if region:
        found["region"] = region
    absent = [name for name in RULES if name not in found]
    if not absent:
        return found
    prefixes = (f"/{slug}/bindings/", f"/{slug}/bindings/{stage}/")
    fetched = (fetch or _fetch_from_ssm)(region, [prefix + name for name in absent for prefix in prefixes])
    in_order = {name: fetched[prefix + name] for prefix in prefixes for name in absent if prefix + name in fetched}
    return {**in_order, **found}


def _check(bindings: Bindings, settings: Settings, stage: str) -> None:
    slug = settings.project.slug
    if settings.project.infrastructure == "terraform" and not bindings.state_bucket:
        raise BindingsError(
            f"binding state_bucket is missing, and project.infrastructure is terraform; "
            f"{how_to_give('state_bucket', slug, stage)}"
        )
    if bool(bindings.subnet_ids) != bool(bindings.security_group_ids):
        raise BindingsError("bindings subnet_ids and security_group_ids go together; only one of them is given")
    if f":{bindings.region}:" not in bindings.kms_key_arn:
        raise BindingsError(f"binding kms_key_arn = {bindings.kms_key_arn!r} is not in region {bindings.region}")
    for name in ("kms_key_arn", "permissions_boundary_arn", "deploy_role_arn"):
        value = getattr(bindings, name)
        if value and f":{bindings.account_id}:" not in value:
            raise BindingsError(f"binding {name} = {value!r} is not in account {bindings.account_id}, the stage's")


def _typed(name: str, text: str, slug: str, stage: str) -> str | tuple[str, ...]:
    rule = RULES[name]
    parts = [part.strip() for part in text.split(",") if part.strip()] if rule.many else [text] if text else []
    if not parts and not rule.optional:
        raise BindingsError(f"binding {name} is missing; {how_to_give(name, slug, stage)}")
    for part in parts:
        if not re.fullmatch(rule.pattern, part, re.ASCII):
            raise BindingsError(f"binding {name} = {part!r}; expected the form {rule.example}")
    return tuple(parts) if rule.many else "".join(parts)


def _local_file(root: Path, stage: str) -> dict[str, str]:
    path = root / LOCAL_FILE
    if not path.is_file():
        return {}
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BindingsError(f"{LOCAL_FILE}: {error}") from error
    own: dict[str, Any] = {name: table.pop(name, {}) for name in STAGES}
    for name, members in own.items():
        if not isinstance(members, dict):
            raise BindingsError(f"{LOCAL_FILE}: {name} = {members!r}; expected a table [{name}]")
    for members in (table, *own.values()):
        if unknown := sorted(members.keys() - RULES.keys()):
            raise BindingsError(f"{LOCAL_FILE}: unknown binding {unknown[0]!r}; expected one of {', '.join(RULES)}")
    merged = {**table, **own[stage]}
    return {
        name: ",".join(map(str, value)) if isinstance(value, list) else str(value) for name, value in merged.items()
    }


def _fetch_from_ssm(region: str, names: list[str]) -> dict[str, str]:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

    try:
        client = boto3.Session(region_name=region or None).client("ssm")
        found = [
            parameter
            for start in range(0, len(names), 10)
            for parameter in client.get_parameters(Names=names[start : start + 10], WithDecryption=True)["Parameters"]
        ]
    except NoRegionError as error:
        raise BindingsError(
            f"binding region is missing; give it as MLOPS_REGION, as AWS_REGION or as region in {LOCAL_FILE}"
        ) from error
    except (BotoCoreError, ClientError) as error:
        binding = names[0].rpartition("/")[2]
        raise BindingsError(
            f"binding {binding} is neither MLOPS_{binding.upper()} nor in {LOCAL_FILE}, and SSM can't be asked: {error}"
        ) from error
    return {parameter["Name"]: parameter["Value"] for parameter in found}
