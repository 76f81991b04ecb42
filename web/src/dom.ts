// Elements without a framework.

import { t, translated, type Word } from "./words";

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | boolean | number | undefined>;

/** An element with attributes and children. `class`, `for`, `aria-*` as in HTML. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child): child is Node | string => !!child));
  return element;
}

/** The same with a text that follows the language. */
export function word<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  text: Word,
  attributes: Attributes = {},
): HTMLElementTagNameMap[K] {
  const element = el(tag, attributes);
  translated(() => (element.textContent = t(text)), element);
  return element;
}

export function on<K extends keyof HTMLElementEventMap>(
  element: HTMLElement,
  event: K,
  then: (event: HTMLElementEventMap[K]) => void,
): void {
  element.addEventListener(event, then);
}

let ids = 0;
export const id = (): string => `e${++ids}`;

/** A select under its label. Its options are made anew in every language; the choice stays. */
export function select(
  label: Word,
  options: () => [value: string, text: string][],
  chosen = "",
): { field: HTMLElement; control: HTMLSelectElement; fill: () => void } {
  const control = el("select", { id: id() });
  const fill = () => {
    const kept = control.options.length ? control.value : chosen;
    control.replaceChildren(...options().map(([value, text]) => el("option", { value }, text)));
    control.value = kept;
    if (control.selectedIndex < 0) control.selectedIndex = 0;
  };
  translated(fill, control);
  const field = el("div", { class: "field" }, word("label", label, { for: control.id }), control);
  return { field, control, fill };
}

/** A sign beside the word, so that nothing hangs on a colour. */
export function sign(kind: "accept" | "reject" | "review" | "failed" | "busy"): SVGElement {
  const paths = {
    accept: "M6 12.5l4 4 8-9",
    reject: "M7 7l10 10M17 7L7 17",
    review: "M8.5 9a3.5 3.5 0 1 1 5 3.2c-1 .5-1.5 1.1-1.5 2.3M12 18v.1",
    failed: "M12 6v7M12 17.5v.1",
    busy: "M12 6v6l4 2",
  };
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", paths[kind]);
  svg.append(path);
  return svg;
}

/** Text to be copied, with a button that does it. */
export function code(title: Word, text: string): HTMLElement {
  const pre = el("pre", { tabindex: 0, role: "region" }, text);
  const button = word("button", "copy", { type: "button", class: "small" });
  on(button, "click", () => {
    const copied = () => {
      button.textContent = t("copied");
      say(t("copied"));
      setTimeout(() => (button.textContent = t("copy")), 2000);
    };
    // Only secure contexts have a clipboard; elsewhere the text is marked, to be copied by hand.
    const byHand = () => getSelection()?.selectAllChildren(pre);
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(copied, byHand);
    else byHand();
  });
  translated(() => pre.setAttribute("aria-label", t(title)), pre);
  return el("div", { class: "code" }, el("div", { class: "row" }, word("h4", title), button), pre);
}

const live = el("p", { class: "hidden", role: "status", "aria-live": "polite" });
document.body.append(live);
let waiting: string[] = [];
// What was said was said in the language before.
translated(() => (live.textContent = ""));

/** Has a screen reader say it, after what it is already saying. */
export function say(text: string): void {
  waiting.push(text);
  if (waiting.length > 1) return;
  // Read as one: what is replaced before it was read is never said.
  setTimeout(() => {
    live.textContent = waiting.join(" ");
    waiting = [];
  }, 150);
}
