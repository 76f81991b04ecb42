// The view in which files are checked.

import { cameraButton } from "./camera";
import { contextFields, DEFAULT_SLOT, limit, onLoaded, slotOptions } from "./context";
import { el, id, on, select, word } from "./dom";
import { item, type Item } from "./item";
import { bytes, t, translated } from "./words";

/** Calls under way at once: the service is for others, too. */
const AT_ONCE = 2;

export function filesView(): { element: HTMLElement; choose: (profile: string, slot: string) => void } {
  const items: Item[] = [];
  const fields = contextFields(() => {
    slots.fill();
    for (const item of items) {
      item.refill();
      item.reset();
    }
    work();
  });
  const slots = select("slot", () => slotOptions(fields.profile.control.value), DEFAULT_SLOT);
  onLoaded(() => {
    const wanted = slots.control.value || DEFAULT_SLOT;
    slots.fill();
    slots.control.value = wanted;
    for (const item of items) item.refill();
  });

  const input = el("input", { type: "file", id: id(), multiple: true, accept: "image/*,application/pdf", class: "hidden" });
  const hint = el("p", { class: "hint", id: id() });
  input.setAttribute("aria-describedby", hint.id);
  const limits = () => (hint.textContent = limit() ? t("limits", { size: bytes(limit()) }) : "");
  translated(limits, hint);
  onLoaded(limits);
  on(input, "change", () => {
    add([...(input.files ?? [])]);
    // So that the same file can be chosen once more.
    input.value = "";
  });
  // Buttons open by Enter, too.
  on(input, "keydown", (event) => {
    if (event.key === "Enter") input.click();
  });
  const zone = el("div", { class: "drop" }, input, word("label", "drop", { for: input.id, class: "button" }), ...cameraButton(add), hint);

  const list = el("ul", { class: "items" });
  const bar = el("progress", { max: 1, value: 0 });
  const counts = el("p", { class: "counts" });
  const clear = word("button", "clear", { type: "button", class: "small second" });
  const overview = el("div", { class: "overview", hidden: true }, el("div", {}, counts, bar), clear);
  const none = word("p", "none", { class: "hint" });
  on(clear, "click", () => {
    for (const item of [...items]) drop(item);
    input.focus();
  });
  translated(tell, counts);

  function add(files: File[]) {
    for (const file of files) {
      const made = item(file, slots.control.value, {
        context: fields.chosen,
        changed: work,
        remove(gone) {
          const at = items.indexOf(gone);
          drop(gone);
          const next = items[Math.min(at, items.length - 1)];
          (next?.element.querySelector<HTMLElement>("button") ?? input).focus();
        },
      });
      items.push(made);
      list.append(made.element);
    }
    work();
  }

  function drop(gone: Item) {
    items.splice(items.indexOf(gone), 1);
    gone.element.remove();
    work();
  }

  function work() {
    const under = () => items.filter((it) => it.state() === "checking").length;
    for (const next of items.filter((it) => it.state() === "waiting")) {
      if (under() >= AT_ONCE) break;
      void next.judge();
    }
    tell();
  }

  function tell() {
    const of = (state: string) => items.filter((it) => it.state() === state).length;
    const open = of("waiting") + of("checking");
    overview.hidden = items.length === 0;
    none.hidden = items.length > 0;
    bar.max = Math.max(items.length, 1);
    bar.value = items.length - open;
    bar.hidden = open === 0;
    bar.setAttribute("aria-label", t("progress", { done: items.length - open, all: items.length }));
    const told = t("counts", { accept: of("accept"), reject: of("reject"), review: of("review"), failed: of("failed") });
    counts.textContent = open ? t("progress", { done: items.length - open, all: items.length }) : told;
  }

  // A file that misses the zone must not replace the page.
  for (const event of ["dragover", "drop"] as const) {
    document.addEventListener(event, (dropped) => {
      dropped.preventDefault();
      zone.classList.toggle("over", event === "dragover" && element.checkVisibility());
      if (event === "drop" && element.checkVisibility()) add([...(dropped.dataTransfer?.files ?? [])]);
    });
  }
  document.addEventListener("dragleave", () => zone.classList.remove("over"));
  document.addEventListener("paste", (pasted) => {
    if (element.checkVisibility()) add([...(pasted.clipboardData?.files ?? [])]);
  });

  const more = el("details", {}, word("summary", "more"), el("div", { class: "fields" }, fields.entity.field, fields.filingType.field));
  const element = el("div", { class: "view" },
    el("section", { class: "card" }, word("h2", "rules"), el("div", { class: "fields" }, fields.profile.field, slots.field, fields.province.field), more),
    el("section", { class: "card" }, word("h2", "choose"), zone),
    el("section", {}, word("h2", "results"), none, overview, list));

  const choose = (profile: string, slot: string) => {
    fields.profile.control.value = profile;
    slots.fill();
    slots.control.value = slot;
    for (const item of items) item.refill();
    input.focus();
  };
  return { element, choose };
}
