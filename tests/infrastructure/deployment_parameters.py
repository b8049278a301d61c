"""Run by a project's own environment: the values that its command line gives to templates, as JSON on stdout.

python deployment_parameters.py FOLDER    # of a stamped-out model-deploy
{stage: {part: {parameter: text}}}
"""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

OUTPUTS = {
    "ExecutionRoleArn": "arn:aws:iam::111122223333:role/census-income-staging-execution",
    "DataBucket": "census-income-staging-foundation-databucket-abcdefghijkl",
    "TopicArn": "arn:aws:sns:eu-west-1:111122223333:census-income-staging-notifications",
}


def main(project: Path) -> None:
    sys.path.insert(0, str(project))
    from model_deploy.settings import load_settings  # type: ignore[import-not-found]
    from model_deploy.values import Deployment, parameter_text, stack_values  # type: ignore[import-not-found]
    from tests.stages import bindings_of, package  # type: ignore[import-untyped]

    settings = load_settings(project)
    found: dict[str, dict[str, dict[str, str]]] = {}
    for name, stage in settings.stages.items():
        if stage.challenger:
            challenger = dataclasses.replace(stage.challenger, version=2)
            stages = {**settings.stages, name: dataclasses.replace(stage, challenger=challenger)}
            settings = dataclasses.replace(settings, stages=stages)
        deployment = Deployment(settings, bindings_of(settings, name), name, package(3), package(2))
        found[name] = {
            part: {key: parameter_text(value) for key, value in stack_values(deployment, part, OUTPUTS).items()}
            for part in deployment.parts
        }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
