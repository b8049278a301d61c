"""A model archive and the image it names, for the tests of the emulated AWS."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

SERVER = Path(__file__).parent / "serving_process.py"
IMAGE = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/demo-model-build@sha256:" + "a" * 64


def archive() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as files:
        member = tarfile.TarInfo("model.ubj")
        member.size = 3
        files.addfile(member, io.BytesIO(b"abc"))
    return packed.getvalue()
