"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  for (const node of all(".controls")) node.hidden = false;

  const speak = (tag) => {
    root.lang = tag;
    for (const button of all("[data-speak]")) {
      button.setAttribute("aria-pressed", String(button.dataset.speak === tag));
    }
    // Options and the title hold plain text only.
    for (const node of all("[data-en]")) {
      node.textContent = tag === "en" ? node.dataset.en : node.dataset.zh;
    }
  };
  for (const button of all("[data-speak]")) {
    button.addEventListener("click", () => speak(button.dataset.speak));
  }
  speak(root.lang);

  const form = document.getElementById("filter");
  if (form) {
    const cases = all(".case").map((node) => ({ node, text: node.textContent.toLowerCase() }));
    const has = (list, word) => word === "" || (list || "").split(" ").includes(word);
    const sift = () => {
      const fields = new FormData(form);
      const asked = (name) => fields.get(name) || "";
      const words = asked("text").toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const { node, text } of cases) {
        const fits =
          ["verdict", "reason", "slot", "profile", "label"].every((name) =>
            has(node.dataset[name], asked(name)),
          ) && words.every((word) => text.includes(word));
        node.hidden = !fits;
        shown += fits ? 1 : 0;
      }
      for (const node of all(".shown")) node.textContent = String(shown);
    };
    form.addEventListener("input", sift);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(sift));
    for (const link of all("[data-pick]")) {
      link.addEventListener("click", () => {
        form.reset();
        form.elements.reason.value = link.dataset.pick;
        sift();
      });
    }
    sift();
  }

  const data = JSON.parse(document.getElementById("data").textContent);
  const short = (value) => Number(value.toPrecision(4)).toString();
  // No bin lies across the bound in force; what another bound does is told by the middle of each.
  const below = (bin, bound) => bound !== null && (bin[0] + bin[1]) / 2 < bound;
  const above = (bin, bound) => bound !== null && (bin[0] + bin[1]) / 2 > bound;
  const sum = (bins) => {
    const total = [0, 0, 0, 0];
    for (const bin of bins) for (let at = 0; at < 4; at += 1) total[at] += bin[3 + at];
    return total;
  };
  for (const figure of all(".chart")) {
    const { min, max, domain, bins } = data.charts[Number(figure.dataset.at)];
    const [low, high] = domain;
    const wish = { min, max };
    const place = (value) => {
      const share = (value - low) / (high - low);
      return data.left + Math.min(Math.max(share, 0), 1) * data.width;
    };
    const tell = () => {
      const out = (bin) => below(bin, wish.min) || above(bin, wish.max);
      const chosen = bins.filter(out);
      const newly = chosen.filter((bin) => bin[2] === 0);
      const freed = bins.filter((bin) => bin[2] !== 0 && !out(bin));
      const rows = { chosen: sum(chosen), newly: sum(newly), freed: sum(freed) };
      for (const [name, total] of Object.entries(rows)) {
        const cells = all(`[data-row="${name}"] td`, figure);
        const files = total[0] + total[1] + total[2];
        [files, ...total.slice(0, 3)].forEach((count, at) => {
          cells[at].textContent = String(count);
        });
      }
      all(".alone", figure).forEach((node) => {
        node.textContent = String(rows.freed[3]);
      });
      const moved = wish.min !== min || wish.max !== max;
      for (const node of all(".moved", figure)) node.hidden = !moved;
      for (const line of all(".wish", figure)) {
        const at = place(wish[line.dataset.end]);
        line.setAttribute("x1", at);
        line.setAttribute("x2", at);
        line.setAttribute("visibility", moved ? "visible" : "hidden");
      }
    };
    for (const slide of all(".slide", figure)) {
      const { end } = slide.dataset;
      const [range, number] = all("input", slide);
      const move = (value, other) => {
        if (!Number.isFinite(value)) return;
        wish[end] = value;
        other.value = short(value);
        tell();
      };
      range.addEventListener("input", () => {
        const value = Number(range.value);
        const bound = end === "min" ? min : max;
        // The thumb has steps; back at the bound it means the bound itself.
        move(Math.abs(value - bound) < (high - low) / 400 ? bound : value, number);
      });
      number.addEventListener("input", () => move(number.valueAsNumber, range));
    }
    for (const button of all(".back", figure)) {
      button.addEventListener("click", () => {
        Object.assign(wish, { min, max });
        for (const slide of all(".slide", figure)) {
          for (const input of all("input", slide)) input.value = short(wish[slide.dataset.end]);
        }
        tell();
      });
    }
  }
})();
