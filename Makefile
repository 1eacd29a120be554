# Everything sets itself up: a virtual environment in .venv, and what has pins that would disturb it in ones beside:
# ministack, and the libraries that ours is measured beside.
# What is installed is not installed again until pyproject.toml or a lock changes, so a second run needs no network.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

WORKERS ?= 2
PYTEST ?=
DYNOXIDE_VERSION := 1.2.1
OPENFEATURE := ofrep-provider@0.1.3 ofrep-web-provider@0.4.3 server-sdk@1.23.0 web-sdk@1.10.0
FEATUREVISOR_VERSION := 4.0.0
PEERS := UnleashClient eppo-server-sdk flagsmith-flag-engine growthbook openfeature-sdk statsig-python-core

VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore $(BIN)/python -m pip install --quiet

.PHONY: help demo test test-slow check bench lock clean

help: ## List what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.runs ## Run an experiment on 20,000 simulated users, print its report and serve the dashboard on it
	@$(BIN)/variate demo --serve

# Each of two workers reads 390 files of tests, and hundreds of processes start: compiled, that takes half the time.
test test-slow: export PYTHONDONTWRITEBYTECODE :=

test: $(VENV)/.develops .venv-ministack/.runs $(VENV)/.node-modules $(VENV)/.featurevisor ## Run every test but the heavy ones, on real engines
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not slow" $(PYTEST)

test-slow: $(VENV)/.develops .venv-ministack/.runs $(VENV)/.node-modules ## Run the heavy tests: load, chaos, simulation
	$(BIN)/python -m pytest -m slow -o faulthandler_timeout=3600 $(PYTEST)

check: $(VENV)/.develops ## Check lint, format, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.develops .venv-ministack/.runs .venv-peers/.runs $(VENV)/.node-modules ## Measure beside bare drivers and other libraries
	@$(BIN)/python -m benchmarks

lock: | $(VENV)/.pip ## Pin the newest versions of all that development needs
	@rm -rf .venv-lock
	@for lock in dev ministack peers; do \
	  $(BIN)/python -m venv --clear .venv-lock; \
	  .venv-lock/bin/python -m pip install --quiet --upgrade 'pip>=25.1'; \
	  case $$lock in \
	    dev) wanted="--editable .[all] --group dev --group engines";; \
	    ministack) wanted=ministack;; \
	    peers) wanted="--editable . $(PEERS)";; \
	  esac; \
	  .venv-lock/bin/python -m pip install --quiet $$wanted; \
	  { head -n 1 requirements-$$lock.lock; .venv-lock/bin/python -m pip freeze --exclude-editable; } > .venv-lock/pins; \
	  cp .venv-lock/pins requirements-$$lock.lock; \
	done
	@rm -rf .venv-lock

clean: ## Remove what was installed and what tools left behind
	rm -rf $(VENV) .venv-ministack .venv-peers node_modules dist build .*_cache .hypothesis
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@python=$$(for name in $${PYTHON:-} python3.13 python3.12 python3.11 python3 python; do \
	  if "$$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (4,))' 2>/dev/null; then echo "$$name"; break; fi; \
	done); \
	if [ -z "$$python" ]; then echo 'variate needs Python 3.11 or newer on PATH, or PYTHON=/path/to/python' >&2; exit 1; fi; \
	if ! "$$python" -m venv $(VENV); then \
	  rm -rf $(VENV); echo "$$python cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; \
	fi

# pip 25.1 is the first that reads dependency groups.
$(VENV)/.pip: | $(BIN)/python
	@$(BIN)/python -c 'import pip, sys; sys.exit(tuple(map(int, pip.__version__.split(".")[:2])) < (25, 1))' \
	  || $(PIP) --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/.runs: pyproject.toml requirements-dev.lock | $(VENV)/.pip
	@echo 'Installing variate into $(VENV) ...'
	@$(PIP) --constraint requirements-dev.lock --editable '.[all]'
	@touch $@

$(VENV)/.develops: pyproject.toml requirements-dev.lock | $(VENV)/.pip
	@echo 'Installing variate, its tools and the engines for its tests into $(VENV) ...'
	@$(PIP) --constraint requirements-dev.lock --editable '.[all]' --group dev --group engines
	@touch $@ $(VENV)/.runs

.venv-ministack/.runs: requirements-ministack.lock | $(BIN)/python
	@echo 'Installing ministack into .venv-ministack ...'
	@rm -rf .venv-ministack
	@$(BIN)/python -m venv .venv-ministack
	@PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore \
	  .venv-ministack/bin/python -m pip install --quiet --requirement requirements-ministack.lock
	@touch $@

.venv-peers/.runs: pyproject.toml requirements-peers.lock | $(BIN)/python
	@echo 'Installing the libraries to measure beside into .venv-peers ...'
	@rm -rf .venv-peers
	@$(BIN)/python -m venv .venv-peers
	@PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore \
	  .venv-peers/bin/python -m pip install --quiet --requirement requirements-peers.lock --editable .
	@touch $@

# OpenFeature's SDKs for Node, and a second DynamoDB engine, which is not packaged for every machine. In one command: npm
# removes what an earlier one installed without saving. Tests say so where they are missing.
$(VENV)/.node-modules: Makefile | $(BIN)/python
	@if command -v npm >/dev/null && command -v node >/dev/null; then \
	  echo 'Installing what tests need of npm into node_modules ...'; \
	  install() { npm install --no-save --no-package-lock --no-audit --no-fund --silent --fetch-retries=1 --prefix . "$$@" >/dev/null 2>&1; }; \
	  install $(OPENFEATURE:%=@openfeature/%) \
	    "@dynoxide/$$(node -p 'process.platform + "-" + process.arch')@$(DYNOXIDE_VERSION)" \
	    || install $(OPENFEATURE:%=@openfeature/%) || true; \
	fi
	@touch $@

# Another project's conformance cases for conditions, out of its source distribution. Tests say so where it is missing.
$(VENV)/.featurevisor: | $(VENV)/.pip
	@echo 'Downloading the conformance cases of featurevisor $(FEATUREVISOR_VERSION) ...'
	@if PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip download --quiet --no-deps --no-binary :all: \
	  --dest $(VENV)/conformance featurevisor==$(FEATUREVISOR_VERSION); then touch $@; fi
