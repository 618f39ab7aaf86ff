// Elements without a framework, questions to the server, tabs.
const svgNames = new Set(["svg", "g", "rect", "text", "path", "line", "title", "defs", "marker"]);
export function el(name, attributes = {}, ...children) {
  const e = svgNames.has(name) ? document.createElementNS("http://www.w3.org/2000/svg", name)
    : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null) continue;
    if (key.startsWith("aria-")) e.setAttribute(key, value);  // false is a word there
    else if (value === false) continue;
    else if (key.startsWith("on")) e.addEventListener(key.slice(2), value);
    else e.setAttribute(key, value === true ? "" : value);
  }
  e.append(...children);
  return e;
}
export const $ = (id) => document.getElementById(id);
export const saved = (key, fallback) => sessionStorage.getItem(key) ?? fallback;
export const keep = (key, value) => sessionStorage.setItem(key, value.length < 1e6 ? value : "");

// The answer as it was sent.
export async function postForText(path, question, signal) {
  const answer = await fetch(`api/${path}`, { method: "POST", body: JSON.stringify(question), signal });
  if (answer.status === 413) throw new Error("the program is too long to be sent");
  if (!answer.ok) throw new Error(`the server said ${answer.status}`);
  return answer.text();
}
export const post = async (path, question, signal) => JSON.parse(await postForText(path, question, signal));
export const reason = (e) => (e.message.includes("fetch") ? "the server is gone" : e.message);

// A list of errors, each a button that leads to its place; hidden if there are none.
export function showErrors(list, errors, open, words) {
  list.hidden = errors.length === 0;
  list.replaceChildren(...errors.slice(0, 50).map((e) =>
    el("li", {}, el("button", { type: "button", onclick: () => open(e) }, words(e)))));
}

// A list of texts by name to choose from. The function returned, called with each new text, makes the list say whose it
// is; a text of the user's own is nobody's, and so any of the list can be chosen anew.
export function choices(list, all, choose) {
  list.replaceChildren(el("option", { hidden: true }, "typed here"), ...all.map((c) => el("option", {}, c.name)));
  list.addEventListener("change", () => choose(all[list.selectedIndex - 1]));
  return (text) => {
    const at = 1 + all.findIndex((c) => c.text === text);
    if (list.selectedIndex !== at) list.selectedIndex = at;
  };
}

// Buttons of a tab list: one is chosen, arrows go along them.
export function tabs(list, choose) {
  const select = (tab) => {
    for (const t of list) {
      t.setAttribute("aria-selected", t === tab);
      t.tabIndex = t === tab ? 0 : -1;
    }
    choose(tab);
  };
  for (const [n, tab] of list.entries()) {
    tab.addEventListener("click", () => select(tab));
    tab.addEventListener("keydown", (e) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
      if (!step) return;
      const to = list[(n + step + list.length) % list.length];
      select(to);
      to.focus();
    });
  }
  return select;
}
