"""The SageMaker operations moto is trusted with, and the names its target header carries."""

from __future__ import annotations

from rehearsal.emulated_aws import operations

operations.service(
    "sagemaker",
    "SageMaker",
    from_moto="""
    AddTags DeleteTags ListTags
    ListModels ListEndpoints ListEndpointConfigs
    DescribeModelPackageGroup ListModelPackageGroups
    UpdateEndpointWeightsAndCapacities
    DeletePipeline ListPipelines
    """,
)
