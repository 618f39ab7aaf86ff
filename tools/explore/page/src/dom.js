// Elements without a framework.
const svgNames = new Set(["svg", "g", "rect", "text", "path", "line", "title", "defs", "marker"]);
export function el(name, attributes = {}, ...children) {
  const e = svgNames.has(name) ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) e.addEventListener(key.slice(2), value);
    else e.setAttribute(key, value === true ? "" : value);
  }
  e.append(...children);
  return e;
}
export const $ = (id) => document.getElementById(id);

export async function post(path, question, signal) {
  const answer = await fetch(`api/${path}`, { method: "POST", body: JSON.stringify(question), signal });
  if (answer.status === 413) throw new Error("the program is too long to be sent");
  if (!answer.ok) throw new Error(`the server said ${answer.status}`);
  return answer.json();
}
