"""Settings and bindings of every way of inference, as they are stamped, without an account."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.stages import BINDINGS

# A busy machine is no failure.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def no_account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test may use this machine's account, bindings or proxy."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "MLOPS_MODEL_PACKAGE_ARN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "COLUMNS": "160",
        **{f"MLOPS_{name.upper()}": value for name, value in BINDINGS.items()},
    }.items():
        monkeypatch.setenv(name, value)
    yield
