"""Settings, times and amounts in words."""

from __future__ import annotations

from model_deploy.settings import Rollout, Stage

ALARMS_OF_A_ROLLOUT = 3


def rollout_in_words(stage: Stage, unguarded: str = "") -> str:
    """How a new model replaces the old one, and what undoes that; `unguarded` is why no alarm does."""
    undone = f"undone by no alarm, because {unguarded}" if unguarded else f"undone by {ALARMS_OF_A_ROLLOUT} alarms"
    if stage.serverless:
        return "all at once: serverless endpoints know no steps"
    if not stage.endpoint:
        return "the next batch run uses the new model"
    rollout, instances = stage.endpoint.rollout, max(stage.endpoint.instances, 1)
    watched = f"{duration(rollout.wait_seconds)} watch {'after each' if rollout.policy != 'canary' else 'in between'}"
    fleet = f"{rollout.step_percent} % of {plural(instances, 'instance')}"
    steps = {
        "all_at_once": f"all at once, beside the old {plural(instances, 'instance')}; "
        f"{duration(rollout.wait_seconds)} watch",
        "canary": f"canary: {fleet} first, {watched}, then the rest",
        "linear": f"linear: {fleet} at a time, {watched}",
        "rolling": f"rolling: {fleet} at a time, {watched}",
    }
    return f"{steps[rollout.policy]}, {undone}"


def rollout_peak(rollout: Rollout, instances: int) -> int:
    """Most instances there are at once while a model is replaced: both fleets, or the old one and a batch.

    SageMaker, "Blue/Green Deployments" and "Use rolling deployments" in the developer guide.
    """
    if rollout.policy != "rolling":
        return 2 * instances
    return instances + max(1, -(-instances * rollout.step_percent // 100))


def duration(seconds: float) -> str:
    """Seconds as a person would say them: `45 s`, `5 min`, `1 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def plural(count: int, noun: str) -> str:
    """`1 instance`, `2 instances`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def version_of(arn: str) -> str:
    """Version of a model package, by its ARN; a dash where there is none."""
    return arn.rpartition("/")[2] or "-"
