// The page: its head, its two views, its foot.

import { keyField, load, serverInfo, onLoaded } from "./context";
import { el, id, on, word } from "./dom";
import { filesView } from "./files";
import { planView } from "./plan";
import { choose, current, t, translated, type Language, type Word } from "./words";

const LANGUAGES: [Language, string][] = [["zh-CN", "中文"], ["en", "English"]];

function languages(): HTMLElement {
  const group = el("div", { class: "languages", role: "group" });
  for (const [language, own] of LANGUAGES) {
    const button = el("button", { type: "button", lang: language }, own);
    on(button, "click", () => choose(language));
    translated(() => button.setAttribute("aria-pressed", String(current() === language)), button);
    group.append(button);
  }
  translated(() => {
    group.setAttribute("aria-label", t("language"));
    document.documentElement.lang = current();
    document.title = t("title");
  });
  return group;
}

/** Tabs as the ARIA patterns have them: one stop, arrows go between. */
function tabs(views: [Word, HTMLElement][]): { list: HTMLElement; panels: HTMLElement[]; open: (at: number) => void } {
  const list = el("div", { role: "tablist", class: "tabs" });
  translated(() => list.setAttribute("aria-label", t("views")));
  const made = views.map(([title, view]) => {
    const tab = word("button", title, { type: "button", role: "tab", id: id() });
    const panel = el("div", { role: "tabpanel", id: id(), "aria-labelledby": tab.id }, view);
    tab.setAttribute("aria-controls", panel.id);
    list.append(tab);
    return { tab, panel };
  });
  const open = (at: number) => {
    made.forEach(({ tab, panel }, index) => {
      tab.setAttribute("aria-selected", String(index === at));
      tab.tabIndex = index === at ? 0 : -1;
      panel.hidden = index !== at;
    });
  };
  made.forEach(({ tab }, index) => {
    on(tab, "click", () => open(index));
    on(tab, "keydown", (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1, Home: -index, End: made.length - 1 - index }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      const next = (index + by + made.length) % made.length;
      open(next);
      made[next]?.tab.focus();
    });
  });
  open(0);
  return { list, panels: made.map((it) => it.panel), open };
}

const files = filesView();
const plan = planView((profile, slot) => {
  views.open(0);
  files.choose(profile, slot);
});
const views = tabs([["files", files.element], ["plan", plan]]);

const version = el("span", {});
onLoaded(() => (version.textContent = `scanvet ${serverInfo()?.engineVersion ?? ""}`));
const main = el("main", { id: "content", tabindex: -1 },
  el("p", { id: "load", class: "alert", role: "status" }), keyField(), ...views.panels);
document.querySelector("#page")!.append(
  word("a", "skip", { href: "#content", class: "skip" }),
  el("header", {},
    el("div", { class: "bar" }, el("div", {}, el("h1", {}, "scanvet"), word("p", "tagline")), languages()),
    views.list),
  main,
  el("footer", {}, word("p", "foot"), el("p", {}, version, " ", word("a", "licences", { href: "/licences.txt" }))),
);
void load();
