// The page in a real headless Chromium: typing, errors, lighting up, running, cancelling, hostile programs,
// several tabs, reload, keyboard, narrow and dark; and the two times that are promised.
//
//   node test.mjs JITKIT [SCREENSHOTS [NAMES]]      the directory gets pictures of the page; NAMES: a regular
//                                                   expression, only tests that it fits
//
// A time beyond its bar is noted: machines differ, and others work on them. Beyond four times the bar it is a failure.
// Prints `FAIL name: why` for each failed test and at the end `N passed, N failed, 0 skipped`.
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [jitkit, pictures, names] = process.argv.slice(2);
const limits = { firstPaint: 1000, redraw: 150 };
let passed = 0, failed = 0;
const test = async (name, body) => {
  if (names && name !== "first paint" && !new RegExp(names).test(name)) return;
  const started = Date.now();
  try {
    await body();
    ++passed;
    if (Date.now() - started > 15000) console.log(`NOTE ${name} took ${Math.round((Date.now() - started) / 1000)} s`);
  } catch (e) {
    ++failed;
    console.log(`FAIL ${name}: ${String(e.message).split("\n").slice(0, 4).join(" | ")}`);
  }
};
const expect = (good, what) => { if (!good) throw new Error(what); };

const judge = (milliseconds, most) => {
  if (milliseconds > most) console.log(`NOTE ${milliseconds} ms is beyond the bar of ${most}`);
  expect(milliseconds <= 4 * most, `it took ${milliseconds} ms, the bar is ${most}`);
};

// A server with a scratch directory that is its alone: what it leaves, files or processes, can be told by it.
const serve = async () => {
  const scratch = mkdtempSync(join(tmpdir(), "jitkit-page-server-"));
  chmodSync(scratch, 0o755);  // the confined programs' user goes through it
  const server = spawn(jitkit, ["explore"], { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, TMPDIR: scratch } });
  const s = { server, scratch, said: "", ended: new Promise((resolve) => server.on("exit", resolve)) };
  server.stderr.on("data", (d) => (s.said += d));
  s.address = await new Promise((resolve, reject) => {
    let out = "";
    server.stdout.on("data", (d) => { out += d; if (out.includes("\n")) resolve(out.trim()); });
    server.on("exit", (code) => reject(new Error(`the server ended with ${code}: ${s.said}`)));
    setTimeout(() => reject(new Error(`no address after 20 s: ${s.said}`)), 20000).unref();
  });
  return s;
};
const main = await serve();
const { server, address } = main;

// The confined programs of a server: their command lies in its scratch directory; a forked one keeps its name.
const programs = (s) => readdirSync("/proc").filter((p) => {
  try {
    return /^\d+$/.test(p) && readFileSync(`/proc/${p}/cmdline`, "latin1").includes(s.scratch);
  } catch { return false; }  // it is gone
});
const until = async (what, good, seconds = 10) => {
  for (const end = Date.now() + 1000 * seconds; !good(); await new Promise((r) => setTimeout(r, 20))) expect(Date.now() < end, what);
};

const profile = mkdtempSync(join(tmpdir(), "jitkit-page-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  viewport: { width: 1360, height: 860 },
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"],
});
const outside = [], complaints = [];
const watch = (page) => {
  page.setDefaultTimeout(15000);
  page.on("request", (r) => { if (!r.url().startsWith(address) && !r.url().startsWith("data:")) outside.push(r.url()); });
  page.on("pageerror", (e) => complaints.push(e.message));
  page.on("console", (m) => { if (m.type() === "error") complaints.push(m.text()); });
  return page;
};
const shoot = async (page, name) => {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
};

