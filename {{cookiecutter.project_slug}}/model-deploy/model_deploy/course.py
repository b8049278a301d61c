"""How a rollout has to go, given the endpoint that runs: guarded by alarms or not, with how many instances, in how many
updates.
"""

from __future__ import annotations

import dataclasses

from model_deploy import live
from model_deploy.live import Live
from model_deploy.stage import StageContext
from model_deploy.values import Deployment


@dataclasses.dataclass(frozen=True)
class Course:
    """`settled` changes nothing that the last rollout decided; `wanted` is for when the endpoint is rolled out anew.

    `unguarded` says why no alarm undoes it; `retyped` is the instance type that a first update has to prepare for.
    """

    settled: Deployment
    wanted: Deployment
    live: Live | None = None
    unguarded: str = ""
    retyped: str = ""


def of_stage(context: StageContext, command: str) -> Course:
    """The course of this command.

    An alarm counts what the old and the new instances do together: while one is on, it would undo the repair as well,
    and going back to an earlier model is a repair.
    """
    deployment = context.deployment
    endpoint = deployment.settings.stages[deployment.stage].endpoint
    running = live.read(context.aws, context.endpoint_name) if endpoint and deployment.package else None
    if endpoint is None or running is None:
        return Course(deployment, deployment)
    retyped = running.autoscaled and running.instance_type != endpoint.instance_type
    unguarded = ""
    if running.raised:
        unguarded = f"{', '.join(running.raised)} {'is' if len(running.raised) == 1 else 'are'} on already"
    elif command == "rollback":
        unguarded = "it goes back to an earlier model"
    keeps = deployment.settings.project.infrastructure == "terraform"  # CloudFormation retains them by itself
    return Course(
        settled=dataclasses.replace(
            deployment, auto_rollback=running.guarded, initial_instances=running.configured if keeps else 0
        ),
        wanted=dataclasses.replace(
            deployment,
            auto_rollback=not unguarded,
            initial_instances=min(running.instances, endpoint.max_instances) if keeps else 0,
        ),
        live=running,
        unguarded=unguarded,
        retyped=endpoint.instance_type if retyped else "",
    )
