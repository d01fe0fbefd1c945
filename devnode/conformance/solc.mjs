#!/usr/bin/env node
// The Solidity compiler from npm as the command that forge expects: --version, --standard-json.
import { createRequire } from "node:module";
import fs from "node:fs";

const solc = createRequire(import.meta.url)("solc");

// process.stdout.write is cut off at the size of the pipe when the process exits.
function write(text) {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += fs.writeSync(1, bytes, done);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

if (process.argv.includes("--version")) {
  const version = solc.version().replace(".Emscripten.clang", "");
  write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
} else if (process.argv.includes("--standard-json")) {
  write(solc.compile(fs.readFileSync(0, "utf8")));
} else {
  console.error("solc.mjs: expected --version or --standard-json");
  process.exitCode = 2;
}
