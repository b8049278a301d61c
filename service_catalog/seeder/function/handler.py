"""The function's entry: an event of CloudFormation in, one answer to CloudFormation out.

Environment: BUNDLE_BUCKET holds the templates' bundles; PUSH_PROJECT and PUSH_BUCKET name the fallback's build project
and its bucket; GIT_ENDPOINT_CODECOMMIT and GIT_ENDPOINT_CONNECTIONS put other hosts in place of AWS's.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Mapping
from functools import cache
from typing import Any

from dulwich.objects import Commit

from renderer import AnswerError, RenderError, Template, render, validate
from service_catalog.seeder.function import bundles, properties
from service_catalog.seeder.function.answering import answer, ending_after, ending_before
from service_catalog.seeder.function.building import Builds
from service_catalog.seeder.function.commits import FirstCommit, answers_of, first_commit, made_at
from service_catalog.seeder.function.patience import HOST_ERRORS, patiently
from service_catalog.seeder.function.properties import Seed
from service_catalog.seeder.function.pushing import Repository
from service_catalog.seeder.function.reach import refuse_beyond_reach
from service_catalog.seeder.function.refusals import OutOfTimeError, RefusedError
from service_catalog.seeder.function.remotes import Remote, remotes

_log = logging.getLogger("seeder")
_log.setLevel(logging.INFO)
SECONDS_TO_LOOK = 60.0


@cache
def session() -> Any:
    import boto3

    return boto3.Session()


@cache
def client(service: str, region: str | None = None) -> Any:
    from botocore.config import Config

    config = Config(retries={"mode": "standard", "total_max_attempts": 4})
    return session().client(service, region_name=region, config=config)


def handle(event: Mapping[str, Any], context: Any) -> None:
    """Create, update or delete; raises only if CloudFormation can't be told, so that Lambda tries again."""
    physical_id = str(event.get("PhysicalResourceId") or "seed-refused")
    reason, data = None, {}
    try:
        with ending_before(context):
            if event["RequestType"] == "Delete":
                _log.info("deleted: repositories stay as they are")
            else:
                seed = properties.read(event["ResourceProperties"])
                if event["RequestType"] == "Create":
                    physical_id = seed.physical_id
                    data = _create(seed, event["StackId"], context.invoked_function_arn)
                else:
                    data = _update(seed, event, context.invoked_function_arn)
    except (RefusedError, AnswerError, RenderError) as error:
        reason = str(error)
    except OutOfTimeError:
        reason = "the seeder ran out of time: try again; what was pushed is found and kept"
    except Exception as error:
        _log.exception("failed")
        reason = f"{type(error).__name__}: {error} (see the log of function sagemaker-mlops-seeder)"
    if reason is not None:
        _log.error("%s", reason)
    answer(event, physical_id, reason, data)


def _create(seed: Seed, stack_id: str, function_arn: str) -> dict[str, str]:
    template = bundles.template(client("s3"), os.environ["BUNDLE_BUCKET"], seed.key, seed.sha256)
    answers = _checked(seed, template)
    refuse_beyond_reach(seed.repositories, client)
    places = remotes(seed.repositories, function_arn)
    with tempfile.TemporaryDirectory() as folder:
        project = render(answers, folder, template)
        firsts = {name: first_commit(project / name, answers, seed.version, made_at(stack_id)) for name in places}
    commits = {name: _push(firsts[name], remote, seed.slug) for name, remote in places.items()}
    return _outputs(commits, places)


def _checked(seed: Seed, template: Template) -> dict[str, str]:
    if template.version() != seed.version:
        raise RefusedError(f"TemplateVersion {seed.version}: the bundle holds version {template.version()}")
    if missing := [option for option in template.options() if option not in seed.answers]:
        raise RefusedError(f"Answers: {', '.join(missing)} missing")
    return validate(seed.answers, template)


def _push(first: FirstCommit, remote: Remote, slug: str) -> str:
    """The commit's id in the repository; the endpoint of a connection may refuse, CodeCommit must not."""
    try:
        return patiently(lambda: _repository(remote).seed(first), remote.connected).decode()
    except HOST_ERRORS as error:
        if not (remote.connected and os.environ.get("PUSH_PROJECT")):
            raise RefusedError(_advice(remote, error)) from error
        _log.warning("%s: the endpoint said %r; a build pushes instead", remote.name, error)
    builds = Builds(client("s3"), client("codebuild"), os.environ["PUSH_PROJECT"], os.environ["PUSH_BUCKET"])
    builds.push(first, remote, slug)
    return first.id.decode()


def _advice(remote: Remote, error: Exception) -> str:
    needed = (
        "is the connection available, tagged sagemaker=true, and does the repository exist?"
        if remote.connected
        else "does the repository exist, with the tag sagemaker-mlops:project?"
    )
    said = str(error) or type(error).__name__
    return f"{remote.name}: {remote.url} refused the push ({said}); {needed}"


def _update(seed: Seed, event: Mapping[str, Any], function_arn: str) -> dict[str, str]:
    """Changes nothing. The physical id and the first commits say what was seeded, never the properties before: after a
    refusal CloudFormation rolls back by an update from the refused properties to those that were seeded."""
    if seed.physical_id != event["PhysicalResourceId"]:
        raise RefusedError("the project's id or repositories changed: keep them, or create another project")
    places = remotes(seed.repositories, function_arn)
    seeded = {name: _seeded(seed, remote) for name, remote in places.items()}
    return _outputs({name: commit.id.decode() if commit else "" for name, commit in seeded.items()}, places)


def _seeded(seed: Seed, remote: Remote) -> Commit | None:
    """The project's first commit there; raises RefusedError if all that there are were made from other answers."""
    told = [(commit, answers_of(commit)) for commit in _first_commits(remote)]
    own = {commit: record for commit, record in told if record.get("project_slug") == seed.slug}
    changed = {commit: _changed(seed.answers, record) for commit, record in own.items()}
    if changed and all(changed.values()):
        raise RefusedError(
            f"{', '.join(next(iter(changed.values())))} changed, but answers decide the files that were pushed: "
            "keep them, and change the files in the repositories"
        )
    same = [commit for commit, options in changed.items() if not options]
    return next(iter([*same, *(commit for commit, record in told if not record)]), None)


def _changed(answers: Mapping[str, object], record: Mapping[str, str]) -> list[str]:
    both = answers.keys() & record.keys()  # another version may have other options
    return sorted(option for option in both if answers[option] != record[option])


def _first_commits(remote: Remote) -> list[Commit]:
    """None where the host can't be asked or takes too long, which must not stop an update or its rollback."""
    try:
        with ending_after(SECONDS_TO_LOOK):
            return _repository(remote).first_commits()
    except (Exception, OutOfTimeError) as error:
        _log.warning("%s: can't be read: %r", remote.name, error)
        return []


def _repository(remote: Remote) -> Repository:
    return Repository(remote, session().get_credentials().get_frozen_credentials())


def _outputs(commits: Mapping[str, str], places: Mapping[str, Remote]) -> dict[str, str]:
    return {
        "BuildCommit": commits["model-build"],
        "DeployCommit": commits["model-deploy"],
        "BuildUrl": places["model-build"].public_url,
        "DeployUrl": places["model-deploy"].public_url,
    }
