"""One synth of everything for all tests of stacks."""

from __future__ import annotations

import pytest

from service_catalog.stacks import Synthesized, synthesize


@pytest.fixture(scope="session")
def synthesized() -> Synthesized:
    return synthesize()
