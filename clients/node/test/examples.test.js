// What is shown to others works: the ten lines, and every request of the Bruno collection.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { credentials, makeGenericClientConstructor, status as Code } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

import { root, sample, server } from "./support.js";

const require = createRequire(import.meta.url);

test("the example says what is wrong", async (t) => {
  const example = join(root, "examples/validate.mjs");
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  assert.ok(readme.includes(await readFile(example, "utf8")));
  // As a project that has installed the package.
  const project = await mkdtemp(join(tmpdir(), "scanvet-"));
  t.after(() => rm(project, { recursive: true }));
  await mkdir(join(project, "node_modules"));
  await symlink(join(root, "clients/node"), join(project, "node_modules/scanvet"));
  await cp(example, join(project, "validate.mjs"));
  const address = await server(t);
  for (const [name, status, line] of [
    ["accept-card.jpg", 0, "ACCEPT"],
    ["reject-card-grey.jpg", 1, "COLOUR_MISSING: 图片不是彩色"],
  ]) {
    const command = [join(project, "validate.mjs"), address, sample(name)];
    const ran = spawnSync(process.execPath, command, { encoding: "utf8" });
    assert.equal(ran.status, status, ran.stderr);
    assert.ok(ran.stdout.includes(line), ran.stdout);
  }
});

test("the requests of the Bruno collection are what they say", async (t) => {
  const { bruToJsonV2, bruToEnvJsonV2 } = require("@usebruno/lang");
  const folder = join(root, "examples/bruno");
  const read = (name) => readFile(join(folder, name), "utf8");
  const { variables } = bruToEnvJsonV2(await read("environments/local.bru"));
  const [address, key] = variables;
  assert.deepEqual([address.name, address.value], ["address", "grpc://127.0.0.1:50051"]);
  assert.deepEqual([key.name, key.secret], ["api_key", true]);
  assert.equal(JSON.parse(await read("bruno.json")).type, "collection");

  // As Bruno itself reads proto files: names are those of the file.
  const includeDirs = [join(root, "proto")];
  const definition = loadSync("scanvet/v1/scanvet.proto", { keepCase: true, enums: String, includeDirs });
  const service = definition["scanvet.v1.ValidationService"];
  const Asks = makeGenericClientConstructor(service, "ValidationService");
  const asks = new Asks(await server(t), credentials.createInsecure());
  t.after(() => asks.close());
  const call = (method, messages) =>
    new Promise((resolve) => {
      const done = (error, answer) => resolve({ code: error?.code ?? 0, answer });
      if (!service[method].requestStream) return asks[method](messages[0], done);
      const stream = asks[method](done);
      for (const message of messages) stream.write(message);
      stream.end();
    });

  const names = (await readdir(folder)).filter((name) => name.endsWith(".bru"));
  const places = [];
  for (const name of names) {
    const request = bruToJsonV2(await read(name));
    assert.deepEqual([request.meta.type, request.grpc.url], ["grpc", "{{address}}"], name);
    places.push(Number(request.meta.seq));
    const [, where, method] = request.grpc.method.split("/");
    // Bruno's parser gives the last message of several; each is JSON.
    const text = await read(name);
    const contents = [...text.matchAll(/content: '''\n([^']*)'''/g)].map(([, json]) => JSON.parse(json));
    assert.deepEqual(contents.at(-1), JSON.parse(request.body.grpc.at(-1).content), name);
    if (where !== "scanvet.v1.ValidationService") continue;
    const streams = service[method].requestStream;
    assert.equal(request.grpc.methodType, streams ? "client-streaming" : "unary", name);
    // What the method does not know is lost on the way there and back.
    const { requestSerialize, requestDeserialize } = service[method];
    for (const content of contents) {
      const kept = requestDeserialize(requestSerialize(content));
      const plain = JSON.parse(JSON.stringify(kept, (_, value) => (value?.type === "Buffer" ? Buffer.from(value.data).toString("base64") : value)));
      assert.deepEqual(plain, content, name);
    }
    const { code, answer } = await call(method, contents);
    assert.equal(code, name === "wrong-slot.bru" ? Code.INVALID_ARGUMENT : 0, name);
    if (method === "ValidateFile" && code === 0) {
      assert.equal(answer.result.verdict, "VERDICT_REJECT");
    }
  }
  assert.deepEqual(places.sort(), names.map((_, n) => n + 1));
});
