# The targets of this repository; `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help env demo check test test-updates test-all bench drill pictures release pins lists fix

# A demo inside the clone must not use the clone's own git directory.
unexport GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
unexport PYTHONDONTWRITEBYTECODE
# One cache for every project that the tests make; files are linked from it, not copied.
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
DEST ?= build/demo

help: ## list targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# uv if it is there, else a virtual environment that holds it, else one line that names what is missing.
.venv/made: requirements-dev.txt pyproject.toml
	@hooks/bootstrap.sh
	@touch $@

env: .venv/made ## install the tools of this repository into .venv

demo: .venv/made ## render a project to DEST (build/demo), set it up, train, evaluate; ANSWERS="task=regression ci=none"
	@hooks/demo.sh "$(DEST)" $(ANSWERS)

check: .venv/made ## check lint, types, imports and the catalog
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	PYTHONPATH=hooks $(BIN)/lint-imports
	$(BIN)/checklist validate --catalog checklists --lint

test: check ## run `check` and all tests but the slow ones
	@echo "test: template, tool, catalog, generated projects; some minutes on two cores"
	$(BIN)/pytest -q -n 2 --dist worksteal -m "not slow" $(ARGS)

test-updates: .venv/made ## run the tests of versions and updates
	$(BIN)/pytest -q -n 2 --dist worksteal -m "not slow" tests/versions tests/histories tests/template/test_update.py $(ARGS)

test-all: check ## run all tests: each combination of answers installed and run, long histories
	$(BIN)/pytest -q -n 2 --dist worksteal $(ARGS)

bench: .venv/made ## measure costs, as ratios within one run
	$(BIN)/python bench/bench_first_minute.py
	@hooks/demo.sh build/bench > build/bench.log
	$(BIN)/python bench/bench_train.py build/bench
	$(BIN)/python bench/bench_checklist.py
	$(BIN)/python bench/bench_catalog.py
	$(BIN)/python bench/bench_copier.py
	$(BIN)/python bench/bench_updates.py --histories 3
	$(BIN)/python bench/bench_fleet.py build/bench
	@hooks/demo.sh build/served scaffold=mvp > build/served.log
	@$(MAKE) --no-print-directory -C build/served prepare train evaluate register promote >> build/served.log
	$(BIN)/python bench/bench_serving.py build/served
	$(BIN)/python bench/bench_batch.py build/served
	@hooks/demo.sh build/spread components='[batch, ray]' > build/spread.log
	@$(MAKE) --no-print-directory -C build/spread register promote >> build/spread.log
	$(BIN)/python bench/bench_ray.py build/spread

drill: .venv/made ## play 20 minutes of faults against scaffold production; ARGS="--minutes 2"
	@hooks/demo.sh build/drilled scaffold=production > build/drilled.log
	@$(MAKE) --no-print-directory -C build/drilled register promote >> build/drilled.log
	$(BIN)/python bench/drill.py build/drilled $(ARGS)

pictures: .venv/made ## make docs/images from a real run (needs Chromium); PROJECT=build/demo uses that one
	$(BIN)/python bench/pictures.py $(PROJECT)

release: .venv/made ## make release VERSION=x.y.z: bump, check, snapshot, commit, tag
	@$(BIN)/python hooks/release.py "$(VERSION)"

pins: .venv/made ## update requirements-dev.txt from pyproject.toml
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --group dev pyproject.toml -o requirements-dev.txt

lists: .venv/made ## update copier.yml's lists of root files
	$(BIN)/python tests/file_lists.py

fix: .venv/made ## fix lint and formatting
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
