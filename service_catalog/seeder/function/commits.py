"""A repository's first commit, made from a folder: the same bytes and the same id however often it is tried."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dulwich.index import commit_tree
from dulwich.object_store import MemoryObjectStore
from dulwich.objects import Blob, Commit, ObjectID, ShaFile, TreeEntry

IDENTITY = b"SageMaker MLOps <sagemaker-mlops>"
TRAILER = "Template-Version: "
ANSWERS = "Answers: "
_PLAIN_FILE = 0o100644
_GREGORIAN = 0x01B21DD213814000  # of a UUID's clock, in 100 ns before 1970
_WITHOUT_A_CLOCK = 1767225600  # 2026-01-01, for stacks whose id tells no time


@dataclass(frozen=True)
class FirstCommit:
    """A commit without parents and every object it needs."""

    id: ObjectID
    tree: ObjectID
    files: Mapping[bytes, ObjectID]
    objects: Mapping[ObjectID, ShaFile]
    subject: str
    version: str
    seconds: int


def made_at(stack_id: str) -> int:
    """When the stack was made, in seconds since 1970: its id ends in a UUID of version 1, which holds a clock."""
    try:
        found = uuid.UUID(stack_id.rsplit("/", 1)[-1])
    except ValueError:
        return _WITHOUT_A_CLOCK
    return (found.time - _GREGORIAN) // 10_000_000 if found.version == 1 else _WITHOUT_A_CLOCK


def first_commit(folder: Path, answers: Mapping[str, str], version: str, seconds: int) -> FirstCommit:
    """The commit that holds `folder`; links and executables raise ValueError, since templates have none."""
    store, files = MemoryObjectStore(), {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or (path.is_file() and path.stat().st_mode & 0o111):
            raise ValueError(f"{path.relative_to(folder)}: a link or executable")
        if path.is_file():
            blob = Blob.from_string(path.read_bytes())
            store.add_object(blob)
            files[path.relative_to(folder).as_posix().encode()] = blob.id
    tree = commit_tree(store, [(name, blob, _PLAIN_FILE) for name, blob in files.items()])
    subject = f"Stamp out {folder.name} of {answers['project_slug']}"
    text = f"{subject}\n\nThe project's own first state; from here on it is its owners'."
    record = f"{ANSWERS}{json.dumps(answers, sort_keys=True)}\n"
    commit = _commit(tree, (), text, version, seconds, record)
    store.add_object(commit)
    return FirstCommit(commit.id, tree, files, {sha: store[sha] for sha in store}, subject, version, seconds)


def joined(first: FirstCommit, head: ObjectID, contents: Iterable[TreeEntry]) -> dict[ObjectID, ShaFile]:
    """New objects of a commit that adds `first`'s files to those of `head`; the commit comes last."""
    store = MemoryObjectStore()
    entries = {entry.path: (entry.sha, entry.mode) for entry in contents}
    ours = set(first.files)
    for name in list(entries):
        if any(own.startswith(name + b"/") or name.startswith(own + b"/") for own in ours):
            del entries[name]
    entries.update({name: (sha, _PLAIN_FILE) for name, sha in first.files.items()})
    tree = commit_tree(store, [(name, sha, mode) for name, (sha, mode) in entries.items()])
    commit = _joint(first, tree, (head, first.id))
    return {**{sha: store[sha] for sha in store}, commit.id: commit}


def joint_record(first: FirstCommit) -> bytes:
    """What stands in such a commit behind its tree and parents, for git to make the very same one."""
    return _joint(first, first.tree, ()).as_raw_string().partition(b"\n")[2]


def _joint(first: FirstCommit, tree: ObjectID, parents: Iterable[ObjectID]) -> Commit:
    return _commit(tree, parents, f"{first.subject} beside what was here", first.version, first.seconds)


def _commit(
    tree: ObjectID, parents: Iterable[ObjectID], text: str, version: str, seconds: int, record: str = ""
) -> Commit:
    commit = Commit()
    commit.tree, commit.parents = tree, list(parents)
    commit.author = commit.committer = IDENTITY
    commit.author_time = commit.commit_time = seconds
    commit.author_timezone = commit.commit_timezone = 0
    commit.encoding = b"UTF-8"
    commit.message = f"{text}\n\n{record}{TRAILER}{version}\nSigned-off-by: {IDENTITY.decode()}\n".encode()
    return commit


def is_first(commit: Commit) -> bool:
    """Whether the seeder made this commit as a repository's first."""
    return not commit.parents and commit.author == IDENTITY and TRAILER.encode() in commit.message


def answers_of(first: Commit) -> dict[str, str]:
    """The answers that a first commit was made from; none if it doesn't tell, as a person may have written it."""
    lines = first.message.decode(errors="replace").splitlines()
    told = next((line[len(ANSWERS) :] for line in lines if line.startswith(ANSWERS)), "{}")
    try:
        record = json.loads(told)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}
