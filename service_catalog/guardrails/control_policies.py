"""Service control policies, which no administrator of an account can undo. Each is independent: attach what is wanted.

A project's own life passes all of them, if its stages have a VPC; serverless endpoints can't have what
`model-isolation` and `network` ask of models.
"""

from __future__ import annotations

from typing import Any

Policy = dict[str, Any]
JOBS = ["sagemaker:CreateHyperParameterTuningJob", "sagemaker:CreateProcessingJob", "sagemaker:CreateTrainingJob"]
MONITORING = [
    f"sagemaker:Create{kind}JobDefinition"
    for kind in ("DataQuality", "ModelBias", "ModelExplainability", "ModelQuality")
]
INSTANCE_TYPES = [
    "ml.t3.*",
    "ml.m5.*",
    "ml.m6i.*",
    "ml.m7i.*",
    "ml.c5.*",
    "ml.c6i.*",
    "ml.c7i.*",
    "ml.r5.*",
    "ml.g5.*xlarge",
]
PLATFORM = "arn:*:iam::*:role/MlPlatform*"
SINGLE_SIGN_ON = "arn:*:iam::*:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_{}_*"
PLATFORM_TEAM = [PLATFORM, SINGLE_SIGN_ON.format("MlPlatform")]
REVIEWERS = ["arn:*:iam::*:role/ModelReviewer*", SINGLE_SIGN_ON.format("ModelReviewer")]
STAGES = ("staging", "production")
MAKERS = [
    "arn:*:iam::*:role/SageMakerMlops*",
    "arn:*:iam::*:role/sagemaker-mlops-seeder-*",
    "arn:*:iam::*:policy/SageMakerMlops*",
]


def control_policies() -> dict[str, Policy]:
    """Documents by name; the file of one is `scp-<name>.json`."""
    made = {
        "isolation": [_without("JobsWithoutIsolation", [*JOBS, *MONITORING], "NetworkIsolation")],
        "model-isolation": [_without("ModelsWithoutIsolation", ["sagemaker:CreateModel"], "NetworkIsolation")],
        "network": _network(),
        "encryption": _encryption(),
        "notebooks": _notebooks(),
        "instances": _instances(),
        "tags": _tags(),
        "approval": _approval(),
        "project-roles": _project_roles(),
        "evidence": _evidence(),
    }
    return {name: {"Version": "2012-10-17", "Statement": statements} for name, statements in made.items()}


def _deny(sid: str, actions: list[str], *resources: str, **condition: Any) -> Policy:
    made: Policy = {"Sid": sid, "Effect": "Deny", "Action": actions, "Resource": list(resources) or "*"}
    return {**made, "Condition": condition} if condition else made


def _without(sid: str, actions: list[str], key: str) -> Policy:
    """Denies what says no, or nothing, to a switch."""
    return _deny(sid, actions, BoolIfExists={f"sagemaker:{key}": "false"})


def _lacking(sid: str, actions: list[str], *keys: str) -> list[Policy]:
    return [_deny(f"{sid}{number}", actions, Null={key: "true"}) for number, key in enumerate(keys, 1)]


def _keyless(sid: str, actions: list[str], key: str, *excuses: str) -> Policy:
    """The guide calls it `VolumeKmsKey`, IAM's service reference `VolumeKmsKeyArn`: either present is enough."""
    return _deny(sid, actions, Null={f"sagemaker:{name}": "true" for name in (key, f"{key}Arn", *excuses)})


def _network() -> list[Policy]:
    actions = [*JOBS, *MONITORING, "sagemaker:CreateModel"]
    return [
        *_lacking("OutsideAnyNetwork", actions, "sagemaker:VpcSubnets", "sagemaker:VpcSecurityGroupIds"),
        _deny(
            "PublicStudio",
            ["sagemaker:CreateDomain"],
            StringNotEqualsIfExists={"sagemaker:AppNetworkAccessType": "VpcOnly"},
        ),
    ]


def _encryption() -> list[Policy]:
    volumes = [*JOBS, *MONITORING, "sagemaker:CreateTransformJob"]
    return [
        _without("TrafficBetweenContainers", [*JOBS, *MONITORING], "InterContainerTrafficEncryption"),
        _keyless("VolumesWithoutKey", volumes, "VolumeKmsKey"),
        _keyless("OutputsWithoutKey", volumes, "OutputKmsKey"),
        _keyless("EndpointsWithoutKey", ["sagemaker:CreateEndpointConfig"], "VolumeKmsKey", "ServerlessMemorySize"),
    ]


