import assert from "node:assert/strict";
import { test } from "node:test";
import { fault } from "../forge_canary.mjs";
import { filesNotRun } from "../forge_test.mjs";

const RUN = `Ran 2 tests for test/forge/Feeds.t.sol:UnitFeeds
[PASS] test_A() (gas: 1)
Ran 1 test for test/forge/Caller.t.sol:UnitCaller
[PASS] test_B() (gas: 1)
`;

test("a test file that forge left out is named", () => {
  const files = ["test/forge/Feeds.t.sol", "test/forge/Caller.t.sol", "test/forge/OddTokens.t.sol"];
  assert.deepEqual(filesNotRun(files, RUN), ["test/forge/OddTokens.t.sol"]);
  assert.deepEqual(filesNotRun(files.slice(0, 2), RUN), []);
  assert.deepEqual(filesNotRun(files, "No tests found in project!"), files);
});

const CANARY = `[FAIL: the canary fails by design: 1 != 2] test_Canary_MustFail() (gas: 3050)
Ran 1 test suite in 2.54ms: 0 tests passed, 1 failed, 0 skipped (1 total tests)`;

test("a canary that fails is what the runner must see", () => {
  assert.equal(fault({ status: 1, output: CANARY }), null);
});

test("a canary whose failure is swallowed is a fault", () => {
  assert.match(fault({ status: 0, output: CANARY }), /reported success/);
});

test("a run that fails for another reason is a fault", () => {
  assert.match(fault({ status: 1, output: "Error: compiler not found" }), /not because of the canary/);
});

test("a canary among other tests is a fault", () => {
  assert.match(fault({ status: 1, output: CANARY.replace("0 tests passed", "3 tests passed") }), /other tests/);
});
