"""What a project's stack leaves behind on purpose, and how the experiment's is removed."""

from __future__ import annotations

from functools import partial

from service_catalog.verify_aws.account import Account
from service_catalog.verify_aws.removing import each_of


def empty_bucket(account: Account, bucket: str) -> None:
    """Deletes a bucket with all versions of its objects."""
    objects = account.client("s3")
    for page in objects.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for each in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            objects.delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
    objects.delete_bucket(Bucket=bucket)


def repository_names(account: Account) -> dict[str, str]:
    """By the id that CloudFormation knows a repository by."""
    pages = account.client("codecommit").get_paginator("list_repositories").paginate()
    return {each["repositoryId"]: each["repositoryName"] for page in pages for each in page.get("repositories", [])}


def _remove_repository(account: Account, identifier: str) -> None:
    name = repository_names(account).get(identifier, identifier)
    account.client("codecommit").delete_repository(repositoryName=name)


def _remove_images(account: Account, name: str) -> None:
    account.client("ecr").delete_repository(repositoryName=name, force=True)


def _remove_bucket(account: Account, bucket: str) -> None:
    account.client("s3").head_bucket(Bucket=bucket)
    empty_bucket(account, bucket)


def _schedule_key(account: Account, key: str) -> None:
    keys = account.client("kms")
    if keys.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] != "PendingDeletion":
        keys.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)


def _remove_registry(account: Account, group: str) -> None:
    """Versions go before their group."""
    registry, name = account.client("sagemaker"), group.rsplit("/", 1)[-1]
    pages = registry.get_paginator("list_model_packages").paginate(ModelPackageGroupName=name)
    versions = [each["ModelPackageArn"] for page in pages for each in page["ModelPackageSummaryList"]]
    each_of(
        *(partial(registry.delete_model_package, ModelPackageName=each) for each in versions),
        partial(registry.delete_model_package_group, ModelPackageGroupName=name),
    )


def retained(account: Account, stack: str) -> list[tuple[str, str]]:
    """Type and id of what a stack has that may outlive it; also of a deleted stack, by its id."""
    pages = account.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    return [
        (each["ResourceType"], each["PhysicalResourceId"])
        for page in pages
        for each in page["StackResourceSummaries"]
        if each["ResourceType"] in REMOVERS and each.get("PhysicalResourceId")
    ]


def remove_retained(account: Account, found: list[tuple[str, str]]) -> None:
    """Tries all of them; raises RemovalError at the end."""
    each_of(*(partial(REMOVERS[kind], account, identifier) for kind, identifier in found))


REMOVERS = {
    "AWS::SageMaker::ModelPackageGroup": _remove_registry,
    "AWS::S3::Bucket": _remove_bucket,
    "AWS::CodeCommit::Repository": _remove_repository,
    "AWS::ECR::Repository": _remove_images,
    "AWS::KMS::Key": _schedule_key,
}
