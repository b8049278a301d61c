"""`publish.toml`, typed and checked: what differs between organisations."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service_catalog.bindings import FLAVOURS
from service_catalog.publisher.errors import SettingsError
from service_catalog.publisher.rules import problem_with
from service_catalog.publisher.table import Rule, Table

EXAMPLE = Path(__file__).parent / "publish.example.toml"
LOCAL = Path(__file__).parent / "publish.toml"

MOST_VERSIONS = 99
MOST_RESERVED = 50
SHARES = "servicecatalog.amazonaws.com"
STACK_SETS = "member.org.stacksets.cloudformation.amazonaws.com"
WORDS = Rule(r"[^\x00-\x1f\x7f]{1,2000}", "1 to 2000 characters on one line")
PROVIDER = Rule(r"[^\x00-\x1f\x7f]{1,50}", "1 to 50 characters on one line")
NAME = Rule(r"[^\x00-\x1f\x7f]{1,100}", "1 to 100 characters on one line")
EMAIL = Rule(r"([a-zA-Z0-9_.+-]{1,64}@[a-zA-Z0-9-]{1,63}(\.[a-zA-Z0-9-]{1,63})+)?", "an e-mail address or empty")
ORGANISATION = Rule(r"(o-[a-z0-9]{10,32})?", "an organisation's id, o-…, or empty")
UNIT = Rule(
    r"r-[a-z0-9]{4,32}|ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}", "the id of an organisational unit, ou-…, or root, r-…"
)
NODE = Rule(r"o-[a-z0-9]{10,32}|ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}", "an organisation, o-…, or organisational unit, ou-…")
REGION = Rule(r"([a-z]{2}(-[a-z]+)+-[0-9])?", "a Region, such as eu-west-1, or empty")
DOMAIN = Rule(r"d-[a-z0-9]{8,60}", "the id of a domain, d-…")
FLAVOUR = Rule("|".join(FLAVOURS), f"one of {', '.join(FLAVOURS)}")
VERSION = Rule(r"[0-9]+\.[0-9]+\.[0-9]+", "a version, such as 1.2.3")
ROLE_NAME = r"role/[a-zA-Z0-9_+=,.@*?/-]{1,500}"
PRINCIPAL = Rule(
    rf"arn:aws[a-z-]*:iam::([0-9]{{12}}:(role|user|group)/[a-zA-Z0-9_+=,.@/-]{{1,500}}|:{ROLE_NAME})",
    "the ARN of a role, user or group, or arn:aws:iam:::role/… without account and with * and ? in its name",
)
EXECUTION_ROLE = Rule(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[a-zA-Z0-9_+=,.@/-]{1,500}", "the ARN of a role")
TAG_KEY = Rule(r"[a-zA-Z0-9_.:/=+@-]{1,128}", "up to 128 letters, digits and _.:/=+-@")
TAG_VALUE = Rule(r"[a-zA-Z0-9_.:/=+@ -]{1,256}", "up to 256 letters, digits, spaces and _.:/=+-@")


@dataclass(frozen=True)
class Organisation:
    provider: str
    support_email: str
    id: str
    launch_units: tuple[str, ...]
    delegated_admin: bool
    roles_region: str

    def makes_roles_in(self, region: str) -> bool:
        """Roles belong to no Region: of several that publish, one makes them."""
        return self.roles_region in ("", region)


@dataclass(frozen=True)
class Studio:
    """`execution_roles` may create projects from templates in S3."""

    flavours: tuple[str, ...]
    domains: tuple[str, ...]
    execution_roles: tuple[str, ...]


@dataclass(frozen=True)
class Versions:
    """How many of the newest versions may be launched, be used for updates, exist."""

    offered: int = 1
    active: int = 20
    kept: int = 90
    pinned: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seeder:
    """`reserved_concurrency` of 0 reserves nothing, as Lambda demands where an account's quota is small."""

    reserved_concurrency: int = 0


@dataclass(frozen=True)
class Portfolio:
    """`allowed` maps parameters of the project templates to the values that template constraints accept."""

    name: str
    description: str
    flavours: tuple[str, ...]
    principals: tuple[str, ...]
    share_with: tuple[str, ...]
    allowed: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Settings:
    organisation: Organisation
    studio: Studio
    versions: Versions
    tag_options: Mapping[str, tuple[str, ...]]
    portfolios: tuple[Portfolio, ...]
    seeder: Seeder = Seeder()

    @property
    def administers(self) -> list[str]:
        """Services of the organisation that publishing acts for, by principal."""
        shares = any(portfolio.share_with for portfolio in self.portfolios)
        return [SHARES] * shares + [STACK_SETS] * bool(self.organisation.launch_units)