const ask = (path, body, headers = {}, of = address) => new Promise((resolve, reject) => {
  const url = new URL(path, of);
  const r = http.request(url, { method: body === undefined ? "GET" : "POST", headers }, (got) => {
    let text = "";
    got.on("data", (d) => (text += d));
    got.on("error", () => {});  // the server may close before it has read everything
    got.on("close", () => resolve({ status: got.statusCode, text }));
  });
  r.on("error", (e) => (["ECONNRESET", "EPIPE"].includes(e.code) ? resolve({ status: 413, text: "" }) : reject(e)));
  r.end(body);
});
const page = watch(context.pages()[0] ?? (await context.newPage()));
const answers = (p = page) => p.evaluate(() => Number(document.body.dataset.answers ?? 0));
// Puts a text in place of what is there, as a paste does, and waits for what it becomes.
const put = async (text, p = page) => {
  const before = await answers(p);
  await p.locator("#editor .cm-content").click();
  await p.keyboard.press("Control+a");
  if (text) await p.keyboard.insertText(text);
  else await p.keyboard.press("Delete");
  await p.waitForFunction((n) => Number(document.body.dataset.answers) > n, before);
};
const example = async (name, p = page) => {
  const before = await answers(p);
  const same = (await p.locator("#example").inputValue()) === name;
  if (same) await p.selectOption("#example", { index: 1 });
  await p.selectOption("#example", name);
  await p.waitForFunction((n) => Number(document.body.dataset.answers) > n, before);
  await p.waitForTimeout(100);
};
const runOn = async (target, p = page) => {
  await p.selectOption("#target", target);
  await p.click("#go");
  await p.waitForSelector("#go:not([disabled])", { timeout: 30000 });
  return p.locator("#result").innerText();
};
const view = async (name) => {
  await page.click(`#tab-${name}`);
  await page.waitForSelector(`#view[data-shown=${name}]`);
};
const fold = (n) => {
  let h = 2166136261;
  for (let i = 0; i < n; ++i) h = Math.imul(h ^ (i & 255), 16777619) >>> 0;
  return h;
};

await test("first paint", async () => {
  await page.goto(address);
  await page.waitForSelector(".row.code");
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  console.log(`NOTE first paint ${Math.round(paint)} ms (at most ${limits.firstPaint})`);
  await shoot(page, "code");
  expect(paint > 0, "nothing was painted");
  judge(paint, limits.firstPaint);
});

await test("code of both targets", async () => {
  for (const [target, word] of [["arm64", "madd"], ["x86_64", "imul"]])
    expect((await page.locator(`[data-target=${target}] .code`).allInnerTexts()).some((t) => t.includes(word)), `no ${word} for ${target}`);
});

await test("typing", async () => {
  await put("func @f(i64) -> i64 {\nb1(x: i64):\n  y = mul.i64 x, 3\n  ret y\n}\n");
  const before = await answers();
  await page.keyboard.type("; typed");
  await page.waitForFunction((n) => Number(document.body.dataset.answers) > n, before);
  expect((await page.locator("#editor .cm-content").innerText()).includes("; typed"), "the text is not there");
  expect(await page.locator("#function").inputValue() === "f", "the function is not chosen");
});

await test("errors in place", async () => {
  await put("func @f(i64) -> i64 {\nb1(x: i64):\n  y = mull.i64 x, 3\n  ret y\n}\n");
  await page.waitForSelector("#editor .cm-lintRange-error");
  const text = await page.locator("#errors").innerText();
  expect(/^3:\d+: /.test(text), `the error is ${text}`);
  await page.locator("#errors button").first().click();
  expect((await page.locator("#editor .cm-activeLine").innerText()).includes("mull"), "the error's line is not active");
  await shoot(page, "errors");
  await put("func @f(i64) -> i64 {\nb1(x: i64):\n  y = mul.i64 x, 3\n  ret y\n}\n");
  expect(await page.locator("#errors").isHidden(), "errors stay");
});

await test("errors of the verifier", async () => {
  await put("func @f(i64) -> i32 {\nb1(x: i64):\n  ret x\n}\n");
  expect(/^3:\d+: /.test(await page.locator("#errors").innerText()), "no error at line 3");
});

await test("errors of compilation", async () => {
  await put("func @f(v512) -> v512 {\nb1(x: v512):\n  ret x\n}\n");
  await page.waitForSelector("#editor .cm-lintRange-error");
  expect(/AArch64: /.test(await page.locator("#errors").innerText()), "the error does not name the target");
});

await test("an empty program", async () => {
  await example("Sum of squares");
  await put("");
  expect((await page.locator("#view").innerText()).includes("no function"), "the old code stays");
  expect(await page.locator("#errors").isHidden(), "it is an error");
});

