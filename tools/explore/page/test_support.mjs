// What the tests of the page stand on: a server of their own, a headless Chromium, questions past the page, counts.
//
// Nothing is expected within a time: what comes may come late, and programs may take as long as it takes to cancel
// them. `patience` ends only what would wait for ever, because it is broken.
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [jitkit, pictures, names] = process.argv.slice(2);
const patience = 240000;
let passed = 0, failed = 0, skipped = 0;

export const test = async (name, body) => {
  if (names && name !== "first paint" && !new RegExp(names).test(name)) return;
  const started = Date.now();
  try {
    await body();
    ++passed;
    if (Date.now() - started > 15000) console.log(`NOTE ${name} took ${Math.round((Date.now() - started) / 1000)} s`);
  } catch (e) {
    ++failed;
    console.log(`FAIL ${name}: ${String(e.stack).split("\n").slice(0, 6).join(" | ")}`);
  }
};
export const skip = (name, why) => {
  if (names && !new RegExp(names).test(name)) return;
  ++skipped;
  console.log(`SKIP ${name}: ${why}`);
};
export const expect = (good, what) => { if (!good) throw new Error(what); };
export const tell = (what, milliseconds, most) =>
  console.log(`NOTE ${what}: ${Math.round(milliseconds)} ms (promised of a machine at rest: at most ${most})`);

// Until `good` is true, asked again and again: of this machine, and within the page.
export const until = async (good) => {
  for (const end = Date.now() + patience; !good(); await new Promise((r) => setTimeout(r, 20)))
    expect(Date.now() < end, `it never came: ${good}`);
};
export const untilIn = (good, argument, p = page) => p.waitForFunction(good, argument);

// ---- servers ----

// With a scratch directory that is its alone: what it leaves, files or processes, can be told by it. Its programs are
// ended after `seconds`: by default later than any test ends.
export const serve = async (seconds = 3600) => {
  const scratch = mkdtempSync(join(tmpdir(), "jitkit-page-server-"));
  chmodSync(scratch, 0o755);  // the confined programs' user goes through it
  const env = { ...process.env, TMPDIR: scratch };
  const server = spawn(jitkit, ["explore", `--seconds=${seconds}`], { stdio: ["ignore", "pipe", "pipe"], env });
  const s = { server, scratch, out: "", said: "", ended: () => server.exitCode !== null || server.signalCode !== null };
  server.stdout.on("data", (d) => (s.out += d));
  server.stderr.on("data", (d) => (s.said += d));
  await until(() => s.ended() || (s.out.includes("\n") && s.said.includes("\n")));
  expect(!s.ended(), `the server ended: ${s.said}`);
  s.address = s.out.trim();
  return s;
};
export const stop = async (s, signal = "SIGTERM") => {
  s.server.kill(signal);
  await until(s.ended);
  const left = readdirSync(s.scratch);
  rmSync(s.scratch, { recursive: true, force: true });
  return left;
};
export const directory = (s) => join(s.scratch, readdirSync(s.scratch)[0]);
// The command lines of a server's confined programs: they name its scratch directory; a forked one keeps its own.
export const programs = (s) => readdirSync("/proc").flatMap((p) => {
  try {
    const line = /^\d+$/.test(p) ? readFileSync(`/proc/${p}/cmdline`, "latin1") : "";
    return line.includes(s.scratch) ? [line] : [];
  } catch { return []; }  // it is gone
});
// Stops the processes that wait for a question, as one that takes for ever: the next two are answered by none.
export const stopAnswering = async (s) => {
  const waiting = () => readdirSync("/proc").filter((p) => {
    try {
      return /^\d+$/.test(p) && readFileSync(`/proc/${p}/cmdline`, "latin1").includes("\0--answer\0") &&
        readFileSync(`/proc/${p}/stat`, "latin1").split(") ")[1].split(" ")[1] === String(s.server.pid);
    } catch { return false; }  // it is gone
  });
  await until(() => waiting().length === 2);
  for (const p of waiting()) process.kill(Number(p), "SIGSTOP");
};
// Which of its programs of IR run, by their directories: in bubblewrap's command line, or where they work. What else is
// confined, such as llvm-mca for what the page shows, is none.
export const running = (s) => new Set(readdirSync("/proc").flatMap((p) => {
  try {
    const line = /^\d+$/.test(p) ? readFileSync(`/proc/${p}/cmdline`, "latin1") : "";
    if (!line.includes(s.scratch) || !line.includes("\0program.jk\0")) return [];
    return (line.match(/\/run-\d+/) ?? readlinkSync(`/proc/${p}/cwd`).match(/\/run-\d+/) ?? []).slice(0, 1);
  } catch { return []; }  // it is gone, or another user's
}));
// Each question has a connection of its own: none is closed by the server just when it is used again.
export const ask = (path, body, { headers = {}, of = main } = {}) => new Promise((resolve, reject) => {
  const method = body === undefined ? "GET" : "POST";
  const r = http.request(new URL(path, of.address), { method, headers, agent: false }, (got) => {
    let text = "";
    got.on("data", (d) => (text += d));
    got.on("error", () => {});  // the server may close before it has read everything
    got.on("close", () => resolve({ status: got.statusCode, text }));
  });
  r.on("error", reject);
  r.end(body);
});
export const asked = async (path, question, of = main) => {
  const { status, text } = await ask(`api/${path}`, JSON.stringify(question), { of });
  expect(status === 200 && text, `${path} answered with status ${status}, '${text}'`);
  return JSON.parse(text);
};

