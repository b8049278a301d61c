"""Run by a project's own environment: every definition that one problem type can give, as one JSON object on stdout.

python compile_all.py FOLDER    # of a stamped-out model-build
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import sys
import tempfile
from pathlib import Path
from typing import get_args


def main(project: Path) -> None:
    sys.path.insert(0, str(project))
    from model_build.pipelines.bindings import Bindings  # type: ignore[import-not-found]
    from model_build.pipelines.compile import compile_pipeline  # type: ignore[import-not-found]
    from model_build.settings import Accounts, Inference, load_settings  # type: ignore[import-not-found]

    settings = load_settings(project)
    definitions = {}
    with tempfile.TemporaryDirectory() as folder:
        for inference, accounts in itertools.product(get_args(Inference), get_args(Accounts)):
            answers = dataclasses.replace(settings.project, inference=inference, accounts=accounts)
            changed = dataclasses.replace(settings, project=answers)
            laptop = Bindings.laptop(changed)
            bindings = dataclasses.replace(laptop, image_uri=laptop.image_uri.replace(":laptop", ":0123456789abcdef"))
            with contextlib.redirect_stdout(sys.stderr):
                path = compile_pipeline("training", changed, bindings, Path(folder))
            definitions[f"{settings.project.problem_type}-{inference}-{accounts}"] = json.loads(path.read_text())
    json.dump(definitions, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
