import assert from "node:assert/strict";
import { test } from "node:test";
import { violations } from "../check_dependencies.mjs";

const crate = (folder, dependencies = []) => ({
  name: `novate-${folder.split("/").at(-1)}`,
  manifest_path: `/project/${folder}/Cargo.toml`,
  dependencies: dependencies.map((dependency) => ({ kind: null, ...dependency })),
});
const ours = (folder, kind = null) => ({ name: `novate-${folder.split("/").at(-1)}`, path: `/project/${folder}`, kind });
const outside = (name, kind = null) => ({ name, kind });
const check = (...packages) => violations({ workspace_root: "/project", packages });

test("the edges of the architecture are allowed", () => {
  const found = check(
    crate("math", [outside("alloy-primitives")]),
    crate("risk", [ours("math")]),
    crate("abi", [ours("risk"), outside("alloy-sol-types")]),
    crate("contracts/common", [ours("abi"), outside("stylus-sdk")]),
    crate("contracts/margin", [ours("contracts/common"), ours("risk"), ours("math"), outside("stylus-test", "dev")]),
    crate("devnode", [outside("revm"), outside("alloy-consensus")]),
    crate("clients/rust", [ours("risk"), ours("abi")]),
    crate("clients/liquidator", [ours("clients/rust")]),
    crate("test/e2e", [ours("devnode"), ours("clients/rust")]),
  );
  assert.deepEqual(found, []);
});

test("a contract that depends on a contract is refused", () => {
  assert.deepEqual(check(crate("contracts/clearing", [ours("contracts/margin")])), [
    "contracts/clearing must not depend on contracts/margin",
  ]);
});

test("an upward edge is refused, also for tests only", () => {
  assert.deepEqual(check(crate("math", [ours("risk")]), crate("risk", [ours("abi", "dev")])), [
    "math must not depend on risk",
    "risk must not depend on abi (as a dev dependency)",
  ]);
});

test("the node knows nothing of ours", () => {
  assert.deepEqual(check(crate("devnode", [ours("math")])), ["devnode must not depend on math"]);
});

test("clients hold no formula", () => {
  assert.deepEqual(check(crate("clients/liquidator", [ours("math")])), ["clients/liquidator must not depend on math"]);
});

test("risk knows neither ABI nor platform", () => {
  assert.deepEqual(check(crate("risk", [outside("alloy-sol-types"), outside("stylus-sdk"), outside("alloy-provider")])), [
    "risk must not depend on the package alloy-sol-types",
    "risk must not depend on the package stylus-sdk",
    "risk must not depend on the package alloy-provider",
  ]);
});

test("a crate without a rule is refused", () => {
  assert.deepEqual(check(crate("helpers")), [
    "helpers (novate-helpers) has no row in the table of scripts/check_dependencies.mjs",
  ]);
});
