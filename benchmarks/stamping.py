"""CPU seconds to stamp out the default project: `sagemaker-mlops new`, bare cookiecutter and copier.

Bare cookiecutter and copier get a tree with the same number of files, sizes and share of rendered files, without our
options, rules and extensions; copier's tree is rendered by copier's own means. Medians of several runs, taken in turn.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from renderer.template import DEFAULT

ROOT = Path(__file__).resolve().parents[1]
RUNS = int(os.environ.get("BENCHMARK_RUNS", "9"))
NAME = "{{cookiecutter.project_slug}}"
BARS = {"CPU seconds": 0.5, "of bare cookiecutter": 1.3}


def cpu_seconds(command: list[str], output: Path) -> float:
    shutil.rmtree(output, ignore_errors=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def files_under(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def plain_templates(project: Path, folder: Path) -> tuple[Path, Path]:
    """Turn a stamped-out project into a template for cookiecutter and one for copier, with one tag in each README."""
    bare, copier = folder / "bare", folder / "copier"
    for template, inside, tag in ((bare, NAME, "cookiecutter.project_slug"), (copier, "template", "project_slug")):
        shutil.copytree(project, template / inside, ignore=shutil.ignore_patterns("*.j2"))
        for path in files_under(template / inside):
            text = path.read_bytes()
            if b"{{" in text or b"{%" in text or b"{#" in text:
                path.write_bytes(text.replace(b"{{", b"((").replace(b"{%", b"(%").replace(b"{#", b"(#"))
        (template / inside / "NAME").write_text(f"{{{{ {tag} }}}}\n", encoding="utf-8")
    verbatim = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))["_copy_without_render"]
    (bare / "cookiecutter.json").write_text(
        json.dumps({"project_slug": "census-income", "_copy_without_render": verbatim})
    )
    (copier / "copier.yml").write_text("_subdirectory: template\n_templates_suffix: ''\nproject_slug: census-income\n")
    return bare, copier


def main() -> None:
    python, scripts = sys.executable, Path(sys.executable).parent
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if DEFAULT.clean(folder / "clean") != DEFAULT.folder:
            sys.exit(f"caches lie in the template, and copying around them would be timed: git clean -fdX -- '{NAME}'")
        os.environ["HOME"] = name
        ours = [python, "-m", "renderer", "new", "--no-input", "-o", str(folder / "ours")]
        cpu_seconds(ours, folder / "ours")
        bare_template, copier_template = plain_templates(folder / "ours" / "census-income", folder)
        routes = {
            "sagemaker-mlops new": (ours, folder / "ours"),
            "bare cookiecutter, plain tree": (
                [str(scripts / "cookiecutter"), "--no-input", "-o", str(folder / "theirs"), str(bare_template)],
                folder / "theirs",
            ),
            "copier, plain tree": (
                [
                    str(scripts / "copier"),
                    "copy",
                    "--defaults",
                    "--quiet",
                    str(copier_template),
                    str(folder / "copied"),
                ],
                folder / "copied",
            ),
        }
        if not (scripts / "copier").exists():
            del routes["copier, plain tree"]
            print("copier is not installed (requirements/bench.txt): left out")
        seconds: dict[str, list[float]] = {route: [] for route in routes}
        for _ in range(RUNS):
            for route, (command, output) in routes.items():
                seconds[route].append(cpu_seconds(command, output))
        medians = {route: statistics.median(values) for route, values in seconds.items()}
        print(f"Stamping out the default project: median CPU seconds of {RUNS} runs")
        for route, (_, output) in routes.items():
            ratio = medians["sagemaker-mlops new"] / medians[route]
            print(f"  {route:32}{medians[route]:6.3f} s  {len(files_under(output)):4} files  ours / this = {ratio:.2f}")
        print(f"  bars: under {BARS['CPU seconds']} s, at most {BARS['of bare cookiecutter']} x bare cookiecutter")


if __name__ == "__main__":
    main()
