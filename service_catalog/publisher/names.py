"""Names that templates, commands and people share."""

from __future__ import annotations

from service_catalog.bindings import FLAVOURS

CHANNEL_STACK = "sagemaker-mlops-channel"
LAUNCH_STACK = "sagemaker-mlops-launch-roles"
SEEDER_STACK = "sagemaker-mlops-seeder"
PUBLISHER_STACK = "sagemaker-mlops-publisher"
LAUNCH_ROLE = "SageMakerMlopsLaunch"
STUDIO_FOLDER = "studio"
FIXED_FOLDERS = ("bundles", "seeder", "stacks", "templates")
VISIBLE_IN_STUDIO = {"sagemaker:studio-visibility": "true"}
READ_BY_LAUNCH_ROLES = {"servicecatalog:provisioning": "true"}
DOMAIN_TAG = "sagemaker:projectS3TemplatesLocation"
SYSTEMS = dict(zip(FLAVOURS, ("CodePipeline", "GitHub", "GitLab"), strict=True))


def bucket(account: str, region: str) -> str:
    return f"sagemaker-mlops-{account}-{region}"


def template_key(version: str, flavour: str) -> str:
    """Of the version that Service Catalog publishes; its bytes never change."""
    return f"templates/{version}/project-{flavour}.yaml"


def studio_key(flavour: str) -> str:
    """Of the newest version, where Studio looks for templates in S3."""
    return f"{STUDIO_FOLDER}/project-{flavour}.yaml"


def logical(flavour: str) -> str:
    """The flavour in a logical id: `Codepipeline`."""
    return flavour.capitalize()
