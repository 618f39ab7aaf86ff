// The IR after each pass; what a pass changed is marked against the pass before.
import { el } from "./dom.js";

export function passesView(answer, state) {
  const passes = answer.passes;
  if (state.pass >= passes.length) state.pass = passes.length - 1;
  const all = el("div");
  const show = () => {
    const at = state.pass;
    const buttons = passes.map((p, n) => el("button", {
      "aria-pressed": n === at, class: n && !p.changed ? "same" : "", title: p.meaning ?? "as it was typed",
      onclick: () => { state.pass = n; show(); all.querySelectorAll(".pass button")[n].focus(); },
    }, p.name));
    const note = passes.length === 1 ? "No pass ran: choose fast or full under Optimise."
      : at === 0 ? "As it was typed." : `${passes[at].meaning}${passes[at].changed ? "" : " (nothing to do here)"}`;
    all.replaceChildren(
      el("div", { class: "pass", role: "group", "aria-label": "Passes" }, ...buttons),
      el("div", { class: "note" }, note),
      ...rows(passes[at].lines, at ? passes[at - 1].lines : null));
  };
  show();
  return all;
}

function rows(lines, before) {
  const made = (l, how) => el("div",
    { class: `row ${l.block ? "block" : "ir"} ${how}`, "data-inst": l.inst, "data-line": l.line },
    ...(l.block ? [] : [el("span", { class: "n" }, l.line ?? "")]), l.text);
  if (!before) return lines.map((l) => made(l, ""));
  return difference(before.map((l) => l.text), lines.map((l) => l.text))
    .map(([how, n]) => (how === "gone" ? made(before[n], "gone") : made(lines[n], how)));
}

// The longest common subsequence, after common ends are cut off; long middles are shown as replaced.
export function difference(a, b) {
  let start = 0, end = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) ++start;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) ++end;
  const n = a.length - start - end, m = b.length - start - end, out = [];
  for (let i = 0; i < start; ++i) out.push(["", i]);
  if (n * m > 1e6) {
    for (let i = 0; i < n; ++i) out.push(["gone", start + i]);
    for (let j = 0; j < m; ++j) out.push(["added", start + j]);
  } else {
    const best = Array.from({ length: n + 1 }, () => new Uint32Array(m + 1));
    for (let i = n; i-- > 0;)
      for (let j = m; j-- > 0;)
        best[i][j] = a[start + i] === b[start + j] ? best[i + 1][j + 1] + 1 : Math.max(best[i + 1][j], best[i][j + 1]);
    for (let i = 0, j = 0; i < n || j < m;) {
      if (i < n && j < m && a[start + i] === b[start + j]) { out.push(["", start + j]); ++i; ++j; }
      else if (i < n && (j === m || best[i + 1][j] >= best[i][j + 1])) out.push(["gone", start + i++]);
      else out.push(["added", start + j++]);
    }
  }
  for (let j = b.length - end; j < b.length; ++j) out.push(["", j]);
  return out;
}
