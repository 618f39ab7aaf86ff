// The tab Lua: a program runs on every engine, one after the other; bars stack up run after run. A trace of the last
// run opens as LuaJIT's IR, jitkit's, and the code that each backend made of it.
import { thisMachine } from "./cycles.js";
import { $, choices, el, keep, post, reason, saved } from "./dom.js";
import { makeEditor } from "./editor.js";
import { programs } from "./lua_programs.js";
import { parseDump, parseIr } from "./traces.js";

const engines = [["puc", "PUC Lua"], ["interp", "LuaJIT, interpreted"], ["stock", "LuaJIT's JIT"],
  ["jitkit", "jitkit's JIT"]];
const sides = [["x86_64", "x86-64", "seconds"], ["arm64", "AArch64 under QEMU", "instructions"]];
const time = (s) => (s >= 1 ? `${s.toFixed(2)} s` : s >= 1e-3 ? `${(1000 * s).toFixed(s < 0.01 ? 2 : 1)} ms`
  : `${Math.round(1e6 * s)} µs`);
const instructions = (n) => (n >= 1e9 ? `${(n / 1e9).toFixed(2)} G` : n >= 1e6 ? `${(n / 1e6).toFixed(1)} M`
  : `${Math.round(n / 1e3)} k`);
// What its bar shows, in words; empty if there is none, and then why.
const figure = (engine, r) => {
  const [n, words] = engine.endsWith("arm64") ? [r.instructions, instructions] : [r.seconds, time];
  return n === undefined ? "" : words(n);
};
const why = (r) => (r.message || r.err || "no figure").trim().split("\n")[0].replace(/^\/\S*: (?=program)/, "");