await test("lighting up", async () => {
  await example("Sum of squares");
  const lit = () => page.locator("#view .code.lit").count();
  await page.locator("[data-target=arm64] .code", { hasText: "add" }).first().hover();
  expect((await lit()) >= 2, "the other target's instruction is not lit");
  expect((await page.locator("#editor .cm-line.lit").innerText()).includes("next_total"), "the source line is not lit");
  await shoot(page, "lit");
  await view("passes");
  await view("code");
  await page.locator("[data-target=arm64] .code", { hasText: "add" }).first().hover();
  await page.waitForFunction(() => document.querySelectorAll("#view .code.lit").length >= 2);
  await page.locator("#editor .cm-line", { hasText: "square = mul" }).hover();
  await page.waitForFunction(() => document.querySelector("#editor .cm-line.lit")?.innerText.includes("square = mul"));
  expect((await lit()) >= 2, "the editor's line does not light up the code of both targets");
});

await test("bit fields", async () => {
  await page.locator("[data-target=arm64] .code").first().click();
  await page.waitForSelector("#fields table");
  const bits = (await page.locator("#fields .bits").allInnerTexts()).join("");
  expect(bits.length === 32, `${bits.length} bits`);
  await page.locator("[data-target=x86_64] .code", { hasText: "imul" }).first().focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("#fields")?.innerText.includes("imul"));
  expect((await page.locator("#fields").innerText()).includes("mod"), "no ModRM");
  await shoot(page, "fields");
  await page.keyboard.press("Escape");
  expect(await page.locator("#fields").isHidden(), "Escape does not close");
});

await test("passes", async () => {
  await example("Slot to value, division by a constant");
  await view("passes");
  await page.locator(".pass button", { hasText: "mem2reg" }).click();
  expect((await page.locator(".row.gone").count()) > 0, "nothing went");
  await page.locator(".pass button", { hasText: "divide" }).click();
  expect((await page.locator(".row.added").allInnerTexts()).some((t) => t.includes("umulh")), "no high multiply appeared");
  await shoot(page, "passes");
});

await test("graph", async () => {
  await view("graph");
  expect((await page.locator("#view svg .box").count()) >= 3, "too few blocks");
  expect((await page.locator("#view svg .way").count()) === 3, "not three edges");
  await shoot(page, "graph");
});

await test("registers", async () => {
  await example("More values than registers");
  await view("registers");
  expect((await page.locator("#view svg").count()) === 2, "not two pictures");
  expect((await page.locator("#view .slot-row").count()) > 0, "no spill is seen");
  expect((await page.locator("#view .held").count()) > 80, "too few stretches");
  await shoot(page, "registers");
});

await test("cycles", async () => {
  await example("Sum of squares");
  await view("code");
  for (const target of ["arm64", "x86_64"]) {
    await page.waitForSelector(`[data-target=${target}] .rows:not(.stale) .row.block[data-cycles^="≈"]`);
    const costs = await page.locator(`[data-target=${target}] .code .cost`).allInnerTexts();
    expect(costs.length > 5 && costs.every((c) => /^\d+ · [\d.]+$/.test(c)), `${target}: ${costs.join()}`);
  }
  await page.locator("[data-target=arm64] .code", { hasText: "madd" }).click();
  await page.waitForSelector("#fields .cost");
  expect((await page.locator("#fields .cost").innerText()).includes("neoverse-n1, by llvm-mca: latency 4"), "the opened instruction has no latency");
  await page.selectOption("[data-target=arm64] .cpu select", "cortex-a55");
  await page.waitForFunction(() => document.querySelector("[data-target=arm64] .code .cost")?.title.includes("cortex-a55"));
  await page.keyboard.press("Escape");
});

