# Two commands do everything on a machine with Python ≥ 3.11, git and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint sweep simulate bench bench-full screenshots lock wheel sbom man clean

demo: $(VENV)/.run  ## a realistic workspace in ./demo: made, run, corrected, run again
	@rm -rf demo
	@$(BIN)/dsf demo demo

test: $(VENV)/.test lint  ## the whole suite
	$(BIN)/pytest -W error -n 4 --dist worksteal

lint: $(VENV)/.test  ## style, types, and which room may import which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

LONG := -W error -o faulthandler_timeout=7200
# What the two commands before it play, and `make simulate`.
ELSEWHERE := --ignore tests/crash/test_sweeps.py --ignore tests/crash/test_connections.py --ignore tests/simulation/test_year.py
sweep: $(VENV)/.test  ## the long form of the crash, corpus and mutation sweeps; prints how many points and how many bad
	$(BIN)/python -m tests.crash.sweep
	$(BIN)/python -m tests.crash.sweep --ledger postgresql
	SWEEP_STEP=1 $(BIN)/pytest $(LONG) -n 2 $(ELSEWHERE) -m sweep
	SWEEP_STEP=1 $(BIN)/pytest $(LONG) -n 2 $(ELSEWHERE) -m "not sweep"
	SWEEP_STEP=1 $(BIN)/pytest $(LONG) -n 2 tests/job --engine dask

simulate: $(VENV)/.test  ## 12 000 random steps in 140 random worlds, fifty of them on servers: PostgreSQL, SFTP, S3, Dask; then a year of nights; `python -m tests.simulation --seed N` plays one
	$(BIN)/python -m tests.simulation --worlds 50 --seed 1 & one=$$!; \
	$(BIN)/python -m tests.simulation --worlds 40 --seed 51 && \
	$(BIN)/python -m tests.simulation --worlds 10 --seed 91 --ledger postgresql && \
	$(BIN)/python -m tests.simulation --worlds 12 --seed 101 --steps 60 --storage sftp && \
	$(BIN)/python -m tests.simulation --worlds 12 --seed 113 --steps 60 --storage s3 && \
	$(BIN)/python -m tests.simulation --worlds 8 --seed 125 --steps 60 --engine dask && \
	$(BIN)/python -m tests.simulation --worlds 4 --seed 133 --steps 60 --ledger postgresql --storage sftp && \
	$(BIN)/python -m tests.simulation --worlds 4 --seed 137 --steps 60 --ledger postgresql --storage s3 --engine dask && wait $$one
	SWEEP_STEP=1 $(BIN)/pytest $(LONG) -s tests/simulation/test_year.py

bench: $(VENV)/.bench  ## speeds, as ratios in one run: the table of docs/performance.md, small, in ten minutes
	$(BIN)/python -m bench

bench-full: $(VENV)/.bench  ## the same at the sizes that the targets were set for: an hour, 20 GB of disk
	$(BIN)/python -m bench --full

screenshots: $(VENV)/.test  ## the pictures of docs/images
	$(BIN)/python -m docs.screenshots

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header
lock: $(VENV)/.test  ## new versions, with their hashes and without any host: the widest set decides, the others take theirs from it
	$(BIN)/pip install --quiet uv
	$(BIN)/$(LOCK) --upgrade --extra build --extra test --extra bench pyproject.toml -o requirements-bench.lock
	$(BIN)/$(LOCK) --constraint requirements-bench.lock --extra build --extra test pyproject.toml -o requirements-test.lock
	$(BIN)/$(LOCK) --constraint requirements-bench.lock --extra build pyproject.toml -o requirements.lock

# The same commit gives the same bytes: times in the wheel are the commit's.
WHEN = SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct)

wheel: $(VENV)/.run  ## dist/*.whl: two builds of one commit are the same, byte for byte
	$(WHEN) $(BIN)/python -m hatchling build --target wheel --directory dist

sbom: $(VENV)/.run  ## dist/sbom.cdx.json: what the lock brings along, as CycloneDX
	@mkdir -p dist
	$(WHEN) $(BIN)/python -m docs.make_sbom > dist/sbom.cdx.json

man: $(VENV)/.run  ## dist/man: the manual pages, in French and in English
	$(BIN)/dsf man dist/man

clean:
	rm -rf $(VENV) demo dist

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installation dans $(VENV), une fois pour toutes (une à deux minutes)…"
	@$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test: requirements-test.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --require-hashes -r requirements-test.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.bench: requirements-bench.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --require-hashes -r requirements-bench.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	touch $@
