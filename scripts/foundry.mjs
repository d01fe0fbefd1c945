#!/usr/bin/env node
// Runs a Foundry tool from its native binary and exits with that binary's status. (The npm packages' own launchers exit 0
// when a test fails, so nothing here goes through them.)
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HELP = `usage: node scripts/foundry.mjs forge|cast|anvil [ARGUMENTS...]

Runs the pinned Foundry tool of node_modules. NOVATE_FORGE, NOVATE_CAST or NOVATE_ANVIL name another binary, for
platforms whose package the npm registry lacks.`;

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const TOOLS = ["forge", "cast", "anvil"];
const PLATFORMS = { linux: "linux", darwin: "darwin", win32: "win32" };
const PROCESSORS = { x64: "amd64", arm64: "arm64" };

/** Path of the native binary of `tool`; throws an Error that says what to do when there is none. */
export function nativeBinary(tool) {
  const variable = `NOVATE_${tool.toUpperCase()}`;
  const chosen = process.env[variable];
  if (chosen) {
    if (!existsSync(chosen)) throw new Error(`${variable} names ${chosen}, which does not exist`);
    return chosen;
  }
  const suffix = process.platform === "win32" ? ".exe" : "";
  const platform = `${PLATFORMS[process.platform] ?? process.platform}-${PROCESSORS[process.arch] ?? process.arch}`;
  const binary = join(ROOT, "node_modules", "@foundry-rs", `${tool}-${platform}`, "bin", `${tool}${suffix}`);
  if (existsSync(binary)) return binary;
  throw new Error(`no ${tool} for ${platform} in node_modules: run 'make setup', or let ${variable} name a ${tool} binary`);
}

/** Runs `tool` in the project root and returns its exit status; a signal counts as failure. */
export function run(tool, args, options = {}) {
  const result = spawnSync(nativeBinary(tool), args, { cwd: ROOT, stdio: "inherit", ...options });
  if (result.error) throw result.error;
  return { ...result, status: result.status ?? 1 };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [tool, ...args] = process.argv.slice(2);
  if (!TOOLS.includes(tool)) {
    console.error(HELP);
    process.exit(tool === "--help" || tool === "-h" ? 0 : 2);
  }
  try {
    process.exitCode = run(tool, args).status;
  } catch (error) {
    console.error(`foundry: ${error.message}`);
    process.exitCode = 2;
  }
}
