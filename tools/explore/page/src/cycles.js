// What llvm-mca says of a column's code, asked once the code has been at rest for a while: latency and reciprocal
// throughput at each instruction, cycles at each block.
import { el, keep, post, saved } from "./dom.js";

const rest = 400;  // ms
let here = null;   // what the server says of this machine, asked once
export const thisMachine = () => (here ??= fetch("api/here").then((r) => r.json()));
const number = (x) => (x >= 10 ? x.toFixed(0) : x.toFixed(2).replace(/\.?0+$/, ""));

export function makeCycles(target, list) {
  const choice = el("select", { "aria-label": `Cycles on ${target}` }), said = el("span", { class: "said" });
  const control = el("label", { class: "cpu" }, "cycles on", choice, said);
  let code = [], shown = "", wait = 0, asked = null, results = new Map(), answer = {};

  thisMachine().then(({ processors }) => {
    choice.append(el("option", { value: "" }, "—"), ...processors[target].map((p) => el("option", {}, p)));
    choice.value = saved(`cpu-${target}`, processors[target][0]);
    schedule();
  }).catch(() => {});
  choice.addEventListener("change", () => { keep(`cpu-${target}`, choice.value); shown = ""; schedule(0); });

  // Runs of instructions of one block.
  function blocks() {
    const all = [];
    let block;
    for (const c of code) {
      if (c.data) continue;
      if (!all.length || c.block !== block) all.push([]);
      block = c.block;
      all.at(-1).push(c);
    }
    return all;
  }
  function schedule(after = rest) {
    clearTimeout(wait);
    if (choice.value || shown) wait = setTimeout(ask, after);
  }
  function question() {
    const parts = blocks(), texts = parts.map((b) => b.map((c) => c.text).join("\n"));
    return { parts, texts, key: JSON.stringify([choice.value, texts]) };
  }
  async function ask() {
    const { parts, texts, key } = question();
    if (key === shown || !list.isConnected) return;
    asked?.abort();
    const own = (asked = new AbortController());
    let got = { message: "" };
    try {
      if (choice.value && texts.length)
        got = await post("cycles", { job: crypto.randomUUID(), target, cpu: choice.value, blocks: texts }, own.signal);
    } catch { return; }
    if (own.signal.aborted || parts[0]?.[0] !== code.find((c) => !c.data)) return;
    shown = key;
    show(parts, (answer = got));
  }
  function show(parts, got) {
    results = new Map();
    list.classList.remove("stale");
    said.textContent = got.message ?? "";
    for (const [n, part] of parts.entries()) {
      const b = got.blocks?.[n];
      part.forEach((c, k) => {
        const i = b?.instructions?.[k];
        if (i) results.set(c.hex, i);
        const text = i ? `${i.latency} · ${number(i.throughput)}` : "", cell = c.row.children[1];
        if (cell.textContent !== text) cell.textContent = text;
        cell.title = i ? words(i) : "";
      });
      const head = headOf(part[0].row);
      if (!head) continue;
      if (b) head.dataset.cycles = b.cycles === undefined ? b.message : `≈ ${number(b.cycles)} cycles`;
      else delete head.dataset.cycles;
    }
  }
  const headOf = (row) => {
    const rows = [...list.querySelectorAll(".row")];
    for (let n = rows.indexOf(row); n-- > 0 && !rows[n].classList.contains("code");)
      if (rows[n].classList.contains("block")) return rows[n];
    return null;
  };
  const words = (i) =>
    `${choice.value}, by llvm-mca: latency ${i.latency}, another one every ${number(i.throughput)} cycles, ` +
    `${i.uops} micro-operation${i.uops === 1 ? "" : "s"}`;

  return {
    control,
    // Figures of code that is no longer there are hidden until there are new ones.
    draw(to) {
      code = to;
      const { parts, key } = question();
      if (key === shown) show(parts, answer);
      else list.classList.add("stale");
      schedule();
    },
    of: (c) => (results.has(c.hex) ? words(results.get(c.hex)) : ""),
  };
}
