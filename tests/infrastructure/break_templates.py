"""Run by the validators' environment: which guard rules each template of a folder breaks, as JSON on stdout.

python break_templates.py FOLDER GUARD_FOLDER    # {<name of the template>: [rule, ...]}
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(folder: Path, guard: Path) -> None:
    import cloudformation_validate as validators  # type: ignore[import-not-found]

    rules = [validators.file_to_external_rule_source(path) for path in sorted(guard.glob("*.guard"))]
    engine = validators.CompositeEngine(validators.CompositeEngineConfig(guard_rules=rules))
    config = validators.ValidateConfig(disable_builtin_rules=True)
    broken = {
        path.stem: sorted({found.rule_id for found in engine.validate_template(path, config).diagnostics})
        for path in sorted(folder.glob("*.json"))
    }
    json.dump(broken, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
