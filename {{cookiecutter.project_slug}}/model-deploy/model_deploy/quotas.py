"""Whether the account's quotas leave room for a deployment, and what to do if they don't.

Quotas are found by their names in Service Quotas: codes of instance types can't be derived.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from model_deploy.aws import Aws, code_of
from model_deploy.settings import Challenger, Endpoint
from model_deploy.values import Deployment
from model_deploy.words import rollout_peak

ACROSS_ENDPOINTS = "Number of instances across active endpoints"
SERVERLESS_CONCURRENCY = "Maximum total concurrency that can be allocated across all serverless endpoints"
COUNTED = ("InService", "Creating", "Updating", "SystemUpdating", "RollingBack")


@dataclasses.dataclass(frozen=True)
class Need:
    """How much of a quota a stage takes at its peak; `others` is what the account's other endpoints take already."""

    quota: str
    own: int
    others: int
    why: str


@dataclasses.dataclass(frozen=True)
class Quota:
    code: str
    limit: float


@dataclasses.dataclass(frozen=True)
class Finding:
    """A need held against its quota; `limit` is None where the quota could not be read."""

    need: Need
    limit: float | None
    code: str = ""

    @property
    def short(self) -> bool:
        return self.limit is not None and self.need.own + self.need.others > self.limit


def needs(deployment: Deployment, in_use: dict[str, int], running: int = 0) -> list[Need]:
    """What a stage takes of which quota.

    `in_use` is what the account's other endpoints take already, `running` how many instances its own model has.
    """
    stage, found = deployment.settings.stages[deployment.stage], []
    if endpoint := stage.endpoint:
        own, why = _peak(endpoint, stage.challenger, running)
        for name in (f"{endpoint.instance_type} for endpoint usage", ACROSS_ENDPOINTS):
            found.append(Need(name, own, in_use.get(name, 0), why))
    if serverless := stage.serverless:
        taken = in_use.get(SERVERLESS_CONCURRENCY, 0)
        found.append(Need(SERVERLESS_CONCURRENCY, serverless.max_concurrency, taken, "at once"))
    if batch := stage.batch:
        for use in ("transform job usage", "processing job usage"):
            count = batch.instances if use.startswith("transform") else 1
            found.append(Need(f"{batch.instance_type} for {use}", count, 0, "in a run"))
    return found


def _peak(endpoint: Endpoint, challenger: Challenger | None, running: int) -> tuple[int, str]:
    """Most instances of an endpoint at once, and when; a new model begins with as many as autoscaling has started."""
    replaced = rollout_peak(endpoint.rollout, max(endpoint.instances, running, 1))
    how = "while a batch is replaced" if endpoint.rollout.policy == "rolling" else "while both models run"
    second = max(endpoint.instances, 1) if challenger and challenger.version else 0
    if second:
        replaced, how = replaced + 2 * second, f"{how}, with the challenger's"
    scaled = endpoint.max_instances + second
    return (replaced, how) if replaced >= scaled else (scaled, "when scaled out")


def check(deployment: Deployment, aws: Aws, running: int = 0) -> tuple[list[Finding], str]:
    """Each need held against its quota, and what could not be read and why, if so.

    `running` is how many instances the stage's model has.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    alone = needs(deployment, {}, running)
    try:
        quotas = read_quotas(aws.stage("service-quotas"), {need.quota for need in alone})
    except (BotoCoreError, ClientError) as error:
        return [], f"not checked: {_reason(error)}"
    findings = [_finding(need, quotas.get(need.quota)) for need in alone]
    if not any(_others_matter(finding) for finding in findings):
        return findings, ""
    try:
        taken = in_use(aws.stage("sagemaker"), deployment.name())
    except (BotoCoreError, ClientError) as error:
        return findings, f"not checked with the account's other endpoints: {_reason(error)}"
    return [_finding(need, quotas.get(need.quota)) for need in needs(deployment, taken, running)], ""


def advice(finding: Finding, deployment: Deployment, running: int = 0) -> str:
    """What to do about a quota that is too small; `running` as for `check`."""
    wanted = finding.need.own + finding.need.others
    request = (
        f"aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code {finding.code} "
        f"--desired-value {wanted} --region {deployment.bindings.region}"
    )
    stage = deployment.settings.stages[deployment.stage]
    endpoint = stage.endpoint
    if endpoint and endpoint.instances >= 2 and endpoint.rollout.policy != "rolling":
        rollout = dataclasses.replace(endpoint.rollout, policy="rolling")
        rolling, _ = _peak(dataclasses.replace(endpoint, rollout=rollout), stage.challenger, running)
        if rolling < finding.need.own:
            return f'ask for more: {request}; or set rollout.policy = "rolling", which takes {rolling}'
    return f"ask for more: {request}"


def read_quotas(client: Any, names: set[str]) -> dict[str, Quota]:
    """Those of the named quotas that Service Quotas lists; it reads on only until all are found."""
    found: dict[str, Quota] = {}
    for page in client.get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker"):
        for quota in page["Quotas"]:
            if quota["QuotaName"] in names:
                found[quota["QuotaName"]] = Quota(quota["QuotaCode"], quota["Value"])
        if found.keys() == names:
            break
    return found


def in_use(client: Any, own: str) -> dict[str, int]:
    """What the account's endpoints other than `own` take of the quotas."""
    taken: dict[str, int] = {}
    for page in client.get_paginator("list_endpoints").paginate():
        for summary in page["Endpoints"]:
            if summary["EndpointName"] != own and summary["EndpointStatus"] in COUNTED:
                _add_endpoint(client, summary["EndpointName"], taken)
    return taken


def _add_endpoint(client: Any, name: str, taken: dict[str, int]) -> None:
    described = client.describe_endpoint(EndpointName=name)
    config = client.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
    counts = {variant["VariantName"]: variant.get("CurrentInstanceCount") for variant in _variants(described)}
    for variant in _variants(config):
        if "ServerlessConfig" in variant:
            concurrency = variant["ServerlessConfig"]["MaxConcurrency"]
            taken[SERVERLESS_CONCURRENCY] = taken.get(SERVERLESS_CONCURRENCY, 0) + concurrency
        elif "InstanceType" in variant:
            count = counts.get(variant["VariantName"]) or variant.get("InitialInstanceCount", 0)
            for quota in (f"{variant['InstanceType']} for endpoint usage", ACROSS_ENDPOINTS):
                taken[quota] = taken.get(quota, 0) + count


def _variants(described: dict[str, Any]) -> list[dict[str, Any]]:
    return [*described.get("ProductionVariants", []), *described.get("ShadowProductionVariants", [])]


def _others_matter(finding: Finding) -> bool:
    """Whether the account's other endpoints could take what this stage would find enough."""
    return finding.limit is not None and not finding.short and not finding.need.quota.endswith("job usage")


def _reason(error: Exception) -> str:
    from botocore.exceptions import ClientError

    return code_of(error) if isinstance(error, ClientError) else type(error).__name__


def _finding(need: Need, quota: Quota | None) -> Finding:
    return Finding(need, quota.limit, quota.code) if quota else Finding(need, None)
