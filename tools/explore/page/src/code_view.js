// Machine code of both targets beside each other, with the IR each stretch came from; an instruction opens as
// its bit fields.
import { $, el, post } from "./dom.js";

export const targets = [["arm64", "AArch64"], ["x86_64", "x86-64"]];

export function codeView(answer) {
  const ir = new Map();
  let block = 0;
  const heads = new Map();
  for (const l of answer.passes.at(-1).lines) {
    if (l.block) heads.set((block = l.block), l.text);
    else ir.set(l.inst, { ...l, block });
  }
  return el("div", { class: "columns" }, ...targets.map(([id, name]) => column(id, name, answer[id], ir, heads)));
}

function column(id, name, made, ir, heads) {
  const title = el("h2", {}, el("b", {}, name));
  const all = el("div", { "data-target": id }, title);
  if (!made.code) {
    title.append(` — ${made.absent ?? made.errors.map((e) => e.message).join("; ")}`);
    return all;
  }
  title.append(` — ${made.bytes} bytes, ${made.code.filter((c) => !c.data).length} instructions`);
  let block = 0, from = -1;
  const shown = new Set(), coded = new Set(made.code.map((c) => c.inst)), order = [...ir];
  let next = 0, folded = [];
  for (const c of made.code) {
    if (c.block && c.block !== block) {
      block = c.block;
      from = -1;
      all.append(el("div", { class: "row block" }, heads.get(block) ?? `b${block}`));
    }
    const inst = c.inst ?? 0;
    if (inst !== from) {
      from = inst;
      if (inst) {
        // What has no code of its own stands before the next that has; the one that took it in lights up with it.
        folded = [];
        const own = ir.get(inst);
        if (own && own.block !== order[next]?.[1].block) next = order.findIndex(([, l]) => l.block === own.block);
        for (; own && next < order.length && order[next][1].block === own.block && !coded.has(order[next][0]); ++next) {
          const [n, l] = order[next];
          if (shown.has(n)) continue;
          all.append(irRow(n, l, shown));
          folded.push(l);
        }
        if (order[next]?.[0] === inst) ++next;
        folded = folded.filter((l) => own.text.split(" = ").at(-1).match(new RegExp(`\\b${l.text.split(" ")[0]}\\b`)));
        if (own) all.append(irRow(inst, own, shown));
      } else {
        all.append(el("div", { class: "row own" }, c.at === 0 ? "prologue" : c.block ? "moves" : "out of line"));
      }
    }
    all.append(codeRow(id, c, ir.get(inst), inst ? folded : []));
  }
  return inChunks(all);
}

// The rows in chunks that the browser lays out when they come into sight.
const chunk = 60;
function inChunks(all) {
  const [title, ...rows] = all.children;
  const chunks = [];
  for (let n = 0; n < rows.length; n += chunk) {
    const part = rows.slice(n, n + chunk);
    chunks.push(el("div", { class: "chunk", style: `contain-intrinsic-size: auto 30rem auto ${part.length * 19}px` }, ...part));
  }
  all.replaceChildren(title, el("div", { class: "rows" }, ...chunks));
  return all;
}

export function irRow(inst, l, shown) {
  shown?.add(inst);
  return el("div", { class: "row ir", "data-inst": inst, "data-line": l.line }, el("span", { class: "n" }, l.line ?? ""), l.text);
}

function codeRow(target, c, l, folded) {
  const open = () => showFields(target, c);
  return el("div", {
    class: "row code", tabindex: 0, role: "button", "data-inst": c.inst, "data-line": l?.line, "data-lines": folded.map((f) => f.line).join(" ") || undefined, "data-at": c.at,
    onclick: open, onkeydown: (e) => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); open(); } else step(e); },
  }, el("span", { class: "text" }, c.text + (c.to ? `  ${c.to}` : "")), el("span", { class: "hex" }, c.hex));
}

// Up and down along the instructions.
function step(e) {
  if (e.key !== "ArrowDown" && e.key !== "ArrowUp") return;
  const rows = [...e.currentTarget.closest("[data-target]").querySelectorAll(".code")];
  const to = rows[rows.indexOf(e.currentTarget) + (e.key === "ArrowDown" ? 1 : -1)];
  if (!to) return;
  e.preventDefault();
  to.focus();
}

async function showFields(target, c) {
  const { form, fields } = await post("fields", { target, hex: c.hex });
  const wide = target === "x86_64";
  const where = (f) => (wide ? `byte ${f.byte}: ` : "") + (f.high === f.low ? f.high : `${f.high}:${f.low}`);
  const bits = (f) => f.value.toString(2).padStart(f.high - f.low + 1, "0");
  const row = (name, cell) => el("tr", {}, ...fields.map((f) => el("td", { class: `${name} ${f.name ? "" : "fixed"}` }, cell(f))));
  $("fields").replaceChildren(
    el("b", {}, c.text), ` — ${form || "data"}`,
    el("table", {}, row("where", where), row("bits", bits), row("name", (f) => f.name || "opcode"), row("value", (f) => (f.name ? String(f.value) : ""))),
  );
  $("fields").hidden = false;
}
