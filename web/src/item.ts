// One file: its card, its call, its verdict.

import { create, toJson } from "@bufbuild/protobuf";
import { client, patiently, plain } from "./call";
import { DEFAULT_SLOT, limit, slotOptions } from "./context";
import { code, el, on, say, select, sign, word } from "./dom";
import {
  EvidenceLevel, Severity, ValidateFileRequestSchema, ValidateFileResponseSchema, ValidationResultSchema, Verdict,
  type FilingContext, type Finding, type Measurement, type ValidationResult,
} from "./gen/scanvet/v1/scanvet_pb";
import { grpcurl } from "./grpcurl";
import { bytes, said, t, translated } from "./words";

export type State = "waiting" | "checking" | "accept" | "reject" | "review" | "failed";

export interface Item {
  readonly element: HTMLElement;
  state(): State;
  /** Puts it to the end of the queue. */
  reset(): void;
  judge(): Promise<void>;
  /** Takes over what the rules now know. */
  refill(): void;
}

export interface Around {
  context(): FilingContext;
  changed(item: Item): void;
  remove(item: Item): void;
}

const SIGNS = { waiting: "busy", checking: "busy", accept: "accept", reject: "reject", review: "review", failed: "failed" } as const;

export function item(file: File, slot: string, around: Around): Item {
  let state: State = "waiting";
  let result: ValidationResult | undefined;
  let fault: (() => string) | undefined;
  // What is wrong with the file itself stays wrong.
  let mayHelp = false;
  let asked: { slot: string; context: FilingContext } | undefined;
  // An answer to what was asked before is not shown.
  let turn = 0;
  let picture = "";

  const badge = el("p", { class: "badge" });
  const title = el("h3", {}, file.name);
  const remove = el("button", { type: "button", class: "small second" });
  translated(() => {
    remove.textContent = t("remove");
    remove.setAttribute("aria-label", t("removeName", { name: file.name }));
  }, remove);
  const slots = select("slot", () => slotOptions(around.context().profile), slot);
  const body = el("div", { class: "body" });
  const element = el("li", { class: "card item" },
    el("div", { class: "head" }, badge, el("div", { class: "name" }, title, el("p", { class: "hint" }, bytes(file.size))), slots.field, remove),
    body);

  const me: Item = {
    element,
    state: () => state,
    reset() {
      turn++;
      [state, result, fault] = ["waiting", undefined, undefined];
      show();
    },
    async judge() {
      const mine = ++turn;
      state = "checking";
      show();
      try {
        const most = limit();
        if (file.size === 0) throw new Plain(() => t("empty"));
        // Where the rules ask for less, the server says so better.
        if (most && file.size > most) throw new Plain(() => t("tooLarge", { size: bytes(file.size), limit: bytes(most) }));
        const content = await file.arrayBuffer().catch(() => {
          throw new Plain(() => t("unreadable"));
        });
        const ask = { slot: slots.control.value || DEFAULT_SLOT, context: around.context() };
        const request = create(ValidateFileRequestSchema, {
          file: { slot: ask.slot, declaredMediaType: file.type },
          content: new Uint8Array(content),
          options: { locales: ["zh-CN", "en"], evidenceLevel: EvidenceLevel.ANNOTATED_IMAGE, context: ask.context },
        });
        const answer = await patiently((options) => client.validateFile(request, options));
        if (mine !== turn) return;
        [result, asked] = [answer.result, ask];
        state = result?.verdict === Verdict.ACCEPT ? "accept" : result?.verdict === Verdict.REJECT ? "reject" : "review";
      } catch (error) {
        if (mine !== turn) return;
        mayHelp = !(error instanceof Plain);
        fault = error instanceof Plain ? error.text : plain(error, limit(), file.size);
        state = "failed";
      }
      show();
      const first = fault?.() ?? said(result?.findings[0]?.messages ?? []);
      say(t("verdictSaid", { name: file.name, verdict: t(state), first: first || t("acceptText") }));
      around.changed(me);
    },
    refill: () => slots.fill(),
  };

  on(remove, "click", () => {
    turn++;
    URL.revokeObjectURL(picture);
    around.remove(me);
  });
  on(slots.control, "change", () => {
    me.reset();
    around.changed(me);
  });

  function show() {
    element.dataset["state"] = state;
    badge.className = `badge ${state}`;
    badge.replaceChildren(sign(SIGNS[state]), t(state));
    URL.revokeObjectURL(picture);
    picture = "";
    body.replaceChildren();
    if (fault) {
      const again = word("button", "again", { type: "button" });
      on(again, "click", () => {
        slots.control.focus();
        me.reset();
        around.changed(me);
      });
      body.append(el("p", { class: "fault" }, fault()), mayHelp ? again : "");
    }
    if (result && asked) body.append(...judged(result, asked));
  }

  function judged(result: ValidationResult, asked: { slot: string; context: FilingContext }): Node[] {
    const told = el("div", { class: "told" }, el("p", {}, summary(state, result.findings)));
    if (result.findings.length) told.append(el("ol", { class: "findings" }, ...result.findings.map(finding)));
    const parts: Node[] = [told];
    if (result.annotatedImage.length) {
      picture = URL.createObjectURL(new Blob([result.annotatedImage as BlobPart], { type: "image/jpeg" }));
      const list = result.findings.filter((it) => it.regions.length).map((it) => split(said(it.messages))[0]).join("; ");
      const alt = list ? t("annotated", { list }) : t("annotatedClean");
      const link = el("a", { href: picture, target: "_blank", class: "picture", "aria-label": `${t("picture")}: ${alt}` }, el("img", { src: picture, alt: "" }));
      parts.push(el("figure", {}, link, el("figcaption", { class: "hint" }, alt)));
    }
    const { detected } = result;
    const facts = detected?.mediaType && t("detected", {
      type: detected.mediaType.replace(/^\w+\//, "").toUpperCase(), width: detected.widthPx, height: detected.heightPx, size: bytes(Number(detected.sizeBytes)),
    });
    // The picture is on the page already; its base64 would bury the rest.
    const shown = create(ValidateFileResponseSchema, { result: create(ValidationResultSchema, { ...result, annotatedImage: new Uint8Array() }) });
    parts.push(el("details", { class: "wide" }, word("summary", "details"), facts && el("p", { class: "hint" }, facts),
      code("json", JSON.stringify(toJson(ValidateFileResponseSchema, shown), null, 2)),
      code("grpcurl", grpcurl(file.name, asked.slot, file.type, asked.context))));
    return parts;
  }

  translated(show, element);
  return me;
}

/** A fault that is known here. */
class Plain extends Error {
  constructor(readonly text: () => string) {
    super();
  }
}

function summary(state: State, findings: Finding[]): string {
  if (state === "accept") return t(findings.length ? "acceptNoted" : "acceptText");
  return t(state === "reject" ? "rejectText" : "reviewText");
}

/** What is wrong, and what to do: the first sentence and the rest. */
function split(message: string): [string, string] {
  const end = /。|\. /.exec(message);
  if (!end) return [message, ""];
  const at = end.index + 1;
  return [message.slice(0, at), message.slice(at).trim()];
}

function finding(found: Finding): HTMLElement {
  const [what, todo] = split(said(found.messages));
  const severity = found.severity === Severity.ERROR ? "error" : found.severity === Severity.REVIEW ? "reviewFinding"
    : found.severity === Severity.WARNING ? "warning" : "info";
  const numbers = found.measurements.map(measured).join("; ");
  const page = found.page > 1 ? ` (${t("page", { page: found.page })})` : "";
  return el("li", { class: severity },
    el("p", { class: "what" }, el("span", { class: "weight" }, t(severity)), " ", what, page),
    todo && el("p", {}, todo),
    el("p", { class: "hint" }, el("code", {}, found.reason), numbers && ` ${numbers}`));
}

function measured({ value, unit, min, max }: Measurement): string {
  const digits = (number: number) => String(Number(number.toPrecision(3)));
  const units: Record<string, string> = { "1": "", By: " B", "{pixel}": " px", deg: "°", "[ppth]": " ‰", "%": " %", "[in_i]": " in" };
  const shown = (number: number) => (unit === "By" ? bytes(number) : digits(number) + (units[unit] ?? ` ${unit.replace(/[{}]/g, "")}`));
  const bounds = [
    min !== undefined && t("atLeast", { value: shown(min) }),
    max !== undefined && t("atMost", { value: shown(max) }),
  ].filter(Boolean);
  return t("measured", { value: shown(value) }) + (bounds.length ? `, ${bounds.join(", ")}` : "");
}

