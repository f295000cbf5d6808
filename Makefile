# Aval: every command a developer or an operator types. `make` alone prints them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV ?= .venv
PORT ?= 8080
WORKERS ?= 2
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH_READY := $(VENV)/.ready-bench
PACKAGES := policy credit rules storage api
FAST := $(wildcard tests/policy tests/credit tests/rules tests/conformance tests/house)
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -q
LOCK := $(BIN)/uv pip compile setup.cfg --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
        --no-strip-extras --no-emit-index-url --no-emit-find-links -q

export PORT
unexport PYTHONDONTWRITEBYTECODE  # each test that starts a process would compile all sources again

.PHONY: help setup check test test-fast run serve bench bench-large bench-http bench-log bench-escalation soak-log soak-ladder kills conform policy demo-evidence demo-collections reliability soak soak-engines docs docs-findings docs-words real-input client lock clean

help: ## print these lines
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make the environment in .venv, at the locked versions (quick when nothing changed)

$(READY): requirements/dev.txt setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Aval needs Python 3.11 or later; name one with: make setup PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "$(PYTHON) cannot make environments; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' \
	  || { echo "the C headers of $(PYTHON) are missing; on Debian: apt-get install python3-dev" >&2; exit 1; }
	@command -v "$${CC:-cc}" >/dev/null \
	  || { echo "a C compiler is missing; on Debian: apt-get install build-essential" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) ..."
	@# Python 3.13 dropped a name that durable_rules 2.0.28 still calls; its successor has the same meaning.
	@if $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 13))'; then \
	  export CPPFLAGS="$${CPPFLAGS:-} -DPyEval_CallObject=PyObject_CallObject"; fi; \
	$(PIP) install --use-pep517 --require-hashes -r requirements/dev.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(BENCH_READY): $(READY) requirements/bench.txt
	@$(PIP) install --require-hashes -r requirements/bench.txt
	@touch $@

check: $(READY) ## faults, types and arrows: ruff, mypy --strict, the import contract
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --config setup.cfg --no-cache

test: $(READY) ## everything short (about twenty minutes on two cores)
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not bench"

test-fast: $(READY) ## the quick ones, up to the first failure (a minute at most)
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -x -m "not bench and not slow and not postgres" $(FAST)

run: $(READY) ## the demo: shipped policy, small book, API and console on PORT (8080)
	$(BIN)/aval serve --demo --port $(PORT)

serve: $(READY) ## the service on the configured database, on PORT (8080)
	$(BIN)/aval serve --port $(PORT)

conform: $(READY) ## the conformance cases on every engine
	$(BIN)/pytest tests/conformance

policy: $(READY) ## check and test one policy: make policy FILE=policy/library/....yaml
	@test -n "$(FILE)" || { echo "which policy? make policy FILE=policy/library/NAME.yaml" >&2; exit 2; }
	$(BIN)/aval check $(FILE)
	$(BIN)/aval test $(FILE)

demo-evidence: $(READY) ## a decision, its receipt and replay; then the database is tampered with, and who notices
	$(BIN)/python -m tests.demonstrations.evidence

demo-collections: $(READY) ## sixty days of a book under a ladder: reminder, demand, orders stopped, a payment, what a lawyer gets
	$(BIN)/python -m tests.demonstrations.collections

real-input: $(READY) ## the table of verdicts on the real ledger beside the repository
	$(BIN)/python tests/real_input/verdicts.py

bench: $(BENCH_READY) ## measure against the peers, equal answers first
	$(BIN)/python tests/benchmarks/decide.py

bench-large: $(READY) ## measure checking, promises and self-test of large policies
	$(BIN)/python tests/benchmarks/large.py

bench-http: $(READY) ## measure a decision over HTTP against a bare view that stores the same bytes
	$(BIN)/python -m tests.benchmarks.http_decision $(ARGS)

bench-log: $(READY) ## measure what the transparency log costs a decision, and how soon entries have their leaf
	$(BIN)/python -m tests.benchmarks.log_cost
	$(BIN)/python -m tests.benchmarks.http_log_cost $(ARGS)

bench-escalation: $(READY) ## measure a nightly run over 10,000 to 1,000,000 open invoices; ARGS="--nights heavy --database SQLite"
	$(BIN)/python -m tests.benchmarks.escalation $(ARGS)

soak-log: $(READY) ## kill sequencers (SEED=7) with the control that loses, and prove entries among a million
	AVAL_SOAK=1 AVAL_TEST_SEED=$(or $(SEED),7) $(BIN)/pytest -s tests/storage/test_sequencer_kills.py \
		tests/storage/test_sequencer.py tests/storage/test_merkle.py

soak-ladder: $(READY) ## T16: 500 invoices on four steps, four workers killed all the time, on both databases; SEED=number
	AVAL_SOAK=1 AVAL_TEST_SEED=$(or $(SEED),7) $(BIN)/pytest -s tests/reliability/test_ladder.py

kills: $(READY) ## kill, crash, cut, reload under load, in the long form; prints what was counted; SEED=number
	AVAL_SOAK=1 AVAL_TEST_SEED=$(or $(SEED),7) $(BIN)/pytest -s -m "not bench" tests/api/test_kills.py \
	  tests/storage/test_cuts.py tests/api/test_serve_under_load.py tests/api/test_policy_reload.py

soak-engines: $(READY) ## the long comparison of the engines, COUNT=100000 documents; goes on at any: FIRST=number
	$(BIN)/python -m tests.rules.differential --first $(or $(FIRST),0) --count $(or $(COUNT),100000) --workers $(WORKERS)

reliability: $(READY) ## T1 to T9, T16: what must never be lost, with counts; SEED=1 ORDERS=40, DATABASE=both|sqlite|postgresql
	$(BIN)/python -m tests.reliability.everything --seed $(or $(SEED),1) --orders $(or $(ORDERS),40) --database $(or $(DATABASE),both)

soak: $(READY) ## the long versions of the tests (hours)
	AVAL_SOAK=1 $(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not bench"

docs: $(READY) ## run what the documents show
	$(BIN)/pytest $(wildcard tests/docs) tests/house

docs-findings: $(READY) ## write docs/findings.md anew from the broken policies
	$(BIN)/python -m tests.docs.findings_page

docs-words: $(READY) ## write docs/words.md anew from the keys of the language and the examples that run
	$(BIN)/python -m tests.docs.words_page

client: $(READY) ## make the Python client for order systems, a project of its own, in dist/client
	@rm -rf dist/client
	$(BIN)/python -m api.client_package dist/client

lock: $(READY) ## choose and hash the newest allowed versions again
	$(LOCK) --upgrade --extra test --extra dev --extra analysis --extra postgres --extra sso --extra client -o requirements/dev.txt
	$(LOCK) -c requirements/dev.txt -o requirements/run.txt
	$(LOCK) -c requirements/dev.txt --extra bench -o requirements/bench.txt

clean: ## remove what the commands made, the demo's data included
	rm -rf $(VENV) build dist var *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage htmlcov
