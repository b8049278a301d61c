"""A seeder in this process, with everything around it that AWS would give."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service_catalog.seeder.function import handler, patience
from tests.catalog.seeder.git_server import GitHost, serving
from tests.catalog.seeder.seeding import (
    BUCKET,
    S3,
    Clock,
    Connections,
    Session,
    Surroundings,
    clients,
    listening,
    published,
)


@pytest.fixture
def git_host(tmp_path: Path) -> Iterator[GitHost]:
    with serving(tmp_path / "git") as host:
        yield host


@pytest.fixture
def surroundings(git_host: GitHost, monkeypatch: pytest.MonkeyPatch) -> Iterator[Surroundings]:
    s3 = S3({(BUCKET, published().key): published().content})
    monkeypatch.setattr(handler, "session", Session)
    connections, clock = Connections(), Clock()
    monkeypatch.setattr(handler, "client", clients(s3=s3, codeconnections=connections))
    monkeypatch.setattr(patience, "clock", clock.now)
    monkeypatch.setattr(patience, "wait", clock.wait)
    monkeypatch.setenv("BUNDLE_BUCKET", BUCKET)
    monkeypatch.setenv("GIT_ENDPOINT_CODECOMMIT", git_host.url)
    monkeypatch.setenv("GIT_ENDPOINT_CONNECTIONS", git_host.url)
    with listening() as stacks:
        yield Surroundings(s3, stacks, git_host, connections, clock)
