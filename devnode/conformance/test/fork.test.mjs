// Forking from a node behind TLS, which is how public nodes are reached. The certificates are of tests alone: their authority's key
// was thrown away.
import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import https from "node:https";
import path from "node:path";
import { after, before, test } from "node:test";

import { foundry, root, startDevnode } from "./support.mjs";

const file = (name) => path.join(root, "tls", name);
let origin, proxy, url;

before(async () => {
  origin = await startDevnode("--chain-id", "4711");
  const options = { key: fs.readFileSync(file("key.pem")), cert: fs.readFileSync(file("cert.pem")) };
  proxy = https.createServer(options, (request, response) => {
    const { method, headers } = request;
    const onward = http.request(origin.url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  url = `https://localhost:${proxy.address().port}`;
});

after(async () => {
  proxy.closeAllConnections();
  proxy.close();
  assert.equal(await origin.stop(), 0);
});

test("a fork over https reads accounts of a node whose certificate is trusted", async () => {
  process.env.SSL_CERT_FILE = file("ca.pem");
  try {
    const rpc = ["--rpc-url", origin.url];
    const key = ["--private-key", origin.privateKeys[0]];
    const stranger = "0x00000000000000000000000000000000DeaDBeef";
    await foundry("cast", "send", ...rpc, ...key, stranger, "--value", "17");
    const fork = await startDevnode("--fork-url", url, "--no-storage-caching");
    try {
      assert.equal(fork.chainId, 4711);
      assert.equal(await foundry("cast", "balance", "--rpc-url", fork.url, stranger), "17");
    } finally {
      assert.equal(await fork.stop(), 0);
    }
  } finally {
    delete process.env.SSL_CERT_FILE;
  }
});

test("a certificate that nobody vouches for is refused", async () => {
  await assert.rejects(startDevnode("--fork-url", url, "--no-storage-caching"), /ended with 2/);
});
