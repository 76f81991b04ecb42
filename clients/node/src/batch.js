// Many files over one stream after the other.

import { setTimeout as sleep } from "node:timers/promises";

import { ofCall, Overloaded, Unreachable } from "./errors.js";
import { Result } from "./results.js";

// A stream stays with one server while it is open, so it is opened anew often enough.
const ITEMS_OF_A_STREAM = 1000;
const AGE_OF_A_STREAM_MS = 60_000;
const TRIES_OF_AN_ITEM = 4;
const BROKEN_STREAMS_IN_A_ROW = 4;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 3000;

const WOKEN = Symbol("woken");

/** Says that something has happened since it was last asked. */
class Bell {
  constructor() {
    this.next();
  }

  next() {
    this.rung = new Promise((resolve) => (this.ring = () => resolve(WOKEN)));
  }
}

/** Answers as they are ready. `open` opens a stream, `request` makes a message of a file. */
export async function* batch(files, window, open, request) {
  const source = (files[Symbol.asyncIterator] ?? files[Symbol.iterator]).call(files);
  const again = [];
  let following; // The file that is waited for, by whichever stream is open then.
  let exhausted = false;
  let count = 0;
  let broken = 0;
  try {
    while (!exhausted || again.length > 0) {
      const underWay = new Map();
      const answers = [];
      const bell = new Bell();
      const opened = Date.now();
      let [sent, closed, ended, fault] = [0, false, false, undefined];
      const call = await open();
      call.on("data", (answer) => (answers.push(answer), bell.ring()));
      call.on("error", (error) => ((fault = ofCall(error)), bell.ring()));
      call.on("end", () => ((ended = true), bell.ring()));
      const send = async ([file, tries]) => {
        if (underWay.has(file.itemId)) {
          throw new TypeError(`two files have the itemId "${file.itemId}"`);
        }
        underWay.set(file.itemId, [file, tries]);
        sent += 1;
        call.write(await request(file));
      };
      try {
        for (;;) {
          bell.next();
          while (answers.length > 0) {
            const { itemId, outcome, result, error } = answers.shift();
            const [file, tries] = underWay.get(itemId) ?? [];
            underWay.delete(itemId);
            broken = 0;
            if (outcome === "result") yield { itemId, result: new Result(result) };
            else if (error.retryable && tries < TRIES_OF_AN_ITEM) again.push([file, tries + 1]);
            else yield { itemId, fault: error };
          }
          if (fault || ended) break;
          if (closed || underWay.size >= window) {
            if (answers.length === 0 && !fault && !ended) await bell.rung;
            continue;
          }
          const full = sent >= ITEMS_OF_A_STREAM || Date.now() - opened > AGE_OF_A_STREAM_MS;
          if (full || (exhausted && again.length === 0)) {
            closed = true;
            call.end();
          } else if (again.length > 0) {
            await send(again.shift());
          } else {
            following ??= Promise.resolve(source.next());
            const got = await Promise.race([following, bell.rung]);
            if (got === WOKEN) continue;
            following = undefined;
            exhausted = Boolean(got.done);
            if (!exhausted) {
              const itemId = got.value.itemId || String(count);
              count += 1;
              await send([{ ...got.value, itemId }, 1]);
            }
          }
        }
      } finally {
        call.cancel();
      }
      if (!fault && underWay.size > 0) fault = new Unreachable("the stream ended early");
      again.push(...underWay.values());
      if (fault) {
        broken += 1;
        const worthWhile = fault instanceof Overloaded || fault instanceof Unreachable;
        if (!worthWhile || broken >= BROKEN_STREAMS_IN_A_ROW) throw fault;
        const pause = Math.min(FIRST_PAUSE_MS * 2 ** broken, LONGEST_PAUSE_MS);
        await sleep(fault.retryAfterMs || pause);
      }
    }
  } finally {
    following?.catch(() => {});
    await source.return?.();
  }
}
