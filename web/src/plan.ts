// The view of what a filing needs.

import { create, toJson } from "@bufbuild/protobuf";
import { client, patiently, plain } from "./call";
import { contextFields, options } from "./context";
import { code, el, id, on, say, select, word } from "./dom";
import {
  FilingContextSchema, PlanFilingResponseSchema, type FilingContext, type FilingNote, type FilingStep, type Limit,
  type PlanFilingResponse, type RequiredUpload,
} from "./gen/scanvet/v1/scanvet_pb";
import { grpcurlPlan } from "./grpcurl";
import { bytes, name, NAMES, said, t, translated } from "./words";

/** Checks whose limits one can keep to before there is a picture. */
const PLANNED = ["file.format", "file.size", "resolution.pixels"];

export function planView(check: (profile: string, slot: string) => void): HTMLElement {
  const fields = contextFields(() => {});
  const channel = select("channel", () => options("channels"));
  const elsewhere = select("elsewhere", () => [["", t("any")], ["yes", t("yes")], ["no", t("no")]]);
  const paid = el("input", { type: "checkbox", id: id() });
  const domains = el("input", { type: "number", min: 0, max: 999, value: 0, id: id(), inputmode: "numeric" });
  const contents = Object.keys(NAMES.contents).map((value) => {
    const box = el("input", { type: "checkbox", id: id(), value });
    const label = el("label", { for: box.id });
    translated(() => (label.textContent = name("contents", value)), label);
    return { box, line: el("div", { class: "choice" }, box, label) };
  });
  const show = word("button", "show", { type: "submit" });
  const form = el("form", { class: "card" }, word("h2", "planFor"),
    el("div", { class: "fields" }, fields.profile.field, fields.province.field, fields.entity.field, fields.filingType.field),
    el("details", {}, word("summary", "more"),
      el("div", { class: "fields" }, channel.field, elsewhere.field,
        el("div", { class: "field" }, word("label", "domains", { for: domains.id }), domains),
        el("div", { class: "choice" }, paid, word("label", "paid", { for: paid.id }))),
      el("fieldset", {}, word("legend", "contents"), el("div", { class: "choices" }, ...contents.map((it) => it.line)))),
    show);

  const told = el("div", {});
  let answer: PlanFilingResponse | undefined;
  let fault: (() => string) | undefined;
  let asked: FilingContext | undefined;

  on(form, "submit", async (event) => {
    event.preventDefault();
    const context = create(FilingContextSchema, {
      ...fields.chosen(),
      channel: channel.control.value,
      paidService: paid.checked,
      domainCount: Math.max(0, domains.valueAsNumber || 0),
      contentCategories: contents.filter((it) => it.box.checked).map((it) => it.box.value),
      ...(elsewhere.control.value && { issuedElsewhere: elsewhere.control.value === "yes" }),
    });
    [answer, fault, asked] = [undefined, undefined, context];
    try {
      answer = await patiently((options) => client.planFiling({ context, locales: ["zh-CN", "en"] }, options));
    } catch (error) {
      fault = plain(error, 0, 0);
    }
    render();
    say(fault?.() ?? counted(answer));
  });
  translated(render, told);

  function render() {
    told.replaceChildren();
    if (fault) told.append(el("p", { class: "fault" }, fault()));
    if (!answer || !asked) return;
    const profile = answer.provenance?.context?.profile ?? "";
    told.append(el("p", { class: "counts" }, counted(answer)),
      el("section", {}, word("h2", "uploads"), el("ul", { class: "plan" }, ...answer.uploads.map((it) => upload(it, () => check(profile, it.slot))))),
      el("section", {}, word("h2", "steps"), el("ol", { class: "plan" }, ...answer.steps.map(step))));
    if (answer.notes.length) {
      told.append(el("section", {}, word("h2", "notes"), el("ul", { class: "plan" }, ...answer.notes.map(note))));
    }
    told.append(el("details", { class: "card" }, word("summary", "details"),
      code("json", JSON.stringify(toJson(PlanFilingResponseSchema, answer), null, 2)), code("grpcurl", grpcurlPlan(asked))));
  }
  return el("div", { class: "view" }, form, told);
}

function counted(plan: PlanFilingResponse | undefined): string {
  const uploads = plan?.uploads ?? [];
  return t("planned", { uploads: uploads.length, required: uploads.filter((it) => it.required).length, steps: plan?.steps.length ?? 0 });
}

function upload(it: RequiredUpload, check: () => void): HTMLElement {
  const instead = it.alternativeSlots.map((slot) => name("slots", slot)).join(", ");
  const limits = it.limits.map(limit).filter(Boolean).join("; ");
  const button = word("button", "checkThis", { type: "button", class: "small second" });
  translated(() => button.setAttribute("aria-label", `${t("checkThis")}: ${name("slots", it.slot)}`), button);
  on(button, "click", check);
  return el("li", { class: "card" },
    el("div", { class: "row" }, el("h3", {}, name("slots", it.slot)), el("span", { class: `need ${it.required ? "must" : ""}` }, t(it.required ? "required" : "conditional"))),
    el("p", {}, said(it.why)),
    instead && el("p", {}, t("instead", { list: instead })),
    limits && el("p", {}, limits),
    el("p", { class: "hint" }, t("sources", { source: it.source })),
    button);
}

/** A limit in few words, where it is one to plan by. */
function limit({ ruleId, name: full, bound, allowed }: Limit): string {
  const key = full.slice(ruleId.length + 1);
  if (!PLANNED.includes(ruleId)) return "";
  if (key === "allowed") return allowed.map((it) => it.replace(/^\w+\//, "").toUpperCase()).join(", ");
  if (!bound || bound.value <= 1 || !/^(min|below)_/.test(key)) return "";
  const value = bound.unit === "By" ? bytes(bound.value) : `${bound.value} px`;
  const said = t(key.startsWith("min_") ? "minimum" : "below", { value });
  if (key.includes("_long_")) return t("longSide", { value: said });
  return key.includes("_short_") ? t("shortSide", { value: said }) : said;
}

function step(it: FilingStep): HTMLElement {
  const hours = Number(it.within?.seconds ?? 0) / 3600;
  const time = hours ? (hours > 48 && hours % 24 === 0 ? t("days", { n: hours / 24 }) : t("hours", { n: hours }))
    : it.maxWorkdays ? t("workdays", { from: it.minWorkdays, to: it.maxWorkdays }) : "";
  const marks = [time, it.optional && t("conditional")].filter(Boolean).join(", ");
  return el("li", {}, el("p", {}, said(it.text), marks && el("span", { class: "need" }, marks)),
    el("p", { class: "hint" }, t("sources", { source: it.source })));
}

const note = (it: FilingNote): HTMLElement =>
  el("li", {}, el("p", {}, said(it.text)), el("p", { class: "hint" }, t("sources", { source: it.source })));
