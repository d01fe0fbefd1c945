#!/usr/bin/env node
// Compiles the contracts of the first block into one line of hexadecimal runtime code each.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HELP = `usage: node devnode/solidity/build.mjs [--check]
Compiles Multicall3 and StylusDeployer with npm's solc (make setup) and writes *.hex beside them.
--check writes nothing and fails if a file differs from what the source gives.`;

const here = dirname(fileURLToPath(import.meta.url));
const contracts = ["Multicall3", "StylusDeployer"];

/** The runtime code of a contract: the same on every machine, since no metadata is appended. */
function compile(name) {
  const file = `${name}.sol`;
  const request = {
    language: "Solidity",
    sources: { [file]: { content: readFileSync(join(here, file), "utf8") } },
    settings: {
      optimizer: { enabled: true, runs: 200 },
      evmVersion: "cancun",
      metadata: { bytecodeHash: "none", appendCBOR: false },
      outputSelection: { "*": { "*": ["evm.deployedBytecode.object"] } },
    },
  };
  const solc = join(here, "..", "..", "scripts", "solc");
  const run = spawnSync(process.execPath, [solc, "--standard-json"], {
    input: JSON.stringify(request),
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  if (run.status !== 0) throw new Error(run.stderr || `solc ended with ${run.status}`);
  const answer = JSON.parse(run.stdout);
  const errors = answer.errors ?? [];
  if (errors.length > 0) throw new Error(errors.map((error) => error.formattedMessage).join("\n"));
  return `${answer.contracts[file][name].evm.deployedBytecode.object}\n`;
}

const [option, ...rest] = process.argv.slice(2);
if (rest.length > 0 || ![undefined, "--check"].includes(option)) {
  console.error(HELP);
  process.exit(2);
}
let stale = false;
for (const name of contracts) {
  const file = join(here, `${name}.hex`);
  const code = compile(name);
  if (option === undefined) {
    writeFileSync(file, code);
  } else if (readFileSync(file, "utf8") !== code) {
    console.error(`${name}.hex differs from what ${name}.sol gives: node devnode/solidity/build.mjs`);
    stale = true;
  }
}
process.exit(stale ? 1 : 0);
