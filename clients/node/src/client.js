// The client.

import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { extname } from "node:path";

import { batch } from "./batch.js";
import { dial } from "./dial.js";
import { ofCall } from "./errors.js";
import { Filing, Plan, Result } from "./results.js";
import { ValidationService } from "./wire.js";

// Beyond this a file goes in chunks: it is not held in memory twice, and refused early if it must be.
const STREAM_ABOVE_BYTES = 4 * 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;

const EVIDENCE = ["none", "regions", "annotated-image"];

// What a name claims; the server compares it with what the bytes are.
const MEDIA_TYPES = {
  "image/jpeg": [".jpg", ".jpeg", ".jpe", ".jfif"],
  "image/png": [".png", ".apng"],
  "image/gif": [".gif"],
  "application/pdf": [".pdf"],
  "image/tiff": [".tif", ".tiff"],
  "image/webp": [".webp"],
  "image/bmp": [".bmp", ".dib"],
  "image/heif": [".heic", ".heif", ".hif"],
  "image/avif": [".avif"],
};

function claimed(path) {
  const extension = extname(String(path)).toLowerCase();
  const found = Object.entries(MEDIA_TYPES).find(([, known]) => known.includes(extension));
  return found?.[0] ?? "";
}

function descriptor(slot, { itemId = "", mediaType = "" }) {
  return { itemId, slot, declaredMediaType: mediaType };
}

async function contentOf(file) {
  return file.content ?? (await readFile(file.path));
}

function mustHaveOneSource(file) {
  const given = [file.path, file.content, file.uri].filter((source) => source !== undefined);
  if (given.length !== 1) throw new TypeError("a file has one of path, content and uri");
}

const fileDescriptor = (file) =>
  descriptor(file.slot, { mediaType: file.path ? claimed(file.path) : "", ...file });

/** Asks a scanvet server. */
export class Client {
  #dial;
  #stub;
  #defaults;

