// What the tests share: the real program as a server, and a made-up one that does as it is told.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { Metadata, Server, ServerCredentials } from "@grpc/grpc-js";

import { details, ValidationService } from "../src/wire.js";

export const root = fileURLToPath(new URL("../../..", import.meta.url));
const program = process.env.SCANVET ?? `${root}target/release/scanvet`;

export const sample = (name) => `${root}testdata/samples/${name}`;

/** The address of the real program, on a free port, until the test ends. */
export async function server(t, ...options) {
  const child = spawn(program, ["serve", "--listen", "127.0.0.1:0", ...options], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  t.after(async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  const lines = createInterface({ input: child.stderr });
  const [first] = await once(lines, "line");
  return JSON.parse(first).listen;
}

/** What the command line says of a file. */
export function checked(path, ...options) {
  const ran = spawnSync(program, ["check", "--format", "json", ...options, path]);
  return JSON.parse(ran.stdout.toString());
}

/** Bytes that begin like a JPEG. */
export function noise(size) {
  const bytes = Buffer.alloc(size);
  let state = 1;
  for (let at = 0; at < size; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes.writeUInt32LE(state, Math.min(at, size - 4));
  }
  bytes.write("ffd8ffe000104a46494600", "hex");
  return bytes;
}

/** How the real server ends a call. */
export function fault(code, reason = "", retryAfterMs = undefined) {
  const metadata = new Metadata();
  metadata.set("x-request-id", "call-7");
  const packed = [];
  const pack = (name, value) => {
    const type = details[`scanvet.details.${name}`];
    packed.push({
      typeUrl: `type.googleapis.com/google.rpc.${name}`,
      value: type.serialize(value),
    });
  };
  if (reason) pack("ErrorInfo", { reason, domain: "scanvet", metadata: { per_second: "20" } });
  if (retryAfterMs !== undefined) {
    const seconds = Math.floor(retryAfterMs / 1000);
    pack("RetryInfo", { retryDelay: { seconds, nanos: (retryAfterMs % 1000) * 1e6 } });
    metadata.set("grpc-retry-pushback-ms", String(retryAfterMs));
  }
  const status = details["scanvet.details.Status"];
  metadata.set("grpc-status-details-bin", status.serialize({ code, details: packed }));
  return { code, details: "said so", metadata };
}

/** Does with each call what the script says next; when it is at its end, accepts. */
export async function fake(t, script = []) {
  const seen = { calls: 0, received: [], streams: [], answersOfAStream: 0, verdict: 1 };
  const next = async () => {
    seen.calls += 1;
    const step = script.shift();
    return typeof step === "function" ? step() : step;
  };
  const result = (size, itemId = "") => {
    seen.received.push(size);
    return { itemId, verdict: seen.verdict };
  };
  const server = new Server({ "grpc.max_receive_message_length": 64 << 20 });
  server.addService(ValidationService.service, {
    async validateFile({ request }, done) {
      const error = await next();
      if (error) done(error);
      else done(null, { result: result(request.content.length) });
    },
    uploadAndValidateFile(call, done) {
      let size = 0;
      call.on("data", ({ chunk }) => (size += chunk?.length ?? 0));
      call.on("end", async () => {
        const error = await next();
        if (error) done(error);
        else done(null, { result: result(size) });
      });
    },
    streamValidateFiles(call) {
      const ids = [];
      seen.streams.push(ids);
      call.on("error", () => {});
      call.on("end", () => call.end());
      call.on("data", async ({ file, content }) => {
        ids.push(file.itemId);
        if (seen.answersOfAStream > 0 && ids.length === seen.answersOfAStream + 1) {
          const error = await next();
          if (error) return call.emit("error", error);
        }
        call.write({ itemId: file.itemId, result: result(content.length, file.itemId) });
      });
    },
  });
  const bind = (address) =>
    new Promise((resolve, reject) => {
      server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
  const port = await bind("127.0.0.1:0");
  t.after(() => server.forceShutdown());
  return { address: `127.0.0.1:${port}`, seen };
}
