# Everything that is done here, by name: `make help`. Needs Python 3.11 or newer, and nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

# The folders of code that exist; mypy and ruff read them all.
CODE := $(wildcard canonical sources workflows resolvers schema engine gateway sandbox bench tests)

.DEFAULT_GOAL := help
.PHONY: help demo test proof check fmt lint types bench schema new-source serve worker sandbox lock

help:  ## This list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime  ## The pretend company and the gateway over it. PORT=, READY_FILE=, ERP=tryton, CACHE=1, PLAY=1.
	@exec $(BIN)/revgraph demo $(if $(PORT),--port "$(PORT)") $(if $(READY_FILE),--ready-file "$(READY_FILE)") $(if $(ERP),--erp "$(ERP)") $(if $(CACHE),--cache) $(if $(PLAY),--play)

test: $(VENV)/.dev  ## Every test but the long forms, in two processes. PYTEST_ARGS= adds options.
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup -m "not proof" $(PYTEST_ARGS)

proof: $(VENV)/.dev  ## Every test, the long forms too; then what is executed by either engine, by graphql-core.
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup $(PYTEST_ARGS)
	REVGRAPH_ENGINE=core $(BIN)/python -m pytest -q -n 2 --dist loadgroup -m "not proof" $(PYTEST_ARGS)

check: lint types  ## What must be green before anything else is looked at: lint and types.

fmt: $(VENV)/.dev  ## Formats the code, and repairs what ruff can repair.
	$(BIN)/ruff check --quiet --fix-only $(CODE)
	$(BIN)/ruff format $(CODE)

lint: $(VENV)/.dev  ## Format, rules, the river of imports, and the size of files and functions.
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -p no:randomly -p no:cacheprovider tests/house/test_tail.py

types: $(VENV)/.dev  ## mypy, strict, over code and tests.
	$(BIN)/mypy $(CODE)

bench: $(VENV)/.dev  ## Measures three queries side by side, and writes docs/benchmarks.md.
	$(BIN)/python -m bench.timeline $(ARGS)

schema: $(VENV)/.runtime  ## Writes the graph's contract, schema/schema.graphql, from the code.
	$(BIN)/revgraph schema --write schema/schema.graphql $(ARGS)

new-source: $(VENV)/.runtime  ## A folder for one more system, ready to fill: NAME=acme.
	$(BIN)/revgraph new-source $(NAME)

serve: $(VENV)/.runtime  ## The gateway over the systems of revgraph.toml. ARGS= adds options.
	@exec $(BIN)/revgraph serve $(ARGS)

worker: $(VENV)/.runtime  ## What outlives a request: workflows and feeds. ARGS= adds options.
	@exec $(BIN)/revgraph worker $(ARGS)

sandbox: $(VENV)/.runtime  ## The pretend company alone: every vendor's sandbox, with faults on demand.
	@exec $(BIN)/revgraph sandbox $(ARGS)

# Not in the list: run it when a dependency in pyproject.toml changed. No address and no path gets into the locks.
COMPILE := $(BIN)/pip-compile pyproject.toml --quiet --strip-extras --generate-hashes --allow-unsafe \
	--build-deps-for editable --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links
lock:
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Revgraph needs Python 3.11 or newer, and '$(PYTHON)' is not. Name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; \
		exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
		echo "'$(PYTHON)' cannot make a virtual environment; on Debian, install python3-venv." >&2; \
		rm -rf $(VENV); exit 1; }

# The build's own requirements are locked, too; hence no isolation.
$(VENV)/.runtime: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV) (once for each change of requirements.lock) ..." >&2
	@$(PIP) install --quiet --require-hashes --requirement requirements.lock
	@PYTHONWARNINGS=ignore $(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime | $(BIN)/python
	@echo "Installing the developer's tools into $(VENV) ..." >&2
	@$(PIP) install --quiet --require-hashes --requirement requirements-dev.lock
	@touch $@
