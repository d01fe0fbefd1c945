#!/usr/bin/env node
// Runs unmodified third-party clients against novate-devnode and writes docs/reports/conformance.md. Fails when a test
// fails or is left out.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT } from "./foundry.mjs";

const HELP = `usage: node scripts/conformance.mjs [--debug]

Installs the clients: npm packages of devnode/conformance, and cargo-stylus from crates.io into target/conformance
(CARGO_STYLUS names another binary). Needs a network for that, and novate-devnode built; --debug builds alloy's test
without optimisation.`;

const FOLDER = join(ROOT, "devnode/conformance");
const REPORT = join(ROOT, "docs/reports/conformance.md");
const STYLUS = "0.10.10";

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 28, ...options });
  if (result.error) throw result.error;
  return result;
}

function must(command, args, options) {
  const { status } = run(command, args, { stdio: "inherit", ...options });
  if (status !== 0) throw new Error(`'${command} ${args.join(" ")}' failed with exit code ${status}`);
}

function installStylus() {
  if (process.env.CARGO_STYLUS) return process.env.CARGO_STYLUS;
  const root = join(ROOT, "target/conformance");
  const binary = join(root, "bin/cargo-stylus");
  if (!existsSync(binary)) {
    must("cargo", ["install", "cargo-stylus", "--version", STYLUS, "--locked", "--debug", "--root", root]);
  }
  return binary;
}

/** Tests of node's TAP output: name and whether it passed; a test that was left out did not. */
export function tapResults(output) {
  const lines = [...output.matchAll(/^(not ok|ok) \d+ - (.*)$/gm)];
  return lines.map(([, verdict, text]) => {
    const [name, directive] = text.split(/ # (?=SKIP|TODO)/);
    return { name, passed: verdict === "ok" && directive === undefined };
  });
}

/** Tests of cargo's output. */
export function cargoResults(output) {
  const lines = [...output.matchAll(/^test (\S+) \.\.\. (\w+)/gm)];
  return lines.map(([, name, verdict]) => ({ name: name.replaceAll("_", " "), passed: verdict === "ok" }));
}

/** The report's text. */
export function report(clients) {
  const rows = clients.flatMap(({ client, version, tests }) =>
    tests.map(({ name, passed }) => `| ${client} ${version} | ${name} | ${passed ? "passed" : "FAILED"} |`),
  );
  return [
    "# Third-party clients on novate-devnode", "",
    "Written by `make conformance`, which runs each client as its makers publish it.", "",
    "| client | test | result |", "| --- | --- | --- |", ...rows, "",
  ].join("\n");
}

function nodeTests(file, stylus) {
  const env = { ...process.env, CARGO_STYLUS: stylus };
  const { stdout, stderr } = run(process.execPath, ["--test", "--test-reporter=tap", `test/${file}`], { cwd: FOLDER, env });
  const tests = tapResults(stdout);
  if (tests.length === 0) throw new Error(`${file} ran no test: ${stdout}${stderr}`);
  if (tests.some(({ passed }) => !passed)) console.error(stdout + stderr);
  return tests;
}

function main(profile) {
  must("npm", ["ci", "--no-audit", "--no-fund"], { cwd: FOLDER });
  const stylus = installStylus();
  const locked = JSON.parse(readFileSync(join(FOLDER, "package-lock.json"), "utf8")).packages;
  const npm = (name) => locked[`node_modules/${name}`].version;
  const alloy = /name = "alloy-provider"\nversion = "([^"]+)"/.exec(readFileSync(join(ROOT, "Cargo.lock"), "utf8"))[1];
  const clients = {
    ethers: ["ethers", npm("ethers")],
    fork: ["TLS of Node.js", process.versions.node],
    foundry: ["Foundry (cast, forge)", npm("@foundry-rs/forge-linux-amd64")],
    stylus: ["cargo-stylus", STYLUS],
    viem: ["viem", npm("viem")],
  };
  const results = readdirSync(join(FOLDER, "test")).filter((file) => file.endsWith(".test.mjs")).map((file) => {
    const [client, version] = clients[file.split(".")[0]];
    return { client, version, tests: nodeTests(file, stylus) };
  });
  const cargo = run("cargo", ["test", ...profile, "--locked", "-p", "novate-devnode", "--test", "rpc_alloy"]);
  if (cargo.status !== 0) console.error(cargo.stdout + cargo.stderr);
  results.push({ client: "alloy", version: alloy, tests: cargoResults(cargo.stdout) });
  writeFileSync(REPORT, report(results));
  const failed = results.flatMap(({ tests }) => tests).filter(({ passed }) => !passed).length;
  const empty = results.filter(({ tests }) => tests.length === 0).length;
  console.log(`conformance: ${results.length} clients, ${failed} failed tests; ${REPORT}`);
  return failed + empty === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const options = process.argv.slice(2);
  if (options.some((option) => option !== "--debug")) {
    console.log(HELP);
    process.exit(options.includes("--help") ? 0 : 2);
  }
  try {
    process.exitCode = main(options.length > 0 ? [] : ["--release"]);
  } catch (error) {
    console.error(`conformance: ${error.message}`);
    process.exitCode = 2;
  }
}
