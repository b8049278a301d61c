"""Pushes as the seeder does them, to both kinds of hosts."""

from __future__ import annotations

import secrets
from typing import Any

from service_catalog.seeder.function.properties import Connected
from service_catalog.seeder.function.remotes import Remote, credentials_for, remotes
from service_catalog.verify_aws.account import Account
from service_catalog.verify_aws.checks import NotTriedError, RefutedError, check

FILE, WORKFLOW = "verify-aws.txt", ".github/workflows/verify-aws.yml"
DOES_NOTHING = "on: workflow_dispatch\njobs: {nothing: {if: false, runs-on: ubuntu-latest, steps: [{run: exit}]}}\n"


@check(creates="a CodeCommit repository")
def codecommit_push_by_sigv4(account: Account) -> str:
    """CodeCommit takes a push by HTTPS whose name and password the seeder signs itself.

    Source: git-remote-codecommit; service_catalog/seeder/function/remotes.py.
    """
    repositories, name = account.client("codecommit"), f"{account.prefix}-push"
    account.afterwards(f"repository {name}", lambda: repositories.delete_repository(repositoryName=name))
    repositories.create_repository(repositoryName=name, repositoryDescription="Made by make verify-aws")
    remote = _remote(account, name)
    commit = push(remote, account, b"refs/heads/main")
    head = repositories.get_branch(repositoryName=name, branchName="main")["branch"]["commitId"]
    if head != commit:
        raise RefutedError(f"pushed {commit}, but main is at {head}")
    return f"main is at {commit}, which was pushed to {remote.url}"


@check(creates="a branch in your repository")
def push_through_the_connection(account: Account) -> str:
    """The git endpoint of a CodeConnections connection takes the seeder's push with the same signed password.

    Source: AWS samples, which use the AWS CLI's credential helper there; service_catalog/seeder/function/remotes.py.
    """
    return _pushed_through_the_connection(account, account.prefix, FILE)


@check(creates="a branch in your repository")
def workflow_push_through_the_connection(account: Account) -> str:
    """That push may hold a file in .github/workflows, for which GitHub wants its app to have the permission Workflows.

    Source: GitHub's documentation of permissions for apps; whether AWS Connector for GitHub has this one is not told.
    """
    return _pushed_through_the_connection(account, f"{account.prefix}-workflow", WORKFLOW)


def _pushed_through_the_connection(account: Account, name: str, file: str) -> str:
    options = account.options
    if not (options.connection_arn and options.repository):
        raise NotTriedError("needs --connection-arn of an available connection, and --repository OWNER/NAME behind it")
    remote = _remote(account, Connected(options.connection_arn, options.repository))
    branch = f"refs/heads/sagemaker-mlops/{name}".encode()
    account.afterwards(f"branch {branch.decode()} of {options.repository}", lambda: _delete(remote, account, branch))
    commit = push(remote, account, branch, file)
    if (found := heads(remote, account).get(branch)) != commit.encode():
        raise RefutedError(f"pushed {commit}, but the branch is at {found!r}")
    return f"a branch with {file} is at {commit}, which was pushed through the connection"


def _remote(account: Account, repository: str | Connected) -> Remote:
    who = account.identity()
    partition = who["Arn"].split(":")[1]
    arn = f"arn:{partition}:lambda:{who['Region']}:{who['Account']}:function:verify"
    return remotes({"verify": repository}, arn)["verify"]


def _client(remote: Remote, account: Account) -> tuple[Any, str]:
    from dulwich.client import get_transport_and_path

    credentials = account.client("sts")._request_signer._credentials  # the session's own, which botocore renews
    name, password = credentials_for(remote, credentials.get_frozen_credentials())
    transport, path = get_transport_and_path(remote.url, username=name, password=password)
    return transport, path


def push(remote: Remote, account: Account, ref: bytes, file: str = FILE) -> str:
    """Pushes a commit of one small `file` to `ref` and returns its id."""
    from dulwich.index import commit_tree
    from dulwich.object_store import MemoryObjectStore
    from dulwich.objects import Blob, Commit
    from dulwich.pack import pack_objects_to_data

    store, blob = MemoryObjectStore(), Blob.from_string(f"# {secrets.token_hex(8)}\n{DOES_NOTHING}".encode())
    store.add_object(blob)
    commit = Commit()
    commit.tree = commit_tree(store, [(file.encode(), blob.id, 0o100644)])
    commit.message = b"Try a push\n"
    commit.author = commit.committer = b"make verify-aws <verify-aws>"
    commit.author_time = commit.commit_time = 1767225600
    commit.author_timezone = commit.commit_timezone = 0
    store.add_object(commit)
    objects = [(store[each], None) for each in store]
    transport, path = _client(remote, account)
    _succeed(transport.send_pack(path, lambda _refs: {ref: commit.id}, lambda *_, **__: pack_objects_to_data(objects)))
    return commit.id.decode()


def heads(remote: Remote, account: Account) -> dict[bytes, bytes]:
    """What each branch of the repository points to."""
    transport, path = _client(remote, account)
    return dict(transport.get_refs(path).refs)


def _delete(remote: Remote, account: Account, ref: bytes) -> None:
    transport, path = _client(remote, account)
    _succeed(transport.send_pack(path, lambda _refs: {ref: b"0" * 40}, lambda *_, **__: (0, iter([]))))


def _succeed(result: Any) -> None:
    if errors := [f"{ref!r}: {status}" for ref, status in (result.ref_status or {}).items() if status]:
        raise RefutedError("; ".join(errors))