export function makeLuaTab() {
  let job = "", cancelled = false, runs = 0;

  async function run() {
    if (job) return;
    const text = editor.text(), name = programs.find((p) => p.text === text)?.name;
    const chosen = sides.flatMap(([side]) => ($(`lua-${side}`).checked ? engines.map(([e]) => `${e}-${side}`) : []));
    const group = makeGroup(++runs, name ?? "what was typed", chosen);
    if (runs === 1) $("lua-runs").replaceChildren();
    $("lua-runs").prepend(group.element);
    cancelled = false;
    $("lua-go").disabled = true;
    $("lua-cancel").disabled = false;
    const outputs = new Map();
    for (const [n, engine] of chosen.entries()) {
      if (cancelled) break;
      const started = performance.now();
      const seconds = () => ((performance.now() - started) / 1000).toFixed(1);
      const tick = setInterval(() => say(`${n + 1} of ${chosen.length}: ${engine}, ${seconds()} s`), 100);
      let r;
      try {
        job = crypto.randomUUID();
        r = await post("lua", { job, text, engine });
      } catch (e) {
        r = { message: reason(e) };
      }
      clearInterval(tick);
      group.set(engine, r);
      if (r.good) outputs.set(engine, r.out);
    }
    job = "";
    const [first, output] = outputs.entries().next().value ?? ["", ""];
    const different = [...outputs].filter(([, o]) => o !== output).map(([e]) => e);
    const others = different.length ? `other output than ${first}: ${different.join(", ")}` : "";
    group.end(cancelled ? "cancelled" : others, output);
    say(cancelled ? "cancelled" : `run ${runs} is done`, cancelled || different.length ? "bad" : "");
    $("lua-go").disabled = false;
    $("lua-cancel").disabled = true;
    document.body.dataset.luaRuns = runs;
  }
  function say(text, how = "") {
    $("lua-state").className = how;
    $("lua-state").textContent = text;
  }

  // ---- bars ----

  function makeGroup(number, name, chosen) {
    const note = el("p", { class: "note" }), output = el("pre", { class: "output" });
    const results = new Map();
    const bar = (e) => el("div", { class: "bar-row", "data-engine": e },
      el("span", { class: "who" }, engines.find(([k]) => e.startsWith(k))[1]),
      el("span", { class: "track" }, el("span", { class: `length ${e.split("-")[0]}` })),
      el("span", { class: "value" }, "…"));
    const bars = new Map(chosen.map((e) => [e, bar(e)]));
    const barsOf = (side) => [...bars].filter(([e]) => e.endsWith(side)).map(([, b]) => b);
    const columns = sides.filter(([side]) => barsOf(side).length).map(([side, title, what]) =>
      el("div", {}, el("h3", {}, `${title}: ${what === "seconds" ? "processor time" : "executed instructions"}`),
        ...barsOf(side)));
    const element = el("section", { class: "lua-run", "aria-label": `Run ${number}` },
      el("h2", {}, el("b", {}, `Run ${number}`), ` — ${name}`), el("div", { class: "lua-columns" }, ...columns),
      output, note);
    const redraw = () => {
      for (const [side, , what] of sides) {
        const own = [...results].filter(([e]) => e.endsWith(side));
        const most = Math.max(...own.map(([, r]) => r[what] ?? 0));
        for (const [e, r] of own)
          bars.get(e).querySelector(".length").style.width = r[what] ? `${Math.max(100 * r[what] / most, 0.5)}%` : "0";
      }
    };
    return {
      element,
      set(engine, r) {
        results.set(engine, r);
        const value = bars.get(engine).querySelector(".value");
        value.textContent = (r.good && figure(engine, r)) || why(r);
        value.classList.toggle("bad", !r.good);
        redraw();
      },
      end(text, out) {
        note.textContent = text;
        note.classList.toggle("bad", text !== "");
        output.textContent = out.length > 400 ? `${out.slice(0, 400)}…` : out;
        for (const [e, b] of bars) if (!results.has(e)) b.querySelector(".value").textContent = "not run";
      },
    };
  }

  // ---- traces ----

  async function traces() {
    if (job) return;
    const side = $("lua-side").value, text = editor.text();
    cancelled = false;
    $("lua-cancel").disabled = false;
    const dumps = {};
    for (const backend of ["jitkit", "stock"]) {
      say(`traces of ${backend} on ${side}`);
      job = crypto.randomUUID();
      try {
        dumps[backend] = await post("lua", { job, text, engine: `${backend}-${side}`, dump: "yes" });
      } catch (e) {
        dumps[backend] = { message: reason(e) };
      }
      if (cancelled) break;
    }
    job = "";
    $("lua-cancel").disabled = true;
    const wrong = Object.values(dumps).find((d) => d.message);
    say(wrong ? wrong.message : "", wrong ? "bad" : "");
    const stock = parseDump(dumps.stock?.dump ?? ""), irs = parseIr(dumps.jitkit?.ir ?? "");
    const list = parseDump(dumps.jitkit?.dump ?? "").filter((t) => t.code).map((t) => el("button",
      { type: "button", "aria-pressed": false,
        onclick: (e) => openTrace(t, irs.get(t.number) ?? [], stock, e.currentTarget) },
      `${t.number} ${t.start}`, el("span", { class: "said-faint" }, ` → ${t.stop}`)));
    if (!list.length) list.push(el("span", { class: "note" }, wrong ? "" : "This program has no trace."));
    $("lua-traces").replaceChildren(...list);
    $("lua-trace").hidden = true;
  }
  function openTrace(t, ir, stock, button) {
    for (const b of $("lua-traces").querySelectorAll("button")) b.setAttribute("aria-pressed", b === button);
    const other = stock.find((o) => o.number === t.number && o.start === t.start);
    const part = (title, lines) => el("div", {}, el("h3", {}, title), el("pre", {}, lines.join("\n")));
    $("lua-trace").replaceChildren(
      part(`LuaJIT's IR, ${t.ir.length} lines`, t.ir),
      part(`jitkit's IR, ${ir.length} lines`, ir),
      part(`jitkit's code, ${t.bytes} bytes`, t.code),
      other?.code ? part(`stock's code, ${other.bytes} bytes`, other.code)
        : part("stock's backend has no such trace", []));
    $("lua-trace").hidden = false;
  }

  const editor = makeEditor($("lua-editor"), saved("lua", "") || programs[0].text,
    { name: "Lua program", language: "lua", hover() {}, run, change: (text) => { keep("lua", text); named(text); } });
  const named = choices($("lua-program"), programs, (p) => editor.set(p.text));
  named(editor.text());
  $("lua-form").addEventListener("submit", (e) => { e.preventDefault(); run(); });
  const cancel = () => { cancelled = true; if (job) post("cancel", { job }).catch(() => {}); };
  $("lua-cancel").addEventListener("click", cancel);
  $("lua-show-traces").addEventListener("click", traces);
  thisMachine().then(({ lua }) => {
    const lacks = [...new Set(Object.values(lua).filter(Boolean))];
    $("lua-missing").hidden = lacks.length === 0;
    $("lua-missing").textContent = lacks.join("; ");
  }).catch(() => {});
  return { run, cancel };
}
