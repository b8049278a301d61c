"""Real git clones from the emulated AWS and pushes to it, with the credentials AWS asks for."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from botocore.credentials import Credentials

from tests.emulated import EmulatedAws
from tests.rehearsal.git_client import git, signed_in

pytestmark = pytest.mark.slow


def pushed(folder: Path, url: str) -> subprocess.CompletedProcess[str]:
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "README.md").write_text("hello\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "Begin")
    return git(folder, "push", url, "main")


def session(aws: EmulatedAws) -> Credentials:
    role = f"arn:aws:iam::{aws.account}:role/developer"
    keys = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="git")["Credentials"]
    return Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def test_what_is_pushed_to_codecommit_is_cloned_again_and_told_to_the_event_bus(
    aws: EmulatedAws, tmp_path: Path
) -> None:
    aws.client("codecommit").create_repository(repositoryName="pushed", tags={"owner": "me"})
    queue = aws.client("sqs").create_queue(QueueName="pushes")["QueueUrl"]
    arn = f"arn:aws:sqs:{aws.region}:{aws.account}:pushes"
    pattern = {"source": ["aws.codecommit"], "detail": {"repositoryName": ["pushed"]}}
    aws.client("events").put_rule(Name="pushes", EventPattern=json.dumps(pattern))
    aws.client("events").put_targets(Rule="pushes", Targets=[{"Id": "queue", "Arn": arn}])
    url = signed_in(f"{aws.endpoint}/v1/repos/pushed", session(aws), aws.region)

    done = pushed(tmp_path / "mine", url)

    assert done.returncode == 0, done.stderr
    assert git(tmp_path, "clone", "-q", url, "theirs").returncode == 0
    assert (tmp_path / "theirs" / "README.md").read_text() == "hello\n"
    commit = git(tmp_path / "mine", "rev-parse", "HEAD").stdout.strip()
    found = aws.client("codecommit").get_branch(repositoryName="pushed", branchName="main")
    assert found["branch"]["commitId"] == commit
    (message,) = aws.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    event = json.loads(message["Body"])
    assert (event["detail-type"], event["detail"]["commitId"]) == ("CodeCommit Repository State Change", commit)


def test_codecommit_takes_the_keys_of_an_account_and_knows_its_own_repositories_only(
    aws: EmulatedAws, tmp_path: Path
) -> None:
    aws.client("codecommit").create_repository(repositoryName="mine")
    base = f"{aws.endpoint}/v1/repos/mine"

    def listed(account: str) -> subprocess.CompletedProcess[str]:
        return git(tmp_path, "ls-remote", signed_in(base, Credentials(account, "emulated"), aws.region))

    assert listed(aws.account).returncode == 0
    assert "not found" in listed("444455556666").stderr


@pytest.mark.parametrize("keys", ["none", "of another path", "of another secret"])
def test_git_is_refused_without_a_signature_that_fits(aws: EmulatedAws, tmp_path: Path, keys: str) -> None:
    name = f"guarded-{keys.replace(' ', '-')}"
    aws.client("codecommit").create_repository(repositoryName=name)
    url = f"{aws.endpoint}/v1/repos/{name}"
    other = urlsplit(signed_in(f"{aws.endpoint}/v1/repos/other", session(aws), aws.region)).netloc
    offered = {
        "none": url,
        "of another path": f"http://{other}/v1/repos/{name}",
        "of another secret": signed_in(url, Credentials(aws.account, "guessed"), aws.region),
    }
    done = git(tmp_path, "ls-remote", offered[keys])
    assert done.returncode != 0
    assert "could not read Username" in done.stderr or "403" in done.stderr


def test_deleting_a_repository_deletes_its_content(aws: EmulatedAws, tmp_path: Path) -> None:
    codecommit = aws.client("codecommit")
    url = signed_in(f"{aws.endpoint}/v1/repos/again", session(aws), aws.region)
    codecommit.create_repository(repositoryName="again")
    assert pushed(tmp_path / "first", url).returncode == 0
    codecommit.delete_repository(repositoryName="again")
    codecommit.create_repository(repositoryName="again")
    assert codecommit.list_branches(repositoryName="again")["branches"] == []


def put(url: str) -> None:
    with urlopen(Request(url, method="PUT")) as answer:  # noqa: S310
        assert answer.status == 200


def test_a_host_is_reached_through_a_connection_once_a_person_has_completed_it(
    aws: EmulatedAws, tmp_path: Path
) -> None:
    connections = aws.client("codeconnections")
    arn = connections.create_connection(ConnectionName="host", ProviderType="GitHub")["ConnectionArn"]
    identifier = arn.rpartition("/")[2]
    put(f"{aws.endpoint}/_rehearsal/connections/{identifier}/repositories/acme/census-model-build")
    base = f"{aws.endpoint}/git-http/{aws.account}/{aws.region}/{identifier}/acme/census-model-build.git"
    url = signed_in(base, session(aws), aws.region)

    refused = pushed(tmp_path / "early", url)
    put(f"{aws.endpoint}/_rehearsal/connections/{identifier}")
    taken = pushed(tmp_path / "mine", url)

    assert "403" in refused.stderr
    assert taken.returncode == 0, taken.stderr
    assert connections.get_connection(ConnectionArn=arn)["Connection"]["ConnectionStatus"] == "AVAILABLE"
    assert git(tmp_path, "ls-remote", url).stdout.split()[1::2] == ["HEAD", "refs/heads/main"]
