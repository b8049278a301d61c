"""One IAM simulator for all tests of this folder."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from tests.bootstrap.simulator import Request, Simulator
from tests.npm_tools import install_node_tools

__all__ = ["Request", "simulator"]


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="iam-simulator-")


@cache
def simulator() -> Simulator:
    return Simulator(install_node_tools(Path(_folder().name)))
