// The page: what is typed goes to the server, the answer is drawn in the chosen view, and whatever is under the
// pointer or has the focus lights up everywhere.
import { codeView, targets } from "./code_view.js";
import { $, el, post } from "./dom.js";
import { makeEditor } from "./editor.js";
import { examples } from "./examples.js";
import { graphView } from "./graph_view.js";
import { passesView } from "./passes_view.js";
import { registersView } from "./registers_view.js";

const views = { code: codeView, passes: passesView, graph: graphView, registers: registersView };
const state = { pass: Infinity, view: "code", function: "" };
let answer = null;
const saved = (key, fallback) => sessionStorage.getItem(key) ?? fallback;

// ---- asking ----

let asking = null, wait = 0, typedAt = performance.now();
async function analyse() {
  asking?.abort();
  const own = (asking = new AbortController());
  const text = editor.text();
  try {
    const got = await post("analyse", { text, opt: $("opt").value, function: state.function }, own.signal);
    if (own.signal.aborted) return;
    take(got);
  } catch (e) {
    if (e.name === "AbortError") return;
    take({ errors: [{ line: 0, column: 0, message: e.message.includes("fetch") ? "the server is gone" : e.message }] });
  }
}
function changed(text) {
  typedAt = performance.now();
  sessionStorage.setItem("text", text.length < 1e6 ? text : "");
  clearTimeout(wait);
  wait = setTimeout(analyse, 15);
}

function take(got) {
  const errors = [...(got.errors ?? []), ...targets.flatMap(([id, name]) =>
    (got[id]?.errors ?? []).map((e) => ({ ...e, message: `${name}: ${e.message}` })))];
  editor.errors(errors);
  $("errors").hidden = errors.length === 0;
  $("errors").replaceChildren(...errors.slice(0, 50).map((e) => el("li", {}, el("button", { type: "button", onclick: () => editor.goto(e.line, e.column) },
    `${e.line ? `${e.line}:${e.column}: ` : ""}${e.message}${e.rule ? ` (${e.rule})` : ""}`))));
  if (got.functions) {
    const names = got.functions.map((f) => f.name);
    $("function").replaceChildren(...names.map((n) => el("option", { selected: n === got.function }, n)));
    state.params = got.functions.find((f) => f.name === got.function)?.params ?? [];
    $("arguments").placeholder = state.params.join(" ") || "none";
  }
  if (got.functions && !got.errors) {
    got.passes?.forEach((p, n) => (p.lines ??= got.passes[n - 1].lines));
    answer = got;
    draw();
  }
  requestAnimationFrame(() => setTimeout(() => {
    document.body.dataset.milliseconds = (performance.now() - typedAt).toFixed(1);
    document.body.dataset.answers = Number(document.body.dataset.answers ?? 0) + 1;
    $("state").className = errors.length ? "bad" : "";
    $("state").textContent = errors.length ? `${errors.length} error${errors.length > 1 ? "s" : ""}` : `compiled and drawn in ${Math.round(performance.now() - typedAt)} ms`;
  }));
}

function draw() {
  for (const tab of document.querySelectorAll("[role=tab]")) {
    const chosen = tab.id === `tab-${state.view}`;
    tab.setAttribute("aria-selected", chosen);
    tab.tabIndex = chosen ? 0 : -1;
  }
  $("view").setAttribute("aria-labelledby", `tab-${state.view}`);
  if (!answer) return;
  if (!answer.function) return $("view").replaceChildren(el("div", { class: "note" }, "The text defines no function."));
  const [x, y] = [$("view").scrollLeft, $("view").scrollTop];
  $("view").replaceChildren(views[state.view](answer, state));
  lit = "";  // what was lit is gone
  $("view").scrollTo(x, y);
}

// ---- lighting up ----