await test("C", async () => {
  await example("C: fold of a text");
  await page.waitForFunction(() => document.querySelector("[data-target=arm64] h2")?.innerText.includes("instructions"));
  for (const [target, word] of [["arm64", "mul"], ["x86_64", "imul"]])
    await page.waitForFunction(([t, w]) => document.querySelector(`[data-target=${t}]`)?.innerText.includes(w), [target, word]);
  await page.locator("#editor .cm-line", { hasText: "* 16777619u" }).hover();
  await page.waitForFunction(() => ["arm64", "x86_64"].every((t) => document.querySelector(`[data-target=${t}] .code.lit`)));
  await view("passes");
  await page.waitForSelector(".pass");
  await page.selectOption("#ir-of", "arm64");
  await page.waitForFunction(() => document.querySelector("#view")?.innerText.includes("16777619") || document.querySelector("#view")?.innerText.includes("0x1000193"));
  for (const target of ["interp", "x86_64", "arm64"]) {
    const text = await runOn(target);
    expect(text.startsWith(`${fold(1000)}\n`), `${target}: ${text}`);
  }
  await view("code");
  await put("int f(int x) {\n  return x + y;\n}\n");
  await page.waitForFunction(() => document.querySelector("#errors")?.innerText.includes("2:14: use of undeclared identifier 'y'"));
  await put("long double f(long double x) { return x; }\n");
  await page.waitForFunction(() => document.querySelector("#errors")?.innerText.includes("x86_fp80"));
  await put("");
  await page.waitForFunction(() => document.querySelector("#view")?.innerText.includes("no function"));
  await shoot(page, "c");
});
await test("hostile C: progress and cancel", async () => {
  await example("C: fold of a text");
  const bomb = "#define x0 0\n" + Array.from({ length: 40 }, (_, n) => `#define x${n + 1} x${n} x${n}\n`).join("") + "int a[] = { x40 };\n";
  await page.locator("#editor .cm-content").click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(bomb);
  await page.waitForFunction(() => /^compiling, .* Escape cancels/.test(document.querySelector("#state").innerText));
  await until("clang does not run", () => programs(main).length > 0);
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.querySelector("#state").innerText === "cancelled");
  await until("clang goes on", () => programs(main).length === 0);
  await put('#include "program.c"\n');
  await page.waitForFunction(() => document.querySelector("#errors")?.innerText.includes("nested too deeply"));
  await put("int f(void) { return 7; }\n");
  await page.waitForFunction(() => document.querySelector("[data-target=arm64]")?.innerText.includes("#0x7"));
});

// On another page than Code's, to which it goes back in any case.
const onPage = async (name, body) => {
  await page.click(`#page-${name}`);
  try {
    await body();
  } finally {
    await page.click("#page-code");
  }
};
await test("policy", () => onPage("policy", async () => {
  await page.waitForSelector("#policy-view tbody tr");
  const leaves = await page.locator("#policy-view tbody tr").count();
  expect(leaves > 60, `${leaves} leaves`);
  expect((await page.locator("#policy-view svg .split").count()) > 40, "too few tests of bits");
  const cells = await page.locator("#policy-view tbody tr", { hasText: "HVC PSCI_VERSION" }).locator("td").allInnerTexts();
  expect(Number(cells[1]) > 12 && Number(cells[1]) <= Number(cells[2]) && Number(cells[2]) < 40, `counts ${cells}`);
  await page.locator("#policy-view tbody tr", { hasText: "HVC PSCI_VERSION" }).click();
  expect((await page.locator("#policy-code").innerText()).includes("eret"), "the leaf's code has no eret");
  await shoot(page, "policy");
  const typed = async (text, at = "#policy-editor") => {
    const before = await page.evaluate(() => Number(document.body.dataset.policies));
    await page.locator(`${at} .cm-content`).click();
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText(text);
    await page.waitForFunction((n) => Number(document.body.dataset.policies) > n, before);
  };
  await typed("wfi: skip\ncalls:\n  - {name: A, id: 1, value: 2}\n  - {name: B, id: 1, value: 3}\n");
  expect((await page.locator("#policy-errors").innerText()).startsWith("4: B: hvc 0x1 is A's already"), "the second use of a key is no error");
  await page.locator("#policy-errors button").click();
  expect((await page.locator("#policy-editor .cm-activeLine").innerText()).includes("B"), "the error's line is not active");
  await typed("calls:\n  - {name: A, id: 1, valu: 2}\n");
  expect(/^2: .*valu/.test(await page.locator("#policy-errors").innerText()), "an unknown key is no error");
  await typed("calls: [");
  expect(await page.locator("#policy-errors").isVisible(), "no YAML, no error");
  await typed("[".repeat(100000));
  expect(await page.locator("#policy-errors").isVisible(), "deep YAML, no error");
  await typed("a: &a [x,x,x,x,x,x,x,x,x]\n" + "bcdefghi".split("").map((c, n) => `${c}: &${c} [${Array(9).fill(`*${"abcdefgh"[n]}`)}]\n`).join(""));
  expect(await page.locator("#policy-errors").isVisible(), "YAML that doubles, no error");
  await typed("bodies: b\ncalls:\n  - {name: A, id: 1, value: 2}\n  - {name: C, id: 9, body: mix}\n");
  expect(await page.locator("#policy-errors").isHidden(), await page.locator("#policy-errors").innerText());
  expect((await page.locator("#policy-view tbody tr").count()) === 3, "not a leaf for each entry and WFI");
  await typed("func @mix(", "#bodies-editor");
  expect((await page.locator("#policy-errors").innerText()).startsWith("bodies 1: "), "the body's error has no place");
  await page.click("#policy-reset");
  await page.waitForFunction((n) => document.querySelectorAll("#policy-view tbody tr").length === n, leaves);
}));

