# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

# Tests write about 1 GB that nobody keeps: into memory, when it has room.
ROOM := $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 3000000 {print "/dev/shm"}')
SCRATCH := $(or $(shell test -w "$(ROOM)" && echo "$(ROOM)"),$(TMPDIR),/tmp)
# They start many processes, each of which would compile all modules anew.
test tests: export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test types tests check format torture clean

demo: $(VENV)/.ready ## build a sample shop and run the database agent on it
	$(BIN)/surefoot demo

test: $(VENV)/.ready-dev ## lint, types, import directions, all tests with branch coverage
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory -j 2 types tests

types: $(VENV)/.ready-dev
	$(BIN)/mypy

tests: $(VENV)/.ready-dev
	@scratch=$$(mktemp -d "$(SCRATCH)/sf-XXXXXX") && trap 'rm -rf "$$scratch"' EXIT && \
	TMPDIR=$$scratch $(BIN)/python -m pytest \
	    -n 2 --dist loadfile --cov --cov-report=term:skip-covered -q -rs

check: test

torture: $(VENV)/.ready-dev ## kill a real process 1,000 times on each store, then worse; see docs/torture.md
	$(BIN)/python -m tests.torture --store sqlite --kills 1000 --seed 7
	$(BIN)/python -m tests.torture --store postgres --kills 1000 --seed 7
	$(BIN)/python -m tests.torture --store sqlite --kills 200 --seed 8 --mishaps race clock late
	$(BIN)/python -m tests.torture --store postgres --kills 200 --seed 8 --mishaps race clock late cut
	$(BIN)/python -m tests.torture.commands --store sqlite --kills 10
	$(BIN)/python -m tests.torture.commands --store postgres --kills 10

format: $(VENV)/.ready-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(VENV)/.ready: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing Surefoot into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.ready-dev: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing Surefoot and its tests' tools into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.ready

clean:
	rm -rf $(VENV) demo .mypy_cache .ruff_cache .pytest_cache .coverage
