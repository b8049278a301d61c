from __future__ import annotations

from pathlib import Path

import pytest
from local_pipelines import Laptop


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    """A workspace of its own, that does not exist yet."""
    return Laptop(tmp_path)
