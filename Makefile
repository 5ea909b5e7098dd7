# Everything a person or CI runs. `make demo` and `make test` start from nothing but Python 3.11+ and make.
PYTHON ?= python3
PORT ?= 8700
BIN := .venv/bin
.DEFAULT_GOAL := help

# Each worker of the tests, and each process that they start, would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo demo-script test faults heavy crash lint format soak lock clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

demo: .venv/run.stamp ## try it: local Slack, Discord and Dify with the real bot, in your browser
	@$(BIN)/parley demo --port $(PORT)

demo-script: .venv/run.stamp ## the same as a short conversation in the terminal
	@$(BIN)/parley demo --script

test: .venv/dev.stamp ## every test but those of `make faults`, `heavy`, `crash` and `soak`
	@$(BIN)/python -m pytest -n 5 --dist worksteal -m "not long and not crash and not heavy and not faults"

faults: .venv/dev.stamp ## the journeys in which something dies, is cut, lost or restarted
	@$(BIN)/python -m pytest -n 4 --dist worksteal -m faults

heavy: .venv/dev.stamp ## the demo page in Chromium, the benchmarks in a short form, whole processes
	@$(BIN)/python -m pytest -n 2 -m heavy

lint: .venv/dev.stamp ## linters and type checker
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/hadolint Dockerfile

format: .venv/dev.stamp ## put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

crash: .venv/dev.stamp ## kill the bot again and again: nothing may be lost, nothing said twice [SETUP=sqlite]
	@$(BIN)/python -m pytest -n 3 -m "crash and not long" $(if $(SETUP),-k $(SETUP)) -p no:randomly -rP

soak: .venv/dev.stamp ## the long tests, in full
	@$(BIN)/python -m pytest -m long --timeout 0 || test $$? -eq 5

lock: .venv/dev.stamp ## pin the newest versions that pyproject.toml allows, by hash
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header pyproject.toml --output-file requirements/run.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --group voice --output-file requirements/voice.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --group dev pyproject.toml --output-file requirements/dev.txt

clean: ## remove what was installed here
	rm -rf .venv

.venv/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Parley needs Python 3.11 or newer: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv .venv

.venv/run.stamp: .venv/pyvenv.cfg requirements/run.txt pyproject.toml
	@echo "Installing Parley into .venv (once; about a minute) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements/dev.txt requirements/voice.txt
	@echo "Installing what the tests need into .venv ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
		-r requirements/voice.txt || echo "PyAV could not be installed: the tests with Ogg recordings skip."
	@touch $@
