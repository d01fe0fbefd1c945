#!/usr/bin/env node
// Runs Offchain Labs' own development node in Docker: the alternative to novate-devnode, on the same port.
import { spawnSync } from "node:child_process";

const IMAGE = "offchainlabs/nitro-node:v3.9.3-8bc5554"; // the first release with ArbOS 51
const PORT = "8547";
const HELP = `usage: node devnode/nitro.mjs [--image IMAGE] [--port PORT]     (make nitro ARGS="...")
Runs \`nitro --dev\` in Docker (default image: ${IMAGE}), answers on http://127.0.0.1:${PORT},
and ends with ctrl-c. Nothing is kept.

Chain id 412346. The funded account, which owns the chain (public knowledge, for this chain only):
  0x3f1Eae7D46d88F08fc2F8ed27FCb2AB183EB2d0E
  0xb6b15c8cb491557369f3c7d2c287b053eb229daa9c22138887752191c9520659

Tests that take NOVATE_RPC_URL run against it: NOVATE_RPC_URL=http://127.0.0.1:${PORT}.
Not on that chain at its start: the CREATE2 factory, Multicall3, StylusDeployer, and ten funded accounts.`;

/** Ends with a message on standard error. */
function fail(status, message) {
  console.error(`nitro: ${message}`);
  process.exit(status);
}

/** The options given, by name. */
function options(words) {
  const found = { image: IMAGE, port: PORT };
  for (let at = 0; at < words.length; at += 2) {
    const name = words[at].replace(/^--/, "");
    if (!(name in found) || words[at] === name || words[at + 1] === undefined) fail(2, `${words[at]}?\n${HELP}`);
    found[name] = words[at + 1];
  }
  if (!/^[1-9][0-9]{0,4}$/.test(found.port)) fail(2, `--port ${found.port}: expected a port number`);
  return found;
}

const words = process.argv.slice(2);
if (words.includes("--help") || words.includes("-h")) {
  console.log(HELP);
  process.exit(0);
}
const { image, port } = options(words);
const version = spawnSync("docker", ["version", "--format", "{{.Server.Version}}"], { encoding: "utf8" });
if (version.error) fail(1, "docker is not installed. Without it run our own node: make devnode");
if (version.status !== 0) {
  fail(1, `docker does not answer (is its daemon running?): ${version.stderr.trim()}\nWithout it: make devnode`);
}
const node = ["--dev", "--http.addr", "0.0.0.0", "--http.vhosts", "*", "--http.corsdomain", "*"];
node.push("--http.api", "net,web3,eth,debug,arb", "--ws.addr", "0.0.0.0", "--ws.port", "8547");
const run = ["run", "--rm", "--interactive", "--publish", `127.0.0.1:${port}:8547`, image, ...node];
console.error(`nitro: docker ${run.join(" ")}`);
const ended = spawnSync("docker", run, { stdio: "inherit" });
if (ended.error) fail(1, ended.error.message);
process.exit(ended.status ?? 1);
