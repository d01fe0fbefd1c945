import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";

import { counter, foundry, foundryBinary, startDevnode } from "./support.mjs";

let node, key, rpc;

before(async () => {
  node = await startDevnode();
  key = ["--private-key", node.privateKeys[0]];
  rpc = ["--rpc-url", node.url];
});

after(async () => assert.equal(await node.stop("SIGTERM"), 0));

async function create() {
  const text = await foundry("forge", "create", ...rpc, ...key, "--broadcast", "--json",
    "contracts/Counter.sol:Counter", "--constructor-args", "7");
  return JSON.parse(text.slice(text.indexOf("{"))).deployedTo;
}

test("forge create, then cast call, send, logs, storage, receipt, run", async () => {
  const address = await create();
  assert.equal(await foundry("cast", "call", ...rpc, address, "number()(uint256)"), "7");
  const sent = JSON.parse(await foundry("cast", "send", ...rpc, ...key, "--json", address, "setNumber(uint256)", "41"));
  assert.equal(sent.status, "0x1");
  const slot = await foundry("cast", "storage", ...rpc, address, "0");
  assert.equal(BigInt(slot), 41n);
  const logs = JSON.parse(await foundry("cast", "logs", ...rpc, "--json", "--from-block", "0",
    "--address", address, "NumberSet(address indexed,uint256)"));
  assert.equal(BigInt(logs[0].data), 41n);
  const receipt = await foundry("cast", "receipt", ...rpc, sent.transactionHash, "status");
  assert.match(receipt, /^1|true/);
  const trace = await foundry("cast", "run", ...rpc, sent.transactionHash);
  assert.match(trace, /Transaction successfully executed/);
  const estimate = await foundry("cast", "estimate", ...rpc, address, "setNumber(uint256)", "42");
  assert(Number(estimate) > 21_000);
  await assert.rejects(foundry("cast", "call", ...rpc, address, "setNumber(uint256)", "2000"), /execution reverted/);
});

test("cast reads blocks, balances, nonces, code and chain", async () => {
  assert.equal(await foundry("cast", "chain-id", ...rpc), String(node.chainId));
  assert.equal(await foundry("cast", "gas-price", ...rpc), "100000000");
  assert.equal(await foundry("cast", "balance", ...rpc, node.accounts[9], "--ether"), "10000.000000000000000000");
  assert.match(await foundry("cast", "block", ...rpc, "latest"), /baseFeePerGas/);
  assert.equal(await foundry("cast", "codesize", ...rpc, node.accounts[9]), "0");
  assert.equal(await foundry("cast", "rpc", ...rpc, "evm_increaseTime", "10"), "10");
  assert.match(await foundry("cast", "client", ...rpc), /^novate-devnode/);
});

test("forge script --broadcast", async () => {
  const text = await foundry("forge", "script", ...rpc, ...key, "--broadcast", "script/Deploy.s.sol:Deploy");
  assert.match(text, /ONCHAIN EXECUTION COMPLETE & SUCCESSFUL/);
});

test("a fork of anvil reads its contracts, and leaves it alone", async () => {
  const port = 20_000 + (process.pid % 20_000);
  const anvil = spawn(foundryBinary("anvil"), ["--port", String(port), "--silent"], { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  const remote = ["--rpc-url", url];
  try {
    for (let tries = 0; ; tries += 1) {
      try {
        await foundry("cast", "chain-id", ...remote);
        break;
      } catch (error) {
        if (tries === 50) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    const { bytecode } = counter();
    const code = bytecode + "7".padStart(64, "0");
    const receipt = JSON.parse(await foundry("cast", "send", ...remote, ...key, "--json", "--create", code));
    const address = receipt.contractAddress;
    await foundry("cast", "send", ...remote, ...key, address, "setNumber(uint256)", "55");
    const fork = await startDevnode("--fork-url", url, "--no-storage-caching");
    const local = ["--rpc-url", fork.url];
    try {
      assert.equal(fork.chainId, 31337);
      assert.equal(await foundry("cast", "block-number", ...local), await foundry("cast", "block-number", ...remote));
      assert.equal(await foundry("cast", "call", ...local, address, "number()(uint256)"), "55");
      await foundry("cast", "send", ...local, ...key, address, "setNumber(uint256)", "56");
      assert.equal(await foundry("cast", "call", ...local, address, "number()(uint256)"), "56");
      assert.equal(await foundry("cast", "call", ...remote, address, "number()(uint256)"), "55");
      // The fork stands still while the other chain goes on.
      await foundry("cast", "send", ...remote, ...key, address, "setNumber(uint256)", "99");
      assert.equal(await foundry("cast", "call", ...local, address, "number()(uint256)"), "56");
    } finally {
      assert.equal(await fork.stop(), 0);
    }
  } finally {
    anvil.kill();
  }
});
