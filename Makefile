# Everything here needs python3 (3.11 or newer) and make, and nothing else first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= auto
# Which tests, in pytest's words, such as: make test TESTS="tests/unit -k forecast". All of them are measured, a part is not.
TESTS ?=
UPGRADE ?=
COMPANIES ?= 100
KEY_RESULTS ?= 1000
ISSUES ?= 20000
ROWS ?= 1000000
PEER_SIZES ?= 30 100 300

# Nothing is resolved while installing: each lock names a closure with its hashes, and `pip check` says whether it is one.
PIP := $(BIN)/python -m pip --disable-pip-version-check
LOCKED := $(PIP) install --quiet --no-user --require-hashes --no-deps
RESOLVED := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet
# One stamp for each step. Another Python or another lock begins a new environment, in which nothing of the old one is left.
VERSION := $(shell $(PYTHON) -c 'import platform; print(platform.python_version())' 2>/dev/null)
RUN := $(VENV)/ready-for-demo-$(VERSION)
OWN := $(VENV)/ready-okrsync-$(VERSION)
DEV := $(VENV)/ready-for-test-$(VERSION)
PEERS := $(VENV)/peers/ready-$(VERSION)

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types contracts pytest announce fresh bench bench-peers live docs lock clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(RUN): .requirements/run.txt .requirements/build.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "okrsync needs Python 3.11 or newer; say which: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "this Python cannot make virtual environments; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing what okrsync needs into $(VENV): once, 20 to 60 seconds ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(LOCKED) -r .requirements/build.txt
	@$(LOCKED) -r .requirements/run.txt
	@touch $@

$(OWN): $(RUN) pyproject.toml okrsync/__init__.py
	@$(PIP) install --quiet --no-user --no-deps --no-build-isolation --editable .
	@$(PIP) check >/dev/null || $(PIP) check
	@touch $@

$(DEV): $(OWN) .requirements/dev.txt
	@echo "Installing what the tests need into $(VENV): once, 20 to 60 seconds ..."
	@$(LOCKED) -r .requirements/dev.txt
	@$(PIP) check >/dev/null || $(PIP) check
	@touch $@

setup: $(DEV) ## Install everything into .venv

demo: $(OWN) ## Run the main job on a made-up company, in half a minute; leaves no trace
	@$(BIN)/okrsync demo

test: announce lint types contracts pytest ## Lint, types, architecture contracts and all tests, in 25 minutes on two cores

announce: setup
	@echo "Running ruff, mypy and the import contracts (1 to 2 minutes), then $(if $(TESTS),these tests: $(TESTS),all tests (15 to 25 minutes on two cores)) ..."

lint: setup ## Style and mistakes (ruff)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## Types (mypy --strict)
	$(BIN)/mypy

contracts: setup ## Who may import whom (import-linter)
	$(BIN)/lint-imports

pytest: setup ## All tests; the pure core is covered to 100 % of its branches
	$(BIN)/pytest -n $(WORKERS) $(if $(TESTS),$(TESTS),--cov --cov-report=term:skip-covered)

fresh: ## Both commands of the README on fresh Debians, in chroots (root, debootstrap; 30 minutes); TESTS=all for all tests
	tests/fresh/pips.sh
	TESTS="$(TESTS)" tests/fresh/run.sh

bench: setup ## Print the benchmarks' ratios and request counts, and the tables of docs/benchmarks.md
	OKRSYNC_BENCH_COMPANIES=$(COMPANIES) OKRSYNC_BENCH_KEY_RESULTS=$(KEY_RESULTS) OKRSYNC_BENCH_WEEKS=52 OKRSYNC_BENCH_ISSUES=$(ISSUES) OKRSYNC_BENCH_ROWS=$(ROWS) OKRSYNC_BENCH_ROUNDS=9 $(BIN)/pytest tests/benchmarks -q -s

$(PEERS): $(DEV) .requirements/peers.txt
	@echo "Installing what okrsync is compared with into $(VENV)/peers ..."
	@$(PYTHON) -m venv --clear $(VENV)/peers
	@$(subst $(BIN),$(VENV)/peers/bin,$(LOCKED)) -r .requirements/peers.txt
	@$(subst $(BIN),$(VENV)/peers/bin,$(PIP)) check
	@touch $@

bench-peers: $(PEERS) ## okrsync beside a script, dlt and csv2notion-neo at 3 requests a second, in 45 minutes
	OKRSYNC_BENCH_PEERS=$(abspath $(VENV)/peers/bin/python) OKRSYNC_BENCH_PEER_SIZES="$(PEER_SIZES)" $(BIN)/pytest tests/benchmarks/test_peers.py -q -s

live: setup ## Ask the real vendors what the emulators assume (docs/live-check.md)
	$(BIN)/python -m tests.live

docs: setup ## Write the real outputs and the picture into the documents
	OKRSYNC_RENEW_DOCS=1 $(BIN)/pytest tests/test_docs.py -q -k "does_what or picture or every_message"

lock: ## Resolve the requirements again (needs uv); newest of all: make lock UPGRADE=--upgrade
	uv pip compile pyproject.toml $(RESOLVED) --extra dev $(UPGRADE) -o .requirements/dev.txt
	uv pip compile pyproject.toml $(RESOLVED) --constraint .requirements/dev.txt --extra alerts --extra cluster --extra mcp --extra report -o .requirements/run.txt
	cp .requirements/run.txt .requirements/image.txt
	uv pip compile pyproject.toml $(RESOLVED) --extra alerts --extra cluster --extra mcp --extra report --extra s3 --extra gcs --extra sftp -o .requirements/image.txt
	uv pip compile --group build $(RESOLVED) --constraint .requirements/dev.txt -o .requirements/build.txt
	uv pip compile --group peers $(RESOLVED) $(UPGRADE) -o .requirements/peers.txt

clean: ## Remove what was installed and cached
	rm -rf $(VENV) .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache build dist
