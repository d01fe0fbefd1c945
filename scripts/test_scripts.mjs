#!/usr/bin/env node
// Runs the tests of the scripts: those in JavaScript always, those in Python where there is a Python to run them.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./foundry.mjs";

if (process.argv.length > 2) {
  console.log("usage: node scripts/test_scripts.mjs\n\nExits 0 when all tests of the scripts pass.");
  process.exit(process.argv[2] === "--help" ? 0 : 2);
}

const FOLDER = join("scripts", "tests");
const run = (command, args) => spawnSync(command, args, { cwd: ROOT, stdio: "inherit" });
const files = readdirSync(join(ROOT, FOLDER)).filter((name) => name.endsWith(".test.mjs"));
const javascript = run(process.execPath, ["--test", "--test-reporter=spec", ...files.map((name) => join(FOLDER, name))]);
let failed = javascript.status !== 0;

const python = ["python3", "python"].find((name) => spawnSync(name, ["--version"]).status === 0);
if (python === undefined) {
  console.log("scripts: no Python here, the tests of the scripts in Python were left out");
} else {
  failed = run(python, ["-m", "unittest", "discover", "--start-directory", FOLDER]).status !== 0 || failed;
}
process.exitCode = failed ? 1 : 0;
