"""AWS Config's managed rules that a project's resources keep, as one conformance pack."""

from __future__ import annotations

from typing import Any

# Identifier and why; parameters where the default says something else than the project templates keep.
RULES: dict[str, dict[str, str]] = {
    "SAGEMAKER_ENDPOINT_CONFIGURATION_KMS_KEY_CONFIGURED": {},
    "SAGEMAKER_NOTEBOOK_INSTANCE_KMS_KEY_CONFIGURED": {},
    "SAGEMAKER_NOTEBOOK_NO_DIRECT_INTERNET_ACCESS": {},
    "SAGEMAKER_NOTEBOOK_INSTANCE_INSIDE_VPC": {},
    "SAGEMAKER_NOTEBOOK_INSTANCE_ROOT_ACCESS_CHECK": {},
    "SAGEMAKER_ENDPOINT_CONFIG_PROD_INSTANCE_COUNT": {},
    "SAGEMAKER_MODEL_IN_VPC": {},
    "SAGEMAKER_MODEL_ISOLATION_ENABLED": {},
    "SAGEMAKER_DOMAIN_IN_VPC": {},
    "CODEBUILD_PROJECT_ENVVAR_AWSCRED_CHECK": {},
    "CODEBUILD_PROJECT_LOGGING_ENABLED": {},
    "CODEBUILD_PROJECT_ARTIFACT_ENCRYPTION": {},
    "CODEBUILD_PROJECT_SOURCE_REPO_URL_CHECK": {},
    "ECR_PRIVATE_IMAGE_SCANNING_ENABLED": {},
    "ECR_PRIVATE_TAG_IMMUTABILITY_ENABLED": {},
    "KMS_CMK_NOT_SCHEDULED_FOR_DELETION": {},
    "CMK_BACKING_KEY_ROTATION_ENABLED": {},
    "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED": {},
    "S3_BUCKET_PUBLIC_READ_PROHIBITED": {},
    "S3_BUCKET_PUBLIC_WRITE_PROHIBITED": {},
    "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED": {},
    "S3_BUCKET_SSL_REQUESTS_ONLY": {},
    "S3_BUCKET_VERSIONING_ENABLED": {},
    "S3_BUCKET_ACL_PROHIBITED": {},
    "SNS_ENCRYPTED_KMS": {},
    "CLOUDWATCH_LOG_GROUP_ENCRYPTED": {},
    "IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS": {},
}


def pack() -> dict[str, Any]:
    """The conformance pack's own template."""
    return {
        "Resources": {
            "".join(word.capitalize() for word in identifier.split("_")): {
                "Type": "AWS::Config::ConfigRule",
                "Properties": {
                    "ConfigRuleName": f"sagemaker-mlops-{identifier.lower().replace('_', '-')}",
                    "Source": {"Owner": "AWS", "SourceIdentifier": identifier},
                    **({"InputParameters": parameters} if parameters else {}),
                },
            }
            for identifier, parameters in RULES.items()
        }
    }
