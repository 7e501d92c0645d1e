# Everything sets up what it needs: a clean machine wants only make, Python 3 and a network.
.DEFAULT_GOAL := help
.PHONY: help demo up down relay test prove check audit bench build openapi requirements format clean
SHELL := bash
export SAM_CLI_TELEMETRY := 0
# Linting and tests never speak to AWS; without a region SAM asks for one.
export AWS_DEFAULT_REGION ?= us-east-1

# The uv that works on this machine, else one of our own. `command -v` is not enough: a version
# manager may put a uv on the path that only says it is not installed.
UV := $(shell uv --version >/dev/null 2>&1 && command -v uv || echo .tools/bin/uv)
RUN := $(UV) run --frozen --no-sync

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

demo: .venv/synced ## Buy numbers, take and place calls, and print what happened
	@$(RUN) python -m local demo

up: .venv/synced ## Start the local stack and leave it running (.local/stack.env)
	@$(RUN) python -m local up

down: .venv/synced ## Stop the local stack; its data stays
	@$(RUN) python -m local down

relay: .venv/synced ## Linux only: let `sam local invoke` containers reach the stack
	@$(RUN) python -m local relay

test: .venv/synced ## Run every test, end to end included
	@$(RUN) pytest --numprocesses auto --ignore tests/e2e
	@$(RUN) pytest tests/e2e

prove: .venv/synced ## Run the tests that are too long for make test: more examples, more calls at once
	@$(RUN) pytest -m 'long or proof'

check: .venv/synced ## Format, lint, types, imports, template, known vulnerabilities
	@$(RUN) ruff format --check .
	@$(RUN) ruff check .
	@$(RUN) mypy
	@$(RUN) mypy local
	@$(RUN) lint-imports
	@$(RUN) cfn-lint template.yaml
	@$(RUN) sam validate --lint
	@$(RUN) pytest -q tests/template tests/api/test_document.py
	@$(RUN) python -m local.audit

audit: .venv/synced ## Look up known vulnerabilities of the locked packages (needs the internet)
	@$(RUN) python -m local.audit

bench: .venv/synced build ## Measure the budgets (BENCH=--ratios: without lambda.*, as in CI)
	@$(RUN) python -m bench $(BENCH)

build: .venv/synced ## sam build
	@$(RUN) python -m local build

openapi: .venv/synced ## Write the API's description and its pages, from the functions' code
	@$(RUN) python -m local openapi

requirements: $(UV) ## Write what the layer ships, from the lock file
	@$(UV) export --frozen --no-dev --no-emit-project --no-hashes --prune boto3 -o layers/shared/requirements.txt >/dev/null

format: .venv/synced ## Format the code and mend what lint can mend
	@$(RUN) ruff format .
	@$(RUN) ruff check --fix .

clean: ## Remove what was built (not the local stack's data)
	rm -rf .aws-sam .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# Brought up to date whenever the lock file is newer than the last time.
.venv/synced: uv.lock pyproject.toml .python-version | $(UV)
	@mkdir -p .local
	@echo "Setting up the Python 3.13 environment …"
	@$(UV) sync --frozen --quiet 2>.local/setup.log || { \
	  echo "The environment could not be set up (no network, or no Python 3.13?): read .local/setup.log" >&2; exit 1; }
	@touch $@

.tools/bin/uv:
	@mkdir -p .local
	@command -v python3 >/dev/null || { echo "python3 is missing: install Python 3, or uv (https://docs.astral.sh/uv/)." >&2; exit 1; }
	@{ python3 -m venv .tools && .tools/bin/pip install --quiet 'uv>=0.9,<1'; } >.local/setup.log 2>&1 || { \
	  echo "uv could not be installed (no network?): read .local/setup.log, or install uv yourself." >&2; exit 1; }
