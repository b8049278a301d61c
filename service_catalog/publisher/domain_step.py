"""The tag by which a Studio domain finds templates in S3 (developer guide, "Custom project templates")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from service_catalog.publisher import names
from service_catalog.publisher.aws import Aws, told_in_one_line
from service_catalog.publisher.changes import Change
from service_catalog.publisher.telling import Telling


@dataclass
class DomainStep:
    aws: Aws
    domains: Sequence[str]
    location: str
    title: str = "place of templates, as a tag of Studio domains"
    _pending: list[str] = field(default_factory=list, init=False)

    def compare(self) -> list[Change]:
        changes = []
        for domain in self.domains:
            with told_in_one_line():
                pages = self.aws.client("sagemaker").get_paginator("list_tags").paginate(ResourceArn=self._arn(domain))
                tags = {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
            before = tags.get(names.DOMAIN_TAG)
            if before != self.location:
                because = f"{before} to {self.location}" if before else self.location
                changes.append((domain, Change("modify" if before else "add", f"{domain} {names.DOMAIN_TAG}", because)))
        self._pending = [domain for domain, _ in changes]
        return [change for _, change in changes]

    prepare = compare

    def apply(self, telling: Telling) -> None:
        for domain in self._pending:
            with told_in_one_line():
                self.aws.client("sagemaker").add_tags(
                    ResourceArn=self._arn(domain), Tags=[{"Key": names.DOMAIN_TAG, "Value": self.location}]
                )
            telling.line(f"tagged   {domain}")

    def discard(self) -> None:
        """Nothing was prepared."""

    def _arn(self, domain: str) -> str:
        return f"arn:{self.aws.partition}:sagemaker:{self.aws.region}:{self.aws.account}:domain/{domain}"
