// What the files are judged for: asked from the server, chosen by the visitor.

import { create } from "@bufbuild/protobuf";
import { client, hasKey, onKeyNeeded, patiently, plain, useKey } from "./call";
import { el, id, on, say, select, word } from "./dom";
import { FilingContextSchema, type FilingContext, type GetServerInfoResponse, type Profile } from "./gen/scanvet/v1/scanvet_pb";
import { name, NAMES, said, t, translated, type Kind } from "./words";

const DEFAULT_PROFILE = "generic";
export const DEFAULT_SLOT = "supporting-document";

let profiles: Profile[] = [];
let server: GetServerInfoResponse | undefined;
const loaded: (() => void)[] = [];

/** Calls `then` when the server has said what it knows. */
export const onLoaded = (then: () => void): void => void loaded.push(then);
export const serverInfo = (): GetServerInfoResponse | undefined => server;
/** The server takes files below this; 0 = it has not been asked yet. */
export const limit = (): number => Number(server?.maxFileBytes ?? 0);

export function profileOptions(): [string, string][] {
  // Those that hold today come first.
  const sorted = [...profiles].sort((a, b) => Number(b.id === DEFAULT_PROFILE) - Number(a.id === DEFAULT_PROFILE)
    || Number(!!a.validUntil) - Number(!!b.validUntil));
  return sorted.map((profile) => [profile.id, said(profile.displayNames) || profile.id]);
}

export function slotOptions(profile: string): [string, string][] {
  const slots = profiles.find((it) => it.id === profile)?.slots ?? [];
  return slots.map((slot): [string, string] => [slot, name("slots", slot)]);
}

/** All ids of a kind, after "not said". */
export function options(kind: Kind): [string, string][] {
  return [["", t("any")], ...Object.keys(NAMES[kind]).map((it): [string, string] => [it, name(kind, it)])];
}

export async function load(): Promise<void> {
  const status = document.querySelector<HTMLElement>("#load")!;
  status.hidden = false;
  status.textContent = t("loading");
  try {
    const [info, all] = await Promise.all([
      patiently((options) => client.getServerInfo({}, options)),
      patiently((options) => allProfiles(options)),
    ]);
    server = info;
    profiles = all;
    status.hidden = true;
    for (const then of loaded) then();
    say(t("ready"));
  } catch (error) {
    const text = plain(error, 0, 0);
    const again = word("button", "again", { type: "button", class: "small" });
    on(again, "click", () => void load());
    const told = el("span", {});
    translated(() => (told.textContent = `${text()} `), told);
    status.replaceChildren(told, again);
  }
}

async function allProfiles(options: { timeoutMs: number }): Promise<Profile[]> {
  const all: Profile[] = [];
  for (let pageToken = ""; ; ) {
    const page = await client.listProfiles({ pageSize: 200, pageToken }, options);
    all.push(...page.profiles);
    pageToken = page.nextPageToken;
    if (!pageToken) return all;
  }
}

/** Where a key is entered; shown when the server wants one. */
export function keyField(): HTMLElement {
  const input = el("input", { type: "password", id: id(), autocomplete: "off", spellcheck: "false" });
  const hint = word("p", "keyHint", { class: "hint", id: id() });
  input.setAttribute("aria-describedby", hint.id);
  const button = word("button", "useKey", { type: "submit" });
  const form = el("form", { class: "card key", hidden: true },
    el("div", { class: "field" }, word("label", "key", { for: input.id }), input, hint), button);
  on(form, "submit", (event) => {
    event.preventDefault();
    useKey(input.value);
    input.value = "";
    form.hidden = hasKey();
    void load();
  });
  onKeyNeeded(() => {
    if (!form.hidden) return;
    form.hidden = false;
    input.focus();
  });
  return form;
}

/** The fields that both views have, and what is chosen in them. */
export function contextFields(changed: () => void) {
  const profile = select("profile", profileOptions, DEFAULT_PROFILE);
  const province = select("province", () => options("provinces"));
  const entity = select("entity", () => options("entities"));
  const filingType = select("filingType", () => options("filingTypes"));
  const all = [profile, province, entity, filingType];
  for (const { control } of all) on(control, "change", changed);
  onLoaded(() => {
    const wanted = profile.control.value || DEFAULT_PROFILE;
    profile.fill();
    profile.control.value = wanted;
  });
  const chosen = (): FilingContext =>
    create(FilingContextSchema, {
      profile: profile.control.value,
      province: province.control.value,
      entityType: entity.control.value,
      filingType: filingType.control.value,
    });
  return { profile, province, entity, filingType, chosen };
}