  constructor(address = "127.0.0.1:50051", options = {}) {
    this.#dial = dial(address, options);
    this.#defaults = {
      context: options.context ?? {},
      options: options.options ?? {},
      timeoutMs: options.timeoutMs,
    };
    const { target, credentials, options: channel } = this.#dial;
    this.#stub = new ValidationService(target, credentials, channel);
  }

  /** Judges a file of this machine. Its name is not sent, only the type that its extension claims. */
  async validatePath(path, slot, call = {}) {
    const about = { mediaType: claimed(path), ...call };
    const { size } = await stat(path);
    if (size <= STREAM_ABOVE_BYTES) return this.validateBytes(await readFile(path), slot, about);
    const chunks = createReadStream(path, { highWaterMark: CHUNK_BYTES });
    return this.#upload(chunks, size, slot, about);
  }

  /** Judges bytes. */
  async validateBytes(content, slot, call = {}) {
    if (content.length > STREAM_ABOVE_BYTES) {
      return this.#upload(pieces(content), content.length, slot, call);
    }
    const file = descriptor(slot, call);
    const request = { file, content, options: this.#told(call) };
    const answer = await this.#call("validateFile", request, call);
    return new Result(answer.result);
  }

  /** Judges the 1 to 16 files of one filing: each, what is missing, what they say of each other. */
  async validateFiling(files, call = {}) {
    const contents = [];
    for (const file of files) {
      mustHaveOneSource(file);
      if (file.uri !== undefined) throw new TypeError("only batches take a file by uri");
      contents.push({ file: fileDescriptor(file), content: await contentOf(file) });
    }
    const request = { files: contents, options: this.#told(call) };
    return new Filing(await this.#call("validateFiling", request, call));
  }

  /** Judges any number of files, at most `window` at a time; answers come as they are ready. */
  async *validateMany(files, call = {}) {
    const options = this.#told(call);
    const open = async () => this.#stub.streamValidateFiles(await this.#dial.metadata());
    const request = async (file) => {
      mustHaveOneSource(file);
      const source =
        file.uri === undefined ? { content: await contentOf(file) } : { contentUri: file.uri };
      return { file: fileDescriptor(file), options, ...source };
    };
    yield* batch(files, call.window ?? 16, open, request);
  }

  /** What a filing must upload, under which limits, and which steps follow. */
  async plan(context = this.#defaults.context, call = {}) {
    const { locales, rulesetVersion } = this.#told(call);
    const request = { context, locales, rulesetVersion };
    return new Plan(await this.#call("planFiling", request, call));
  }

  /** The profiles that the server applies. */
  async *listProfiles(call = {}) {
    let pageToken = "";
    do {
      const page = await this.#call("listProfiles", { pageToken }, call);
      yield* page.profiles;
      pageToken = page.nextPageToken;
    } while (pageToken);
  }

  /** Every reason with its texts and the bounds in force for a slot. */
  async ruleset(slot = "", call = {}) {
    const { context, rulesetVersion } = this.#told(call);
    return this.#call("getRuleset", { slot, context, rulesetVersion }, call);
  }

  /** Limits, formats and versions of the server. */
  async serverInfo(call = {}) {
    return this.#call("getServerInfo", {}, call);
  }

  /** Ends the connections. */
  close() {
    this.#stub.close();
  }

  #told(call) {
    const options = call.options ?? this.#defaults.options;
    const { evidence = "regions", readings = false, locales = ["zh-CN", "en"] } = options;
    if (!EVIDENCE.includes(evidence)) {
      throw new TypeError(`evidence is one of ${EVIDENCE.join(", ")}`);
    }
    return {
      locales,
      rulesetVersion: options.rulesetVersion ?? "",
      evidenceLevel: `EVIDENCE_LEVEL_${evidence.toUpperCase().replace("-", "_")}`,
      failFast: options.failFast ?? false,
      includeReadings: readings,
      context: call.context ?? this.#defaults.context,
    };
  }

  #limits(call) {
    const timeoutMs = call.timeoutMs ?? this.#defaults.timeoutMs;
    return timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
  }

  async #call(method, request, call) {
    const metadata = await this.#dial.metadata();
    return answerOf(call.signal, (done) =>
      this.#stub[method](request, metadata, this.#limits(call), done),
    );
  }

  async #upload(chunks, size, slot, about) {
    const file = { ...descriptor(slot, about), sizeBytes: size };
    const header = { file, options: this.#told(about) };
    const metadata = await this.#dial.metadata();
    let call;
    let over = false;
    const answer = answerOf(about.signal, (done) => {
      call = this.#stub.uploadAndValidateFile(metadata, this.#limits(about), done);
      return call;
    }).finally(() => (over = true));
    const ended = answer.catch(() => {});
    const write = async (message) => {
      // The server may answer before it has everything; nobody drains the stream then.
      if (!over && !call.write(message)) await Promise.race([once(call, "drain"), ended]);
    };
    try {
      await write({ header });
      const digest = createHash("sha256");
      for await (const chunk of chunks) {
        if (over) break;
        digest.update(chunk);
        await write({ chunk });
      }
      await write({ trailer: { sha256: digest.digest("hex") } });
      if (!over) call.end();
    } catch (fault) {
      call.cancel();
      await ended;
      throw fault;
    }
    return new Result((await answer).result);
  }
}

function* pieces(content) {
  for (let at = 0; at < content.length; at += CHUNK_BYTES) {
    yield content.subarray(at, at + CHUNK_BYTES);
  }
}

/** The answer of a call that `start` starts, which `signal` cancels. */
function answerOf(signal, start) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const cancel = () => call.cancel();
    const call = start((error, answer) => {
      signal?.removeEventListener("abort", cancel);
      if (!error) resolve(answer);
      else reject(signal?.aborted ? signal.reason : ofCall(error));
    });
    signal?.addEventListener("abort", cancel, { once: true });
  });
}
