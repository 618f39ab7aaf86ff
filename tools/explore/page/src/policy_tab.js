// The tab Policy: a trap policy and the bodies it names on the left; on the right the dispatch tree as it was
// emitted, a row for each leaf, with the instructions that a trap takes through it. A leaf opens as its code.
import { makeAsker } from "./asking.js";
import { $, el, keep, saved, showErrors } from "./dom.js";
import { makeEditor } from "./editor.js";
import policyText from "../../../../consumers/hv-trap/policy.yaml";
import bodiesText from "../../../../consumers/hv-trap/bodies.jk";

const row = 20, level = 26, left = 14, heads = ["leaf", "shortest", "longest", "miss"];

export function makePolicyTab() {
  let chosen = "", answer = null;

  const tell = (text, how) => {
    $("policy-state").className = how;
    $("policy-state").textContent = text;
  };
  const asker = makeAsker({
    path: "policy",
    question: () => ({ text: policy.text(), bodies: bodies.text() }),
    take, tell,
    busy(on) { $("policy-cancel").disabled = !on; },
  });
  const ask = () => { document.body.dataset.policyWanted = asker.ask(); };
  function take(text, { own, since }) {
    const got = JSON.parse(text);
    if (got.message) got.errors = [{ line: 0, message: got.message }];
    const errors = (got.errors ?? []).map((e) => ({ column: 1, in: "policy", ...e }));
    policy.errors(errors.filter((e) => e.in === "policy"));
    bodies.errors(errors.filter((e) => e.in === "bodies"));
    showErrors($("policy-errors"), errors, (e) => (e.in === "bodies" ? bodies : policy).goto(e.line, e.column),
      (e) => `${e.in === "bodies" ? "bodies " : ""}${e.line ? `${e.line}: ` : ""}${e.message}`);
    $("policy-view").classList.toggle("old", errors.length > 0);
    if (!errors.length) {
      answer = got;
      draw();
    }
    if (errors.length) tell(`${errors.length} error${errors.length > 1 ? "s" : ""}`, "bad");
    else tell(`compiled and drawn in ${Math.round(performance.now() - since)} ms`, "");
    document.body.dataset.policyDrawn = own;
  }

  function draw() {
    const rows = [], { svg, width } = picture(answer.tree, rows);
    const show = (n) => (n === null || n === undefined ? "—" : String(n));
    const body = rows.map((n) => {
      const l = answer.leaves[n];
      const open = () => { chosen = l.name; openLeaf(l); mark(); };
      return el("tr", { tabindex: 0, "data-leaf": l.name, onclick: open, onkeydown: (e) => {
        if (e.key === "Enter" || e.key === " ") { e.preventDefault(); open(); }
        const to = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[e.key];
        if (to && e.currentTarget[to]) { e.preventDefault(); e.currentTarget[to].focus(); }
      } }, el("td", { class: "name" }, l.name), ...[l.least, l.most, l.miss].map((n) => el("td", {}, show(n))));
    });
    const counted = answer.leaves.filter((l) => l.most);
    const average = counted.reduce((sum, l) => sum + l.most, 0) / (counted.length || 1);
    $("policy-view").replaceChildren(
      el("h2", {}, el("b", {}, `${answer.leaves.length} leaves`), ` — ${answer.bytes} bytes; longest way to eret ` +
        `${average.toFixed(1)} instructions on average; an unlisted class reaches the slow path after ` +
        `${show(answer.unlisted)}`),
      el("div", { class: "tree" }, el("div", { class: "picture", style: `width:${width}px` }, svg),
        el("table", { class: "leaves" },
          el("thead", {}, el("tr", {}, ...heads.map((t) => el("th", { scope: "col" }, t)))),
          el("tbody", {}, ...body))));
    const open = answer.leaves.find((l) => l.name === chosen);
    if (open) openLeaf(open); else $("policy-code").hidden = true;
    mark();
  }
  function mark() {
    for (const e of $("policy-view").querySelectorAll("[data-leaf]"))
      e.classList.toggle("lit", e.dataset.leaf === chosen);
  }
  function openLeaf(l) {
    $("policy-code").replaceChildren(el("b", {}, l.name),
      ` — ${l.before} instructions before it, ${l.code.length} of its own and its tables'`,
      el("pre", {}, l.code.map((c) => `${c.at.toString(16).padStart(5)}  ${c.hex}  ${c.text}`).join("\n")));
    $("policy-code").hidden = false;
  }

  const editor = (key, text, name, language) => makeEditor($(`${key}-editor`), saved(key, "") || text, {
    name, language, hover() {}, run: ask, change(to) { keep(key, to); ask(); },
  });
  const bodies = editor("bodies", bodiesText, "Bodies, jitkit IR", "jk");
  const policy = editor("policy", policyText, "Trap policy, YAML", "yaml");
  $("policy-reset").addEventListener("click", () => { policy.set(policyText); bodies.set(bodiesText); });
  const cancel = () => {
    asker.cancel();
    chosen = "";
    mark();
    $("policy-code").hidden = true;
  };
  $("policy-cancel").addEventListener("click", cancel);
  ask();
  return { run: ask, cancel };
}

// The tree, leaves at its right end one row each, in `rows`; a test that only refuses is a dot on the way.
function picture(tree, rows) {
  const parts = [];
  let deepest = 0;
  const walk = (n, depth) => {
    deepest = Math.max(deepest, depth);
    if (n.leaf !== undefined) {
      rows.push(n.leaf);
      return { y: (rows.length - 0.5) * row, depth, leaf: true };
    }
    if (n.miss) return null;
    const x = left + depth * level, title = `${n.test} (${n.steps} instruction${n.steps > 1 ? "s" : ""} to here)`;
    const below = [n.no, n.yes].map((c) => walk(c, depth + 1)).filter(Boolean);
    if (!below.length) return null;
    const y = below.reduce((sum, c) => sum + c.y, 0) / below.length;
    for (const c of below) {
      const to = left + c.depth * level;
      const curve = `C${x + level / 2} ${y} ${to - level / 2} ${c.y} ${to} ${c.y}`;
      parts.push(el("path", { class: "way", d: `M${x} ${y}${curve}` }));
      if (c.leaf) parts.push(el("path", { class: "way faint-way", d: `M${to} ${c.y}H4000` }));
    }
    const dot = { class: below.length > 1 ? "split" : "refuse", x: x - 5, y: y - 5, width: 10, height: 10, rx: 5 };
    parts.push(el("g", { class: "node" }, el("rect", dot), el("title", {}, title)));
    return { y, depth };
  };
  walk(tree, 0);
  const width = left + (deepest + 1) * level, height = rows.length * row;
  const label = `Dispatch tree of ${rows.length} leaves`;
  const svg = el("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  parts.sort((a, b) => (a.nodeName === "g") - (b.nodeName === "g"));
  svg.append(...parts);
  return { svg, width };
}
