// A long list of rows of which few change from one drawing to the next: what is the same at the begin and at the end
// stays, its numbers brought up to date. Rows lie in chunks that the browser lays out when they come into sight.
import { el } from "./dom.js";

const chunk = 60, most = 150;

// A row: key (what it looks like), class, text, and inst, line, lines, block, item (for code, with hex).
export function makeRows(list) {
  let elements = [], keys = [];

  function make(r) {
    const e = el("div", { class: r.class });
    if (r.item) {
      e.tabIndex = 0;
      e.setAttribute("role", "button");
      e.append(el("span", { class: "text" }, r.text), el("span", { class: "cost" }),
        el("span", { class: "hex" }, r.item.hex));
    } else if (r.class === "row ir") {
      e.append(el("span", { class: "n" }), r.text);
    } else {
      e.append(r.text);
    }
    return e;
  }
  const set = (e, name, to) => {
    const value = to === undefined ? undefined : String(to);
    if (e.dataset[name] === value) return false;
    if (value === undefined) delete e.dataset[name];
    else e.dataset[name] = value;
    return true;
  };
  function update(e, r) {
    if (set(e, "line", r.line) && r.class === "row ir") e.firstChild.textContent = r.line ?? "";
    set(e, "inst", r.inst);
    set(e, "lines", r.lines);
    set(e, "block", r.block);
    if (r.item) {
      e.item = r.item;
      r.item.row = e;
    }
  }
  const inChunks = (made) => {
    const chunks = [];
    for (let n = 0; n < made.length; n += chunk) {
      const part = made.slice(n, n + chunk);
      const style = `contain-intrinsic-size: auto 30rem auto ${part.length * 19}px`;
      chunks.push(el("div", { class: "chunk", style }, ...part));
    }
    list.replaceChildren(...chunks);
  };

  return {
    draw(rows) {
      let begin = 0, end = 0;
      const common = Math.min(rows.length, keys.length);
      while (begin < common && rows[begin].key === keys[begin]) ++begin;
      while (end < common - begin && rows.at(-1 - end).key === keys.at(-1 - end)) ++end;
      const made = rows.slice(begin, rows.length - end).map(make);
      const gone = elements.slice(begin, keys.length - end);
      elements = [...elements.slice(0, begin), ...made, ...elements.slice(keys.length - end)];
      keys = rows.map((r) => r.key);
      rows.forEach((r, n) => update(elements[n], r));
      const after = elements[begin + made.length], before = elements[begin - 1];
      const size = (after ?? before)?.parentElement?.childElementCount ?? Infinity;
      for (const e of gone) e.remove();
      if (!made.length && keys.length) return;
      if (size + made.length > most) inChunks(elements);
      else if (after) after.before(...made);
      else before.after(...made);
    },
  };
}
