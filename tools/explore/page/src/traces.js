// The IR that jitkit's backend wrote (JITKIT_LUAJIT_IR), as lines by the trace's number.
export function parseIr(text) {
  const traces = new Map();
  let lines = [];
  for (const line of text.split("\n")) {
    const head = /^; trace (\d+)$/.exec(line);
    if (head) traces.set(head[1], (lines = []));
    else if (line) lines.push(line);
  }
  return traces;
}

// What LuaJIT's -jdump=tim wrote, as traces: {number, start, stop, ir: lines, code: lines, bytes}. A trace that was
// given up has no code.
export function parseDump(text) {
  const traces = new Map();
  let current = null, part = null;
  for (const line of text.split("\n")) {
    const head = /^---- TRACE (\d+) (start|IR|mcode|stop|abort)\s*(.*)$/.exec(line);
    if (!head) {
      if (part && line) part.push(line);
      continue;
    }
    const [, number, what, rest] = head;
    part = null;
    if (what === "start") {
      traces.set(number, (current = { number, start: rest, stop: "", ir: [], code: null, bytes: 0 }));
    } else current = traces.get(number);
    if (!current) continue;
    if (what === "IR") part = current.ir = [];
    else if (what === "mcode") {
      current.bytes = Number(rest);
      part = current.code = [];
    } else if (what === "stop") current.stop = rest.replace(/^-> /, "");
    else if (what === "abort") traces.delete(number);
  }
  return [...traces.values()];
}
