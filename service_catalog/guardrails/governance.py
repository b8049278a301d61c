"""Who decides about models, who changes the makers of projects, what records stay on, what deployments' roles do."""

from __future__ import annotations

from service_catalog.guardrails.statements import Policy, deny

PLATFORM = "arn:*:iam::*:role/MlPlatform*"
REVIEWER = "arn:*:iam::*:role/ModelReviewer*"
STACK_SETS = [
    "arn:*:iam::*:role/stacksets-exec-*",
    "arn:*:iam::*:role/AWSCloudFormationStackSetExecutionRole",
]
"""With which `make publish` brings launch roles and seeder into the accounts of an organisation's units."""
_SINGLE_SIGN_ON = "arn:*:iam::*:role/aws-reserved/*_{}_*"
_PLATFORM_TEAM = [PLATFORM, _SINGLE_SIGN_ON.format("MlPlatform")]
_REVIEWERS = [REVIEWER, _SINGLE_SIGN_ON.format("ModelReviewer")]
_LAUNCH = "arn:*:iam::*:role/SageMakerMlops*"
_MAKERS = [_LAUNCH, "arn:*:iam::*:role/sagemaker-mlops-seeder-*", "arn:*:iam::*:policy/SageMakerMlops*"]
_WORKERS = [
    f"arn:*:iam::*:role/*-{stage}-{name}" for stage in ("staging", "production") for name in ("execution", "trigger")
]
_OUR_BOUNDARIES = ["arn:*:iam::*:policy/SageMakerMlops*", "arn:*:iam::*:policy/sagemaker-mlops/*"]
_BUT_PLATFORM = {"ArnNotLike": {"aws:PrincipalArn": _PLATFORM_TEAM}}
_BUT_MAKERS = {"ArnNotLike": {"aws:PrincipalArn": [*_PLATFORM_TEAM, *STACK_SETS]}}


def governance() -> list[Policy]:
    return [*_decisions(), *_records(), *_boundaries(), *_makers(), *_workers()]


def _decisions() -> list[Policy]:
    return [
        deny(
            "OnlyReviewersDecide",
            ["sagemaker:CreateModelPackage", "sagemaker:UpdateModelPackage"],
            StringEquals={"sagemaker:ModelApprovalStatus": ["Approved", "Rejected"]},
            ArnNotLike={"aws:PrincipalArn": _REVIEWERS},
        ),
        deny(
            "VersionsStay",
            ["sagemaker:DeleteModelPackage", "sagemaker:DeleteModelPackageGroup"],
            ArnNotLike={"aws:PrincipalArn": [*_PLATFORM_TEAM, _LAUNCH]},
        ),
    ]


def _records() -> list[Policy]:
    return [
        deny(
            "RecordsStayOn",
            [
                *("access-analyzer:DeleteAnalyzer", "cloudtrail:DeleteTrail", "cloudtrail:StopLogging"),
                *("config:DeleteConfigurationRecorder", "config:DeleteDeliveryChannel"),
                *("config:StopConfigurationRecorder", "guardduty:DeleteDetector", "guardduty:DeleteMembers"),
                *("guardduty:Disassociate*", "guardduty:StopMonitoringMembers", "guardduty:UpdateDetector"),
                *("securityhub:DisableSecurityHub", "securityhub:Disassociate*"),
            ],
        ),
        deny(
            "RecordsStayWhole",
            [
                *("cloudtrail:PutEventSelectors", "cloudtrail:UpdateTrail", "config:DeleteConformancePack"),
                *("config:PutConfigurationRecorder", "config:PutDeliveryChannel", "securityhub:BatchDisableStandards"),
                *("sagemaker:DeleteMonitoringSchedule", "sagemaker:StopMonitoringSchedule"),
            ],
            **_BUT_MAKERS,
        ),
    ]


def _boundaries() -> list[Policy]:
    put = ["iam:PutRolePermissionsBoundary", "iam:PutUserPermissionsBoundary"]
    return [
        deny(
            "BoundariesStay",
            ["iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary"],
            **_BUT_PLATFORM,
        ),
        deny("NoBoundaryOfAws", put, ArnLike={"iam:PermissionsBoundary": "arn:*:iam::aws:policy/*"}, **_BUT_PLATFORM),
        {
            **deny(
                "ProjectsKeepOurs",
                put[:1],
                *("arn:*:iam::*:role/sagemaker-mlops/*", *_WORKERS),
            ),
            "Condition": {
                "ArnNotLike": {"iam:PermissionsBoundary": _OUR_BOUNDARIES, "aws:PrincipalArn": _PLATFORM_TEAM},
            },
        },
    ]


def _makers() -> list[Policy]:
    return [
        deny(
            "MakersStayAsTheyAre",
            [
                *("iam:AttachRolePolicy", "iam:CreatePolicy*", "iam:CreateRole", "iam:DeletePolicy*"),
                *("iam:DeleteRole*", "iam:DetachRolePolicy", "iam:PutRole*", "iam:SetDefaultPolicyVersion"),
                *("iam:UpdateAssumeRolePolicy", "iam:UpdateRole*"),
            ],
            *_MAKERS,
            *(PLATFORM, REVIEWER),
            **_BUT_MAKERS,
        ),
        deny(
            "SeederStaysAsItIs",
            ["lambda:AddPermission", "lambda:Delete*", "lambda:Put*", "lambda:Update*"],
            "arn:*:lambda:*:*:function:sagemaker-mlops-seeder",
            **_BUT_MAKERS,
        ),
    ]


def _workers() -> list[Policy]:
    """Roles that deployments make stay workers, whatever a project writes into their boundary and policies.

    The tag tells them from roles of other teams with such a name: deployments put it on all that they make.
    """
    services = [
        *("application-autoscaling:*", "cloudwatch:*", "ec2:*NetworkInterface*", "ec2:Describe*", "ecr:*", "events:*"),
        *("iam:PassRole", "kms:*", "logs:*", "s3:*", "sagemaker:*", "scheduler:*", "sns:Publish", "sqs:SendMessage"),
    ]
    condition = {
        "ArnLike": {"aws:PrincipalArn": _WORKERS},
        "Null": {"aws:PrincipalTag/sagemaker:project-name": "false"},
    }
    return [
        {"Sid": "WorkersOnlyWork", "Effect": "Deny", "NotAction": services, "Resource": "*", "Condition": condition},
        deny(
            "WorkersKeepKeysAndDoors",
            [
                *("kms:DisableKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "s3:PutAccountPublicAccessBlock"),
                *("s3:PutBucketAcl", "s3:PutBucketPolicy"),
                *("sagemaker:CreateNotebookInstance", "sagemaker:UpdateModelPackage"),
            ],
            **condition,
        ),
    ]
