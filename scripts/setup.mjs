#!/usr/bin/env node
// Installs what a fresh machine lacks, and nothing that is there: the pinned Rust toolchain with its WASM target, and the
// npm packages of package-lock.json. Prints a line for what it installs and is silent when there is nothing to do.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./foundry.mjs";

const HELP = "usage: node scripts/setup.mjs\n\nNeeds rustup, Node 20 or later with npm, and a C compiler; installs the rest.";
const TARGET = "wasm32-unknown-unknown";

function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(2);
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: ROOT, encoding: "utf8", shell: process.platform === "win32", ...options });
  return { found: result.error?.code !== "ENOENT", status: result.status ?? 1, output: `${result.stdout ?? ""}` };
}

function install(what, command, args) {
  console.log(`setup: installing ${what}`);
  const { status } = run(command, args, { stdio: "inherit" });
  if (status !== 0) fail(`'${command} ${args.join(" ")}' failed with exit code ${status}`);
}

function requirePrograms() {
  if (Number(process.versions.node.split(".")[0]) < 20) fail(`Node 20 or later is needed, this is ${process.version}`);
  if (!run("rustup", ["--version"]).found) fail("rustup is needed: https://rustup.rs");
  if (!["cc", "gcc", "clang"].some((compiler) => run(compiler, ["--version"]).found)) fail("a C compiler (cc) is needed");
}

/** Whether node_modules holds exactly the versions of the lock file, as far as this platform needs them. */
function packagesAreInstalled() {
  const packagesOf = (file) => JSON.parse(readFileSync(join(ROOT, file), "utf8")).packages;
  const record = "node_modules/.package-lock.json";
  if (!existsSync(join(ROOT, record))) return false;
  const [wanted, installed] = [packagesOf("package-lock.json"), packagesOf(record)];
  return Object.entries(wanted).every(
    ([folder, { version, optional }]) => folder === "" || installed[folder]?.version === version || (optional && !installed[folder]),
  );
}

if (process.argv.length > 2) {
  console.log(HELP);
  process.exit(process.argv[2] === "--help" ? 0 : 2);
}
requirePrograms();
// The first use of rustup in this folder installs the toolchain that rust-toolchain.toml pins.
const installed = run("rustup", ["target", "list", "--installed"], { stdio: ["ignore", "pipe", "inherit"] });
if (!installed.output.split(/\s+/).includes(TARGET)) install(`the Rust target ${TARGET}`, "rustup", ["target", "add", TARGET]);
if (!packagesAreInstalled()) install("the npm packages of package-lock.json", "npm", ["ci", "--no-audit", "--no-fund"]);
