# Everything a maintainer types. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
UV := $(CURDIR)/$(VENV)/bin/uv
RUN := $(CURDIR)/$(VENV)/bin
TEMPLATE := {{cookiecutter.project_slug}}
export PROJECT_VENV ?= $(CURDIR)/.venv-project
export PROJECT_JOB_VENV ?= $(CURDIR)/.venv-job
export PROJECT_DEPLOY_VENV ?= $(CURDIR)/.venv-deploy
export VALIDATORS_VENV ?= $(CURDIR)/.venv-validators
export REHEARSAL_VENV ?= $(CURDIR)/.venv-rehearsal
PROJECT := VENV='$(PROJECT_VENV)' JOB_VENV='$(PROJECT_JOB_VENV)' UV='$(UV)' PYTHON='$(PYTHON)'
PYTEST := $(RUN)/python -m pytest
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command 'make lock'

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  \033[36m%-12s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/tool.stamp: requirements/uv.txt requirements/tool.txt
	@echo "Setting up the tool in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(RUN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@$(UV) pip install --quiet --python $(VENV) --require-hashes -r requirements/tool.txt
	@touch $@

$(VENV)/dev.stamp: $(VENV)/tool.stamp requirements/dev.txt
	@echo "Setting up the tests in $(VENV)"
	@$(UV) pip install --quiet --python $(VENV) --require-hashes -r requirements/dev.txt
	@$(UV) pip install --quiet --python $(VENV) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/bench.stamp: $(VENV)/dev.stamp requirements/bench.txt
	@$(UV) pip install --quiet --python $(VENV) --require-hashes -r requirements/bench.txt
	@touch $@

$(REHEARSAL_VENV)/stamp: $(VENV)/tool.stamp requirements/rehearsal.txt
	@echo "Setting up the emulated AWS in $(@D)"
	@$(UV) venv --quiet --clear --python $(PYTHON) $(@D)
	@$(UV) pip install --quiet --compile-bytecode --python $(@D) --require-hashes -r requirements/rehearsal.txt
	@touch $@

$(VALIDATORS_VENV)/stamp: $(VENV)/tool.stamp requirements/validators.txt
	@echo "Setting up the validators of infrastructure in $(@D)"
	@$(UV) venv --quiet --clear --python $(PYTHON) $(@D)
	@$(UV) pip install --quiet --compile-bytecode --python $(@D) --require-hashes -r requirements/validators.txt
	@touch $@

.PHONY: setup
setup: $(VENV)/dev.stamp $(REHEARSAL_VENV)/stamp $(VALIDATORS_VENV)/stamp project-setup ## Make every environment the tests need

.PHONY: project-setup
project-setup: $(VENV)/tool.stamp
	@$(MAKE) --no-print-directory -C '$(TEMPLATE)/model-build' setup $(PROJECT)
	@$(MAKE) --no-print-directory -C '$(TEMPLATE)/model-deploy' setup VENV='$(PROJECT_DEPLOY_VENV)' UV='$(UV)' PYTHON='$(PYTHON)'

.PHONY: demo
demo: $(VENV)/tool.stamp ## Stamp out a project; train, approve, serve and ask its model here
	@$(PROJECT) PROJECT_VENV='$(PROJECT_VENV)' PROJECT_JOB_VENV='$(PROJECT_JOB_VENV)' \
	  PROJECT_DEPLOY_VENV='$(PROJECT_DEPLOY_VENV)' rehearsal/demo.sh

.PHONY: test
test: setup ## Run every test (what CI runs)
	@$(PYTEST) -n 2

.PHONY: test-fast
test-fast: setup ## Run the tests that take under a minute together
	@$(PYTEST) -n 2 -m 'not slow and not container'

.PHONY: synth
synth: $(VENV)/dev.stamp ## Write service_catalog/templates again
	@$(RUN)/python -m service_catalog control-policies
	@$(RUN)/python -m service_catalog synth

.PHONY: publish
publish: $(VENV)/dev.stamp ## Publish to Service Catalog and as S3 template (DRY_RUN=1 only shows the change)
	@$(RUN)/python -m service_catalog publish $(if $(DRY_RUN),--dry-run) $(ARGS)

.PHONY: verify-aws
verify-aws: $(VENV)/dev.stamp ## Try on a real account what can't be proved here, and write down the results
	@$(RUN)/python -m service_catalog verify-aws $(ARGS)

.PHONY: lint
lint: $(VENV)/dev.stamp ## Check style, types and texts
	@$(RUN)/pre-commit run --all-files
	@$(RUN)/mypy

.PHONY: bench
bench: setup $(VENV)/bench.stamp ## Print the ratios against named peers
	@JOB_PYTHON='$(PROJECT_JOB_VENV)/bin/python' $(RUN)/python benchmarks/preprocess.py
	@$(RUN)/python benchmarks/stamping.py
	@JOB_PYTHON='$(PROJECT_JOB_VENV)/bin/python' $(RUN)/python benchmarks/serving.py
	@$(RUN)/python benchmarks/seeder.py

.PHONY: docs
docs: $(VENV)/dev.stamp ## Build the documentation site in build/site
	@NO_MKDOCS_2_WARNING=1 $(RUN)/mkdocs build --strict --quiet --site-dir build/site

.PHONY: lock
lock: $(VENV)/tool.stamp ## Resolve the requirement locks again
	@$(COMPILE) --group bootstrap --output-file requirements/uv.txt
	@$(COMPILE) pyproject.toml --group dev --output-file requirements/dev.txt
	@$(COMPILE) pyproject.toml --constraints requirements/dev.txt --output-file requirements/tool.txt
	@$(COMPILE) --group catalog --constraints requirements/dev.txt --output-file requirements/catalog.txt
	@$(COMPILE) --group seeder --constraints requirements/dev.txt --output-file requirements/seeder.txt
	@$(COMPILE) --group bench --constraints requirements/dev.txt --output-file requirements/bench.txt
	@$(COMPILE) --group validators --output-file requirements/validators.txt
	@$(COMPILE) --group rehearsal --output-file requirements/rehearsal.txt
	@$(MAKE) --no-print-directory -C '$(TEMPLATE)/model-build' lock $(PROJECT)
	@$(MAKE) --no-print-directory -C '$(TEMPLATE)/model-deploy' lock VENV='$(PROJECT_DEPLOY_VENV)' UV='$(UV)'

.PHONY: clean
clean: ## Remove what the targets made, environments included
	@rm -rf build dist .venv .venv-project .venv-job .venv-deploy .venv-rehearsal .venv-validators .mypy_cache .pytest_cache .ruff_cache .hypothesis