export const main = await serve();
export const confined = main.said.includes("limits: bubblewrap");

// ---- the browser ----

const profile = mkdtempSync(join(tmpdir(), "jitkit-page-"));
export const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  viewport: { width: 1360, height: 860 },
  timeout: patience,
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
context.setDefaultTimeout(patience);
export const outside = [], complaints = [];
export const watch = (p) => {
  p.on("request", (r) => {
    if (!r.url().startsWith(main.address) && !r.url().startsWith("data:")) outside.push(r.url());
  });
  p.on("pageerror", (e) => complaints.push(e.message));
  p.on("console", (m) => {
    if (m.type() === "error") complaints.push(`${m.text()} (${m.location().url})`);
  });
  return p;
};
// Waits for a complaint that a test causes, and takes that one away.
export const complaint = async (words, path) => {
  const is = (c) => c.includes(words) && c.endsWith(`/${path})`);
  await until(() => complaints.some(is));
  complaints.splice(complaints.findIndex(is), 1);
};
export const page = watch(context.pages()[0] ?? (await context.newPage()));

export const shoot = async (p, name) => {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  await p.screenshot({ path: join(pictures, `${name}.png`) });
};
// Waits until the element shows this text.
export const seen = (selector, text, p = page) =>
  untilIn(([s, t]) => document.querySelector(s)?.innerText.includes(t), [selector, text], p);
// Waits until what the page asked last has been answered and drawn.
export const settled = (p = page) =>
  untilIn(() => document.body.dataset.wanted && document.body.dataset.drawn === document.body.dataset.wanted, null, p);
// Puts a text in place of what an editor holds; the page has taken it then.
export const paste = async (text, key = "text", p = page) => {
  await p.locator(key === "text" ? "#editor .cm-content" : `#${key}-editor .cm-content`).click();
  await p.keyboard.press("Control+a");
  if (text) await p.keyboard.insertText(text);
  else await p.keyboard.press("Delete");
  await untilIn(([k, t]) => sessionStorage.getItem(k) === t, [key, text], p);
};
export const put = async (text, p = page) => {
  await paste(text, "text", p);
  await settled(p);
};
export const example = async (name, p = page) => {
  const [here, at] = await p.locator("#example").evaluate((e) => [e.value, e.selectedIndex]);
  if (here === name) await p.selectOption("#example", { index: at === 1 ? 2 : 1 });
  await p.selectOption("#example", name);
  await settled(p);
};
export const runOn = async (target, p = page) => {
  await p.selectOption("#target", target);
  await p.click("#go");
  await p.waitForSelector("#go:not([disabled])");
  return p.locator("#result").innerText();
};
export const view = async (name) => {
  await page.click(`#tab-${name}`);
  await page.waitForSelector(`#view[data-shown=${name}]`);
  await settled();
};
// On another page than Code's, to which it goes back in any case.
export const onPage = async (name, body) => {
  await page.click(`#page-${name}`);
  try {
    await body();
  } finally {
    await page.click("#page-code");
  }
};

export const finish = async () => {
  await context.close();
  await stop(main);
  rmSync(profile, { recursive: true, force: true });
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exit(failed ? 1 : 0);
};
