#!/usr/bin/env node
// Proves that a failing forge test is noticed: runs the one test that must fail (test/forge/canary) in the way in which
// `make forge` runs all others (scripts/forge_test.mjs), and fails unless that run fails for the canary's own reason.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HELP = "usage: node scripts/forge_canary.mjs\n\nExits 0 when a failing forge test makes the runner fail, 1 when it does not.";
const CLAIM = "the canary fails by design";
const RUNNER = join(dirname(fileURLToPath(import.meta.url)), "forge_test.mjs");

/** What is wrong with a run of the canary, or null when it failed as it must. */
export function fault({ status, output }) {
  if (status === 0) return "the canary test was run and the runner reported success";
  if (!output.includes(`[FAIL: ${CLAIM}`)) return `the runner failed (exit code ${status}), but not because of the canary`;
  if (!/\b0 tests passed, 1 failed\b/.test(output)) return "the run held other tests than the canary";
  return null;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.length > 2) {
    console.log(HELP);
    process.exit(process.argv[2] === "--help" ? 0 : 2);
  }
  const run = spawnSync(process.execPath, [RUNNER, "--canary"], { encoding: "utf8" });
  const output = `${run.stdout}${run.stderr}`;
  const wrong = fault({ status: run.status, output });
  if (wrong !== null) {
    console.error(`${output}\nforge canary: ${wrong}`);
    process.exit(1);
  }
  console.log("forge canary: the failing test was noticed");
}
