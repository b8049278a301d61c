"""The emulated AWS for tests: `with emulated_aws() as aws:` gives clients that reach nothing else."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.session import get_session

from rehearsal.emulated_aws.client import DEFAULT_ACCOUNT, DEFAULT_REGION, client_environment, loopback_endpoint

ROOT = Path(__file__).parent.parent
PYTHON = Path(os.environ.get("REHEARSAL_VENV", ROOT / ".venv-rehearsal")) / "bin/python"
FINISHED = ("_COMPLETE", "_FAILED")


@dataclass(frozen=True)
class EmulatedAws:
    """A running emulator. `account` and `region` are those of calls that name none."""

    endpoint: str
    process: int
    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def environment(self, account: str | None = None, **more: str) -> dict[str, str]:
        """The whole environment of a child process that works as `account`."""
        return client_environment(self.endpoint, account or self.account, self.region) | more

    def client(self, service: str, account: str | None = None) -> Any:
        key = (service, account or self.account)
        if key not in self._clients:
            keys = {"AccessKeyId": key[1], "SecretAccessKey": "emulated"}
            self._clients[key] = self.client_with(service, keys)
        return self._clients[key]

    def client_with(self, service: str, keys: Mapping[str, Any]) -> Any:
        """A client with the credentials AssumeRole answered."""
        return get_session().create_client(
            service,
            self.region,
            endpoint_url=loopback_endpoint(self.endpoint),
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys.get("SessionToken"),
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )

    def stack(self, name: str, account: str | None = None) -> dict[str, Any]:
        """The stack, once CloudFormation has finished with it."""
        while True:
            found = self.client("cloudformation", account).describe_stacks(StackName=name)["Stacks"][0]
            if found["StackStatus"].endswith(FINISHED) and "CLEANUP" not in found["StackStatus"]:
                return dict(found)
            time.sleep(0.05)

    def reasons(self, name: str, account: str | None = None) -> dict[str, str]:
        """Why resources of the stack failed, by logical id."""
        events = self.client("cloudformation", account).describe_stack_events(StackName=name)["StackEvents"]
        return {
            e["LogicalResourceId"]: e.get("ResourceStatusReason", "") for e in events if "FAILED" in e["ResourceStatus"]
        }


def _started(process: subprocess.Popen[str], ready: Path) -> str:
    while process.poll() is None:
        if ready.exists():
            return ready.read_text().strip()
        time.sleep(0.02)
    assert process.stderr is not None
    raise RuntimeError(f"the emulator ended with code {process.returncode}: {process.stderr.read()}")


@contextmanager
def emulated_aws(*options: str, images: Sequence[tuple[str, str]] = ()) -> Iterator[EmulatedAws]:
    """Start the emulator with command line `options`; `images` are (pattern of image URIs, shell command) pairs.

    Without images and without "--control-plane-only" every endpoint fails, because nothing can serve it.
    """
    with tempfile.TemporaryDirectory(prefix="emulated-aws-test-") as folder:
        ready = Path(folder) / "ready"
        hosting = [part for pattern, command in images for part in ("--image", f"{pattern}={command}")]
        command = [
            str(PYTHON),
            "-m",
            "rehearsal.emulated_aws",
            "--state",
            folder,
            "--ready-file",
            str(ready),
            *options,
            *hosting,
        ]
        with (Path(folder) / "log").open("w") as log:
            process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.PIPE, text=True)
            try:
                yield EmulatedAws(_started(process, ready), process.pid)
            finally:
                process.terminate()
                process.communicate()
