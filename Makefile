# Everything a person or CI does with this checkout. `make` alone lists it.
#
# Each target sets up what it needs. Nothing outside the checkout is touched except the caches
# and the run state in the user's XDG directories.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

PYTHON ?= python3
NAME ?= dev
MODE ?= kind
ARGS ?=
LANES ?= 3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: help demo test docs checks generate verify bench clean distclean \
	lint types contracts budgets hygiene chart unit campaigns campaign search api browser e2e gitops nightly image plugin cluster-up cluster-down lock venv

help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Use

demo: $(READY) ## Show a release, its rollback and the reports on a local cluster
	@$(BIN)/python -m tools.demo $(ARGS)

test: $(READY) ## Run every test on clusters that come up and go down by themselves
	@$(BIN)/python -m pytest -n $(LANES) --no-loadscope-reorder $(ARGS)

docs: $(READY) ## Build the documentation into build/site; a link that leads nowhere is an error
	@$(BIN)/python -m tools.docsite

bench: $(READY) ## Measure the operator and print the table of docs
	@$(BIN)/python -m tools.bench $(ARGS)

clean: ## Remove what the project made here: clusters, environment, build output
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m tools.clean; \
		else $(PYTHON) -m tools.clean; fi

distclean: clean ## The same, and the caches that make the next run fast
	@$(PYTHON) -m tools.clean --caches

##@ Change

generate: $(READY) ## Write all generated files: CRDs, the chart's copy, install.yaml, the reference
	@$(BIN)/python -m tools.generate

lock: ## Renew the locked requirements from pyproject.toml and requirements/*.in
	@$(PYTHON) -m tools.lock $(ARGS)

image: $(READY) ## Build the operator's image on the engine of the local clusters
	@$(BIN)/python -m tools.image $(ARGS)

plugin: $(READY) ## Pack kubectl release: an archive, and a manifest for krew, in dist/plugin
	@$(BIN)/python -m tools.plugin $(ARGS)

cluster-up: $(READY) ## Bring up a cluster (NAME=dev MODE=kind|light) and print its kubeconfig
	@$(BIN)/python -m tools.cluster up $(NAME) --mode $(MODE)

cluster-down: $(READY) ## End that cluster
	@$(BIN)/python -m tools.cluster down $(NAME)

##@ Check

checks: lint types contracts budgets hygiene verify chart docs ## All static checks, exactly as CI runs them

lint: $(READY) ## Style and formatting
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(READY) ## Strict types
	$(BIN)/mypy

contracts: $(READY) ## Which layer may import which
	$(BIN)/lint-imports --no-logo

budgets: $(READY) ## Sizes of files and functions
	$(BIN)/python -m tools.budgets

hygiene: $(READY) ## What must not be in any file
	$(BIN)/python -m tools.hygiene

verify: $(READY) ## Generated files are what their sources say
	$(BIN)/python -m tools.generate --check

chart: $(READY) ## Lint the Helm chart
	$(BIN)/python -m tools.chart

##@ Test, by tier

unit: $(READY) ## Without a cluster: milliseconds each
	@$(BIN)/python -m pytest -m "not api and not e2e and not campaign and not browser" $(ARGS)

campaigns: $(READY) ## Many releases under faults, on the double of the API server
	@$(BIN)/python -m pytest -m "campaign and not api and not e2e" $(ARGS)

campaign: $(READY) ## A crash at writes on a real API server: a sample, or CAMPAIGNS=all of them
	@$(BIN)/python -m pytest -m "campaign and api" tests/campaigns_api $(ARGS)

api: $(READY) ## On a real API server
	@$(BIN)/python -m pytest -m "api and not campaign and not gitops" $(ARGS)

browser: $(READY) ## The status page in a browser, which is installed on first use
	@$(BIN)/python -m pytest -m browser $(ARGS)

e2e: $(READY) ## On real containers
	@$(BIN)/python -m pytest -m "e2e and not gitops" $(ARGS)

gitops: $(READY) ## Under real Argo CD, Flux and Helm, all of it: minutes, and an hour for the first
	@GITOPS=all $(BIN)/python -m pytest -m gitops $(ARGS)

search: $(READY) ## Every state of the abstract world, and transcripts of what is broken: minutes
	@$(BIN)/python -m tests.search $(ARGS)

nightly: $(READY) ## Every plan of the campaigns, not a sample: hours
	@CAMPAIGNS=all $(BIN)/python -m pytest -m "campaign and not api and not e2e" $(ARGS)

##@ Set up

venv: $(READY) ## Make .venv from the locked requirements; all other targets do it when needed

$(READY): requirements/dev.txt pyproject.toml tools/bootstrap.py
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) is missing: install Python 3.11 or newer" >&2; exit 1; }
	@echo "making .venv from the locked requirements" >&2
	@$(PYTHON) tools/bootstrap.py
	@touch $@
