// cargo-stylus, unmodified: check, deploy and trace of a small program.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

import { foundry, startDevnode } from "./support.mjs";

const run = promisify(execFile);
const TOOL = process.env.CARGO_STYLUS;
const skip = TOOL ? false : "CARGO_STYLUS names no binary: make conformance installs it";

/** program/register.wat as a binary. */
const REGISTER = Buffer.from([
  "0061736d01000000010f0360027f7f0060017f0060017f017f028e010508766d5f686f6f6b7309726561645f61726773000108766d5f68",
  "6f6f6b730c77726974655f726573756c74000008766d5f686f6f6b731473746f726167655f6c6f61645f62797465733332000008766d5f",
  "686f6f6b731573746f726167655f63616368655f62797465733332000008766d5f686f6f6b731373746f726167655f666c7573685f6361",
  "636865000103020102050401010101071c02066d656d6f727902000f757365725f656e747279706f696e7400050a220120004120100041",
  "0041c00010024100412010034100100441c0004120100141000b",
].join(""), "hex");

let node, folder;

before(async () => {
  if (skip) return;
  node = await startDevnode();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "stylus-"));
  fs.writeFileSync(path.join(folder, "register.wasm"), REGISTER);
  // What cargo-stylus wants to see of a project.
  fs.writeFileSync(path.join(folder, "Stylus.toml"), "[workspace]\n\n[contract]\n");
  fs.writeFileSync(path.join(folder, "rust-toolchain.toml"), '[toolchain]\nchannel = "1.95.0"\n');
  fs.writeFileSync(path.join(folder, "Cargo.toml"), '[package]\nname = "register"\nversion = "0.1.0"\nedition = "2021"\n');
  fs.mkdirSync(path.join(folder, "src"));
  fs.writeFileSync(path.join(folder, "src/lib.rs"), "");
});

after(async () => {
  if (skip) return;
  fs.rmSync(folder, { recursive: true });
  assert.equal(await node.stop(), 0);
});

/** Runs a command of cargo-stylus; gives all that it printed, without colours. */
async function stylus(...args) {
  const options = { cwd: folder, timeout: 300_000, env: { ...process.env, RUST_LOG: "info" } };
  const { stdout, stderr } = await run(TOOL, ["stylus", ...args, "--endpoint", node.url], options);
  return (stdout + stderr).replace(/\u001b\[[0-9;]*m/g, "");
}

test("cargo stylus check, deploy, trace", { skip }, async () => {
  const check = await stylus("check", "--wasm-file", "register.wasm");
  assert.match(check, /data fee/i);
  const key = ["--private-key", node.privateKeys[0]];
  const deploy = await stylus("deploy", "--no-verify", ...key, "--wasm-file", "register.wasm");
  const program = /deployed code at address:? *(0x[0-9a-fA-F]{40})/.exec(deploy)?.[1];
  assert(program, deploy);
  assert.match(deploy, /activated/);

  const rpc = ["--rpc-url", node.url];
  const word = (number) => `0x${number.toString(16).padStart(64, "0")}`;
  const first = JSON.parse(await foundry("cast", "send", ...rpc, ...key, "--json", program, word(41)));
  assert.equal(first.status, "0x1");
  assert.equal(await foundry("cast", "call", ...rpc, "--data", word(42), program), word(41));
  for (const tracer of [[], ["--use-native-tracer"]]) {
    const trace = await stylus("trace", "--tx", first.transactionHash, ...tracer);
    for (const name of ["read_args", "storage_load_bytes32", "storage_cache_bytes32", "storage_flush_cache", "write_result"]) {
      assert(trace.includes(name), `${name} in ${trace}`);
    }
  }
});
