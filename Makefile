# The door to everything. `make` alone lists the targets; each is one line that calls cargo, forge or a script.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo test check fmt fmt-check lint deny pack contracts mocks abi devnode snapshots forge dependencies \
	scripts figures debug release engines certify campaign differential colluders peer fuzz-risk coverage mutants-risk programs \
	runners conformance nitro devnode-bench devnode-fuzz mutants fuzz clean

CARGO := cargo
FORGE := node scripts/foundry.mjs forge
PACK := $(CARGO) run --release --locked -p novate-e2e --bin pack --
# The node with the features that the tools give its dependencies, so that nothing is compiled twice.
NODE := $(CARGO) build --release --locked -p novate-e2e -p novate-devnode --bin novate-devnode
PURE := -p novate-math -p novate-risk -p novate-abi
PROGRAMS := -p novate-common -p novate-oracle -p novate-margin -p novate-lens -p novate-parameters -p novate-clearing -p novate-liquidation -p novate-exchange
# The contracts together, and what an adversary does to them.
TOGETHER := -p novate-testbed
HOST := -p novate-devnode -p novate-client -p novate-liquidator -p novate-e2e

help: ## Lists the targets.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F '\t' '{ printf "  make %-12s %s\n", $$1, $$2 }'

setup: ## Installs what this machine lacks: Rust toolchain and WASM target, npm packages.
	@node scripts/setup.mjs

demo: setup mocks contracts ## Plays a crash through the clearing house: make demo ARGS="--help" lists the options.
	$(CARGO) run --release --locked -p novate-e2e --bin demo -- $(ARGS)

test: setup dependencies scripts forge debug contracts-checked figures release programs runners ## Runs all tests: scripts, Solidity, Rust, and the built WASM on the devnode.
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

nitro: ## Runs Offchain Labs' own development node in Docker instead: ARGS="--help" lists the options.
	node devnode/nitro.mjs $(ARGS)

devnode-bench: setup ## Measures the node beside anvil: prints the bars of devnode/README.md.
	$(CARGO) run --release --locked -p novate-devnode --example bench -- node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil

devnode-fuzz: ## Random modules and requests against the node, results in docs/reports: ARGS="--modules 10000" for fewer.
	node devnode/fuzz.mjs $(ARGS)

snapshots: setup mocks ## Rewrites snapshots/ (sizes, storage, gas, ink): the difference belongs into the commit that causes it.
	$(PACK) --write && NOVATE_SNAPSHOTS=write $(CARGO) test --release --locked $(PURE) $(HOST) snapshot && NOVATE_SNAPSHOTS=write $(CARGO) test --locked $(PROGRAMS) snapshot

forge: setup ## Solidity tests, and the canary that must fail.
	node scripts/forge_test.mjs && node scripts/forge_canary.mjs

programs: setup mocks ## Solidity tests that drive the built WASM: ARGS="-vvv" shows the calls of failures.
	$(NODE) && target/release/novate-devnode test --arbos 60 --out target/forge/out --match-path '^test/programs/' $(ARGS)

runners: setup ## Compares the devnode's runner of forge tests with forge, and runs cast and forge on the node.
	$(NODE) && node scripts/forge_differential.mjs && node --test devnode/conformance/test/foundry.test.mjs devnode/conformance/test/fork.test.mjs

conformance: setup ## Runs third-party clients (cargo-stylus, cast, forge, viem, ethers, alloy) on the devnode; needs a network.
	$(NODE) && node scripts/conformance.mjs

dependencies: ## Checks which crate depends on which.
	node scripts/check_dependencies.mjs

scripts: setup ## Tests of the scripts themselves.
	node scripts/test_scripts.mjs

debug: setup # Pure crates and contracts with debug assertions: overflow, branches, reverts.
	$(CARGO) test --locked $(PURE) $(PROGRAMS) $(TOGETHER)

release: setup mocks # Pure crates and contracts as shipped, the node, the clients, and the built WASM.
	$(CARGO) test --release --locked $(PURE) $(PROGRAMS) $(TOGETHER) $(HOST)

engines: setup ## Runs the node's tests on the compiling WASM engine, and compares both engines on random programs.
	NOVATE_WASM_ENGINE=compiler $(CARGO) test --release --locked -p novate-devnode --features compiler

certify: ## Proves the bounds of the mathematics again (needs pip install python-flint).
	python3 scripts/math/certify.py

campaign: ## Compares random points of every function with Arb: ARGS="--count 10000000" (needs python-flint).
	python3 scripts/math/campaign.py $(ARGS)

differential: setup ## Compares the margin engine with its slow reference: 20,000 random books, 5,000 with every extension, 2,500 with parameters of peers.
	$(CARGO) build --release --locked -p novate-risk
	python3 scripts/risk/differential.py --count 20000 --seed 1 > target/differential.log
	python3 scripts/risk/differential.py --count 5000 --seed 2 --extensions > target/differential-extended.log
	python3 scripts/risk/differential.py --count 2500 --seed 3 --beyond > target/differential-beyond.log
	python3 scripts/risk/reports.py differential target/differential.log target/differential-extended.log target/differential-beyond.log

peer: setup ## Compares the margin engine with the test portfolios of Derive's PMRM_2: make peer CASES=folder (not part of the project).
	$(CARGO) build --release --locked -p novate-risk && python3 scripts/risk/peer.py $(CASES)/*.json

fuzz-risk: setup ## Runs 10,000,000 random books through every function of the margin engine: ARGS="--count 100000" for fewer.
	mkdir -p target && $(CARGO) run --release --locked --manifest-path fuzz/risk/Cargo.toml --bin campaign -- $(ARGS) > target/fuzz-risk.log
	python3 scripts/risk/reports.py fuzz target/fuzz-risk.log

coverage: setup ## Requirements of recorded chains and what a day cost: make coverage DATA=folder (chains/ and prices/, not part of the project).
	$(CARGO) build --release --locked -p novate-risk && python3 scripts/risk/coverage.py --data $(DATA) --out docs/reports/coverage.md $(ARGS)

colluders: setup ## Lets random colluding groups try 1,000,000 steps against the contracts together: ARGS="--seed 2" for others.
	$(CARGO) run --release --locked -p novate-testbed --bin colluders -- --report docs/reports/colluders.md $(ARGS)

mutants-risk: ## Changes the margin engine in a thousand places, one at a time: the tests must notice (needs cargo-mutants).
	python3 scripts/risk/mutants.py $(ARGS)

mutants: ## Runs every mutant of the mathematics: docs/reports/math-mutants.md (needs cargo-mutants).
	python3 scripts/math/mutants.py $(ARGS)

fuzz: ## Fuzzes the mathematics: ARGS="--runs 10000000" (needs a nightly toolchain and cargo-fuzz).
	python3 scripts/math/fuzz.py $(ARGS)

clean: ## Removes everything that was built.
	rm -rf target node_modules
