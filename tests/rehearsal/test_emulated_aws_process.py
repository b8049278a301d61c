"""The emulator as a process: where it listens, what it leaves behind, when it refuses to start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from served_model import IMAGE, SERVER, archive

from rehearsal.emulated_aws.client import RemoteEndpointError, client_environment
from tests.emulated import PYTHON, ROOT, EmulatedAws, emulated_aws

RUN = [str(PYTHON), "-m", "rehearsal.emulated_aws"]


def _listening_addresses(process: int) -> set[str]:
    """Local addresses of the process's listening sockets, as /proc has them."""
    folder = Path(f"/proc/{process}")
    open_files = [str(fd.readlink()) for fd in folder.glob("fd/*")]
    inodes = {name[8:-1] for name in open_files if name.startswith("socket:")}
    addresses: set[str] = set()
    for table in ("tcp", "tcp6"):
        rows = [line.split() for line in (folder / "net" / table).read_text().splitlines()[1:]]
        addresses |= {row[1].partition(":")[0] for row in rows if row[3] == "0A" and row[9] in inodes}
    return addresses


def test_the_emulator_listens_on_the_loopback_interface_only(aws: EmulatedAws) -> None:
    assert _listening_addresses(aws.process) == {"0100007F"}


@pytest.mark.parametrize(
    "endpoint", ["", "https://sagemaker.eu-west-1.amazonaws.com", "http://10.0.0.1:80", "http://127.0.0.1"]
)
def test_no_client_is_set_up_without_a_loopback_endpoint(endpoint: str) -> None:
    with pytest.raises(RemoteEndpointError):
        client_environment(endpoint)


def test_a_clients_environment_has_no_aws_setting_of_this_machine() -> None:
    environment = client_environment("http://127.0.0.1:1", base={"AWS_PROFILE": "mine", "PATH": "/bin"})
    assert "AWS_PROFILE" not in environment
    assert environment["PATH"] == "/bin"
    assert environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull


def test_a_missing_hook_stops_the_start_and_is_named() -> None:
    code = (
        "import sys; from ministack.services import cloudwatch; del cloudwatch._dims_key\n"
        "from rehearsal.emulated_aws.__main__ import main; sys.argv[1:] = ['--port', '0']; sys.exit(main())"
    )
    ended = subprocess.run([str(PYTHON), "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "ministack.services.cloudwatch._dims_key is missing" in ended.stderr


def test_a_changed_signature_is_named() -> None:
    code = (
        "from ministack.services import eventbridge; eventbridge._put_events = lambda data: None\n"
        "from rehearsal.emulated_aws.hooks import differences; print(differences())"
    )
    ended = subprocess.run([str(PYTHON), "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "_put_events(data) was" in ended.stdout


def test_a_taken_port_is_refused_in_one_line(aws: EmulatedAws) -> None:
    port = aws.endpoint.rpartition(":")[2]
    ended = subprocess.run([*RUN, "--port", port], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 1)


def _serving(aws: EmulatedAws) -> None:
    s3, sagemaker = aws.client("s3"), aws.client("sagemaker")
    s3.create_bucket(Bucket="models", CreateBucketConfiguration={"LocationConstraint": aws.region})
    s3.put_object(Bucket="models", Key="model.tar.gz", Body=archive())
    container = {"Image": IMAGE, "ModelDataUrl": "s3://models/model.tar.gz"}
    sagemaker.create_model(ModelName="m", PrimaryContainer=container)
    variant = {"VariantName": "v", "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="e", WaiterConfig={"Delay": 1})


def _processes_of(folder: Path) -> list[str]:
    """Processes whose working directory lies in the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            working = str((process / "cwd").readlink())
        except OSError:
            continue
        if working.startswith(str(folder)):
            found.append(process.name)
    return found


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_no_process_and_no_file_is_left_behind(tmp_path: Path, end: signal.Signals) -> None:
    hosting = [("demo-model-build", f"{sys.executable} {SERVER}")]
    state = tmp_path / "state"
    with emulated_aws("--state", str(state), images=hosting) as aws:
        _serving(aws)
        assert _processes_of(state)
        os.kill(aws.process, end)
    while _processes_of(state) or any(state.iterdir()):
        time.sleep(0.05)
