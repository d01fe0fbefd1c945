// A node on a free port, Foundry's native binaries, and the compiled contract.
import { execFile, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const run = promisify(execFile);
const workspace = path.resolve(root, "../..");

/** NOVATE_DEVNODE names the binary; otherwise the newest build of the workspace is used. */
function devnodeBinary() {
  if (process.env.NOVATE_DEVNODE) return process.env.NOVATE_DEVNODE;
  const target = process.env.CARGO_TARGET_DIR ?? path.join(workspace, "target");
  const builds = ["release", "debug"]
    .map((profile) => path.join(target, profile, "novate-devnode"))
    .filter((file) => fs.existsSync(file))
    .sort((a, b) => fs.statSync(b).mtimeMs - fs.statSync(a).mtimeMs);
  if (builds.length === 0) throw new Error("novate-devnode is not built");
  return builds[0];
}

/** Starts a node; `stop` ends it and tells its exit code. */
export async function startDevnode(...options) {
  const child = spawn(devnodeBinary(), ["--port", "0", "--json", ...options], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const lines = readline.createInterface({ input: child.stdout });
  const banner = await new Promise((resolve, reject) => {
    lines.once("line", (line) => resolve(JSON.parse(line)));
    child.once("exit", (code) => reject(new Error(`novate-devnode ended with ${code}`)));
  });
  lines.on("line", () => {});
  const stop = (signal = "SIGINT") => {
    child.kill(signal);
    return exited;
  };
  return { ...banner, websocket: banner.url.replace("http", "ws"), stop };
}

/** The npm wrappers of Foundry hide failures; these are the programs themselves, from here or from the workspace. */
export function foundryBinary(tool) {
  const platform = `${process.platform === "win32" ? "win32" : process.platform}-${
    process.arch === "x64" ? "amd64" : process.arch
  }`;
  const places = [root, workspace].map((folder) =>
    path.join(folder, `node_modules/@foundry-rs/${tool}-${platform}/bin/${tool}`),
  );
  const found = places.find((file) => fs.existsSync(file));
  if (found === undefined) throw new Error(`no ${tool} in node_modules for ${platform}: npm ci`);
  return found;
}

export async function foundry(tool, ...args) {
  const { stdout } = await run(foundryBinary(tool), args, { cwd: root, timeout: 120_000 });
  return stdout.trim();
}

let compiled;

/** ABI and init code of the counter. */
export function counter() {
  compiled ??= compile();
  return compiled;
}

function compile() {
  const solc = createRequire(import.meta.url)("solc");
  const input = {
    language: "Solidity",
    sources: { "Counter.sol": { content: fs.readFileSync(path.join(root, "contracts/Counter.sol"), "utf8") } },
    settings: { evmVersion: "cancun", outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const { abi, evm } = output.contracts["Counter.sol"].Counter;
  return { abi, bytecode: `0x${evm.bytecode.object}` };
}
