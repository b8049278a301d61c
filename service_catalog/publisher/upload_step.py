"""Files in the channel's bucket: uploaded once; those whose key names a version or digest never change again."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from botocore.exceptions import ClientError

from service_catalog.publisher.aws import Aws, code_of, told_in_one_line
from service_catalog.publisher.changes import Change
from service_catalog.publisher.errors import PublishError
from service_catalog.publisher.telling import Telling


@dataclass(frozen=True)
class Upload:
    """`fixed` keys never get other bytes: somebody may have read them already."""

    key: str
    content: bytes
    tags: Mapping[str, str] = field(default_factory=dict)
    fixed: bool = True

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def size(self) -> str:
        return f"{max(1, round(len(self.content) / 1024)):,} kB"


@dataclass
class UploadStep:
    """`uploads` are wanted; of what else is in `folder`, if one is named, nothing stays."""

    aws: Aws
    bucket: str
    uploads: Sequence[Upload]
    folder: str = ""
    title: str = "files in the channel"
    _pending: list[tuple[Upload, bool]] = field(default_factory=list, init=False)
    _removed: list[str] = field(default_factory=list, init=False)

    def compare(self) -> list[Change]:
        """Raises PublishError: a key that never changes has other bytes."""
        with told_in_one_line():
            there = self._bucket_exists()
            wanted = [each for upload in self.uploads if (each := self._change(upload, there))]
            self._removed = self._strangers() if there and self.folder else []
        self._pending = [(upload, change.because == "tags") for upload, change in wanted]
        return [change for _, change in wanted] + [Change("remove", key) for key in self._removed]

    prepare = compare

    def apply(self, telling: Telling) -> None:
        client = self.aws.client("s3")
        for upload, only_tags in self._pending:
            telling.under_way(f"{upload.key} ({upload.size})")
            with told_in_one_line():
                if only_tags:
                    tags = [{"Key": key, "Value": value} for key, value in upload.tags.items()]
                    client.put_object_tagging(Bucket=self.bucket, Key=upload.key, Tagging={"TagSet": tags})
                else:
                    client.put_object(
                        Bucket=self.bucket,
                        Key=upload.key,
                        Body=upload.content,
                        ContentType="application/zip" if upload.key.endswith(".zip") else "application/yaml",
                        ChecksumAlgorithm="SHA256",
                        Tagging=urlencode(upload.tags),
                        **({"IfNoneMatch": "*"} if upload.fixed else {}),
                    )
            telling.line(f"uploaded {upload.key} ({upload.size})")
        for key in self._removed:
            with told_in_one_line():
                client.delete_object(Bucket=self.bucket, Key=key)
            telling.line(f"removed  {key}")

    def discard(self) -> None:
        """Nothing was prepared."""

    def _change(self, upload: Upload, there: bool) -> tuple[Upload, Change] | None:
        head = self._head(upload.key) if there else None
        if head is None:
            return upload, Change("add", upload.key, upload.size)
        if self._sha256(upload.key, head) != upload.sha256:
            if upload.fixed:
                raise PublishError(
                    f"s3://{self.bucket}/{upload.key} was published with other bytes, or somebody overwrote it: "
                    "then restore its first version; else raise __template_version in cookiecutter.json, run "
                    "`make synth` and `python -m service_catalog record-version`, then publish"
                )
            return upload, Change("modify", upload.key, upload.size)
        tags = self.aws.client("s3").get_object_tagging(Bucket=self.bucket, Key=upload.key)["TagSet"]
        if {tag["Key"]: tag["Value"] for tag in tags} != dict(upload.tags):
            return upload, Change("modify", upload.key, "tags")
        return None

    def _head(self, key: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self.aws.client("s3").head_object(
                Bucket=self.bucket, Key=key, ChecksumMode="ENABLED"
            )
        except ClientError as error:
            if code_of(error) in ("404", "NoSuchKey", "NotFound"):
                return None
            raise
        return found

    def _sha256(self, key: str, head: Mapping[str, Any]) -> str:
        """Of the bytes that are there: by S3's own checksum, or read where others put them without one."""
        if "ChecksumSHA256" in head and head.get("ChecksumType", "FULL_OBJECT") == "FULL_OBJECT":
            return base64.b64decode(head["ChecksumSHA256"]).hex()
        body: bytes = self.aws.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return hashlib.sha256(body).hexdigest()

    def _bucket_exists(self) -> bool:
        try:
            self.aws.client("s3").head_bucket(Bucket=self.bucket, ExpectedBucketOwner=self.aws.account)
        except ClientError as error:
            if code_of(error) in ("404", "NoSuchBucket", "NotFound"):
                return False
            raise
        return True

    def _strangers(self) -> list[str]:
        prefix = f"{self.folder}/"
        wanted = {upload.key for upload in self.uploads}
        pages = self.aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        found = [each["Key"] for page in pages for each in page.get("Contents", [])]
        return [key for key in found if key not in wanted]
