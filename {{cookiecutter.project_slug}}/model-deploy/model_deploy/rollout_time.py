"""How long a rollout takes, from its settings alone.

Both flavours have to be done within an hour: Terraform's provider (5.100) waits 60 minutes for an endpoint, and a role
that was assumed by an assumed role, as CI does, is good for 60 minutes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model_deploy.settings import Endpoint, Rollout

MOST_SECONDS = 50 * 60
START_SECONDS = 5 * 60  # an assumption: SageMaker gives no figure for instances to start and pass their health checks


def rollout_seconds(endpoint: Endpoint) -> int:
    """Seconds that a rollout takes at most: starts of fleets or batches, watches, and the old fleet's last wait."""
    rollout = endpoint.rollout
    steps = _steps(endpoint)
    if rollout.policy == "rolling":
        return steps * (START_SECONDS + rollout.wait_seconds)
    return START_SECONDS + (steps + 1) * rollout.wait_seconds


def longest_wait(endpoint: Endpoint) -> int:
    """The greatest `wait_seconds` with which the rollout is done in time; below 0 if there is none."""
    steps = _steps(endpoint)
    if endpoint.rollout.policy == "rolling":
        return MOST_SECONDS // steps - START_SECONDS
    return (MOST_SECONDS - START_SECONDS) // (steps + 1)


def _steps(endpoint: Endpoint) -> int:
    """Watches of a rollout; rolling has one for each batch, counted for the number of instances that needs the most."""
    rollout: Rollout = endpoint.rollout
    if rollout.policy == "rolling":
        counts = range(max(endpoint.instances, 1), max(endpoint.max_instances, endpoint.instances, 1) + 1)
        return max(math.ceil(count / max(1, count * rollout.step_percent // 100)) for count in counts)
    steps = {"all_at_once": 1, "canary": 2, "linear": math.ceil(100 / max(rollout.step_percent, 1))}
    return steps[rollout.policy]
