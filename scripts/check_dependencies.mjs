#!/usr/bin/env node
// Checks that the crates of the workspace depend on each other only as the architecture allows, whatever the kind of
// dependency (normal, build or for tests). The table below is the rule; a crate without a row is an error.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const HELP = `usage: node scripts/check_dependencies.mjs [--metadata FILE]

Reads 'cargo metadata' (or FILE) and exits 1 if a crate depends on one that it must not know.`;

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");

// Folder of a crate, and the folders of the workspace that it may depend on. 'contracts/*' is every contract: none of them
// may depend on another, they meet through interfaces/. The testbed alone puts them together.
const RULES = [
  ["math", []],
  ["math/*", ["math"]],
  ["risk", ["math"]],
  ["abi", ["risk", "math"]],
  ["contracts/common", ["abi", "risk", "math"]],
  ["contracts/*", ["contracts/common", "abi", "risk", "math"]],
  ["testbed", ["contracts/*", "contracts/common", "abi", "risk", "math"]],
  ["devnode", []],
  ["clients/rust", ["abi", "risk", "math"]],
  ["clients/liquidator", ["clients/rust", "abi", "risk"]],
  ["test/e2e", ["devnode", "clients/rust", "clients/liquidator", "abi", "risk", "math"]],
];

// Packages from outside that only the folders named may use: what keeps `math` and `risk` free of ABI, chain and platform.
const OUTSIDE = [
  [/^stylus-/, ["contracts/common", "contracts/*"]],
  [/^alloy-sol-/, ["abi", "contracts/common", "contracts/*", "testbed", "devnode", "clients/rust", "clients/liquidator", "test/e2e"]],
  [/^alloy-(?!primitives$|sol-)/, ["devnode", "clients/rust", "clients/liquidator", "test/e2e"]],
  [/^(revm|wasmi|wasmtime|jsonrpsee)$/, ["devnode"]],
];

const matches = (pattern, folder) =>
  pattern === folder || (pattern.endsWith("/*") && dirname(folder) === pattern.slice(0, -2));

/** The rule of a folder: its own row before a pattern's; undefined if it has none. */
const ruleOf = (folder) => (RULES.find(([name]) => name === folder) ?? RULES.find(([name]) => matches(name, folder)))?.[0];

/** One line for every dependency in `metadata` (of `cargo metadata --no-deps`) that the rules forbid. */
export function violations(metadata) {
  const folderOf = (manifest) => relative(metadata.workspace_root, dirname(manifest)).replaceAll("\\", "/");
  const found = [];
  for (const crate of metadata.packages) {
    const folder = folderOf(crate.manifest_path);
    const rule = ruleOf(folder);
    if (rule === undefined) {
      found.push(`${folder} (${crate.name}) has no row in the table of scripts/check_dependencies.mjs`);
      continue;
    }
    const allowed = RULES.find(([name]) => name === rule)[1];
    for (const dependency of crate.dependencies) {
      const kind = dependency.kind === null ? "" : ` (as a ${dependency.kind} dependency)`;
      if (dependency.path) {
        const target = relative(metadata.workspace_root, dependency.path).replaceAll("\\", "/");
        // A crate's tests may name the crate itself, to switch on what only tests use.
        if (target !== folder && !allowed.some((pattern) => matches(pattern, target))) found.push(`${folder} must not depend on ${target}${kind}`);
        continue;
      }
      const limit = OUTSIDE.find(([name]) => name.test(dependency.name));
      // Tests may use what code may not: `stylus-test`, a client of the node under test.
      if (limit && dependency.kind !== "dev" && !limit[1].includes(rule)) {
        found.push(`${folder} must not depend on the package ${dependency.name}${kind}`);
      }
    }
  }
  return found;
}

function cargoMetadata() {
  const run = spawnSync("cargo", ["metadata", "--no-deps", "--locked", "--format-version", "1"], {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (run.error) throw run.error;
  if (run.status !== 0) throw new Error(`cargo metadata failed with exit code ${run.status}`);
  return run.stdout;
}

function main(options) {
  const file = options[0] === "--metadata" ? options[1] : undefined;
  if (options.length > 0 && (file === undefined || options.length > 2)) {
    console.log(HELP);
    return options[0] === "--help" ? 0 : 2;
  }
  const metadata = JSON.parse(file === undefined ? cargoMetadata() : readFileSync(file, "utf8"));
  const found = violations(metadata);
  for (const line of found) console.error(`dependencies: ${line}`);
  if (found.length === 0) console.log(`dependencies: ${metadata.packages.length} crates keep to the architecture`);
  return found.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = main(process.argv.slice(2));
  } catch (error) {
    console.error(`dependencies: ${error.message}`);
    process.exitCode = 2;
  }
}
