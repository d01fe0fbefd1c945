import assert from "node:assert/strict";
import { test } from "node:test";
import { differences, results } from "../forge_differential.mjs";

const FORGE = `
Ran 3 tests for test/A.t.sol:A
[PASS] testFuzz_X(uint256,(int8,bytes)[]) (runs: 256, μ: 3, ~: 3)
[FAIL: two (2) words:
  expected a digit
] test_Y() (gas: 12)
[SKIP: later] test_Z() (gas: 0)
Suite result: FAILED. 1 passed; 1 failed; 1 skipped; finished in 1ms (1ms CPU time)

Encountered 1 failing test in test/A.t.sol:A
[FAIL: two (2) words; counterexample: calldata=0x args=[(1)]] test_Other() (gas: 12)
`;

test("results are read by suite, and the repetition of failures is not", () => {
  assert.deepEqual([...results(FORGE)], [
    ["test/A.t.sol:A testFuzz_X(uint256,(int8,bytes)[])", "PASS"],
    ["test/A.t.sol:A test_Y()", "FAIL"],
    ["test/A.t.sol:A test_Z()", "SKIP"],
  ]);
});

test("a test that ends otherwise or does not run is a difference", () => {
  const forge = results(FORGE);
  assert.deepEqual(differences(forge, new Map(forge)), []);
  const own = new Map(forge);
  own.set("test/A.t.sol:A test_Y()", "PASS");
  own.delete("test/A.t.sol:A test_Z()");
  assert.deepEqual(differences(forge, own), [
    "test/A.t.sol:A test_Y(): FAIL under forge, PASS here",
    "test/A.t.sol:A test_Z(): SKIP under forge, not run here",
  ]);
});
