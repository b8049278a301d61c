"""The custom resource's properties, every one checked by a full match before anything is done with it.

The answers are the exception: their rules lie in the template's bundle, so they are checked once its digest was.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service_catalog.seeder.function.refusals import RefusedError

REPOSITORIES = ("model-build", "model-deploy")
VERSION = r"[0-9]{1,4}(?:\.[0-9]{1,4}){2}(?:(?:a|b|rc|\.dev)[0-9]{1,4})?"
SHA256 = "[0-9a-f]{64}"
SLUG = "[a-z](?:-*[a-z0-9]){0,31}"
PROJECT_ID = "[a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,19}"
CONNECTION = (
    "arn:aws[a-z-]{0,20}:(?:codeconnections|codestar-connections):[a-z]{2}[a-z0-9-]{3,30}:[0-9]{12}:"
    "connection/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
_NAME = r"[a-zA-Z0-9_](?:\.?[a-zA-Z0-9_-]){0,99}"
PATH = f"{_NAME}(?:/{_NAME}){{1,9}}"
_OF_CLOUDFORMATION = {"ServiceToken", "ServiceTimeout"}
_OF_THE_SEED = {"TemplateVersion", "Bundle", "Answers", "ProjectId", "Repositories"}
_OF_A_REPOSITORY = {"CodeCommit", "ConnectionArn", "Path"}
_log = logging.getLogger("seeder")


@dataclass(frozen=True)
class Connected:
    """A repository of another host: its path there, and the connection that leads to it."""

    connection_arn: str
    path: str

    @property
    def place(self) -> str:
        """The same by both prefixes that a connection's ARN may have."""
        return f"{self.connection_arn.split(':', 3)[3]}/{self.path}"


@dataclass(frozen=True)
class Seed:
    """What to seed. A repository is a name in CodeCommit, or one behind a connection; `answers` are unchecked."""

    version: str
    sha256: str
    key: str
    project_id: str
    slug: str
    answers: Mapping[str, object]
    repositories: Mapping[str, str | Connected]

    @property
    def physical_id(self) -> str:
        """Says everything that an update must not change but the answers, which the first commits record."""
        places = [each if isinstance(each, str) else each.place for _, each in sorted(self.repositories.items())]
        digest = hashlib.sha256("\n".join(places).encode()).hexdigest()
        return f"seed-{self.slug}-{self.project_id}-{digest[:8]}"


def read(properties: object) -> Seed:
    """Raises RefusedError for the first property that is missing or not what it has to be.

    What is unknown is left alone: the stack's template may be newer than this function.
    """
    given = _mapping("ResourceProperties", properties)
    _complete("ResourceProperties", given)
    _tell_unknown("ResourceProperties", set(given) - _OF_CLOUDFORMATION - _OF_THE_SEED)
    version = _matched("TemplateVersion", given["TemplateVersion"], VERSION, "a version such as 1.2.3")
    bundle = _mapping("Bundle", given["Bundle"])
    sha256 = _matched("Bundle.Sha256", bundle.get("Sha256"), SHA256, "64 small hexadecimal digits")
    key = f"bundles/{version}/{sha256}.zip"
    _matched("Bundle.Key", bundle.get("Key"), re.escape(key), key)
    answers = _mapping("Answers", given["Answers"])
    slug = _matched("project_slug", answers.get("project_slug"), SLUG, "1 to 32 small letters, digits and hyphens")
    project_id = _matched("ProjectId", given["ProjectId"], PROJECT_ID, "1 to 20 letters, digits and hyphens")
    repositories = _mapping("Repositories", given["Repositories"])
    if set(repositories) != set(REPOSITORIES):
        raise RefusedError(f"Repositories {_shown(sorted(repositories, key=str))}: give {' and '.join(REPOSITORIES)}")
    return Seed(
        version,
        sha256,
        key,
        project_id,
        slug,
        answers,
        {name: _repository(name, slug, repositories[name]) for name in REPOSITORIES},
    )


def _repository(name: str, slug: str, value: object) -> str | Connected:
    given = _mapping(f"Repositories.{name}", value)
    _tell_unknown(f"Repositories.{name}", set(given) - _OF_A_REPOSITORY)
    filled = {key: text for key, text in given.items() if text != "" and key in _OF_A_REPOSITORY}
    if set(filled) == {"CodeCommit"}:
        expected = f"{slug}-{name}"
        return _matched(f"Repositories.{name}.CodeCommit", filled["CodeCommit"], re.escape(expected), expected)
    if set(filled) != {"ConnectionArn", "Path"}:
        raise RefusedError(f"Repositories.{name}: give CodeCommit, or ConnectionArn and Path")
    arn = _matched(f"Repositories.{name}.ConnectionArn", filled["ConnectionArn"], CONNECTION, "the ARN of a connection")
    accepted = "the path of an existing repository, such as OWNER/NAME"
    path = _matched(f"Repositories.{name}.Path", filled["Path"], PATH, accepted)
    return Connected(arn, path.removesuffix(".git"))


def _complete(where: str, given: Mapping[str, object]) -> None:
    if missing := sorted(_OF_THE_SEED - set(given)):
        raise RefusedError(f"{where}: {_shown(missing)} missing; give {', '.join(sorted(_OF_THE_SEED))}")


def _tell_unknown(where: str, names: set[str]) -> None:
    if names:
        _log.warning("%s: %s unknown here, left alone", where, _shown(sorted(names)))


def _mapping(where: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise RefusedError(f"{where} {_shown(value)}: give an object")
    return value


def _matched(where: str, value: object, pattern: str, accepted: str) -> str:
    if not isinstance(value, str) or len(value) > 1024 or re.fullmatch(pattern, value, re.ASCII) is None:
        raise RefusedError(f"{where} {_shown(value)}: use {accepted}")
    return value


def _shown(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
