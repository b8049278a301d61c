"""Jobs in the project's image, with a container engine on this machine."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_ENGINES = ("docker", "podman")
_NOBODY = 65534
SERVING_PORT = 8080


class ContainerError(RuntimeError):
    """No engine or no image, in one line."""


@dataclasses.dataclass(frozen=True)
class Container:
    """An engine and the image: for jobs, which have no network and their folder at /opt/ml, and servers. Never root."""

    engine: str
    image: str

    def command(
        self, name: str, folder: Path, command: Sequence[str], environment: Mapping[str, str], entrypoint: bool
    ) -> list[str]:
        """The engine's command for a job; without `entrypoint` the image's own entrypoint gets `command`."""
        line = [*self._run(name, environment), "--network", "none", "--volume", f"{folder}:/opt/ml"]
        if entrypoint:
            return [*line, "--entrypoint", command[0], self.image, *command[1:]]
        return [*line, self.image, *command]

    def serving_command(self, name: str, model: Path, port: int, environment: Mapping[str, str]) -> list[str]:
        """The engine's command for a server of the model in a folder, which only this machine can reach, at `port`."""
        locked = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
        place = ["--publish", f"127.0.0.1:{port}:{SERVING_PORT}", "--volume", f"{model}:/opt/ml/model:ro"]
        return [*self._run(name, environment), *locked, *place, self.image, "serve"]

    def _run(self, name: str, environment: Mapping[str, str]) -> list[str]:
        line = [self.engine, "run", "--rm", "--init", "--name", name]
        if Path(self.engine).stem == "podman":
            line += ["--userns=keep-id", "--security-opt=label=disable"]
        if hasattr(os, "getuid"):
            line += ["--user", f"{os.getuid() or _NOBODY}:{os.getgid() or _NOBODY}"]
        for key, value in {"HOME": "/tmp", **environment}.items():
            line += ["--env", f"{key}={value}"]
        return line

    def hand_over(self, folder: Path) -> None:
        """Gives a job's folder to the user that the job runs as, which matters where we are root."""
        if hasattr(os, "getuid") and os.getuid() == 0:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, _NOBODY, _NOBODY)

    def remove(self, name: str) -> None:
        """Ends and removes a container, if it is still there."""
        subprocess.run([self.engine, "rm", "--force", name], capture_output=True, check=False)


def find_container(image: str, engine: str | None = None) -> Container:
    """The container engine of this machine, or the one named, with an image that it has.

    Raises:
        ContainerError: no engine is installed or running, or it doesn't have the image.
    """
    engine = next((path for name in ([engine] if engine else _ENGINES) if (path := shutil.which(name))), None)
    if engine is None:
        raise ContainerError("no container engine found; install Docker or Podman, or run without --container")
    if subprocess.run([engine, "ps", "--quiet"], capture_output=True, check=False).returncode:
        raise ContainerError(
            f"{Path(engine).stem} is installed but its engine does not answer; start it, or run without --container"
        )
    if subprocess.run([engine, "image", "inspect", image], capture_output=True, check=False).returncode:
        raise ContainerError(f"image {image} is not here; build it with `make image`")
    return Container(engine, image)
