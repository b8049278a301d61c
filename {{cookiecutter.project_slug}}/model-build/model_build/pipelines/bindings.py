"""Where this project's bytes live: accounts, network, key, role and image, known only when it is deployed."""

from __future__ import annotations

import dataclasses
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from model_build.pipelines.image import image_tag, repository_uri
from model_build.settings import Settings

LOCAL_FILE = "bindings.local.toml"
LAPTOP_IMAGE_TAG = "laptop"
WITHOUT_A_VPC = "without a VPC: binding vpc = none, or require_vpc = false in project.toml"
Fetch = Callable[[str, list[str]], dict[str, str]]


class BindingsError(ValueError):
    """A line a person can act on: which binding, what is wrong with it and how to give it."""


@dataclasses.dataclass(frozen=True)
class Rule:
    """What a binding may look like; `many` bindings are comma-separated where they are given as text."""

    pattern: str
    example: str
    many: bool = False
    optional: bool = False


RULES: dict[str, Rule] = {
    "region": Rule(r"[a-z]{2}(-[a-z]+){1,3}-\d{1,2}", "eu-west-1"),
    "account_id": Rule(r"\d{12}", "111122223333"),
    "project_name": Rule(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}", "census-income"),
    "project_id": Rule(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,19}", "p-abcdefghijkl", optional=True),
    "execution_role_arn": Rule(
        r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}", "arn:aws:iam::111122223333:role/name"
    ),
    "artifact_bucket": Rule(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "my-artifacts"),
    "kms_key_arn": Rule(
        r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key/(mrk-)?[0-9a-f-]{32,36}|alias/(?!aws/)[\w/-]{1,250})",
        "arn:aws:kms:eu-west-1:111122223333:key/<id>, a customer-managed key",
        optional=True,
    ),
    "subnet_ids": Rule(r"subnet-[0-9a-f]{8,17}", "subnet-0a1b2c3d,subnet-4e5f6a7b", many=True, optional=True),
    "security_group_ids": Rule(r"sg-[0-9a-f]{8,17}", "sg-0a1b2c3d", many=True, optional=True),
    "vpc": Rule("none", "none", optional=True),
    "image_uri": Rule(
        r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[a-z0-9][a-z0-9._/-]{1,160}"
        r"(@sha256:[0-9a-f]{64}|:[\w.-]{1,128})",
        "111122223333.dkr.ecr.eu-west-1.amazonaws.com/name@sha256:<digest>",
    ),
    "consumer_account_ids": Rule(r"\d{12}", "444455556666,777788889999", many=True, optional=True),
}


@dataclasses.dataclass(frozen=True)
class Bindings:
    region: str
    account_id: str
    project_name: str
    project_id: str
    execution_role_arn: str
    artifact_bucket: str
    kms_key_arn: str
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    vpc: str
    image_uri: str
    consumer_account_ids: tuple[str, ...]

    @classmethod
    def laptop(cls, settings: Settings) -> Bindings:
        """Placeholders of the right shape for every binding: a laptop's definition carries what AWS's carries."""
        slug, account, region = settings.project.slug, "111122223333", "eu-west-1"
        return cls(
            region=region,
            account_id=account,
            project_name=slug,
            project_id="p-laptop",
            execution_role_arn=f"arn:aws:iam::{account}:role/sagemaker-mlops/{slug}-training-pipeline",
            artifact_bucket=f"{slug}-artifacts",
            kms_key_arn=f"arn:aws:kms:{region}:{account}:key/00000000-0000-0000-0000-000000000000",
            subnet_ids=("subnet-00000000", "subnet-11111111"),
            security_group_ids=("sg-00000000",),
            vpc="",
            image_uri=f"{repository_uri(account, region, slug)}:{LAPTOP_IMAGE_TAG}",
            consumer_account_ids=("444455556666",) if settings.project.accounts == "multi" else (),
        )

    @property
    def on_laptop(self) -> bool:
        """Whether the image's tag stands for no particular content."""
        return self.image_uri.endswith(f":{LAPTOP_IMAGE_TAG}")

    def require_pinned_image(self) -> None:
        """Only a digest says for ever which image a pipeline runs and a model was made with.

        Raises:
            BindingsError: the image is given by tag.
        """
        if "@sha256:" not in self.image_uri:
            raise BindingsError(
                f"binding image_uri = {self.image_uri!r} is no image by digest; "
                'publish it and give it: export MLOPS_IMAGE_URI="$(make -s publish)"'
            )

    @property
    def tags(self) -> dict[str, str]:
        """SageMaker's own project tags, by which Studio finds what a project owns."""
        tags = {"sagemaker:project-name": self.project_name, "sagemaker:project-id": self.project_id}
        return {key: value for key, value in tags.items() if value}


def load_bindings(
    settings: Settings, root: Path, environ: Mapping[str, str] = os.environ, fetch: Fetch | None = None
) -> Bindings:
    """Bindings of the project at `root`, checked against its settings.

    Each comes from the first that has it: environment variable `MLOPS_<NAME>`, `bindings.local.toml`,
    SSM parameter `/<slug>/bindings/<name>`; an empty value says that there is none and ends the search.
    `region` falls back to `AWS_REGION`, `project_name` to the slug, `image_uri` to the project's ECR repository
    with the content tag of `root`.

    Raises:
        BindingsError: a binding is missing, malformed, contradicts another or one that the settings demand is empty.
    """
    given = lookup(RULES, settings, root, environ, fetch)
    given.setdefault("project_name", settings.project.slug)
    if "image_uri" not in given and {"account_id", "region"} <= given.keys():
        repository = repository_uri(given["account_id"], given["region"], settings.project.slug)
        given["image_uri"] = f"{repository}:{image_tag(root)}"
    slug = settings.project.slug
    values: dict[str, Any] = {name: _typed(name, rule, given.get(name, ""), slug) for name, rule in RULES.items()}
    bindings = Bindings(**values)
    check_bindings(bindings, settings)
    return bindings


