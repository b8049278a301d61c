"""One emulator for all tests of it, and a model it can serve."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from served_model import IMAGE, SERVER, archive

from tests.emulated import EmulatedAws, emulated_aws


@pytest.fixture(scope="session")
def aws() -> Iterator[EmulatedAws]:
    hosting = [("demo-model-build", f"{sys.executable} {SERVER}")]
    with emulated_aws("--transition-seconds", "0.05", "--bake-seconds", "0.3", images=hosting) as running:
        place = {"LocationConstraint": running.region}
        running.client("s3").create_bucket(Bucket="artifacts", CreateBucketConfiguration=place)
        running.client("s3").put_object(Bucket="artifacts", Key="model.tar.gz", Body=archive())
        yield running


@pytest.fixture(scope="session")
def package(aws: EmulatedAws) -> str:
    """The ARN of an approved version of a model."""
    sagemaker = aws.client("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName="served")
    made = sagemaker.create_model_package(
        ModelPackageGroupName="served",
        ModelApprovalStatus="Approved",
        CustomerMetadataProperties={"smoke-uri": "s3://artifacts/smoke.json"},
        InferenceSpecification={
            "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://artifacts/model.tar.gz"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )
    return str(made["ModelPackageArn"])
