#!/usr/bin/env node
// Runs the same tests under forge and under novate-devnode's runner, and fails unless each test ends alike under both:
// the project's own (test/forge), and one for every cheat code that the runner answers (devnode/conformance/cheats).
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT, nativeBinary } from "./foundry.mjs";

const HELP = `usage: node scripts/forge_differential.mjs

Needs novate-devnode built; NOVATE_DEVNODE names another binary than the newest of target/.`;

const PROJECTS = [
  { name: "the project's tests", profile: "default", out: "target/forge/out", path: "^test/forge/[^/]*$", failing: [] },
  {
    name: "cheat codes", profile: "cheats", out: "target/forge/cheats/out", path: "^devnode/conformance/cheats/",
    // Tests that must fail are in these contracts, and nothing else is.
    failing: ["devnode/conformance/cheats/Failing.t.sol:Failing", "devnode/conformance/cheats/Failing.t.sol:FailingSetUp"],
  },
];

/** Every test of a run's output by "file:Contract test(types)", with how it ended. */
export function results(output) {
  const found = new Map();
  let [suite, pending] = [null, ""];
  for (const line of output.split("\n")) {
    const title = /^Ran \d+ tests? for (\S+)$/.exec(line);
    if (title) suite = title[1];
    if (/^(Suite result:|Encountered )/.test(line)) suite = null;
    // The reason of a failure may have lines of its own.
    if (/^\[(PASS|FAIL|SKIP)/.test(line)) pending = "";
    pending += line;
    const test = suite && /^\[(PASS|FAIL|SKIP)\b.* ([A-Za-z_][A-Za-z0-9_]*\([^ ]*\)) \((?:gas|runs):/.exec(pending);
    if (test) found.set(`${suite} ${test[2]}`, test[1]);
    if (test) pending = "";
  }
  return found;
}

/** What differs between two runs. */
export function differences(forge, own) {
  const names = [...new Set([...forge.keys(), ...own.keys()])].sort();
  return names
    .filter((name) => forge.get(name) !== own.get(name))
    .map((name) => `${name}: ${forge.get(name) ?? "not run"} under forge, ${own.get(name) ?? "not run"} here`);
}

function devnode() {
  if (process.env.NOVATE_DEVNODE) return process.env.NOVATE_DEVNODE;
  const builds = ["release", "debug"].map((profile) => join(ROOT, "target", profile, "novate-devnode")).filter(existsSync);
  if (builds.length === 0) throw new Error("novate-devnode is not built");
  return builds.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
}

function run(command, args, env = {}) {
  const options = { cwd: ROOT, encoding: "utf8", env: { ...process.env, ...env }, maxBuffer: 1 << 28 };
  const { stdout, stderr, status, error } = spawnSync(command, args, options);
  if (error) throw error;
  return { output: stdout, errors: stderr, status };
}

function compare({ name, profile, out, path, failing }) {
  const forge = run(nativeBinary("forge"), ["test"], { FOUNDRY_PROFILE: profile });
  const seeds = ["--fuzz-max-rejects", "2000"];
  const own = run(devnode(), ["test", "--out", out, "--match-path", path, ...seeds]);
  const [theirs, ours] = [results(forge.output), results(own.output)];
  const wrong = differences(theirs, ours);
  if (theirs.size === 0) wrong.push(`forge ran no test: ${forge.output}${forge.errors}`);
  for (const [test, ending] of ours) {
    const isFailing = failing.includes(test.split(" ")[0]);
    if ((ending === "FAIL") !== isFailing) wrong.push(`${test}: ${ending}, and should ${isFailing ? "" : "not "}fail`);
  }
  if (own.status !== (failing.length > 0 ? 1 : 0)) wrong.push(`the runner ended with ${own.status}: ${own.errors}`);
  for (const line of wrong) console.error(`forge differential: ${line}`);
  console.log(`forge differential: ${name}: ${ours.size} tests, ${wrong.length} differences`);
  return wrong.length === 0;
}

/** A selector as code holds it: without the zeros that it begins with. */
const push = (selector) => selector?.replace(/^(00)+/, "") ?? "not declared";

/** Every cheat code that the runner claims is called by some test. */
function covers(out) {
  const folder = join(ROOT, out);
  const read = (file) => JSON.parse(readFileSync(join(folder, file), "utf8"));
  const selectors = read("Vm.sol/Vm.json").methodIdentifiers;
  const tests = readdirSync(folder).filter((source) => source.endsWith(".t.sol"));
  const code = tests.flatMap((source) =>
    readdirSync(join(folder, source)).map((file) => read(`${source}/${file}`).deployedBytecode.object),
  );
  const claimed = run(devnode(), ["test", "--cheat-codes"]).output.trim().split("\n");
  const missing = claimed.filter((signature) => !code.some((object) => object.includes(push(selectors[signature]))));
  for (const signature of missing) console.error(`forge differential: no test calls vm.${signature}`);
  console.log(`forge differential: ${claimed.length} cheat codes, ${missing.length} without a test`);
  return missing.length === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.length > 2) {
    console.log(HELP);
    process.exit(process.argv[2] === "--help" ? 0 : 2);
  }
  try {
    const alike = PROJECTS.map(compare).every(Boolean);
    process.exitCode = alike && covers("target/forge/cheats/out") ? 0 : 1;
  } catch (error) {
    console.error(`forge differential: ${error.message}`);
    process.exitCode = 2;
  }
}