await test("Lua", () => onPage("lua", async () => {
  await page.waitForSelector("#lua-program option", { state: "attached" });
  const lacks = Object.entries(JSON.parse((await ask("api/here")).text).lua).filter(([, why]) => why);
  for (const [engine, why] of lacks) console.log(`NOTE the tab Lua has no ${engine} here: ${why}`);
  const typed = async (text) => {
    await page.locator("#lua-editor .cm-content").click();
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText(text);
  };
  const done = async (n) => page.waitForFunction((k) => Number(document.body.dataset.luaRuns) >= k, n, { timeout: 90000 });
  await typed("local sum = 0\nfor i = 1, 2000 do sum = sum + i * i end\nprint(sum)\n");
  await page.keyboard.press("Control+Enter");
  await done(1);
  const run = page.locator(".lua-run").first();
  expect((await run.locator(".bar-row").count()) === 8, "not a bar for each engine");
  expect(lacks.length === 8 || (await run.locator(".output").innerText()).startsWith("2668667000"), `the output is ${await run.locator(".output").innerText()}`);
  for (const [engine, why] of Object.entries(JSON.parse((await ask("api/here")).text).lua)) {
    const value = await run.locator(`[data-engine=${engine}] .value`).innerText();
    expect(why ? value === why : (engine.endsWith("arm64") ? /^[\d.]+ [kMG]$/ : /^[\d.]+ (µs|m?s)$/).test(value), `${engine}: ${value}`);
  }
  expect((await run.locator(".note.bad").count()) === 0, "the engines differ");
  await shoot(page, "lua");
  await page.uncheck("#lua-arm64");
  await typed("error('no luck')\n");
  await page.click("#lua-go");
  await done(2);
  expect((await page.locator(".lua-run").count()) === 2, "runs do not stack up");
  expect(lacks.length === 8 || (await page.locator(".lua-run").first().innerText()).includes("no luck"), "the error is not told");
  const puc = !lacks.some(([e]) => e === "puc-x86_64");
  if (puc) {
    await typed("while true do end\n");
    await page.click("#lua-go");
    await until("it does not run", () => programs(main).length > 0);
    await page.keyboard.press("Escape");
    await done(3);
    expect((await page.locator("#lua-state").innerText()) === "cancelled", "it is not cancelled");
    await until("the program goes on", () => programs(main).length === 0);
    await typed("local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1e6) .. i end\n");
    await page.click("#lua-go");
    await done(4);
    expect(/not enough memory|signal/.test(await page.locator(".lua-run").first().innerText()), "memory has no end");
    await typed("print(os.execute('touch /var/tmp/jitkit-page-lua') ~= 0, io.open('/var/tmp/jitkit-page-lua') == nil)\n");
    await page.click("#lua-go");
    await done(5);
    rmSync("/var/tmp/jitkit-page-lua", { force: true });
    if (/limits: bubblewrap/.test(main.said)) expect((await page.locator(".lua-run .output").first().innerText()).includes("true\ttrue"), "it wrote a file outside");
  }
  if (!lacks.some(([e]) => e === "jitkit-x86_64")) {
    await page.selectOption("#lua-program", { label: "Mandelbrot set" });
    await page.click("#lua-show-traces");
    await page.locator("#lua-traces button").first().click();
    const parts = await page.locator("#lua-trace pre").allInnerTexts();
    expect(parts.length === 3 && /LOOP/.test(parts[0]) && /->\d/.test(parts[1]) && /->\d/.test(parts[2]), `the trace is ${parts.join().slice(0, 200)}`);
    await shoot(page, "lua-trace");
  }
}));

