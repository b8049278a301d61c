"""Accounts set up from the bootstrap templates, and an IAM simulator for what came out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bootstrap.accounts import Accounts
from tests.bootstrap.simulator import Simulator
from tests.emulated import emulated_aws
from tests.npm_tools import install_node_tools

Bake = Callable[..., Path]
TOOLING, STAGING, PRODUCTION = "111122223333", "444455556666", "777788889999"


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Simulator:
    return Simulator(install_node_tools(tmp_path_factory.mktemp("node")))


@pytest.fixture(scope="session", params=["codepipeline", "github", "gitlab"])
def accounts(request: pytest.FixtureRequest, bake: Bake) -> Iterator[Accounts]:
    """A tooling account and two of stages, set up in full, once with each CI system."""
    with emulated_aws("--control-plane-only") as aws:
        made = Accounts(
            aws, bake(ci=request.param) / "model-deploy", TOOLING, {"staging": STAGING, "production": PRODUCTION}
        )
        made.set_up(request.param)
        yield made
