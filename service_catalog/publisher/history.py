"""`versions.toml`: which versions were released, when, with which bytes, and what to tell people of each."""

from __future__ import annotations

import datetime
import itertools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from renderer.template import version as template_version
from service_catalog.bindings import FLAVOURS
from service_catalog.publisher.committed import committed
from service_catalog.publisher.errors import PublishError, SettingsError
from service_catalog.publisher.settings import VERSION
from service_catalog.publisher.table import Rule, Table
from service_catalog.publisher.versions import Guidance

FILE = Path(__file__).parent / "versions.toml"
HEADER = """\
# The versions that were released, oldest first: the SHA-256 of each project template as it was then.
# `make synth` and `python -m service_catalog record-version` write the newest one. Change only `guidance` by hand:
#   offered     launched by everybody while it is among the newest
#   deprecated  only used for updates of what was launched with it
#   withdrawn   not used at all
"""
DIGEST = Rule("[0-9a-f]{64}", "64 hexadecimal digits")
GUIDANCE = Rule("|".join(get_args(Guidance)), f"one of {', '.join(get_args(Guidance))}")


@dataclass(frozen=True)
class Release:
    """One version; `digests` are those of its project templates, by flavour."""

    version: str
    date: datetime.date
    guidance: Guidance = "offered"
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def order(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.version.split("."))


def load_history(path: Path = FILE) -> list[Release]:
    """Releases, oldest first.

    Raises:
        SettingsError: the file is absent, no TOML, or not as it must be.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: {' '.join(str(error).split())}; expected the history of versions") from error
    return parse_history(found, path.name)


def parse_history(found: Mapping[str, Any], name: str = FILE.name) -> list[Release]:
    """Raises SettingsError, as `load_history`."""
    root = Table(name, "", found, ("releases",))
    releases = [_release(table) for table in root.tables("releases")]
    for earlier, later in itertools.pairwise(releases):
        if earlier.order >= later.order or earlier.date > later.date:
            raise SettingsError(f"{name}: {later.version} follows {earlier.version}; expected oldest first, each once")
    return releases


def current(releases: Sequence[Release], version: str = "") -> Release:
    """The release of this checkout's template, checked against the committed templates.

    Raises:
        PublishError: it isn't recorded, or the templates were changed since.
    """
    version = version or template_version()
    record = "`python -m service_catalog record-version`"
    found = next((release for release in releases if release.version == version), None)
    if found is None:
        raise PublishError(f"version {version} is not in {FILE.name}; record it with {record}")
    if releases[-1].version != version:
        raise PublishError(f"this is version {version}, but {FILE.name} has {releases[-1].version}; use its checkout")
    for flavour in FLAVOURS:
        if committed(f"project-{flavour}").sha256 != found.digests[flavour]:
            raise PublishError(
                f"project-{flavour}.yaml is not the one recorded for {version}; raise __template_version in "
                f"cookiecutter.json, run `make synth`, then {record}; the last alone if {version} was never published"
            )
    return found


def with_release(releases: Sequence[Release], version: str, today: datetime.date) -> list[Release]:
    """The history with the committed templates as those of `version`, the newest.

    Raises:
        PublishError: a newer version is there already.
    """
    digests = {flavour: committed(f"project-{flavour}").sha256 for flavour in FLAVOURS}
    earlier = [release for release in releases if release.version != version]
    made = Release(version, today, "offered", digests)
    if earlier and earlier[-1].order > made.order:
        raise PublishError(f"{FILE.name} has {earlier[-1].version} already, which is newer than {version}")
    known = next((release for release in releases if release.version == version), None)
    return [*earlier, known if known and known.digests == digests else made]


def record(path: Path = FILE) -> Release:
    """Write the committed templates down as those of this checkout's version; what it is recorded as now.

    Raises:
        PublishError: as `with_release`, or the history can't be read.
    """
    today = datetime.datetime.now(datetime.UTC).date()
    releases = with_release(load_history(path) if path.exists() else [], template_version(), today)
    text = text_of(releases)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
    return releases[-1]


def text_of(releases: Sequence[Release]) -> str:
    """The file that holds these releases."""
    parts = [HEADER]
    for release in releases:
        digests = "\n".join(f'{flavour} = "{digest}"' for flavour, digest in release.digests.items())
        parts.append(
            f'[[releases]]\nversion = "{release.version}"\ndate = {release.date.isoformat()}\n'
            f'guidance = "{release.guidance}"\n\n[releases.sha256]\n{digests}\n'
        )
    return "\n".join(parts)


def _release(table: Table) -> Release:
    table.only("version", "date", "guidance", "sha256")
    digests = table.table("sha256")
    digests.only(*FLAVOURS)
    guidance: Any = table.text("guidance", GUIDANCE)
    return Release(
        table.text("version", VERSION),
        table.date("date"),
        guidance,
        {flavour: digests.text(flavour, DIGEST) for flavour in FLAVOURS},
    )
