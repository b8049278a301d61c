"""What a project's pipelines really ask of SageMaker, out of a compiled definition, as IAM sees it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.catalog.launch_simulator import Request, simulator
from tests.catalog.launch_templates import SLUG
from tests.infrastructure.cfn_templates import ACCOUNT, REGION
from tests.machine import run_command

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(os.environ.get("PROJECT_VENV", ROOT / ".venv-project")) / "bin" / "python"
SIMULATE = ROOT / "tests" / "bootstrap" / "simulate.mjs"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
JOBS = {"Training": ("CreateTrainingJob", "training-job"), "Processing": ("CreateProcessingJob", "processing-job")}
Context = dict[str, Any]


def compiled(project: Path) -> dict[str, Any]:
    """The training pipeline's definition of a stamped-out project."""
    script = ROOT / "tests" / "schema" / "compile_all.py"
    done = subprocess.run([str(PYTHON), str(script), str(project / "model-build")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    definition: dict[str, Any] = next(iter(json.loads(done.stdout).values()))
    return definition


def job_requests(definition: dict[str, Any]) -> list[Request]:
    """One request for each job and version that an execution creates."""
    defaults = {f"Parameters.{each['Name']}": each.get("DefaultValue") for each in definition["Parameters"]}
    found = []
    for step in _steps(definition["Steps"]):
        arguments = step["Arguments"]
        if step["Type"] in JOBS:
            action, kind = JOBS[step["Type"]]
            resource = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{kind}/pipelines-1a2b-{step['Name'].lower()}"
            found.append(Request(f"sagemaker:{action}", resource, _context(arguments, defaults)))
        elif step["Type"] == "RegisterModel":
            resource = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/census-income/1"
            status = {"sagemaker:ModelApprovalStatus": arguments["ModelApprovalStatus"]}
            found.append(Request("sagemaker:CreateModelPackage", resource, status))
    return found


def _steps(steps: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for step in steps:
        yield step
        for branch in ("IfSteps", "ElseSteps"):
            yield from _steps(step["Arguments"].get(branch) or [])


def _context(arguments: dict[str, Any], defaults: dict[str, Any]) -> Context:
    network = arguments.get("NetworkConfig", arguments)
    cluster = arguments.get("ResourceConfig") or arguments["ProcessingResources"]["ClusterConfig"]
    outputs = arguments.get("OutputDataConfig") or arguments["ProcessingOutputConfig"]
    kind = cluster["InstanceType"]
    return {
        "sagemaker:NetworkIsolation": str(network["EnableNetworkIsolation"]).lower(),
        "sagemaker:InterContainerTrafficEncryption": str(network["EnableInterContainerTrafficEncryption"]).lower(),
        "sagemaker:VpcSubnets": network["VpcConfig"]["Subnets"],
        "sagemaker:VpcSecurityGroupIds": network["VpcConfig"]["SecurityGroupIds"],
        "sagemaker:InstanceTypes": [defaults[kind["Get"]] if isinstance(kind, dict) else kind],
        "sagemaker:VolumeKmsKeyArn": cluster["VolumeKmsKeyId"],
        "sagemaker:OutputKmsKeyArn": outputs["KmsKeyId"],
        **{f"aws:RequestTag/{each['Key']}": each["Value"] for each in arguments["Tags"]},
    }


def under(control_policies: dict[str, Any], role: str, requests: list[Request]) -> list[str]:
    """Results for a role that may do everything, in an account under these service control policies."""
    given = [{"name": "FullAWSAccess", "policy": EVERYTHING}]
    given += [{"name": name, "policy": policy} for name, policy in control_policies.items()]
    principal = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    known = {"aws:PrincipalArn": principal}
    if role.startswith(SLUG):
        known["aws:PrincipalTag/sagemaker:project-name"] = SLUG
    simulations = [
        {
            "request": {
                "principal": principal,
                "action": each.action,
                "resource": {"resource": each.resource, "accountId": ACCOUNT},
                "contextVariables": {**known, **each.context},
            },
            "identityPolicies": [{"name": "all", "policy": EVERYTHING}],
            "serviceControlPolicies": [{"orgIdentifier": "ou-1", "policies": given}],
            "resourceControlPolicies": [],
        }
        for each in requests
    ]
    tools = simulator().tools
    done = run_command([tools.node, SIMULATE, f"{tools.modules}/"], given=json.dumps(simulations))
    assert done.returncode == 0, done.stdout
    return [f"error: {each['errors']}" if "errors" in each else str(each["result"]) for each in json.loads(done.stdout)]


def known_keys(actions: list[str]) -> dict[str, list[str]]:
    """Condition keys that IAM knows for each action; actions that don't exist are left out."""
    tools = simulator().tools
    script = Path(__file__).with_name("guardrails_keys.mjs")
    done = run_command([tools.node, script, f"{tools.modules}/"], given=json.dumps(actions))
    assert done.returncode == 0, done.stdout
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found