def lookup(
    names: Iterable[str],
    settings: Settings,
    root: Path,
    environ: Mapping[str, str] = os.environ,
    fetch: Fetch | None = None,
) -> dict[str, str]:
    """Those of the named bindings that some source gives, as text, not yet checked."""
    wanted, local = list(names), _local_file(root)
    found = {name: environ[variable(name)] for name in wanted if variable(name) in environ}
    found = {**{name: local[name] for name in wanted if name in local}, **found}
    region = found.get("region") or local.get("region") or _region(environ)
    if "region" in wanted and region:
        found["region"] = region
    absent = [name for name in wanted if name not in found]
    if not absent:
        return found
    prefix = f"/{settings.project.slug}/bindings/"
    fetched = (fetch or _fetch_from_ssm)(region, [prefix + name for name in absent])
    return {**found, **{key.removeprefix(prefix): value for key, value in fetched.items()}}


def required(
    names: Iterable[str],
    settings: Settings,
    root: Path,
    environ: Mapping[str, str] = os.environ,
    fetch: Fetch | None = None,
) -> dict[str, str]:
    """The named single-valued bindings, each of the right form.

    Raises:
        BindingsError: one is missing or malformed.
    """
    wanted = list(names)
    given = lookup(wanted, settings, root, environ, fetch)
    return {name: str(_typed(name, RULES[name], given.get(name, ""), settings.project.slug)) for name in wanted}


def check_bindings(bindings: Bindings, settings: Settings) -> None:
    """Hold bindings against the settings and against each other.

    Raises:
        BindingsError: the first contradiction found.
    """
    slug, pipeline = settings.project.slug, settings.pipeline
    multi = settings.project.accounts == "multi"
    require_vpc = pipeline.require_vpc and bindings.vpc != "none"
    demanded = {
        "kms_key_arn": "pipeline.require_kms is true" if pipeline.require_kms else "",
        "subnet_ids": "pipeline.require_vpc is true" if require_vpc else "",
        "security_group_ids": "pipeline.require_vpc is true" if require_vpc else "",
        "consumer_account_ids": "project.accounts is multi" if multi else "",
    }
    if multi:
        demanded["kms_key_arn"] = "project.accounts is multi and other accounts can only use a customer-managed key"
    for name, reason in demanded.items():
        if reason and not getattr(bindings, name):
            without = f"; {WITHOUT_A_VPC}" if "require_vpc" in reason else ""
            raise BindingsError(f"binding {name} is missing, and {reason}; {how_to_give(name, slug)}{without}")
    _check_network(bindings)
    for name in ("kms_key_arn", "image_uri"):
        value = getattr(bindings, name)
        if value and bindings.region not in re.split(r"[:.]", value):
            raise BindingsError(f"binding {name} = {value!r} is not in region {bindings.region}")


def _check_network(bindings: Bindings) -> None:
    if bindings.vpc == "none" and (bindings.subnet_ids or bindings.security_group_ids):
        raise BindingsError("binding vpc is none, but subnet_ids or security_group_ids are given; give one of both")
    if bool(bindings.subnet_ids) != bool(bindings.security_group_ids):
        raise BindingsError("bindings subnet_ids and security_group_ids go together; only one of them is given")


def variable(name: str) -> str:
    """Environment variable of a binding."""
    return f"MLOPS_{name.upper()}"


def how_to_give(name: str, slug: str) -> str:
    """The ways to give a binding, as the end of an error message."""
    return (
        f"give it as {variable(name)}, as {name} in {LOCAL_FILE} or as SSM parameter /{slug}/bindings/{name}"
        f", like {RULES[name].example}"
    )


def _region(environ: Mapping[str, str]) -> str:
    return environ.get(variable("region")) or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or ""


def _typed(name: str, rule: Rule, text: str, slug: str) -> str | tuple[str, ...]:
    parts = [part.strip() for part in text.split(",") if part.strip()] if rule.many else [text] if text else []
    if not parts and not rule.optional:
        raise BindingsError(f"binding {name} is missing; {how_to_give(name, slug)}")
    for part in parts:
        if not re.fullmatch(rule.pattern, part, re.ASCII):
            raise BindingsError(f"binding {name} = {part!r}; expected the form {rule.example}")
    return tuple(parts) if rule.many else "".join(parts)


def _local_file(root: Path) -> dict[str, str]:
    path = root / LOCAL_FILE
    if not path.is_file():
        return {}
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BindingsError(f"{LOCAL_FILE}: {error}") from error
    if unknown := sorted(table.keys() - RULES.keys()):
        raise BindingsError(f"{LOCAL_FILE}: unknown binding {unknown[0]!r}; expected one of {', '.join(RULES)}")
    return {name: ",".join(map(str, value)) if isinstance(value, list) else str(value) for name, value in table.items()}


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
            f"binding region is missing; give it as {variable('region')}, as AWS_REGION or as region in {LOCAL_FILE}"
        ) from error
    except (BotoCoreError, ClientError) as error:
        binding = names[0].rpartition("/")[2]
        raise BindingsError(
            f"binding {binding} is neither {variable(binding)} nor in {LOCAL_FILE}, and SSM can't be asked: {error}"
        ) from error
    return {parameter["Name"]: parameter["Value"] for parameter in found}