await test("run", async () => {
  await example("Sum of squares");
  for (const target of ["interp", "x86_64", "arm64"]) {
    const text = await runOn(target);
    expect(text.startsWith("385\n"), `${target}: ${text}`);
  }
  await page.fill("#arguments", "what");
  expect((await runOn("interp")).includes("what"), "a wrong argument is not named");
});

await test("cancel", async () => {
  await example("Endless loop");
  await page.selectOption("#target", "x86_64");
  await page.locator("#editor .cm-content").click();
  await page.keyboard.press("Control+Enter");
  await page.waitForSelector("#cancel:not([disabled])");
  await page.waitForTimeout(300);
  const started = Date.now();
  await page.keyboard.press("Escape");
  await page.waitForSelector("#go:not([disabled])");
  expect(Date.now() - started < 2000, "it took too long");
  expect((await page.locator("#result").innerText()).includes("cancelled"), "it does not say so");
});

await test("two tabs", async () => {
  const other = watch(await context.newPage());
  await other.goto(address);
  await other.waitForSelector(".row.code");
  const first = page.click("#go");
  await page.waitForSelector("#cancel:not([disabled])");
  await other.fill("#arguments", "4");
  expect((await runOn("x86_64", other)).startsWith("30\n"), "the other tab did not get its answer");
  expect(await page.locator("#cancel").isEnabled(), "the first tab's program is gone");
  await page.click("#cancel");
  await page.waitForSelector("#go:not([disabled])");
  await first;
  await other.close();
});

const hostile = async (text, words, target = "x86_64") => {
  await put(text);
  const function_ = await page.locator("#function").inputValue();
  await page.fill("#arguments", "");
  const said = await runOn(target);
  expect(words.some((w) => said.includes(w)), `${function_} said ${said.slice(0, 200)}`);
};
await test("an endless loop", async () => {
  await hostile("func @forever() -> i64 {\nb1:\n  br b2(0)\nb2(i: i64):\n  n = add.i64 i, 1\n  br b2(n)\n}\n", ["ended after", "signal"]);
});
await test("a wild store", async () => {
  await hostile("func @wild() {\nb1:\n  x = add.i64 12345, 0\n  p = bitcast.ptr x\n  store.i64 p, 1\n  ret\n}\n", ["memory fault", "signal"]);
});
await test("a fork bomb", async () => {
  await hostile("declare @fork() -> i32\nfunc @bomb() {\nb1:\n  br b2\nb2:\n  p = call @fork()\n  br b2\n}\n", ["ended after", "signal"]);
  expect(programs(main).length === 0, `${programs(main).length} processes are left`);
});
await test("a command that is not there", async () => {
  const command = join(main.scratch, readdirSync(main.scratch)[0], "jitkit");
  renameSync(command, `${command}-away`);
  await example("Sum of squares");
  const text = await runOn("interp");
  renameSync(`${command}-away`, command);
  expect(text.includes("could not be started") || text.includes("bwrap"), `it said ${text}`);
});

