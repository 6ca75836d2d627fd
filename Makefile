# polycite: `make ask Q="…"` and `make test` set up all they need; the other targets are for working on the code.

PYTHON ?= python3
BIN := .venv/bin
# PIP_USER or a required virtual environment in the surroundings must not lead the installation elsewhere.
PIP := env -u PIP_USER -u PIP_TARGET -u PIP_PREFIX PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet --no-deps

# The question as it was typed: make would expand a $ in it.
override export Q := $(value Q)

.PHONY: ask ui test times check gate baseline bench latency load engines screenshots scale chaos fuzz lock basis licences clean
.DELETE_ON_ERROR:

ask: .venv/ready-to-ask
	@test -n "$$Q" || { echo 'Usage: make ask Q="How many H100 GPUs does Meta want?"' >&2; exit 2; }
	@$(BIN)/polycite index corpus --data-dir .polycite >/dev/null
	@$(BIN)/polycite ask --data-dir .polycite -- "$$Q" || test $$? -eq 3

# The page in the browser, with the documents of FOLDER (by default the sample corpus).
ui: .venv/ready-to-ask
	@$(BIN)/polycite ui $(or $(FOLDER),corpus)

test: .venv/ready-to-test
	@tests/install_browser
	$(BIN)/python -m pytest

check: .venv/ready-to-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pylint index qa evals ui

# Golden questions against the sample corpus: red below the floors (evals/gate.toml) or on a regression.
gate: .venv/ready-to-test
	@$(BIN)/polycite eval gate

# Makes this state what the gate compares with, and prints what changed.
baseline: .venv/ready-to-test
	@$(BIN)/polycite eval baseline

# What polycite takes and finds on the sample corpus, beside a LlamaIndex starter pipeline (needs a quiet machine).
bench: .venv/ready-to-test
	@$(BIN)/python -m evals.bench

# How long the first question takes on a machine with nothing installed, and the next.
times: .venv/ready-to-test
	@$(BIN)/python -m evals.times

# How soon an answer begins and ends, with and without the model, and eight at once (needs a quiet machine).
latency: .venv/ready-to-test
	@$(BIN)/python -m evals.latency

# The golden questions by the engines that run in polycite and by servers: the figures must be the same.
engines: .venv/ready-to-test
	@$(BIN)/python -m evals.engines

# What the page's server bears: 32 users and more, 10,000 questions, and what memory they leave it (some minutes).
load: .venv/ready-to-test
	@$(BIN)/python -m evals.load

# Pictures of the page for docs/page, and how soon it is there.
screenshots: .venv/ready-to-test
	@$(BIN)/python -m tests.screenshots

# What an index takes at 1,000, 10,000 and 100,000 chunks, and up to 10,000 on a Chroma server (some minutes).
scale: .venv/ready-to-test
	@$(BIN)/python -m evals.scale
	@$(BIN)/python -m evals.scale_shared

# Kills the indexer, or the Chroma server that shares its index, 200 times at random moments, with a reader beside it,
# and checks what is left (KILLS=20 is shorter); then all other faults, one by one.
chaos: .venv/ready-to-test
	@$(BIN)/python -m evals.chaos $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED))
	$(BIN)/python -m pytest -m fault

# docs/licences.md: the licence of each distribution in the locks.
licences: .venv/ready-to-test
	@$(BIN)/python -m tests.licences

# Looks for inputs that break what reads strangers' files and questions, for a minute each (SECONDS=600 is longer;
# TARGET=numbers is one of five: see evals/fuzz.py).
fuzz: .venv/ready-to-fuzz
	@$(BIN)/python -m evals.fuzz $(if $(SECONDS),--seconds $(SECONDS)) $(if $(TARGET),--target $(TARGET))

# The frozen basis that takes the language out of vectors (index/basis.npz), from Django's parallel messages.
basis: .venv/ready-to-test
	$(BIN)/python -m index.make_basis

lock:
	uv pip compile --quiet pyproject.toml -o lock/runtime.lock $(LOCK)
	uv pip compile --quiet pyproject.toml --extra dev -c lock/runtime.lock -o lock/dev.lock $(LOCK)
	for part in model fuzz; do uv pip compile --quiet lock/$$part.in --no-deps -o lock/$$part.lock $(LOCK); done
LOCK := --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

clean:
	rm -rf .venv .polycite

.venv/ready-to-ask: lock/runtime.lock lock/model.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'polycite needs Python 3.11 or newer: make PYTHON=python3.11 …' >&2; exit 1; }
	@echo 'Setting up .venv (a minute or two, once) …' >&2
	@$(PYTHON) -m venv .venv || { echo 'No .venv could be made here; if venv is what is missing: apt install python3-venv' >&2; exit 1; }
	@$(PIP) --require-hashes -r lock/runtime.lock -r lock/model.lock
	@$(PIP) --no-build-isolation --editable .
	@touch $@

.venv/ready-to-test: .venv/ready-to-ask lock/dev.lock
	@$(PIP) --require-hashes -r lock/dev.lock
	@touch $@

.venv/ready-to-fuzz: .venv/ready-to-test lock/fuzz.lock
	@$(PIP) --require-hashes -r lock/fuzz.lock
	@touch $@
