import assert from "node:assert/strict";
import { test } from "node:test";
import { cargoResults, report, tapResults } from "../conformance.mjs";

test("a test that is left out has not passed", () => {
  const output = "TAP version 13\nok 1 - reads # a block\n  ---\nok 2 - traces # SKIP no binary\nnot ok 3 - sends\n# pass 1\n";
  assert.deepEqual(tapResults(output), [
    { name: "reads # a block", passed: true },
    { name: "traces", passed: false },
    { name: "sends", passed: false },
  ]);
});

test("cargo's results and the report", () => {
  const tests = cargoResults("running 1 test\ntest alloy_reads ... ok\n\ntest result: ok. 1 passed\n");
  assert.deepEqual(tests, [{ name: "alloy reads", passed: true }]);
  assert.match(report([{ client: "alloy", version: "1", tests }]), /^\| alloy 1 \| alloy reads \| passed \|$/m);
});
