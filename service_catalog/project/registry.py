"""The model registry's group, and what the accounts of the stages may do with its versions."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import Fn
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from service_catalog.project.accounts import Accounts
from service_catalog.project.form import Form
from service_catalog.project.policies import SLUG, arn, document, named


class Registry(Construct):
    def __init__(self, scope: Construct, construct_id: str, form: Form, accounts: Accounts) -> None:
        super().__init__(scope, construct_id)
        self.group = sagemaker.CfnModelPackageGroup(
            self,
            "Group",
            model_package_group_name=form.slug,
            # Without an answer in it: a change of the description would replace the group.
            model_package_group_description=named(f"Models of {SLUG}, for people to approve"),
            model_package_group_policy=cdk.Token.as_any(
                Fn.condition_if(accounts.elsewhere.logical_id, _shared(accounts, form), cdk.Aws.NO_VALUE)
            ),
        )
        self.group.cfn_options.deletion_policy = cdk.CfnDeletionPolicy.RETAIN_EXCEPT_ON_CREATE
        self.group.cfn_options.update_replace_policy = cdk.CfnDeletionPolicy.RETAIN


def _shared(accounts: Accounts, form: Form) -> dict[str, object]:
    """The policy that `make upsert` in model-build puts too; approving stays with this account."""
    consumers = {"AWS": Fn.split(",", accounts.consumers(form))}
    return document(
        {
            "Sid": "ReadGroup",
            "Effect": "Allow",
            "Principal": consumers,
            "Action": ["sagemaker:DescribeModelPackageGroup"],
            "Resource": arn("sagemaker", f"model-package-group/{SLUG}"),
        },
        {
            "Sid": "UseVersions",
            "Effect": "Allow",
            "Principal": consumers,
            "Action": ["sagemaker:CreateModel", "sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"],
            "Resource": arn("sagemaker", f"model-package/{SLUG}/*"),
        },
    )
