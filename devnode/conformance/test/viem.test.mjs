import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  BaseError, ContractFunctionRevertedError, createPublicClient, createTestClient, createWalletClient,
  defineChain, http, parseEther, webSocket,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";

import { counter, startDevnode } from "./support.mjs";

let node, chain, reader, watcher, wallet, tester;
const { abi, bytecode } = counter();

before(async () => {
  node = await startDevnode();
  chain = defineChain({
    id: node.chainId, name: "novate-devnode", rpcUrls: { default: { http: [node.url] } },
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
  });
  const account = privateKeyToAccount(node.privateKeys[0]);
  reader = createPublicClient({ chain, transport: http(), pollingInterval: 50 });
  watcher = createPublicClient({ chain, transport: webSocket(node.websocket) });
  wallet = createWalletClient({ chain, account, transport: http() });
  tester = createTestClient({ chain, mode: "anvil", transport: http() });
});

after(async () => {
  const socket = await watcher.transport.getRpcClient();
  socket.close();
  assert.equal(await node.stop(), 0);
});

async function deploy() {
  const hash = await wallet.deployContract({ abi, bytecode, args: [7n] });
  const receipt = await reader.waitForTransactionReceipt({ hash });
  assert.equal(receipt.status, "success");
  return receipt.contractAddress;
}

test("deploys, reads, writes and decodes logs", async () => {
  const address = await deploy();
  assert.equal(await reader.readContract({ abi, address, functionName: "number" }), 7n);
  const { request, result } = await reader.simulateContract({
    abi, address, functionName: "setNumber", args: [42n], account: wallet.account,
  });
  assert.equal(result, 7n);
  const hash = await wallet.writeContract(request);
  const receipt = await reader.waitForTransactionReceipt({ hash });
  assert.equal(receipt.logs.length, 1);
  const events = await reader.getContractEvents({ abi, address, eventName: "NumberSet", fromBlock: 0n });
  assert.deepEqual(events.map((event) => event.args), [{ by: wallet.account.address, number: 42n }]);
  const block = await reader.getBlock({ blockNumber: receipt.blockNumber, includeTransactions: true });
  assert.equal(block.transactions[0].hash, hash);
});

test("simulation decodes custom errors and revert strings", async () => {
  const address = await deploy();
  const revertOf = async (given) => {
    try {
      await reader.simulateContract({ abi, address, functionName: "setNumber", args: [given] });
    } catch (error) {
      assert(error instanceof BaseError);
      return error.walk((cause) => cause instanceof ContractFunctionRevertedError);
    }
    assert.fail("did not revert");
  };
  const custom = await revertOf(5000n);
  assert.equal(custom.data.errorName, "TooLarge");
  assert.deepEqual(custom.data.args, [5000n, 1000n]);
  assert.equal((await revertOf(13n)).reason, "unlucky");
});

test("watches events over WebSocket", async () => {
  const address = await deploy();
  const seen = [];
  const done = new Promise((resolve, reject) => {
    const unwatch = watcher.watchContractEvent({
      abi, address, eventName: "NumberSet", onError: reject,
      onLogs: (logs) => {
        seen.push(...logs.map((log) => log.args.number));
        if (seen.length === 3) resolve(unwatch());
      },
    });
  });
  // The subscription is asynchronous; its own request comes first on the connection.
  await watcher.getBlockNumber();
  for (const value of [1n, 2n, 3n]) {
    const hash = await wallet.writeContract({ abi, address, functionName: "setNumber", args: [value] });
    await reader.waitForTransactionReceipt({ hash });
  }
  await done;
  assert.deepEqual(seen, [1n, 2n, 3n]);
});

test("the test client moves time, impersonates, snapshots and sets state", async () => {
  const address = await deploy();
  const id = await tester.snapshot();
  const { timestamp } = await reader.getBlock();
  await tester.increaseTime({ seconds: 3600 });
  await tester.mine({ blocks: 1 });
  assert((await reader.getBlock()).timestamp >= timestamp + 3600n);
  await tester.setNextBlockTimestamp({ timestamp: timestamp + 9000n });
  await tester.mine({ blocks: 2, interval: 10 });
  assert.equal((await reader.getBlock()).timestamp, timestamp + 9010n);
  const stranger = "0x00000000000000000000000000000000000c0ffe";
  await tester.setBalance({ address: stranger, value: parseEther("1") });
  await tester.impersonateAccount({ address: stranger });
  const bare = createWalletClient({ chain, transport: http() });
  const hash = await bare.writeContract({
    abi, address, functionName: "setNumber", args: [9n], account: stranger,
  });
  assert.equal((await reader.waitForTransactionReceipt({ hash })).from, stranger);
  await tester.stopImpersonatingAccount({ address: stranger });
  await tester.setStorageAt({ address, index: 0, value: `0x${"00".repeat(31)}2a` });
  assert.equal(await reader.readContract({ abi, address, functionName: "number" }), 42n);
  await tester.revert({ id });
  assert.equal((await reader.getBlock()).timestamp, timestamp);
  assert.equal(await reader.readContract({ abi, address, functionName: "number" }), 7n);
});

test("fees, estimates and state overrides", async () => {
  const address = await deploy();
  assert.equal(await reader.getGasPrice(), 100_000_000n);
  const fees = await reader.estimateFeesPerGas();
  assert.equal(fees.maxPriorityFeePerGas, 0n);
  const gas = await reader.estimateContractGas({
    abi, address, functionName: "setNumber", args: [1n], account: wallet.account,
  });
  assert(gas > 21_000n && gas < 60_000n);
  const slot = `0x${"00".repeat(32)}`;
  const stateOverride = [{ address, stateDiff: [{ slot, value: `0x${"00".repeat(31)}63` }] }];
  const number = await reader.readContract({ abi, address, functionName: "number", stateOverride });
  assert.equal(number, 99n);
});