// A text as stores at the slot p.
const stores = (bytes) => {
  const all = Buffer.concat([bytes, Buffer.alloc(8 - (bytes.length % 8))]);
  let code = "  p0 = stack_addr s1\n";
  for (let at = 0; at < all.length; at += 8) {
    if (at) code += `  p${at} = ptr_add p0, ${at}\n`;
    code += `  store.i64 p${at}, ${all.readBigInt64LE(at)}\n`;
  }
  return { slot: `  s1 = slot ${all.length} align 8\n`, code };
};
if (/limits: bubblewrap/.test(main.said)) {
  await test("a file outside", async () => {
    const name = `/var/tmp/jitkit-page-${process.pid}`;
    const { slot, code } = stores(Buffer.from(name));
    await put(`declare @open(ptr, i32, i32) -> i32\nfunc @outside() -> i32 {\n${slot}b1:\n${code}  f = call @open(p0, ${0o101}, ${0o600})\n  ret f\n}\n`);
    await page.fill("#arguments", "");
    const text = await runOn("x86_64");
    const made = existsSync(name);
    rmSync(name, { force: true });
    expect(text.startsWith("-1\n") && !made, `it said ${text}`);
  });
  await test("a socket outside", async () => {
    const port = Buffer.alloc(2);
    port.writeUInt16BE(Number(new URL(address).port));
    const { slot, code } = stores(Buffer.concat([Buffer.from([2, 0]), port, Buffer.from([127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])]));
    await put("declare @socket(i32, i32, i32) -> i32\ndeclare @connect(i32, ptr, i32) -> i32\n" +
              `func @outside() -> i32 {\n${slot}b1:\n${code}  s = call @socket(2, 1, 0)\n  r = call @connect(s, p0, 16)\n  ret r\n}\n`);
    await page.fill("#arguments", "");
    const text = await runOn("x86_64");
    expect(text.startsWith("-1\n"), `it said ${text}`);
  });
}

await test("100 MB of input", async () => {
  expect((await ask("api/analyse", Buffer.alloc(100 << 20, "x"))).status === 413, "it was taken");
});
await test("no JSON", async () => {
  expect((await ask("api/run", "[")).status === 400, "it was taken");
});
await test("wrong types", async () => {
  for (const [path, question] of [["analyse", { text: 5 }], ["fields", { hex: [] }]]) {
    const got = await ask(`api/${path}`, JSON.stringify(question));
    expect(got.status === 400 || got.text.includes("no JSON object of texts"), `${path} said ${got.text}`);
  }
  for (const question of [{ text: 5 }, { arguments: "1" }, { arguments: [1] }, { target: null }])
    expect((await ask("api/run", JSON.stringify(question))).status === 400, `${JSON.stringify(question)} was taken`);
});
const forever = (job, of) => ask("api/run", JSON.stringify({ job, text: "func @f() {\nb1:\n  br b2\nb2:\n  br b2\n}\n", target: "x86_64", function: "f" }), {}, of);
await test("two jobs of one name", async () => {
  const first = forever("same", address);
  await until("it does not run", () => programs(main).length > 0);
  const second = await forever("same", address);
  expect(second.text.includes("a job named 'same'"), `it said ${second.text}`);
  await ask("api/cancel", JSON.stringify({ job: "same" }));
  expect((await first).text.includes("cancelled"), "it is not cancelled");
});
for (const signal of ["SIGTERM", "SIGINT", "SIGKILL"])
  await test(`ended by ${signal}`, async () => {
    const own = await serve();
    const running = forever("last", own.address).catch(() => null);
    await until("it does not run", () => programs(own).length > 0).finally(() => own.server.kill(signal));
    await Promise.race([own.ended, new Promise((r) => setTimeout(r, 3000))]);
    await running;
    expect(own.server.exitCode !== null || own.server.signalCode !== null, "it goes on");
    // Killed just when bubblewrap starts, it leaves a program that only the limit of its processor time ends.
    await until("the program goes on", () => programs(own).length === 0, 20);
    const left = readdirSync(own.scratch);
    rmSync(own.scratch, { recursive: true, force: true });
    if (signal !== "SIGKILL") expect(left.length === 0, `it leaves ${left.join(" ")}`);
  });
await test("deep and long text", async () => {
  await put("{".repeat(200000));
  expect(await page.locator("#errors").isVisible(), "no error");
});
await test("without the token, by another name", async () => {
  expect((await ask("/")).status === 404 && (await ask("/api/analyse", "{}")).status === 404, "it answers without the token");
  expect((await ask("", undefined, { host: "example.org" })).status === 403, "it answers to another name");
});

