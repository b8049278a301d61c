"""What the command line of the emulator sets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Settings:
    """`images`: a pattern of image URIs and the shell command that serves such an image on this machine."""

    images: list[tuple[re.Pattern[str], str]] = field(default_factory=list)
    scratch: Path = Path()
    control_plane_only: bool = False
    transition_seconds: float = 0.3
    bake_seconds: float = 0.5
    ping_timeout_seconds: float = 60.0
    quotas: dict[str, float] = field(default_factory=dict)
    recording: Path | None = None

    def command_for(self, image: str) -> str | None:
        return next((command for pattern, command in self.images if pattern.search(image)), None)


SETTINGS = Settings()
