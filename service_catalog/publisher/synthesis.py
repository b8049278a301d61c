"""The publisher's template for an organisation's settings, made by CDK when it is published."""

from __future__ import annotations

import json
import tempfile

from service_catalog.packaged_node import use_packaged_node
from service_catalog.publisher.settings import Settings
from service_catalog.stacks import text_of
from service_catalog.tidy import tidied


def publisher_text(settings: Settings, region: str = "") -> str:
    """For publishing in `region`; `templates/publisher.yaml` is the one of the example's settings."""
    use_packaged_node()
    import aws_cdk as cdk

    from service_catalog.publisher.stack import build

    with tempfile.TemporaryDirectory(prefix="publisher-") as folder:
        app = cdk.App(
            outdir=folder,
            analytics_reporting=False,
            builtin_cloud_formation_validation=False,
            context={"aws:cdk:enable-path-metadata": False},
        )
        stack = build(app, "publisher", settings, region)
        template = app.synth().get_stack_by_name(stack.stack_name).template
    return text_of("publisher", tidied(json.loads(json.dumps(template))))
