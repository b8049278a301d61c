#!/usr/bin/env bash
# The first life of a project, through the commands its owner would type: stamp out, train, approve, serve, ask.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${PROJECT_VENV:?run me as: make demo}" "${PROJECT_JOB_VENV:?run me as: make demo}"
: "${PROJECT_DEPLOY_VENV:?run me as: make demo}"

say() { printf '\n\033[1;36m▸ %s\033[0m\n' "$1"; }
build() { printf '\033[2m$ python -m model_build %s\033[0m\n' "$*"; "$PROJECT_VENV/bin/python" -m model_build "$@"; }
deploy() { printf '\033[2m$ python -m model_deploy %s\033[0m\n' "$*"; "$PROJECT_DEPLOY_VENV/bin/python" -m model_deploy "$@"; }
step() { printf '\033[2m$ %s\033[0m\n' "$*"; "$@"; }

folder=${DEMO_FOLDER:-build/demo}
number=1
while [ -e "$folder/$number" ]; do number=$((number + 1)); done
target="$folder/$number"
mkdir -p "$target"

say "Stamp out a project"
step .venv/bin/python -m renderer new --no-input --output-dir "$target" "$@"
project=$(cd "$target"/* && pwd)
cd "$project/model-build"

say "Set up its environments"
step make --no-print-directory setup

say "Compile its SageMaker training pipeline and run it here"
step make --no-print-directory run

say "Approve the model"
build approve 1 --reason "Looked at the report in the demo"
build list

say "Serve the approved model here"
trap 'cd "$project/model-build" && "$PROJECT_VENV/bin/python" -m model_build serve --stop >/dev/null 2>&1 || true' EXIT
build serve --background --port 0
url=$(sed -n 's/.*"url": "\(.*\)".*/\1/p' .local/server.json)

say "Smoke-test it, as staging will be"
cd "$project/model-deploy"
step make --no-print-directory setup VENV="$PROJECT_DEPLOY_VENV"
deploy smoke --url "$url" --cases "$(find ../model-build/.local/s3 -name smoke.json | head -n 1)"

say "Ask it, and ask why"
cd "$project/model-build"
build invoke --attributions --rows 1

say "What would it cost?"
cd "$project/model-deploy"
deploy cost --stage production

say "Done in ${SECONDS} s"
printf 'The project: %s\n' "$project"
