// Machine code of both targets beside each other, with the IR each stretch came from; an instruction opens as
// its bit fields and what llvm-mca says of it. Only rows that changed are made anew.
import { makeCycles } from "./cycles.js";
import { $, el, post } from "./dom.js";
import { makeRows } from "./rows.js";
import { targets } from "./targets.js";

export function codeView() {
  const columns = targets.map(([id, name]) => makeColumn(id, name));
  const all = el("div", { class: "columns" }, ...columns.map((c) => c.element));
  return (answer) => {
    for (const c of columns) c.draw(answer);
    return all;
  };
}

function makeColumn(id, name) {
  const title = el("span"), list = el("div", { class: "rows" }), rows = makeRows(list);
  const cycles = makeCycles(id, list);
  const element = el("div", { "data-target": id }, el("h2", {}, el("b", {}, name), title, cycles.control), list);
  const itemOf = (e) => e.target.closest(".code")?.item;
  const open = (item) => item && showFields(id, item, cycles.of(item));
  list.addEventListener("click", (e) => open(itemOf(e)));
  list.addEventListener("keydown", (e) => {
    if (e.key === "Enter" || e.key === " ") { e.preventDefault(); open(itemOf(e)); } else step(e, list);
  });
  return {
    element,
    draw(answer) {
      const made = answer[id];
      title.textContent =
        made.code ? ` — ${made.bytes} bytes, ${made.code.filter((c) => !c.data).length} instructions`
        : ` — ${made.absent ?? made.errors.map((e) => e.message).join("; ")}`;
      rows.draw(made.code ? rowsOf(made, made.lines ?? answer.passes.at(-1).lines) : []);
      cycles.draw(made.code ?? []);
    },
  };
}

// What is shown, in order. `key` is what a row looks like: a row that has it already is kept.
function rowsOf(made, lines) {
  const ir = new Map(), heads = new Map();
  let block = 0;
  for (const l of lines) {
    if (l.block) heads.set((block = l.block), l.text);
    else ir.set(l.inst, { ...l, block });
  }
  const rows = [], shown = new Set(), coded = new Set(made.code.map((c) => c.inst)), order = [...ir];
  let from = -1, next = 0, folded = [];
  block = 0;
  for (const c of made.code) {
    if (c.block && c.block !== block) {
      block = c.block;
      from = -1;
      const text = heads.get(block) ?? `b${block}`;
      rows.push({ key: `b${text}`, class: "row block", text, block });
    }
    const inst = c.inst ?? 0;
    if (inst !== from) {
      from = inst;
      if (inst) {
        // What has no code of its own stands before the next that has; the one that took it in lights up with it.
        folded = [];
        const own = ir.get(inst);
        if (own && own.block !== order[next]?.[1].block) next = order.findIndex(([, l]) => l.block === own.block);
        for (; own && next < order.length; ++next) {
          const [n, l] = order[next];
          if (l.block !== own.block || coded.has(n)) break;
          if (shown.has(n)) continue;
          shown.add(n);
          rows.push(irRow(n, l));
          folded.push(l);
        }
        if (order[next]?.[0] === inst) ++next;
        folded = folded.filter((l) => own.text.split(" = ").at(-1).match(new RegExp(`\\b${l.text.split(" ")[0]}\\b`)));
        if (own) {
          shown.add(inst);
          rows.push(irRow(inst, own));
        }
      } else {
        const text = c.at === 0 ? "prologue" : c.block ? "moves" : "out of line";
        rows.push({ key: `o${text}`, class: "row own", text });
      }
    }
    const l = ir.get(inst), text = c.text + (c.to ? `  ${c.to}` : "");
    rows.push({ key: `c${text} ${c.hex}`, class: "row code", text, item: c, inst: c.inst, line: l?.line,
                lines: inst && folded.length ? folded.map((f) => f.line).join(" ") : undefined });
  }
  return rows;
}
const irRow = (inst, l) => ({ key: `i${l.text}`, class: "row ir", text: l.text, inst, line: l.line });

// Up and down along the instructions.
function step(e, list) {
  if (e.key !== "ArrowDown" && e.key !== "ArrowUp") return;
  const rows = [...list.querySelectorAll(".code")];
  const to = rows[rows.indexOf(e.target) + (e.key === "ArrowDown" ? 1 : -1)];
  if (!to) return;
  e.preventDefault();
  to.focus();
}

async function showFields(target, c, cost) {
  const { form, fields } = await post("fields", { target, hex: c.hex });
  const wide = target === "x86_64";
  const where = (f) => (wide ? `byte ${f.byte}: ` : "") + (f.high === f.low ? f.high : `${f.high}:${f.low}`);
  const bits = (f) => f.value.toString(2).padStart(f.high - f.low + 1, "0");
  const value = (f) => `${f.value}${f.value > 9 ? ` = 0x${f.value.toString(16)}` : ""}`;
  const row = (name, cell) =>
    el("tr", {}, ...fields.map((f) => el("td", { class: `${name} ${f.name ? "" : "fixed"}` }, cell(f))));
  $("fields").replaceChildren(
    el("b", {}, c.text), ` — ${form || "data"}`,
    el("table", {}, row("where", where), row("bits", bits), row("name", (f) => f.name || "opcode"),
      row("value", (f) => (f.name ? value(f) : ""))),
    ...(cost ? [el("p", { class: "cost" }, cost)] : []),
  );
  $("fields").hidden = false;
}