def load_settings(path: Path) -> Settings:
    """Settings in `path`.

    Raises:
        SettingsError: the file is absent, no TOML, or a setting is missing, unknown or not as it must be.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(f"{path} is absent; copy {EXAMPLE.name} beside it to there and change it") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, OSError) as error:
        raise SettingsError(f"{path}: {' '.join(str(error).split())}; expected TOML in UTF-8") from error
    return parse_settings(found, path.name)


def parse_settings(found: Mapping[str, Any], name: str = LOCAL.name) -> Settings:
    """Settings as TOML gives them; `name` is the file in what is raised.

    Raises:
        SettingsError: as `load_settings`.
    """
    root = Table(name, "", found, ("organisation", "seeder", "studio", "versions", "tag_options", "portfolios"))
    settings = Settings(
        _organisation(root.table("organisation")),
        _studio(root.table("studio")),
        _versions(root.table("versions")),
        _tag_options(root),
        tuple(_portfolio(table) for table in root.tables("portfolios")),
        _seeder(root.table("seeder")),
    )
    names = [portfolio.name for portfolio in settings.portfolios]
    if twice := sorted({each for each in names if names.count(each) > 1}):
        raise SettingsError(f"{name}: portfolios: the name {twice[0]!r} is there twice; each must be there once")
    return settings


def _organisation(table: Table) -> Organisation:
    table.only("provider", "support_email", "id", "launch_units", "delegated_admin", "roles_region")
    made = Organisation(
        table.text("provider", PROVIDER),
        table.text("support_email", EMAIL),
        table.text("id", ORGANISATION),
        table.texts("launch_units", UNIT),
        table.flag("delegated_admin"),
        table.text("roles_region", REGION),
    )
    if made.launch_units and not made.id:
        table.refuse("launch_units", "organisational units need the organisation's `id` too")
    return made


def _seeder(table: Table) -> Seeder:
    table.only("reserved_concurrency")
    return Seeder(table.whole("reserved_concurrency", 0, MOST_RESERVED))


def _studio(table: Table) -> Studio:
    table.only("flavours", "domains", "execution_roles")
    return Studio(
        table.texts("flavours", FLAVOUR), table.texts("domains", DOMAIN), table.texts("execution_roles", EXECUTION_ROLE)
    )


def _versions(table: Table) -> Versions:
    table.only("offered", "active", "kept", "pinned")
    made = Versions(
        table.whole("offered", 1, MOST_VERSIONS),
        table.whole("active", 1, MOST_VERSIONS),
        table.whole("kept", 2, MOST_VERSIONS),
        table.texts("pinned", VERSION),
    )
    if not made.offered <= made.active <= made.kept:
        table.refuse("offered", f"{made.offered}, {made.active}, {made.kept}: offered <= active <= kept must hold")
    return made


def _tag_options(root: Table) -> dict[str, tuple[str, ...]]:
    table = root.table("tag_options")
    options = {key: table.texts(key, TAG_VALUE) for key in table.keys_like(TAG_KEY)}
    if len(options) > 25 or any(len(values) > 25 for values in options.values()):
        raise SettingsError(f"{root.file}: tag_options: Service Catalog takes 25 keys of 25 values at most")
    return options


def _portfolio(table: Table) -> Portfolio:
    table.only("name", "description", "flavours", "principals", "share_with", "allowed")
    flavours = table.texts("flavours", FLAVOUR)
    if not flavours:
        table.refuse("flavours", f"a portfolio needs at least one of {', '.join(FLAVOURS)}")
    allowed = table.table("allowed")
    values = {key: allowed.texts(key, WORDS) for key in allowed.keys_like(NAME)}
    for parameter, chosen in values.items():
        if problem := problem_with(parameter, chosen, flavours):
            allowed.refuse(parameter, problem)
    return Portfolio(
        table.text("name", NAME),
        table.text("description", WORDS),
        flavours,
        table.texts("principals", PRINCIPAL, most=100),
        table.texts("share_with", NODE),
        values,
    )


def is_pattern(principal: str) -> bool:
    """Whether Service Catalog has to take the ARN as IAM_PATTERN, since it names no account."""
    return re.fullmatch(r"arn:[a-z-]+:iam:::.*", principal) is not None