def _notebooks() -> list[Policy]:
    notebooks = ["sagemaker:CreateNotebookInstance", "sagemaker:UpdateNotebookInstance"]
    return [
        _deny("RootOnNotebooks", notebooks, StringEqualsIfExists={"sagemaker:RootAccess": "Enabled"}),
        _deny(
            "InternetOnNotebooks",
            ["sagemaker:CreateNotebookInstance"],
            StringEqualsIfExists={"sagemaker:DirectInternetAccess": "Enabled"},
        ),
        _keyless("NotebooksWithoutKey", ["sagemaker:CreateNotebookInstance"], "VolumeKmsKey"),
    ]


def _instances() -> list[Policy]:
    actions = [
        *JOBS,
        "sagemaker:CreateTransformJob",
        "sagemaker:CreateEndpointConfig",
        "sagemaker:CreateNotebookInstance",
    ]
    return [
        _deny(
            "OtherInstances",
            actions,
            **{"ForAnyValue:StringNotLike": {"sagemaker:InstanceTypes": INSTANCE_TYPES}},
        )
    ]


def _tags() -> list[Policy]:
    """A stage's things carry `deployment`, everything else of a project SageMaker's own tag."""
    actions = [
        *JOBS,
        "sagemaker:CreateTransformJob",
        "sagemaker:CreateModelPackageGroup",
        "sagemaker:CreateEndpointConfig",
    ]
    missing = {"aws:RequestTag/sagemaker:project-name": "true", "aws:RequestTag/deployment": "true"}
    return [_deny("WithoutProject", actions, Null=missing)]


def _approval() -> list[Policy]:
    statuses = ["Approved", "Rejected"]
    return [
        _deny(
            "OnlyReviewersDecide",
            ["sagemaker:CreateModelPackage", "sagemaker:UpdateModelPackage"],
            StringEquals={"sagemaker:ModelApprovalStatus": statuses},
            ArnNotLike={"aws:PrincipalArn": REVIEWERS},
        ),
        _deny(
            "VersionsStay",
            ["sagemaker:DeleteModelPackage", "sagemaker:DeleteModelPackageGroup"],
            ArnNotLike={"aws:PrincipalArn": [*PLATFORM_TEAM, MAKERS[0]]},
        ),
    ]


def _project_roles() -> list[Policy]:
    """Roles that deployments make stay workers, whatever a project writes into their boundary and policies."""
    workers = [f"arn:*:iam::*:role/*-{stage}-{name}" for stage in STAGES for name in ("execution", "trigger")]
    services = [
        *("application-autoscaling:*", "cloudwatch:*", "ec2:*NetworkInterface*", "ec2:Describe*", "ecr:*", "events:*"),
        *("iam:PassRole", "kms:*", "logs:*", "s3:*", "sagemaker:*", "scheduler:*", "sns:Publish", "sqs:SendMessage"),
    ]
    condition = {"ArnLike": {"aws:PrincipalArn": workers}}
    return [
        {"Sid": "WorkersOnlyWork", "Effect": "Deny", "NotAction": services, "Resource": "*", "Condition": condition},
        _deny(
            "WorkersKeepKeysAndDoors",
            [
                *("kms:DisableKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "s3:PutAccountPublicAccessBlock"),
                *(
                    "s3:PutBucketAcl",
                    "s3:PutBucketPolicy",
                    "sagemaker:CreateNotebookInstance",
                    "sagemaker:UpdateModelPackage",
                ),
            ],
            **condition,
        ),
    ]


def _evidence() -> list[Policy]:
    others = {"ArnNotLike": {"aws:PrincipalArn": PLATFORM_TEAM}}
    return [
        _deny(
            "RecordsStayOn",
            [
                *("cloudtrail:DeleteTrail", "cloudtrail:StopLogging", "cloudtrail:UpdateTrail"),
                *("config:DeleteConfigurationRecorder", "config:DeleteConformancePack", "config:DeleteDeliveryChannel"),
                *("config:StopConfigurationRecorder", "guardduty:DeleteDetector", "guardduty:UpdateDetector"),
                *("securityhub:DisableSecurityHub", "access-analyzer:DeleteAnalyzer"),
                *("sagemaker:DeleteMonitoringSchedule", "sagemaker:StopMonitoringSchedule"),
            ],
        ),
        _deny("LimitsStayOn", ["iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary"], **others),
        _deny(
            "MakersStayAsTheyAre",
            [
                *("iam:AttachRolePolicy", "iam:CreatePolicyVersion", "iam:DeletePolicy*", "iam:DeleteRole*"),
                *("iam:DetachRolePolicy", "iam:PutRole*", "iam:SetDefaultPolicyVersion", "iam:UpdateAssumeRolePolicy"),
            ],
            *MAKERS,
            **others,
        ),
        _deny(
            "SeederStaysAsItIs",
            ["lambda:AddPermission", "lambda:Delete*", "lambda:PublishLayerVersion", "lambda:Update*"],
            "arn:*:lambda:*:*:function:sagemaker-mlops-seeder",
            **others,
        ),
    ]
