"""Versions of a model in an emulated registry, as a project's training pipeline registers them."""

from __future__ import annotations

from tests.emulated import EmulatedAws


def register_version(
    aws: EmulatedAws, account: str, group: str, bucket: str, files: dict[str, bytes], status: str
) -> str:
    """ARN of a new version in `account`; `files` are its model.tar.gz and smoke.json, which `bucket` gets."""
    s3, sagemaker = aws.client("s3", account), aws.client("sagemaker", account)
    number = len(sagemaker.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]) + 1
    place = f"{group}/{number}"
    for name, content in files.items():
        s3.put_object(Bucket=bucket, Key=f"{place}/{name}", Body=content)
    image = f"{account}.dkr.ecr.{aws.region}.amazonaws.com/{group}-model-build@sha256:{'a' * 64}"
    made = sagemaker.create_model_package(
        ModelPackageGroupName=group,
        ModelApprovalStatus=status,
        CustomerMetadataProperties={"smoke-uri": f"s3://{bucket}/{place}/smoke.json"},
        InferenceSpecification={
            "Containers": [{"Image": image, "ModelDataUrl": f"s3://{bucket}/{place}/model.tar.gz"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )
    return str(made["ModelPackageArn"])
