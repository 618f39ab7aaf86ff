// The tab Code: what is typed goes to the server, the answer is drawn in the chosen view, and whatever is under the
// pointer or has the focus lights up everywhere. An answer that is the last one again draws nothing.
import { makeAsker } from "./asking.js";
import { codeView } from "./code_view.js";
import { $, choices, el, keep, saved, showErrors, tabs } from "./dom.js";
import { makeEditor } from "./editor.js";
import { examples } from "./examples.js";
import { graphView } from "./graph_view.js";
import { passesView } from "./passes_view.js";
import { registersView } from "./registers_view.js";
import { makeRunner } from "./runner.js";
import { targets } from "./targets.js";

export function makeCodeTab() {
  const views = { code: codeView(), passes: passesView, graph: graphView, registers: registersView };
  const state = { pass: Infinity, view: saved("view", "code"), function: "", language: saved("language", "jk") };
  let answer = null;

  // ---- asking ----

  let lastText = "", drawnAt = 0;
  const asker = makeAsker({
    path: "analyse",
    question: () => ({
      text: editor.text(), language: state.language, opt: $("opt").value, function: state.function,
      show: state.view, ir_of: $("ir-of").value,
    }),
    take(text, of) {
      if (!of.stale || performance.now() - drawnAt > 300) take(text, of);
    },
    tell: (text, how) => tell(text, how),
    busy: (on) => runner.busy(on),
  });
  const ask = () => { document.body.dataset.wanted = asker.ask(); };
  const changed = (text) => {
    ask();
    keep("text", text);
    named(text);
  };
  const tell = (text, how = "") => {
    $("state").className = how;
    $("state").textContent = text;
  };

  function take(text, { own, since }) {
    drawnAt = performance.now();
    const same = text === lastText;
    lastText = text;
    const got = same ? null : JSON.parse(text);
    if (got) {
      if (got.message) got.errors = [{ line: 0, column: 0, message: got.message }];
      takeErrors(got);
      $("view").classList.toggle("old", Boolean(got.errors));
      if (got.functions) takeFunctions(got);
      if (got.functions && !got.errors) {
        got.passes?.forEach((p, n) => (p.lines ??= got.passes[n - 1]?.lines));
        answer = got;
        draw();
      }
    }
    requestAnimationFrame(() => setTimeout(() => {
      const took = performance.now() - since;
      document.body.dataset.milliseconds = took.toFixed(1);
      document.body.dataset.drawn = own;
      const errors = $("errors").childElementCount;
      if (errors) tell(`${errors} error${errors > 1 ? "s" : ""}`, "bad");
      else tell(`compiled and drawn in ${Math.round(took)} ms`);
    }));
  }
  function takeErrors(got) {
    // What a target says of C has a place in the imported IR, and so none here.
    const place = (e) => (state.language === "c" ? 0 : e.line);
    const errors = [...(got.errors ?? []), ...targets.flatMap(([id, name]) =>
      (got[id]?.errors ?? []).map((e) => ({ ...e, line: place(e), message: `${name}: ${e.message}` })))];
    if (errors.length || !$("errors").hidden) editor.errors(errors);
    showErrors($("errors"), errors, (e) => editor.goto(e.line, e.column),
      (e) => `${e.line ? `${e.line}:${e.column}: ` : ""}${e.message}${e.rule ? ` (${e.rule})` : ""}`);
  }
  function takeFunctions(got) {
    const names = got.functions.map((f) => f.name), list = $("function");
    if ([...list.options].map((o) => o.value).join() !== names.join())
      list.replaceChildren(...names.map((n) => el("option", {}, n)));
    list.value = got.function ?? "";
    const params = got.functions.find((f) => f.name === got.function)?.params ?? [];
    $("arguments").placeholder = params.join(" ") || "none";
  }

  function draw() {
    $("view").setAttribute("aria-labelledby", `tab-${state.view}`);
    if (!answer) return;
    if (!answer.function)
      return $("view").replaceChildren(el("div", { class: "note" }, "The text defines no function."));
    if (answer.show !== state.view) return;  // what it shows is being asked
    const [x, y] = [$("view").scrollLeft, $("view").scrollTop];
    const drawn = views[state.view](answer, state);
    if ($("view").firstChild !== drawn) {
      $("view").replaceChildren(drawn);
      $("view").scrollTo(x, y);
    }
    $("view").dataset.shown = state.view;
    const [line, inst] = lit.split(":").map(Number);
    lit = "";
    light(line, inst);
  }

  // ---- lighting up ----

  let lit = "0:0";
  function light(line, inst) {
    const key = `${line}:${inst}`;
    if (key === lit) return;
    lit = key;
    for (const e of document.querySelectorAll("#view .lit")) e.classList.remove("lit");
    const which = line ? `#view [data-line="${line}"], #view [data-lines~="${line}"]`
      : inst ? `#view [data-inst="${inst}"]` : "";
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

  // ---- running, and the rest of the controls ----

  const cancel = () => {
    runner.cancel();
    asker.cancel();
    $("fields").hidden = true;
  };
  $("cancel").addEventListener("click", cancel);
  const runner = makeRunner(() => ({
    text: editor.text(), language: state.language, target: $("target").value, opt: $("opt").value,
    function: $("function").value,
    arguments: $("arguments").value.split(/[\s,]+/).filter(Boolean),
  }));
  const setLanguage = (to) => {
    state.language = $("language").value = to;
    keep("language", to);
    $("ir-of").parentElement.hidden = to !== "c";
    editor.language(to);
  };
  const chooseView = tabs([...document.querySelectorAll("#views [role=tab]")], (tab) => {
    state.view = tab.id.slice("tab-".length);
    keep("view", state.view);
    $("fields").hidden = true;
    draw();
    ask();
  });
  for (const id of ["opt", "ir-of"]) {
    $(id).value = saved(id, $(id).value);
    $(id).addEventListener("change", () => { keep(id, $(id).value); state.pass = Infinity; ask(); });
  }
  $("language").addEventListener("change", () => { setLanguage($("language").value); ask(); });
  $("function").addEventListener("change", () => { state.function = $("function").value; ask(); });
  $("arguments").addEventListener("input", () => keep("arguments", $("arguments").value));
  const named = choices($("example"), examples, (e) => {
    runner.forget();
    $("arguments").value = e.arguments;
    keep("arguments", e.arguments);
    state.function = "";
    setLanguage(e.language ?? "jk");
    editor.set(e.text);
  });
  $("arguments").value = saved("arguments", examples[0].arguments);

  const editor = makeEditor($("editor"), saved("text", "") || examples[0].text,
    { name: "Program", language: state.language, change: changed, hover: (line) => light(line, 0), run: runner.run });
  named(editor.text());
  setLanguage(state.language);
  chooseView($(`tab-${state.view}`));
  return { run: runner.run, cancel };
}
