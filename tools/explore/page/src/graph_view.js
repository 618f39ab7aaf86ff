// The control-flow graph after the last pass: a box for each block, laid out by dagre.
import dagre from "@dagrejs/dagre";
import { el } from "./dom.js";

const width = 7.3, height = 16, pad = 10, most = 46, mostBlocks = 300;

export function graphView(answer) {
  const blocks = new Map();
  let block;
  for (const l of answer.passes.at(-1).lines) {
    if (l.block) blocks.set(l.block, (block = [l]));
    else block.push(l);
  }
  if (blocks.size > mostBlocks) return el("div", { class: "note" }, `${blocks.size} blocks are too many to draw.`);
  const g = new dagre.graphlib.Graph({ multigraph: true });
  g.setGraph({ nodesep: 34, ranksep: 42, marginx: 60, marginy: 20 });
  g.setDefaultEdgeLabel(() => ({}));
  for (const [id, lines] of blocks) {
    const columns = Math.min(most, Math.max(...lines.map((l) => l.text.length)));
    g.setNode(String(id), { lines, width: columns * width + 2 * pad, height: lines.length * height + 2 * pad });
  }
  for (const [from, to, n] of answer.graph.edges)
    if (from !== to) g.setEdge(String(from), String(to), { back: to <= from }, String(n));
  dagre.layout(g);
  const { width: w, height: h } = g.graph();
  const label = `Control flow of ${blocks.size} blocks`;
  const svg = el("svg", { width: w, height: h, viewBox: `0 0 ${w} ${h}`, role: "img", "aria-label": label },
    el("defs", {}, el("marker",
      { id: "head", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto" },
      el("path", { class: "head", d: "M0 0 8 4 0 8z" }))));
  const way = (d, back) => svg.append(el("path", { class: back ? "way back" : "way", d, "marker-end": "url(#head)" }));
  for (const e of g.edges()) {
    const { points, back } = g.edge(e);
    way(`M${points.map((p) => `${p.x} ${p.y}`).join("L")}`, back);
  }
  // A block's way to itself, along its right side.
  for (const [from, to] of answer.graph.edges) {
    if (from !== to) continue;
    const { x, y, width: wide, height: high } = g.node(String(from));
    const [side, low, top] = [x + wide / 2, y + high / 4, y - high / 4];
    way(`M${side} ${low}C${side + 45} ${low} ${side + 45} ${top} ${side} ${top}`, true);
  }
  for (const id of g.nodes()) {
    const n = g.node(id);
    const x = n.x - n.width / 2, y = n.y - n.height / 2;
    svg.append(el("rect", { class: "box", x, y, width: n.width, height: n.height, rx: 5 }));
    n.lines.forEach((l, k) => {
      const short = l.text.length > most ? `${l.text.slice(0, most - 1)}…` : l.text;
      const at = y + pad + k * height;
      svg.append(el("g", { "data-inst": l.inst, "data-line": l.line },
        el("rect", { class: "back-of", x: x + 1, y: at, width: n.width - 2, height }),
        el("text", { x: x + pad, y: at + 12, "font-size": 12, "font-weight": l.block ? 650 : 400 }, short),
        el("title", {}, l.text)));
    });
  }
  return svg;
}
