"""Which changes bring the versions of a product to what the history wants: a pure function of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from service_catalog.publisher.errors import PublishError
from service_catalog.publisher.settings import Versions

MOST = 100
Guidance = Literal["offered", "deprecated", "withdrawn"]
Action = Literal["create", "offer", "deprecate", "activate", "retire", "delete", "remove"]


@dataclass(frozen=True)
class Wanted:
    """A version of the history; `guidance` is what maintainers say of it."""

    name: str
    guidance: Guidance = "offered"


@dataclass(frozen=True)
class Artifact:
    """A version as Service Catalog has it; `fixed` is one that must not be deleted: in use, pinned or the first.

    One that is not `available` was refused: Service Catalog lists it as any other, but nobody can launch it.
    """

    id: str
    name: str
    active: bool = True
    deprecated: bool = False
    fixed: bool = False
    available: bool = True


@dataclass(frozen=True)
class Step:
    """One call; `id` is empty for a version to be created."""

    action: Action
    name: str
    id: str = ""


def reconcile(history: Sequence[Wanted], actual: Sequence[Artifact], limits: Versions) -> list[Step]:
    """Changes in the order in which they must be made; `history` is oldest first, and its last is created if absent.

    Artifacts that the history doesn't know were made by others and stay as they are. Refused ones are as absent, and
    go: before others are made, but for the last of a product, which Service Catalog doesn't delete.

    Raises:
        PublishError: too many versions are in use for another one to be made.
    """
    good = [artifact for artifact in actual if artifact.available]
    known = {wanted.name for wanted in history}
    refused = [each for each in actual if not (each.available or each.fixed) and each.name in known]
    existing = {artifact.name for artifact in good}
    newest = history[-1]
    missing = newest.name not in existing and newest.guidance != "withdrawn"
    present = [wanted for wanted in history if wanted.name in existing or (missing and wanted is newest)]
    statuses = _statuses(present, limits)
    there = len(actual) - (len(refused) if good else 0)
    gone = _to_delete(statuses, good, there + missing - limits.kept)
    if there - len(gone) + missing > MOST:
        raise PublishError(
            f"{there} versions exist, {MOST} is the most, and none may be deleted; "
            "update or end projects that use the oldest ones, or unpin versions in publish.toml"
        )
    removal = [Step("remove", artifact.name, artifact.id) for artifact in refused if good or missing]
    steps = [Step("delete", artifact.name, artifact.id) for artifact in gone]
    staying = [artifact for artifact in good if artifact not in gone]
    if missing:
        steps.append(Step("create", newest.name))
        staying.append(Artifact("", newest.name))
    steps = removal + steps if good else steps + removal
    for artifact in staying:
        if artifact.name in statuses:
            steps += _towards(statuses[artifact.name], artifact)
    return steps


def _statuses(present: Sequence[Wanted], limits: Versions) -> dict[str, Guidance]:
    """What each version is to be, oldest first: of those not withdrawn, the newest are launched, some more are used."""
    statuses: dict[str, Guidance] = {}
    usable = launchable = 0
    for wanted in reversed(present):
        status = wanted.guidance
        usable += status != "withdrawn"
        if usable > limits.active:
            status = "withdrawn"
        launchable += status == "offered"
        if status == "offered" and launchable > limits.offered:
            status = "deprecated"
        statuses[wanted.name] = status
    return dict(reversed(statuses.items()))


def _towards(status: Guidance, found: Artifact) -> list[Step]:
    active, deprecated = status != "withdrawn", status != "offered"
    steps: list[Step] = []
    if found.deprecated != deprecated:
        steps.append(Step("deprecate" if deprecated else "offer", found.name, found.id))
    if found.active != active:
        steps.append(Step("activate" if active else "retire", found.name, found.id))
    return steps


def _to_delete(statuses: Mapping[str, Guidance], actual: Sequence[Artifact], surplus: int) -> list[Artifact]:
    """The oldest retired ones that nothing holds, as far as there are more than are kept."""
    age = {name: index for index, name in enumerate(statuses)}
    candidates = [each for each in actual if statuses.get(each.name) == "withdrawn" and not each.fixed]
    return sorted(candidates, key=lambda each: age[each.name])[: max(surplus, 0)]
