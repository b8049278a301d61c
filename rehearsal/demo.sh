#!/usr/bin/env bash
# The first life of a project, through the commands its owner would type: stamp out, train, approve.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${PROJECT_VENV:?run me as: make demo}" "${PROJECT_JOB_VENV:?run me as: make demo}"

say() { printf '\n\033[1;36m▸ %s\033[0m\n' "$1"; }
step() { printf '\033[2m$ %s\033[0m\n' "$*"; "$@"; }

folder=${DEMO_FOLDER:-build/demo}
number=1
while [ -e "$folder/$number" ]; do number=$((number + 1)); done
target="$folder/$number"
mkdir -p "$target"

say "Stamp out a project"
step .venv/bin/python -m renderer new --no-input --output-dir "$target" "$@"
cd "$target"/*/model-build

say "Set up its environments"
step make --no-print-directory setup

say "Compile its SageMaker training pipeline and run it here"
step make --no-print-directory run

say "Approve the model"
step "$PROJECT_VENV/bin/python" -m model_build approve 1 --reason "Looked at the report in the demo"
step "$PROJECT_VENV/bin/python" -m model_build list

say "Done in ${SECONDS} s"
printf 'The project: %s\n' "$PWD"
