// The published service config is kept: against a server that fails as it is told.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { status as Code } from "@grpc/grpc-js";

import * as scanvet from "../src/index.js";
import { fake, fault, noise } from "./support.js";

const overloaded = () => fault(Code.UNAVAILABLE, "OVERLOADED", 50);
// More than gRPC keeps for retries unless it is told to.
const photo = noise(3 << 20);
const large = noise(6 << 20);

function client(t, address, options) {
  const client = new scanvet.Client(address, options);
  t.after(() => client.close());
  return client;
}

function* files(count) {
  for (let n = 0; n < count; n += 1) {
    yield { slot: "passport", content: Buffer.from("x"), itemId: `item-${n}` };
  }
}

async function collected(answers) {
  const all = [];
  for await (const answer of answers) all.push(answer);
  return all;
}

const config = async () => JSON.parse(await readFile(new URL("../service_config.json", import.meta.url)));

test("a photo is sent again until there is a place", async (t) => {
  const { address, seen } = await fake(t, [overloaded(), overloaded()]);
  const result = await client(t, address).validateBytes(photo, "passport");
  assert.ok(result.accepted);
  assert.deepEqual([seen.calls, seen.received], [3, [photo.length]]);
});

test("an upload is sent again whole", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "scanvet-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "large.jpg");
  await writeFile(path, large);
  const script = [fault(Code.UNAVAILABLE, "WORKER_LOST", 50), fault(Code.UNAVAILABLE)];
  const { address, seen } = await fake(t, script);
  assert.ok((await client(t, address).validatePath(path, "passport")).accepted);
  assert.deepEqual([seen.calls, seen.received], [3, [large.length]]);
});

test("four tries are enough, and the error says when to come again", async (t) => {
  const { address, seen } = await fake(t, Array.from({ length: 9 }, overloaded));
  await assert.rejects(client(t, address).validateBytes(Buffer.from("x"), "passport"), (error) => {
    assert.ok(error instanceof scanvet.Overloaded && error instanceof scanvet.ScanvetError);
    assert.deepEqual([error.reason, error.retryAfterMs], ["OVERLOADED", 50]);
    assert.deepEqual([error.requestId, error.code], ["call-7", Code.UNAVAILABLE]);
    assert.match(error.message, /again after retryAfterMs/);
    return true;
  });
  assert.equal(seen.calls, 4);
});

test("the server says how long to wait", async (t) => {
  const { address } = await fake(t, [fault(Code.UNAVAILABLE, "OVERLOADED", 700)]);
  const began = performance.now();
  await client(t, address).validateBytes(Buffer.from("x"), "passport");
  // The config's own first pause is at most 0.24 seconds.
  assert.ok(performance.now() - began > 650);
});

test("what is over the caller's share is not sent again by itself", async (t) => {
  const script = [fault(Code.RESOURCE_EXHAUSTED, "FILE_RATE_EXCEEDED", 1500)];
  const { address, seen } = await fake(t, script);
  await assert.rejects(client(t, address).validateBytes(Buffer.from("x"), "passport"), (error) => {
    assert.ok(error instanceof scanvet.RateLimited);
    assert.equal(error.retryAfterMs, 1500);
    assert.equal(error.metadata.per_second, "20");
    return true;
  });
  assert.equal(seen.calls, 1);
});

test("faults of the caller and of the server are told at once", async (t) => {
  for (const [code, kind, reason] of [
    [Code.INVALID_ARGUMENT, scanvet.InvalidArgument],
    [Code.INTERNAL, scanvet.ServerFault],
    [Code.UNIMPLEMENTED, scanvet.ServerFault],
    [Code.FAILED_PRECONDITION, scanvet.RulesetNotAvailable],
    [Code.OUT_OF_RANGE, scanvet.TooLarge],
    [Code.RESOURCE_EXHAUSTED, scanvet.TooLarge],
    [Code.RESOURCE_EXHAUSTED, scanvet.TooLarge, "STREAM_BROKEN"],
  ]) {
    const { address, seen } = await fake(t, [fault(code, reason)]);
    const asked = client(t, address).validateBytes(Buffer.from("x"), "passport");
    await assert.rejects(asked, (error) => error.constructor === kind);
    assert.equal(seen.calls, 1);
  }
});

test("details that are none do not hide the fault", async (t) => {
  const garbled = fault(Code.INTERNAL);
  garbled.metadata.set("grpc-status-details-bin", Buffer.from("ffffff", "hex"));
  const { address } = await fake(t, [garbled]);
  const asked = client(t, address).validateBytes(Buffer.from("x"), "passport");
  await assert.rejects(asked, { name: "ServerFault", detail: "said so" });
});

test("a verdict of a newer server is for review", async (t) => {
  const { address, seen } = await fake(t);
  seen.verdict = 99;
  const result = await client(t, address).validateBytes(Buffer.from("x"), "passport");
  assert.equal(result.verdict, "REVIEW");
});

test("the largest message is the config's", async (t) => {
  const small = await config();
  for (const method of small.methodConfig) method.maxRequestMessageBytes = 1000;
  const { address, seen } = await fake(t);
  const asks = client(t, address, { serviceConfig: JSON.stringify(small) });
  await asks.validateBytes(Buffer.alloc(100), "passport");
  await assert.rejects(asks.validateBytes(Buffer.alloc(1000), "passport"), { name: "TooLarge" });
  assert.equal(seen.calls, 1);
});

test("a call ends when the config says", async (t) => {
  const short = await config();
  short.methodConfig[0].timeout = "1s";
  const { address } = await fake(t, [() => sleep(4000)]);
  const asks = client(t, address, { serviceConfig: JSON.stringify(short) });
  const asked = asks.validateBytes(Buffer.from("x"), "passport");
  await assert.rejects(asked, { name: "DeadlineExceeded" });
});

test("a signal ends a call, with its own reason", async (t) => {
  const { address } = await fake(t, [() => sleep(2000)]);
  const signal = AbortSignal.timeout(100);
  const asked = client(t, address).validateBytes(Buffer.from("x"), "passport", { signal });
  await assert.rejects(asked, { name: "TimeoutError" });
});

test("a stream that breaks goes on where it was", async (t) => {
  const { address, seen } = await fake(t, [overloaded(), fault(Code.UNAVAILABLE)]);
  seen.answersOfAStream = 5;
  const answers = await collected(client(t, address).validateMany(files(20), { window: 3 }));
  const ids = answers.map((answer) => answer.itemId);
  assert.deepEqual(ids.sort(), [...files(20)].map((file) => file.itemId).sort());
  assert.equal(seen.streams.length, 3);
});

test("a server that is gone ends the batch", async (t) => {
  const asks = client(t, "127.0.0.1:1");
  await assert.rejects(collected(asks.validateMany(files(3))), { name: "Unreachable" });
});

test("what the caller's files throw reaches the caller", async (t) => {
  const { address } = await fake(t);
  const asks = client(t, address);
  async function* broken() {
    yield* files(2);
    await sleep(200);
    throw new RangeError("mine");
  }
  const seen = [];
  await assert.rejects(async () => {
    for await (const { itemId } of asks.validateMany(broken())) seen.push(itemId);
  }, /mine/);
  assert.deepEqual(seen.sort(), ["item-0", "item-1"]);
  const missing = [{ slot: "passport", path: "no-such-file.jpg" }];
  await assert.rejects(collected(asks.validateMany(missing)), { code: "ENOENT" });
  for await (const _ of asks.validateMany(files(1000), { window: 2 })) break;
  assert.ok((await asks.validateBytes(Buffer.from("x"), "passport")).accepted);
});
