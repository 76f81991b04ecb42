// Against the real program: what a caller gets, and what it is told when it gets nothing.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

import { Client } from "../src/index.js";
import { checked, noise, root, sample, server } from "./support.js";

const context = { profile: "alibaba-2019" };
const KEY = "k".repeat(40);

function client(t, address, options = {}) {
  const client = new Client(address, { context, ...options });
  t.after(() => client.close());
  return client;
}

async function folder(t) {
  const path = await mkdtemp(join(tmpdir(), "scanvet-"));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

test("files", async (t) => {
  const asks = client(t, await server(t));
  const grey = sample("reject-card-grey.jpg");

  await t.test("verdict, reasons and measurements are those of the command line", async () => {
    for (const name of ["accept-card.jpg", "reject-card-grey.jpg", "reject-text-named.jpg"]) {
      const result = await asks.validatePath(sample(name), "id-card-front");
      const told = checked(sample(name), "--slot", "id-card-front", "--profile", "alibaba-2019");
      assert.equal(`VERDICT_${result.verdict}`, told.verdict);
      assert.deepEqual(result.reasons, (told.findings ?? []).map((finding) => finding.reason));
      const measured = (checks) =>
        checks.flatMap(({ measurements = [] }) => measurements.map((m) => [m.name, m.value ?? 0]));
      assert.deepEqual(measured(result.message.checks), measured(told.checks));
    }
  });

  await t.test("a rejection is an answer with texts for the applicant", async () => {
    const result = await asks.validatePath(grey, "id-card-front", { itemId: "upload-1" });
    assert.deepEqual([result.itemId, result.verdict, result.accepted], ["upload-1", "REJECT", false]);
    const [finding] = result.findings;
    assert.deepEqual([finding.reason, finding.severity], ["COLOUR_MISSING", "ERROR"]);
    assert.match(finding.text(), /彩色/);
    assert.match(finding.text("zh-TW"), /彩色/);
    assert.match(finding.text("en"), /colour/);
    const [measured] = finding.measurements;
    assert.equal(measured.max, undefined);
    assert.ok(measured.value < measured.min);
  });

  await t.test("options reach the server", async () => {
    const options = {
      locales: ["en"],
      evidence: "annotated-image",
      readings: true,
      rulesetVersion: "2026.10.0",
    };
    const result = await asks.validatePath(grey, "id-card-front", { options });
    assert.deepEqual(Object.keys(result.findings[0].messages), ["en"]);
    assert.equal(result.annotatedImage.subarray(0, 2).toString("hex"), "ffd8");
    assert.ok(result.message.readings.length > 0);
    assert.equal(result.rulesetVersion, "2026.10.0");
    const wrong = asks.validatePath(grey, "id-card-front", { options: { evidence: "all" } });
    await assert.rejects(wrong, TypeError);
  });

  await t.test("a large file goes in chunks and arrives whole", async () => {
    const content = noise(5 << 20);
    const digest = createHash("sha256").update(content).digest("hex");
    const generic = { context: { profile: "generic" } };
    const result = await asks.validateBytes(content, "supporting-document", generic);
    assert.deepEqual([result.verdict, result.message.detected.sha256], ["REJECT", digest]);
  });

  await t.test("a file above the rules' bound is rejected before all of it has come", async (t) => {
    const path = join(await folder(t), "large.jpg");
    await writeFile(path, noise(30 << 20));
    const result = await asks.validatePath(path, "id-card-front");
    assert.deepEqual(result.reasons, ["FILE_TOO_LARGE"]);
    assert.equal(result.message.detected.sha256, "");
  });

  await t.test("a request that breaks the contract names field and bound", async () => {
    const call = { context: { province: "CN-XX" }, itemId: "张三" };
    await assert.rejects(asks.validatePath(grey, "身份证", call), (error) => {
      assert.equal(error.name, "InvalidArgument");
      const bounds = Object.fromEntries(error.violations.map((v) => [v.field, v.description]));
      assert.match(bounds["options.context.province"], /CN-SH/);
      assert.ok("file.item_id" in bounds && "file.slot" in bounds);
      assert.match(error.metadata.known_slots, /id-card-front/);
      assert.ok(error.requestId && !error.message.includes("张三"));
      return true;
    });
    await assert.rejects(asks.validatePath("no-such-file.jpg", "passport"), { code: "ENOENT" });
  });

  await t.test("names in Chinese are of this machine alone", async (t) => {
    const path = join(await folder(t), "身份证 正面.jpg");
    await cp(sample("accept-card.jpg"), path);
    assert.ok((await asks.validatePath(path, "id-card-front")).accepted);
  });

  await t.test("a deadline ends a call", async () => {
    for (const content of [await readFile(grey), noise(6 << 20)]) {
      const asked = asks.validateBytes(content, "id-card-front", { timeoutMs: 1 });
      await assert.rejects(asked, { name: "DeadlineExceeded" });
    }
  });

  await t.test("filings, plans, batches, catalogues", async () => {
    const side = (slot, name) => ({ slot, path: `${root}testdata/filings/${name}.jpg` });
    const swapped = [side("id-card-front", "id-card-back"), side("id-card-back", "id-card-front")];
    const filing = await asks.validateFiling(swapped);
    assert.deepEqual([filing.verdict, filing.results.length], ["REJECT", 2]);
    assert.equal(filing.findings[0].reason, "SIDES_SWAPPED");
    assert.equal(filing.findings[0].metadata.uploads, "1, 2");
    await assert.rejects(asks.validateFiling([]), { reason: "FILES_OUT_OF_RANGE" });

    const plan = await asks.plan({ profile: "alibaba-2018", province: "CN-TJ", asOf: "2018-05-01" });
    const [upload] = plan.uploads;
    assert.ok(upload.id && upload.slot && upload.source);
    assert.notEqual(upload.text("zh-CN"), upload.text("en"));
    assert.ok(plan.steps.every((step) => step.text("zh-CN")));

    const items = {};
    const files = [
      { slot: "id-card-front", path: sample("accept-card.jpg"), itemId: "good" },
      { slot: "id-card-front", path: grey },
      { slot: "no-such-slot", content: Buffer.from("x"), itemId: "odd" },
      { slot: "passport", uri: "s3://nowhere/x", itemId: "elsewhere" },
    ];
    for await (const item of asks.validateMany(files)) items[item.itemId] = item;
    assert.deepEqual(Object.keys(items).sort(), ["1", "elsewhere", "good", "odd"]);
    assert.ok(items.good.result.accepted && !items["1"].result.accepted);
    assert.equal(items.odd.fault.reason, "SLOT_UNKNOWN");
    assert.ok(items.elsewhere.fault.code > 0);

    assert.equal((await asks.serverInfo()).maxFileBytes, 20 << 20);
    const profiles = [];
    for await (const { id } of asks.listProfiles()) profiles.push(id);
    assert.ok(profiles.includes("alibaba-2019"));
    const { reasons } = await asks.ruleset("id-card-front");
    assert.ok(reasons.some(({ reason }) => reason === "IMAGE_BLURRED"));
  });
});

test("no server is told after the retries", async (t) => {
  const asked = client(t, "127.0.0.1:1").validateBytes(Buffer.from("x"), "passport");
  await assert.rejects(asked, { name: "Unreachable", retryAfterMs: undefined });
});

test("keys and tokens", async (t) => {
  const path = await folder(t);
  const digest = createHash("sha256").update(KEY).digest("hex");
  await writeFile(join(path, "keys.toml"), `"filing-web" = "sha256:${digest}"\n`);
  const config = join(path, "scanvet.toml");
  await writeFile(config, `[serve.access]\napi_keys = "${join(path, "keys.toml")}"\n`);
  const address = await server(t, "--config", config);
  const judge = (options) =>
    client(t, address, options).validatePath(sample("accept-card.jpg"), "id-card-front");
  await assert.rejects(judge({ apiKey: "w".repeat(40) }), {
    name: "NotAllowed",
    reason: "CREDENTIALS_INVALID",
  });
  await assert.rejects(judge({}), { reason: "CREDENTIALS_MISSING" });
  assert.ok((await judge({ apiKey: KEY })).accepted);
  assert.ok((await judge({ token: async () => `${KEY}\n` })).accepted);
});

test("a secret does not leave this machine unprotected, and odd options are refused", (t) => {
  for (const secret of [{ apiKey: KEY }, { token: KEY }]) {
    assert.throws(() => new Client("scanvet.example.org:50051", secret), /https:\/\//);
    client(t, "scanvet.example.org:50051", { ...secret, insecure: true });
    client(t, "https://scanvet.example.org", secret);
    for (const here of ["localhost:1", "127.0.0.1:1", "http://[::1]:1"]) client(t, here, secret);
  }
  for (const [address, options] of [
    ["localhost:1", { apiKey: KEY, token: KEY }],
    ["localhost:1", { certificate: Buffer.from("x") }],
    ["http://localhost:1", { ca: Buffer.from("x") }],
    ["ftp://localhost:1", {}],
    ["", {}],
  ]) {
    assert.throws(() => new Client(address, options), TypeError);
  }
});

const openssl = (cwd, ...options) => spawnSync("openssl", options, { cwd }).status === 0;

test("certificates of both sides", async (t) => {
  const path = await folder(t);
  if (!openssl(path, "version")) return t.skip("openssl is not installed");
  const fresh = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const own = ["-subj", "/CN=t", "-keyout", "ca.key", "-out", "ca.pem"];
  assert.ok(openssl(path, "req", "-x509", ...fresh, "-days", "2", ...own));
  for (const [who, names, use] of [
    ["server", "DNS:localhost", "serverAuth"],
    ["caller", "URI:spiffe://example.org/filing/web", "clientAuth"],
  ]) {
    await writeFile(join(path, `${who}.ext`), `subjectAltName=${names}\nextendedKeyUsage=${use}\n`);
    const asked = ["-subj", "/", "-keyout", `${who}.key`, "-out", `${who}.csr`];
    assert.ok(openssl(path, "req", ...fresh, ...asked));
    const signer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"];
    const made = ["-in", `${who}.csr`, "-extfile", `${who}.ext`, "-out", `${who}.pem`];
    assert.ok(openssl(path, "x509", "-req", ...signer, ...made));
  }
  const file = (name) => join(path, name);
  const tls = ["--tls-certificate", file("server.pem"), "--tls-key", file("server.key")];
  const address = await server(t, ...tls, "--client-ca", file("ca.pem"));
  const secure = `https://localhost:${address.split(":").at(-1)}`;
  const shown = { certificate: file("caller.pem"), key: file("caller.key") };
  const judge = (options) =>
    client(t, secure, options).validatePath(sample("accept-card.jpg"), "id-card-front");
  assert.ok((await judge({ ca: file("ca.pem"), ...shown })).accepted);
  await assert.rejects(judge({ ca: file("ca.pem"), timeoutMs: 5000 }), /Unreachable|Deadline/);
  await assert.rejects(judge({ ...shown, timeoutMs: 5000 }), /Unreachable|Deadline/);
});
