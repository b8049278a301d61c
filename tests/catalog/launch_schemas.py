"""Handler permissions of AWS's resource schemas, as cfn-lint carries them.

python -m tests.catalog.launch_schemas    # writes service_catalog/launch/handlers.json again
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from pathlib import Path

from service_catalog.launch.needed import HANDLERS, by_hand

ROOT = Path(__file__).resolve().parents[2]
VALIDATORS = Path(os.environ.get("VALIDATORS_VENV", ROOT / ".venv-validators"))
OPERATIONS = ("create", "read", "update", "delete")


def schema_handlers(types: Collection[str]) -> dict[str, dict[str, list[str]]]:
    """Operations and their actions, by type; a type without handlers has no operations."""
    (folder,) = VALIDATORS.glob("lib/python*/site-packages/cfnlint/data/schemas/resources")
    found = {}
    for path in sorted(folder.glob("*.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        if schema["typeName"] in types:
            handlers = schema.get("handlers", {})
            found[schema["typeName"]] = {
                name: sorted(handlers[name]["permissions"])
                for name in OPERATIONS
                if handlers.get(name, {}).get("permissions")
            }
    return dict(sorted(found.items()))


def aws_types() -> set[str]:
    return {name for name in by_hand() if name.startswith("AWS::")}


if __name__ == "__main__":
    HANDLERS.write_text(json.dumps(schema_handlers(aws_types()), indent=1) + "\n", encoding="utf-8")
