"""Everything that publishing does, in order: each step says what it would change before it changes anything."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from service_catalog.publisher import names
from service_catalog.publisher.aws import Aws
from service_catalog.publisher.caller_step import CallerStep
from service_catalog.publisher.changes import Change
from service_catalog.publisher.committed import Committed, committed, parameters_of
from service_catalog.publisher.domain_step import DomainStep
from service_catalog.publisher.errors import PublishError
from service_catalog.publisher.history import Release
from service_catalog.publisher.settings import Settings
from service_catalog.publisher.share_step import ShareStep
from service_catalog.publisher.stack_step import StackStep
from service_catalog.publisher.telling import Telling
from service_catalog.publisher.unserved import unserved
from service_catalog.publisher.upload_step import Upload, UploadStep
from service_catalog.publisher.versions_step import VersionsStep

SPOKE = "spoke"


class Step(Protocol):
    """`compare` only reads; `prepare` may make what `apply` carries out and `discard` removes."""

    @property
    def title(self) -> str: ...
    def compare(self) -> list[Change]: ...
    def prepare(self) -> list[Change]: ...
    def apply(self, telling: Telling) -> None: ...
    def discard(self) -> None: ...


@dataclass(frozen=True)
class Package:
    """A file for the channel: the bundle of the template, or the seeder's code."""

    key: str
    content: bytes


@dataclass(frozen=True)
class Published:
    """What is published: `publisher` makes the publisher's template from settings and Region."""

    settings: Settings
    history: list[Release]
    bundle: Package
    seeder: Package
    publisher: Callable[[Settings, str], str]

    @property
    def version(self) -> str:
        return self.history[-1].version


def publish(aws: Aws, published: Published, telling: Telling, *, dry_run: bool = False, yes: bool = False) -> int:
    """How many changes were made, or would be.

    Raises:
        PublishError: in one line, why it went no further; what was done before that stays, and is not done again.
    """
    made = 0
    try:
        for step in list(steps(aws, published)):
            with telling.step(step.title):
                changes = step.compare() if dry_run else step.prepare()
                telling.changes(changes)
                made += len(changes)
                if changes and not dry_run:
                    _carry_out(step, changes, telling, yes)
    except PublishError:
        if made and not dry_run:
            telling.say("What was done above stays. Studio's S3 channel changes last, once all that it needs stands.")
        raise
    for failing in unserved(aws, published.settings.organisation):
        telling.say(f"Failed: {failing}")
    return made


def steps(aws: Aws, published: Published) -> Iterator[Step]:
    """In the order in which one needs the other."""
    settings, version = published.settings, published.version
    bucket = names.bucket(aws.account, aws.region)
    url = f"https://{bucket}.s3.{aws.region}.{aws.suffix}"
    organisation = settings.organisation.id
    if principals := settings.administers:
        yield CallerStep(aws, principals)
    channel, roles, seeder = committed("channel"), committed("launch-roles"), committed("seeder")
    publisher = published.publisher(settings, aws.region)
    key = f"stacks/publisher/{hashlib.sha256(publisher.encode()).hexdigest()}.yaml"
    yield StackStep(aws, names.CHANNEL_STACK, _text(channel), {"OrganizationId": organisation}, f"{url}/{channel.key}")
    stacks = [Upload(each.key, each.content) for each in (roles, seeder)] + [Upload(key, publisher.encode())]
    yield UploadStep(aws, bucket, [*files(published), *stacks])
    makes_roles = settings.organisation.makes_roles_in(aws.region)
    for stack, template in ((names.LAUNCH_STACK, roles), (names.SEEDER_STACK, seeder))[0 if makes_roles else 1 :]:
        given = parameters_of(
            template.name,
            bucket,
            published.seeder.key,
            organisation,
            settings.studio.execution_roles,
            settings.seeder.reserved_concurrency,
        )
        yield StackStep(aws, stack, _text(template), given, f"{url}/{template.key}")
    parameters = {"FirstVersion": version}
    if settings.organisation.launch_units:
        parameters |= {"PackageKey": published.seeder.key}
        parameters |= {"SeederTemplate": seeder.key} | ({"LaunchRolesTemplate": roles.key} if makes_roles else {})
    first = frozenset({"FirstVersion"})
    yield StackStep(aws, names.PUBLISHER_STACK, publisher, parameters, f"{url}/{key}", first)
    for portfolio in settings.portfolios:
        yield ShareStep(aws, portfolio)
    for flavour in names.SYSTEMS:
        yield VersionsStep(aws, flavour, published.history, settings.versions, url)
    yield UploadStep(aws, bucket, [*studio_files(settings)], names.STUDIO_FOLDER, "templates in Studio's S3 channel")
    if settings.studio.domains:
        yield DomainStep(aws, settings.studio.domains, f"s3://{bucket}/{names.STUDIO_FOLDER}/")


def files(published: Published) -> Iterator[Upload]:
    """Bundle, seeder and the templates for Service Catalog: what never changes once it is there.

    Raises:
        PublishError: a template names another bundle.
    """
    yield Upload(published.bundle.key, published.bundle.content)
    yield Upload(published.seeder.key, published.seeder.content)
    for flavour in names.SYSTEMS:
        template = committed(f"project-{flavour}")
        if published.bundle.key not in template.content.decode():
            raise PublishError(f"project-{flavour}.yaml was made with another bundle; run `make synth`")
        yield Upload(names.template_key(published.version, flavour), template.content, names.READ_BY_LAUNCH_ROLES)
    yield Upload(f"templates/{published.version}/{SPOKE}.yaml", committed(SPOKE).content)


def studio_files(settings: Settings) -> Iterator[Upload]:
    """The same bytes for Studio's S3 channel, which knows no versions: what is there is created from at once."""
    offered = {**names.VISIBLE_IN_STUDIO, **names.READ_BY_LAUNCH_ROLES}
    for flavour in names.SYSTEMS:
        if flavour in settings.studio.flavours:
            yield Upload(names.studio_key(flavour), committed(f"project-{flavour}").content, offered, fixed=False)


def _carry_out(step: Step, changes: list[Change], telling: Telling, yes: bool) -> None:
    """Asks before anything that exists is lost."""
    try:
        agreed = not any(change.loses for change in changes) or telling.agreed("  Go on?", yes)
    except BaseException:
        step.discard()
        raise
    if not agreed:
        step.discard()
        raise PublishError(f"{step.title}: not changed, as you wished; what stands above it is published")
    step.apply(telling)


def _text(template: Committed) -> str:
    return template.content.decode()
