"""Bring a first commit into a repository without ever moving what is there.

Nothing there: branch main. Our own files in main's history: nothing to do. Commits of others: a branch of our own,
beside theirs.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dulwich.client import HttpGitClient, SendPackResult
from dulwich.errors import GitProtocolError
from dulwich.object_store import iter_tree_contents
from dulwich.objects import ZERO_SHA, Commit, ObjectID, ShaFile
from dulwich.pack import pack_objects_to_data
from dulwich.refs import HEADREF, Ref
from dulwich.repo import Repo

from service_catalog.seeder.function import commits
from service_catalog.seeder.function.commits import FirstCommit
from service_catalog.seeder.function.refusals import RefusedError
from service_catalog.seeder.function.remotes import Remote, credentials_for

MAIN = Ref(b"refs/heads/main")
SECONDS_PER_REQUEST = 60
_TRIES = 3
Refs = dict[Ref, ObjectID]
_LEAD = (b"refs/heads/", b"refs/tags/")
_WORKFLOWS = re.compile("workflow.* without .?workflows?.? (permission|scope)", re.IGNORECASE | re.DOTALL)


class HeadMovedError(RuntimeError):
    """The host didn't move a branch; mostly, somebody pushed between our look and our push."""


def branch_of(version: str) -> Ref:
    return Ref(f"refs/heads/sagemaker-mlops/{version}".encode())


class Repository:
    """A repository at its host; raises what dulwich raises, and RefusedError."""

    def __init__(self, remote: Remote, credentials: Any) -> None:
        self.remote = remote
        self._credentials = credentials

    @contextmanager
    def _client(self) -> Iterator[HttpGitClient]:
        name, password = credentials_for(self.remote, self._credentials)
        client = HttpGitClient(self.remote.url, username=name, password=password, timeout=SECONDS_PER_REQUEST)
        try:
            yield client
        finally:
            client.close()

    def seed(self, first: FirstCommit) -> ObjectID:
        """Returns the id of the commit that holds our files there; may be tried again at any time."""
        said = ""
        for _ in range(_TRIES):
            try:
                return self._main_of_nothing(first) or self._beside_others(first)
            except HeadMovedError as error:
                said = str(error)
        raise RefusedError(
            f"{self.remote.name}: {self.remote.url} didn't take the push ({said}): is a rule against it?"
        )

    def _main_of_nothing(self, first: FirstCommit) -> ObjectID | None:
        """None if something is there already, other than our commit as main."""
        there: Refs = {}

        def only_if_empty(refs: Refs) -> Refs:
            there.update({ref: sha for ref, sha in refs.items() if ref.startswith(_LEAD) and sha != ZERO_SHA})
            return {} if there else {MAIN: first.id}

        self._push(only_if_empty, list(first.objects.values()))
        return first.id if there.get(MAIN, first.id) == first.id and set(there) <= {MAIN} else None

    def _push(self, decide: Callable[[Refs], Refs], objects: Sequence[ShaFile]) -> None:
        try:
            with self._client() as client:
                result: SendPackResult = client.send_pack(b"", decide, lambda *_, **__: pack_objects_to_data(objects))
        except GitProtocolError as error:
            self._refuse_without_workflows(str(error))
            raise
        if refused := {ref: why for ref, why in (result.ref_status or {}).items() if why}:
            said = "; ".join(f"{ref.decode()}: {why}" for ref, why in refused.items())
            self._refuse_without_workflows(said)
            raise HeadMovedError(said)

    def _refuse_without_workflows(self, said: str) -> None:
        """GitHub takes files in .github/workflows only from apps with the permission Workflows."""
        if _WORKFLOWS.search(said):
            raise RefusedError(
                f"{self.remote.name}: the connection's app at GitHub may not push .github/workflows ({said}): accept "
                "the app's permission Workflows if GitHub offers it; else stamp the project out with `sagemaker-mlops "
                "new` and the same answers, push it to main yourself, and create the project again"
            )

    def _beside_others(self, first: FirstCommit) -> ObjectID:
        branch = branch_of(first.version)
        with self._fetched() as (copy, refs, default):
            for ref in (default, branch):
                if ref in refs and (found := _found(copy, refs[ref], first)):
                    return found
            if branch in refs:
                raise RefusedError(
                    f"{self.remote.name}: the repository holds commits of others, and its branch "
                    f"{branch.removeprefix(b'refs/heads/').decode()} is not of this project: delete that branch"
                )
            objects = dict(first.objects)
            target = first.id
            if default in refs:
                contents = iter_tree_contents(copy.object_store, _newest(copy, refs[default]).tree)
                objects.update(commits.joined(first, refs[default], contents))
                target = next(reversed(objects))
        self._push(lambda now: {} if branch in now else {branch: target}, list(objects.values()))
        if self._refs().get(branch) != target:
            raise HeadMovedError("another push came between")
        return first.id

    def _refs(self) -> Refs:
        with self._client() as client:
            found = client.get_refs(b"").refs
        return {ref: sha for ref, sha in found.items() if sha is not None}

    @contextmanager
    def _fetched(self) -> Iterator[tuple[Repo, Refs, Ref]]:
        """A copy of the commits and folders there, its branches, and the name of the one that is checked out.

        Files are left out where the host can do so; a host that can't sends everything.
        """
        with tempfile.TemporaryDirectory() as folder, Repo.init_bare(folder) as copy:
            with self._client() as client:
                result = client.fetch(b"", copy, filter_spec=b"blob:none")
            refs = {ref: sha for ref, sha in result.refs.items() if sha is not None and ref.startswith(_LEAD)}
            default = MAIN if MAIN in refs else result.symrefs.get(HEADREF, MAIN)
            yield copy, refs, default

    def first_commits(self) -> list[Commit]:
        """The first commits that earlier seeds made there; those of the default branch come first."""
        found: dict[ObjectID, Commit] = {}
        with self._fetched() as (copy, refs, default):
            branches = [default, *(ref for ref in refs if ref.startswith(b"refs/heads/sagemaker-mlops/"))]
            for sha in [refs[ref] for ref in branches if ref in refs]:
                walked = (entry.commit for entry in copy.get_walker(include=[sha]))
                found.update({commit.id: commit for commit in walked if commits.is_first(commit)})
        return list(found.values())


def _newest(copy: Repo, head: ObjectID) -> Commit:
    return next(iter(copy.get_walker(include=[head], max_entries=1))).commit


def _found(copy: Repo, head: ObjectID, first: FirstCommit) -> ObjectID | None:
    """The commit in the history of `head` that has our very files."""
    for entry in copy.get_walker(include=[head]):
        if entry.commit.tree == first.tree:
            return ObjectID(entry.commit.id)
    return None
