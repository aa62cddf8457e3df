# Everything here needs python3 (3.11 or newer) and make, and nothing else first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= auto
COMPANIES ?= 100
KEY_RESULTS ?= 1000
ISSUES ?= 20000
ROWS ?= 1000000

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types contracts pytest bench docs lock clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/ready: .requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "okrsync needs Python 3.11 or newer; say which: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "this Python cannot make virtual environments; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing what okrsync needs into $(VENV) (once, about half a minute) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(VENV)/ready ## Install everything into .venv

demo: setup ## Run the main job on a made-up company
	@$(BIN)/okrsync demo

test: lint types contracts pytest ## Lint, types, architecture contracts and all tests

lint: setup ## Style and mistakes (ruff)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## Types (mypy --strict)
	$(BIN)/mypy

contracts: setup ## Who may import whom (import-linter)
	$(BIN)/lint-imports

pytest: setup ## All tests; the pure core is covered to 100 % of its branches
	$(BIN)/pytest -n $(WORKERS) --cov --cov-report=term:skip-covered

bench: setup ## Print the benchmarks' ratios and request counts, and the tables of docs/benchmarks.md
	OKRSYNC_BENCH_COMPANIES=$(COMPANIES) OKRSYNC_BENCH_KEY_RESULTS=$(KEY_RESULTS) OKRSYNC_BENCH_WEEKS=52 OKRSYNC_BENCH_ISSUES=$(ISSUES) OKRSYNC_BENCH_ROWS=$(ROWS) $(BIN)/pytest tests/benchmarks -q -s

docs: setup ## Write the real outputs and the picture into the documents
	OKRSYNC_RENEW_DOCS=1 $(BIN)/pytest tests/test_docs.py -q -k "does_what or picture"

lock: ## Resolve the requirements anew (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade --extra dev -o .requirements/dev.txt
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --constraint .requirements/dev.txt --extra sandbox --extra cluster -o .requirements/run.txt

clean: ## Remove what was installed and cached
	rm -rf $(VENV) .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache build dist