await test("reload", async () => {
  await put("func @kept(i64) -> i64 {\nb1(x: i64):\n  ret x\n}\n");
  await page.reload();
  await page.waitForFunction(() => document.querySelector("#editor .cm-content")?.innerText.includes("@kept"));
});

await test("by keyboard", async () => {
  await page.locator("#tab-registers").focus();
  await page.keyboard.press("ArrowLeft");
  expect((await page.locator("#views [role=tab][aria-selected=true]").innerText()) === "Graph", "the arrow does not choose");
  await page.locator("#page-code").focus();
  await page.keyboard.press("ArrowRight");
  await page.locator("#policy-view tbody tr").first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  expect(await page.locator("#policy-code").isVisible(), "Enter does not open a leaf");
  await page.keyboard.press("Escape");
  expect(await page.locator("#policy-code").isHidden(), "Escape does not close it");
  await page.locator("#page-policy").focus();
  await page.keyboard.press("ArrowLeft");
  expect(await page.locator("#code-page").isVisible() && await page.locator("#policy-page").isHidden(), "the arrow does not choose a page");
});

await test("200 operations redrawn", async () => {
  let text = "func @long(i64, i64) -> i64 {\nb1(v0: i64, b: i64):\n";
  for (let n = 1; n < 200; ++n) text += `  x${n} = ${["add", "mul", "xor", "sub"][n % 4]}.i64 ${n > 1 ? `x${n - 1}` : "v0"}, b\n`;
  text += "  ret x199\n}\n";
  await page.selectOption("#opt", "full");
  await page.selectOption("#language", "jk");
  await view("code");
  await put(text);
  // In the middle of it, where what it becomes changes: an operand of x100 becomes another constant each time.
  const keystroke = async (key) => {
    const before = await answers();
    await page.keyboard.press(key);
    await page.waitForFunction((k) => Number(document.body.dataset.answers) > k, before);
    return Number(await page.evaluate(() => document.body.dataset.milliseconds));
  };
  await page.locator("#editor .cm-scroller").evaluate((e) => e.scrollTo(0, e.scrollHeight / 2 - e.clientHeight / 2));
  await page.locator("#editor .cm-line", { hasText: "x100 = add" }).click();
  await page.keyboard.press("End");
  await keystroke("Backspace");
  const times = [], same = [];
  for (let n = 0; n < 11; ++n) {
    times.push(await keystroke(String(1 + (n % 9))));
    expect(await page.locator("#errors").isHidden(), await page.locator("#errors").innerText());
    same.push(await keystroke("Space"));
    await keystroke("Backspace");
    await keystroke("Backspace");
  }
  same.sort((a, b) => a - b);
  times.sort((a, b) => a - b);
  console.log(`NOTE 200 operations recompiled and redrawn: median ${times[5].toFixed(0)} ms, longest ${times[10].toFixed(0)} ms (at most ${limits.redraw}); where nothing changes ${same[5].toFixed(0)} ms`);
  judge(times[5], limits.redraw);
});

await test("narrow and dark", async () => {
  await page.emulateMedia({ colorScheme: "dark" });
  await example("Sum of squares");
  await shoot(page, "dark");
  const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  expect(ground.match(/\d+/g).slice(0, 3).every((c) => c < 80), `the ground is ${ground}`);
  await page.setViewportSize({ width: 420, height: 900 });
  for (const tab of ["policy", "lua", "code"]) {
    await page.click(`#page-${tab}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide <= 420, `${tab} is ${wide} wide`);
    await shoot(page, `narrow-${tab}`);
  }
});

await test("no outside request", async () => expect(outside.length === 0, outside.join(" ")));
await test("no complaint of the browser", async () => expect(complaints.length === 0, complaints.join(" ")));
await test("the server is still there", async () => expect(server.exitCode === null, `it ended: ${main.said}`));

await context.close();
server.kill();
await main.ended;
rmSync(main.scratch, { recursive: true, force: true });
rmSync(profile, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
process.exit(failed ? 1 : 0);
