// What every register and slot holds, all along the program: places down, instructions across. A value keeps its
// colour wherever it goes, so a split is a colour in two rows and a spill one that goes on in a slot's row.
import { el } from "./dom.js";
import { targets } from "./targets.js";

const column = 13, row = 17, left = 74, top = 30;
const colour = (value) => `hsl(${(value * 137.5) % 360} 55% 58%)`;

export function registersView(answer) {
  const lines = new Map(answer.passes.at(-1).lines.filter((l) => l.inst).map((l) => [l.inst, l]));
  const all = el("div");
  for (const [id, name] of targets) {
    const places = answer[id].places;
    if (!places) continue;
    const spills = places.moves.filter((m) => m.kind === "spill").length;
    const slots = places.rows.filter((r) => r.slot).length;
    all.append(el("h2", {}, el("b", {}, name), ` — ${places.rows.length - slots} registers, ${slots} slots, ` +
      `${spills} spills, ${places.moves.length - spills} other moves`), picture(places, lines));
  }
  return all;
}

function picture(places, lines) {
  const n = places.columns.length;
  const rows = [...places.rows].sort((a, b) => a.slot - b.slot);
  const w = left + n * column + 10, h = top + rows.length * row + 8;
  const svg = el("svg", { width: w, height: h, role: "img", "aria-label": "Registers down, program across" });
  for (const [at, block] of places.blocks) {
    const x = left + at * column;
    svg.append(el("line", { class: "grid", x1: x, x2: x, y1: 4, y2: h - 6 }),
      el("text", { class: "faint", x: x + 2, y: 12, "font-size": 10 }, `b${block}`));
  }
  // One strip for each instruction, under everything: it lights up.
  places.columns.forEach((inst, k) => {
    if (!inst) return;
    const l = lines.get(inst);
    svg.append(el("g", { "data-inst": inst, "data-line": l?.line },
      el("rect", { class: "back-of", x: left + k * column, y: top - 12, width: column, height: h - top + 6 },
        el("title", {}, l?.text ?? "moves"))));
  });
  for (const m of places.moves)
    svg.append(el("path", { class: "move", d: `M${left + m.at * column - 3} ${top - 11}h6l-3 6z` },
      el("title", {}, `${m.kind} of v${m.value}`)));
  rows.forEach((r, k) => {
    const y = top + k * row;
    if (r.slot) svg.append(el("rect", { class: "slot-row", x: 0, y, width: w, height: row }));
    svg.append(el("text", { x: left - 8, y: y + 12, "font-size": 11, "text-anchor": "end" }, r.name));
    for (const [begin, end, value] of r.held) {
      const x = left + begin * column + column / 2 - 3, wide = Math.max((end - begin) * column, 0) + 6;
      const place = { x, y: y + 2, width: wide, height: row - 4, rx: 3 };
      svg.append(el("rect", { class: "held", ...place, fill: colour(value), "data-value": value },
        el("title", {}, `virtual register ${value} in ${r.name}`)));
    }
  });
  svg.addEventListener("mouseover", (e) => {
    const value = e.target.dataset?.value;
    for (const held of svg.querySelectorAll(".held"))
      held.classList.toggle("lit", value !== undefined && held.dataset.value === value);
  });
  return svg;
}
