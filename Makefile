# The door to everything. `make` alone lists the targets; each is one line that calls cargo, forge or a script.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo test check fmt fmt-check lint deny pack contracts mocks abi devnode snapshots forge dependencies \
	scripts figures debug release certify campaign clean

CARGO := cargo
FORGE := node scripts/foundry.mjs forge
PACK := $(CARGO) run --release --locked -p novate-e2e --bin pack --
PURE := -p novate-math -p novate-risk -p novate-abi
PROGRAMS := -p novate-common -p novate-oracle -p novate-margin -p novate-lens -p novate-parameters -p novate-clearing -p novate-liquidation -p novate-exchange
HOST := -p novate-devnode -p novate-client -p novate-liquidator -p novate-e2e

help: ## Lists the targets.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F '\t' '{ printf "  make %-12s %s\n", $$1, $$2 }'

setup: ## Installs what this machine lacks: Rust toolchain and WASM target, npm packages.
	@node scripts/setup.mjs

demo: setup mocks contracts ## Plays a crash through the clearing house: make demo ARGS="--help" lists the options.
	$(CARGO) run --release --locked -p novate-e2e --bin demo -- $(ARGS)

test: setup dependencies scripts forge debug contracts-checked figures release ## Runs all tests: scripts, Solidity, Rust, and the built WASM on the devnode.
	@echo "make test: all passed"

check: fmt-check lint test ## What a change must pass: formatting, lints, all tests.

fmt: setup ## Formats Rust and Solidity.
	$(CARGO) fmt --all && $(FORGE) fmt

fmt-check: setup ## Fails if something is not formatted.
	$(CARGO) fmt --all --check && $(FORGE) fmt --check

lint: setup ## Clippy without warnings, and forge's linter.
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings && FOUNDRY_PROFILE=lint $(FORGE) lint

deny: ## Licences, advisories and sources of dependencies (needs cargo-deny).
	$(CARGO) deny --locked check

pack: setup ## Builds the contracts and prints their sizes: ARGS="margin" for one, ARGS="--check" against the snapshot.
	$(PACK) $(ARGS)

contracts: setup # The contracts' WASM in target/novate.
	$(PACK)

figures: ## Checks that the figures in the documents are those in snapshots/.
	node scripts/figures.mjs --check

contracts-checked: setup # The same, and their sizes compared with snapshots/size.json.
	$(PACK) --check

mocks: setup # Artifacts of all Solidity in target/forge/out.
	$(FORGE) build

abi: setup ## The contracts' ABI as JSON: make abi ARGS=IClearing.
	@$(FORGE) inspect --json $(ARGS) abi

devnode: setup ## Runs the embedded node: ARGS="--help" lists the options.
	$(CARGO) run --release --locked -p novate-devnode -- $(ARGS)

snapshots: setup mocks ## Rewrites snapshots/ (sizes, storage, gas, ink): the difference belongs into the commit that causes it.
	$(PACK) --write && NOVATE_SNAPSHOTS=write $(CARGO) test --release --locked $(PURE) $(HOST) snapshot && NOVATE_SNAPSHOTS=write $(CARGO) test --locked $(PROGRAMS) snapshot

forge: setup ## Solidity tests, and the canary that must fail.
	node scripts/forge_test.mjs && node scripts/forge_canary.mjs

dependencies: ## Checks which crate depends on which.
	node scripts/check_dependencies.mjs

scripts: setup ## Tests of the scripts themselves.
	node scripts/test_scripts.mjs

debug: setup # Pure crates and contracts with debug assertions: overflow, branches, reverts.
	$(CARGO) test --locked $(PURE) $(PROGRAMS)

release: setup mocks # Pure crates and contracts as shipped, the node, the clients, and the built WASM.
	$(CARGO) test --release --locked $(PURE) $(PROGRAMS) $(HOST)

certify: ## Proves the bounds of the mathematics again (needs pip install python-flint).
	python3 scripts/math/certify.py

campaign: ## Compares random points of every function with Arb: ARGS="--count 10000000" (needs python-flint).
	python3 scripts/math/campaign.py $(ARGS)

clean: ## Removes everything that was built.
	rm -rf target node_modules
