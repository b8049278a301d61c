"""The fallback: a build in CodeBuild that pushes with git and the AWS CLI's credential helper.

For hosts behind a connection whose endpoint refuses this function. Everything travels in one file in S3, the names
too, so that none of them is part of a command.
"""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from typing import Any

from dulwich.object_format import DEFAULT_OBJECT_FORMAT
from dulwich.pack import pack_objects_to_data, write_pack_data

from service_catalog.seeder.function.commits import FirstCommit, joint_record
from service_catalog.seeder.function.pushing import branch_of
from service_catalog.seeder.function.refusals import RefusedError
from service_catalog.seeder.function.remotes import Remote

SECONDS_BETWEEN_LOOKS = 3.0


def parcel(first: FirstCommit, remote: Remote) -> bytes:
    """What the build gets: a git bundle of our commit, and the names it works with, a file each."""
    packed = io.BytesIO()
    packed.write(b"# v2 git bundle\n" + first.id + b" refs/heads/main\n\n")
    count, records = pack_objects_to_data(list(first.objects.values()))
    write_pack_data(packed.write, records, num_records=count, object_format=DEFAULT_OBJECT_FORMAT)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("seed.bundle", packed.getvalue())
        archive.writestr("remote", remote.url)
        archive.writestr("commit", first.id)
        archive.writestr("joint", joint_record(first))
        archive.writestr("branch", branch_of(first.version).removeprefix(b"refs/heads/"))
    return made.getvalue()


class Builds:
    """The seeder's project in CodeBuild, `name`, and the bucket that it reads from."""

    def __init__(self, s3: Any, codebuild: Any, name: str, bucket: str) -> None:
        self._s3, self._codebuild, self._name, self._bucket = s3, codebuild, name, bucket

    def push(self, first: FirstCommit, remote: Remote, slug: str, wait: Callable[[float], None] = time.sleep) -> None:
        """Raises RefusedError if the build fails; pushes the same however often it is tried."""
        key = f"pushes/{slug}/{remote.name}.zip"
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=parcel(first, remote))
        started = self._codebuild.start_build(
            projectName=self._name, sourceTypeOverride="S3", sourceLocationOverride=f"{self._bucket}/{key}"
        )
        build = started["build"]
        while build["buildStatus"] == "IN_PROGRESS":
            wait(SECONDS_BETWEEN_LOOKS)
            build = self._codebuild.batch_get_builds(ids=[build["id"]])["builds"][0]
        self._s3.delete_object(Bucket=self._bucket, Key=key)
        if build["buildStatus"] != "SUCCEEDED":
            raise RefusedError(
                f"{remote.name}: neither the connection's endpoint nor a build could push to {remote.url}; "
                f"see the log of build {build['id']}, the connection's status and its tag sagemaker=true"
            )