let lit = "";
function light(line, inst) {
  const key = `${line}:${inst}`;
  if (key === lit) return;
  lit = key;
  for (const e of document.querySelectorAll("#view .lit")) e.classList.remove("lit");
  const which = line ? `#view [data-line="${line}"], #view [data-lines~="${line}"]` : inst ? `#view [data-inst="${inst}"]` : "";
  if (which) for (const e of document.querySelectorAll(which)) e.classList.add("lit");
  editor.light(line ? [line] : []);
}
const lightOf = (e) => {
  const of = e.target.closest?.("[data-inst]");
  light(Number(of?.dataset.line ?? 0), Number(of?.dataset.inst ?? 0));
};
$("view").addEventListener("mouseover", lightOf);
$("view").addEventListener("focusin", lightOf);
$("view").addEventListener("mouseleave", () => light(0, 0));

// ---- running ----

let job = null;
async function run() {
  if (job) return;
  job = crypto.randomUUID();
  const started = performance.now();
  const show = (text, how) => { $("result").textContent = text; $("result").className = how; };
  const tick = setInterval(() => show(`running, ${((performance.now() - started) / 1000).toFixed(1)} s`, ""), 100);
  $("go").disabled = true;
  $("cancel").disabled = false;
  try {
    const r = await post("run", {
      job, text: editor.text(), target: $("target").value, opt: $("opt").value, function: $("function").value,
      arguments: $("arguments").value.split(/[\s,]+/).filter(Boolean),
    });
    clearInterval(tick);
    const text = [r.out, r.err, r.message].filter(Boolean).join("").trimEnd();
    show(`${text || "(no result)"}${r.good ? `\n${Math.round(r.seconds * 1000)} ms with compiling and starting` : ""}`, r.good ? "good" : "bad");
  } catch (e) {
    clearInterval(tick);
    show(e.message.includes("fetch") ? "the server is gone" : e.message, "bad");
  }
  job = null;
  $("go").disabled = false;
  $("cancel").disabled = true;
}
function cancel() {
  if (job) post("cancel", { job });
}
$("run").addEventListener("submit", (e) => { e.preventDefault(); run(); });
$("cancel").addEventListener("click", cancel);
document.addEventListener("keydown", (e) => {
  if (e.key === "Escape") {
    cancel();
    $("fields").hidden = true;
  } else if (e.key === "Enter" && (e.ctrlKey || e.metaKey) && !e.defaultPrevented) {
    e.preventDefault();
    run();
  }
});

// ---- the rest of the controls ----

const tabs = [...document.querySelectorAll("[role=tab]")];
const choose = (tab) => {
  state.view = tab.id.slice(4);
  sessionStorage.setItem("view", state.view);
  $("fields").hidden = true;
  draw();
};
for (const [n, tab] of tabs.entries()) {
  tab.addEventListener("click", () => choose(tab));
  tab.addEventListener("keydown", (e) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (!step) return;
    const to = tabs[(n + step + tabs.length) % tabs.length];
    choose(to);
    to.focus();
  });
}
$("opt").value = saved("opt", "fast");
$("opt").addEventListener("change", () => { sessionStorage.setItem("opt", $("opt").value); state.pass = Infinity; typedAt = performance.now(); analyse(); });
$("function").addEventListener("change", () => { state.function = $("function").value; typedAt = performance.now(); analyse(); });
$("arguments").addEventListener("input", () => sessionStorage.setItem("arguments", $("arguments").value));
$("example").replaceChildren(...examples.map((e) => el("option", {}, e.name)));
$("example").addEventListener("change", () => {
  const e = examples[$("example").selectedIndex];
  $("arguments").value = e.arguments;
  sessionStorage.setItem("arguments", e.arguments);
  state.function = "";
  editor.set(e.text);
});
$("arguments").value = saved("arguments", examples[0].arguments);
state.view = saved("view", "code");

const editor = makeEditor($("editor"), saved("text", "") || examples[0].text, { change: changed, hover: (line) => light(line, 0), run });
draw();
analyse();
