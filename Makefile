# Two commands do everything: `make demo` and `make test`. Each sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-peers
RUST := $(shell find rust -name '*.rs' -o -name 'Cargo.toml') Cargo.toml Cargo.lock
BUILT := $(VENV)/.built
export CARGO_TERM_COLOR ?= never

.DEFAULT_GOAL := help
.PHONY: help demo test test-rust test-python prove mutants bench bench-rust bench-peers bench-durable bench-vectors bench-store bench-restart bench-agentdojo bench-privacy bench-guards lint fmt dev wheel clean

help:  ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.made:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet 'maturin>=1.14,<2'
	touch $@

# The extension is built anew when Rust or the dependencies changed; Python sources are used where they lie.
$(BUILT): $(VENV)/.made pyproject.toml $(RUST)
	$(BIN)/maturin develop --release --extras dev
	touch $@

dev: $(BUILT)  ## Install everything into .venv, with a release build of the core
	@echo "ready: $(BIN)/interlock --help"

demo: $(BUILT)  ## Run the main job: 3,080 real customer messages triaged, answered, recorded
	$(BIN)/interlock demo support

test: test-rust test-python  ## Run all tests (at most 15 minutes on two cores, the build included)

test-rust: $(VENV)/.made
	cargo test --release --workspace --exclude interlock

# The vector index's second backend comes as C++ source: it is tested where that can be built.
$(VENV)/.hnswlib: $(BUILT)
	command -v c++ >/dev/null && $(BIN)/python -m pip install --quiet 'hnswlib>=0.8' || echo "hnswlib can't be built here: its tests are left out"
	touch $@

test-python: $(VENV)/.hnswlib
	$(BIN)/python -m pytest -m "not heavy"

prove: $(BUILT)  ## The heavy counts: 100,000 property cases, 1,000 kills -9 and 100 crashes at each edge, every mutant of the kernel, refitted thresholds
	PROPTEST_CASES=100000 cargo test --release --workspace --exclude interlock
	$(BIN)/python -m pytest -m "heavy or not heavy"

mutants: $(VENV)/.made  ## Break the kernel, the rules and admission line by line: a test must notice each (ONLY='quorum*' for some)
	$(BIN)/python scripts/mutants.py $(foreach name,$(ONLY),--only '$(name)')

bench: $(BUILT)  ## One table of ratios: Interlock beside bare asyncio, every pattern, with and without a log; memory and durable
	$(BIN)/python -m pytest benches --benchmark-only --benchmark-disable-gc -q
	$(BIN)/python benches/peers/compare.py --engines bare,bare_logged,interlock,interlock_durable
	$(BIN)/python benches/levels.py

bench-rust:  ## Criterion: the kernel, the rules, admission, the vector index and the store
	cargo bench -p interlock-kernel -p interlock-rules -p interlock-admission -p interlock-vector -p interlock-store

$(PEERS)/.installed: benches/peers/requirements.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --upgrade 'pip>=24'
	$(PEERS)/bin/python -m pip install --quiet -r $<
	touch $@

bench-peers: $(BUILT) $(PEERS)/.installed  ## The same beside LangGraph, Agno and Burr, in one run
	$(BIN)/python benches/peers/compare.py --peer-python $(PEERS)/bin/python

bench-durable: $(BUILT) $(PEERS)/.installed  ## What keeping costs, beside a bare write + fdatasync, LangGraph and Burr with SQLite
	$(BIN)/python benches/durable.py --peer-python $(PEERS)/bin/python

bench-vectors: $(BUILT) $(PEERS)/.installed  ## Nearest neighbours beside hnswlib, usearch and faiss, in one process
	$(BIN)/python benches/vectors.py --peer-python $(PEERS)/bin/python

bench-store: $(BUILT) $(PEERS)/.installed  ## Reading one of a million values, beside a dict, LMDB, redis and LangGraph's store
	$(BIN)/python benches/store.py --peer-python $(PEERS)/bin/python

.venv-agentdojo/.installed:
	$(PYTHON) -m venv .venv-agentdojo
	.venv-agentdojo/bin/python -m pip install --quiet 'agentdojo==0.1.35'
	touch $@

# The package brings several model clients, so it lives apart; its data are exported and lie in the repository. The seed: its guest lists are sets.
bench-agentdojo: $(BUILT) .venv-agentdojo/.installed  ## Prompt injection: AgentDojo with an agent that obeys, strict and by arguments
	PYTHONHASHSEED=0 .venv-agentdojo/bin/python scripts/agentdojo_export.py benches/data/agentdojo
	$(BIN)/python benches/agentdojo.py --tasks

$(PEERS)/.presidio: benches/peers/requirements-privacy.txt $(PEERS)/.installed
	$(PEERS)/bin/python -m pip install --quiet -r $<
	touch $@

bench-privacy: $(BUILT) $(PEERS)/.presidio  ## Finding and masking personal data beside Python's re and Presidio, with recall and precision
	$(BIN)/python benches/privacy.py --peer-python $(PEERS)/bin/python

bench-guards: $(BUILT)  ## What each guard costs a turn, beside the least a careful program does
	$(BIN)/python benches/guards.py

bench-restart: $(BUILT)  ## How soon reads are served again with a million keys and 100,000 vectors, after kill -9 and after a close
	$(BIN)/python benches/restart.py

lint: $(BUILT)  ## Formats, lints, types, stubs and floors
	cargo fmt --all --check
	cargo clippy --release --workspace --all-targets --quiet -- -D warnings
	$(BIN)/ruff format --check python tests benches scripts
	$(BIN)/ruff check python tests benches scripts
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest interlock._core --ignore-disjoint-bases
	$(BIN)/lint-imports

fmt: $(BUILT)  ## Format Rust and Python
	cargo fmt --all
	$(BIN)/ruff format python tests benches scripts
	$(BIN)/ruff check --fix python tests benches scripts

wheel: $(VENV)/.made  ## Build the wheel into dist/
	$(BIN)/maturin build --release --strip --out dist

clean:  ## Remove everything that was built
	rm -rf target dist $(VENV) $(PEERS) .venv-agentdojo python/interlock/*.so
