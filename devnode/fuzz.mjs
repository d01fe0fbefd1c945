#!/usr/bin/env node
// The fuzzing campaign of the node, with its report. Takes minutes; not part of `make test`.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HELP = `usage: node devnode/fuzz.mjs [--modules N] [--requests N] [--seed N]     (make devnode-fuzz ARGS="...")
Feeds N random modules (default 1000000) to the validator, the activator and the machine, and N random
requests (default 100000) to the RPC methods. Writes docs/reports/devnode-fuzz.md if all is well.`;

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const counts = { modules: "1000000", requests: "100000", seed: "1" };
const words = process.argv.slice(2);
if (words.includes("--help")) {
  console.log(HELP);
  process.exit(0);
}
for (let at = 0; at < words.length; at += 2) {
  const name = words[at].slice(2);
  if (!words[at].startsWith("--") || !(name in counts) || !/^[0-9]+$/.test(words[at + 1] ?? "")) {
    console.error(HELP);
    process.exit(2);
  }
  counts[name] = words[at + 1];
}

/** Runs cargo and gives what it printed; ends with its status if it fails. */
function cargo(words, environment = {}) {
  const env = { ...process.env, ...environment };
  const run = spawnSync("cargo", words, { cwd: root, env, encoding: "utf8", maxBuffer: 1 << 26 });
  if (run.status !== 0) {
    console.error(`${run.stdout ?? ""}${run.stderr ?? run.error}`);
    process.exit(run.status ?? 1);
  }
  return run.stdout;
}

const release = ["--release", "--locked", "-p", "novate-devnode"];
const modules = cargo(["run", ...release, "--example", "fuzz", "--", counts.modules, counts.seed]);
const test = "any_arguments_to_any_method_are_answered";
const started = Date.now();
const requests = cargo(["test", ...release, "--test", "rpc_hostile", "--", test], {
  NOVATE_FUZZ_CASES: counts.requests,
});
if (!requests.includes("1 passed")) {
  console.error(requests);
  process.exit(1);
}
const seconds = Math.round((Date.now() - started) / 1000);
const report = `# Fuzzing the node

Written by \`make devnode-fuzz\` (\`devnode/fuzz.mjs\`); any violation makes it fail and writes nothing.

${modules}
"Accepted" modules are validated again after metering, activated twice (equal figures), activated on a chain
and called with 200,000 gas. Three of four modules are well-typed programs over the host functions, one of four is damaged.

## Requests

${counts.requests} random requests (any method with any arguments, mining excepted) in ${seconds} s: each answered within
20 seconds, refusals with a code and a message, none by an internal error.
`;
writeFileSync(join(root, "docs", "reports", "devnode-fuzz.md"), report);
console.log(report);
