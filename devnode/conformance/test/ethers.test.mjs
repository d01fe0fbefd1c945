import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Contract, ContractFactory, JsonRpcProvider, NonceManager, Wallet, WebSocketProvider } from "ethers";

import { counter, startDevnode } from "./support.mjs";

let node, provider, signer;
const { abi, bytecode } = counter();

before(async () => {
  node = await startDevnode();
  provider = new JsonRpcProvider(node.url, undefined, { polling: true, pollingInterval: 50 });
  signer = new NonceManager(new Wallet(node.privateKeys[1], provider));
});

after(async () => {
  provider.destroy();
  assert.equal(await node.stop(), 0);
});

async function deploy() {
  const contract = await new ContractFactory(abi, bytecode, signer).deploy(7n);
  return contract.waitForDeployment();
}

test("deploys, calls, sends and decodes", async () => {
  const contract = await deploy();
  assert.equal(await contract.number(), 7n);
  const receipt = await (await contract.setNumber(8n, { value: 5n })).wait();
  assert.equal(receipt.logs[0].fragment.name, "NumberSet");
  assert.equal(receipt.logs[0].args.number, 8n);
  assert.equal(await provider.getBalance(await contract.getAddress()), 5n);
  const events = await contract.queryFilter(contract.filters.NumberSet(), 0);
  assert.equal(events.length, 1);
});

test("decodes custom errors of calls, estimates and mined transactions", async () => {
  const contract = await deploy();
  const isTooLarge = (error) => {
    assert.equal(error.code, "CALL_EXCEPTION");
    assert.equal(error.revert.name, "TooLarge");
    return true;
  };
  await assert.rejects(contract.setNumber.staticCall(2000n), isTooLarge);
  // ethers leaves the data of a failed estimate undecoded.
  await assert.rejects(contract.setNumber.estimateGas(2000n), (error) => {
    assert.equal(contract.interface.parseError(error.data).name, "TooLarge");
    return true;
  });
  await assert.rejects(contract.setNumber.staticCall(13n), { reason: "unlucky" });
  const sent = await contract.setNumber(2000n, { gasLimit: 100_000n });
  await assert.rejects(sent.wait(), { code: "CALL_EXCEPTION" });
});

test("refusals have ethers' own codes", async () => {
  const poor = Wallet.createRandom(provider);
  await assert.rejects(poor.sendTransaction({ to: poor.address, value: 1n }), { code: "INSUFFICIENT_FUNDS" });
  const rich = new Wallet(node.privateKeys[2], provider);
  await (await rich.sendTransaction({ to: poor.address, value: 1n })).wait();
  await assert.rejects(rich.sendTransaction({ to: poor.address, nonce: 0, gasLimit: 21_000n }), {
    code: "NONCE_EXPIRED",
  });
});

test("events and blocks arrive over WebSocket", async () => {
  const contract = await deploy();
  const socket = new WebSocketProvider(node.websocket);
  const watched = new Contract(await contract.getAddress(), abi, socket);
  const numbers = [];
  const done = new Promise((resolve) => {
    watched.on("NumberSet", (_by, number) => {
      numbers.push(number);
      if (numbers.length === 2) resolve();
    });
  });
  const block = new Promise((resolve) => socket.once("block", resolve));
  await socket.getBlockNumber();
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (const value of [1n, 2n]) await (await contract.setNumber(value)).wait();
  await done;
  assert.deepEqual(numbers, [1n, 2n]);
  assert((await block) > 0);
  await socket.destroy();
});
