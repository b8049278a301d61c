"""Service control policies, which no administrator of an account can undo.

A target takes five policies, of which `FullAWSAccess` is one, and each has 5,120 characters: so there are four.
A project's own life passes all of them, if its stages have a VPC; serverless endpoints can't have what `models` asks.
"""

from __future__ import annotations

from service_catalog.guardrails.governance import governance
from service_catalog.guardrails.statements import Policy, deny

_JOBS = ["sagemaker:CreateHyperParameterTuningJob", "sagemaker:CreateProcessingJob", "sagemaker:CreateTrainingJob"]
_MONITORING = [
    *(
        f"sagemaker:Create{kind}JobDefinition"
        for kind in ("DataQuality", "ModelBias", "ModelExplainability", "ModelQuality")
    ),
    *("sagemaker:CreateMonitoringSchedule", "sagemaker:UpdateMonitoringSchedule"),
]
_AUTOML = ["sagemaker:CreateAutoMLJob", "sagemaker:CreateAutoMLJobV2"]
_CLUSTERS = ["sagemaker:CreateCluster", "sagemaker:UpdateCluster"]
_NOTEBOOKS = ["sagemaker:CreateNotebookInstance", "sagemaker:UpdateNotebookInstance"]
_STUDIO = [f"sagemaker:{verb}{kind}" for verb in ("Create", "Update") for kind in ("Domain", "Space", "UserProfile")]
_SUBNETS, _GROUPS = "VpcSubnets", "VpcSecurityGroupIds"
_INSTANCE_TYPES = [
    *("ml.t3.*", "ml.m5.*", "ml.m6i.*", "ml.m7i.*", "ml.c5.*", "ml.c6i.*", "ml.c7i.*", "ml.r5.*", "ml.g5.*xlarge"),
    "system",
]


def control_policies() -> dict[str, Policy]:
    """Documents by name; the file of one is `scp-<name>.json`."""
    made = {"governance": governance(), "jobs": _jobs(), "models": _models(), "studio": _studio()}
    return {name: {"Version": "2012-10-17", "Statement": statements} for name, statements in made.items()}


def _without(sid: str, actions: list[str], key: str) -> Policy:
    """Denies what says no, or nothing, to a switch."""
    return deny(sid, actions, BoolIfExists={f"sagemaker:{key}": "false"})


def _lacking(sid: str, actions: list[str], *keys: str) -> list[Policy]:
    return [deny(f"{sid}{number}", actions, Null={f"sagemaker:{key}": "true"}) for number, key in enumerate(keys, 1)]


def _keyless(sid: str, actions: list[str], key: str, *excuses: str) -> Policy:
    """The guide calls it `VolumeKmsKey`, IAM's service reference `VolumeKmsKeyArn`: either present is enough."""
    return deny(sid, actions, Null={f"sagemaker:{name}": "true" for name in (key, f"{key}Arn", *excuses)})


def _other_instances(actions: list[str]) -> Policy:
    listed = {"sagemaker:InstanceTypes": _INSTANCE_TYPES}
    return deny("OtherInstances", actions, **{"ForAnyValue:StringNotLike": listed})


def _jobs() -> list[Policy]:
    """AutoML and HyperPod have fewer switches; IAM knows no others for them."""
    jobs = [*_JOBS, *_MONITORING]
    volumes = [*jobs, *_AUTOML, "sagemaker:CreateTransformJob"]
    return [
        _without("WithoutIsolation", jobs, "NetworkIsolation"),
        *_lacking("OutsideAnyNetwork", [*jobs, *_AUTOML, "sagemaker:CreateCluster"], _SUBNETS, _GROUPS),
        _without("TrafficBetweenContainers", [*jobs, *_AUTOML], "InterContainerTrafficEncryption"),
        _keyless("VolumesWithoutKey", volumes, "VolumeKmsKey"),
        _keyless("OutputsWithoutKey", volumes, "OutputKmsKey"),
        _keyless("EndpointsWithoutKey", ["sagemaker:CreateEndpointConfig"], "VolumeKmsKey", "ServerlessMemorySize"),
        _other_instances([*jobs, *_CLUSTERS, "sagemaker:CreateTransformJob", "sagemaker:CreateEndpointConfig"]),
        _untagged(),
    ]


def _untagged() -> Policy:
    """A stage's things carry `deployment`, everything else of a project SageMaker's own tag."""
    actions = [
        *_JOBS,
        "sagemaker:CreateTransformJob",
        "sagemaker:CreateModelPackageGroup",
        "sagemaker:CreateEndpointConfig",
    ]
    missing = {"aws:RequestTag/sagemaker:project-name": "true", "aws:RequestTag/deployment": "true"}
    return deny("WithoutProject", actions, Null=missing)


def _models() -> list[Policy]:
    models = ["sagemaker:CreateModel"]
    return [
        _without("ModelsWithoutIsolation", models, "NetworkIsolation"),
        *_lacking("ModelsOutsideAnyNetwork", models, _SUBNETS, _GROUPS),
    ]


def _studio() -> list[Policy]:
    """Changes say only what they change, creations everything."""
    create, _ = _NOTEBOOKS
    domains = ["sagemaker:CreateDomain"]
    return [
        deny("PublicStudio", domains, StringNotEqualsIfExists={"sagemaker:AppNetworkAccessType": "VpcOnly"}),
        deny(
            "StudioMadePublic",
            ["sagemaker:UpdateDomain"],
            StringEquals={"sagemaker:AppNetworkAccessType": "PublicInternetOnly"},
        ),
        deny("RootOnNotebooks", [create], StringEqualsIfExists={"sagemaker:RootAccess": "Enabled"}),
        deny("RootForNotebooks", _NOTEBOOKS, StringEquals={"sagemaker:RootAccess": "Enabled"}),
        deny("InternetOnNotebooks", [create], StringEqualsIfExists={"sagemaker:DirectInternetAccess": "Enabled"}),
        _keyless("NotebooksWithoutKey", [create], "VolumeKmsKey"),
        _other_instances([*_NOTEBOOKS, *_STUDIO, "sagemaker:CreateApp"]),
    ]
