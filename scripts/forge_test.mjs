#!/usr/bin/env node
// Runs the forge tests and fails when a test fails or when a test file was not run at all. (forge reports success for a
// run without tests, and a stale cache can make it leave a file out.)
import { readdirSync } from "node:fs";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT, nativeBinary } from "./foundry.mjs";

const HELP = `usage: node scripts/forge_test.mjs [--canary]

Runs all of test/forge/*.t.sol, or with --canary the one test that must fail. Exits with forge's status, or 1 when a
test file did not run.`;

/** Test files of `files` that `output` of forge does not report as run. */
export function filesNotRun(files, output) {
  const ran = new Set([...output.matchAll(/^Ran \d+ tests? for ([^:\n]+):/gm)].map((match) => match[1]));
  return files.filter((file) => !ran.has(file));
}

function forgeTest(profile) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, FOUNDRY_PROFILE: profile };
    const forge = spawn(nativeBinary("forge"), ["test"], { cwd: ROOT, env, stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    forge.stdout.on("data", (chunk) => {
      output += chunk;
      process.stdout.write(chunk);
    });
    forge.on("error", reject);
    forge.on("close", (code) => resolve({ status: code ?? 1, output }));
  });
}

async function main(options) {
  const [folder, profile] = options.includes("--canary") ? ["test/forge/canary", "canary"] : ["test/forge", "default"];
  const files = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith(".t.sol"));
  const { status, output } = await forgeTest(profile);
  if (status !== 0) return status;
  const missing = filesNotRun(files.map((name) => `${folder}/${name}`), output);
  if (files.length === 0 || missing.length > 0) {
    console.error(`forge tests: forge reported success but did not run ${missing.join(", ") || "anything"}`);
    return 1;
  }
  return 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const options = process.argv.slice(2);
  if (options.some((option) => option !== "--canary")) {
    console.log(HELP);
    process.exit(options.includes("--help") ? 0 : 2);
  }
  try {
    process.exitCode = await main(options);
  } catch (error) {
    console.error(`forge tests: ${error.message}`);
    process.exitCode = 2;
  }
}
