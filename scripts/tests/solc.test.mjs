import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const SOLC = join(dirname(fileURLToPath(import.meta.url)), "..", "solc");
const solc = (args, input = "") => spawnSync(process.execPath, [SOLC, ...args], { encoding: "utf8", input, maxBuffer: 1 << 28 });

test("the version is worded as the native compiler words it", () => {
  const { status, stdout } = solc(["--version"]);
  assert.equal(status, 0);
  assert.match(stdout, /^Version: 0\.8\.37\+commit\.[0-9a-f]{8}\./m);
});

test("an answer far larger than a pipe arrives whole", () => {
  const bodies = Array.from({ length: 400 }, (_, i) => `function f${i}() external pure returns (uint256) { return ${i}; }`);
  const request = {
    language: "Solidity",
    sources: { "A.sol": { content: `pragma solidity 0.8.37; contract A { ${bodies.join(" ")} }` } },
    settings: { outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } } },
  };
  const { status, stdout } = solc(["--standard-json"], JSON.stringify(request));
  assert.equal(status, 0);
  assert.ok(stdout.length > 65_536, `only ${stdout.length} characters`);
  assert.equal(JSON.parse(stdout).contracts["A.sol"].A.abi.length, 400);
});

test("an option that is not served is refused", () => {
  const { status, stderr } = solc(["--bin"]);
  assert.equal(status, 2);
  assert.match(stderr, /only --version and --standard-json are served, got: --bin/);
});
