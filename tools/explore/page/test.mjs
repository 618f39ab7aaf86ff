// The page in a real headless Chromium: typing, errors, lighting up, running, cancelling, hostile programs,
// several tabs, reload, keyboard, narrow and dark; and the two times that are promised.
//
//   node test.mjs JITKIT [SCREENSHOTS [NAMES]]      the directory gets pictures of the page; NAMES: a regular
//                                                   expression, only tests that it fits
//
// No test depends on time: each waits for what is to come, and programs that are to run do so until they are cancelled.
// The two times are measured and told beside what they should be, because machines differ and others work on them.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, chmodSync, constants, existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import net from "node:net";
import { constants as system } from "node:os";
import { join } from "node:path";
import {
  ask, asked, complaint, complaints, confined, context, directory, example, expect, finish, main, onPage, outside, page,
  paste, programs, put, running, runOn, seen, serve, settled, shoot, skip, stop, stopAnswering, tell, test, until,
  untilIn, view, watch,
} from "./test_support.mjs";

const fold = (n) => {
  let h = 2166136261;
  for (let i = 0; i < n; ++i) h = Math.imul(h ^ (i & 255), 16777619) >>> 0;
  return h;
};

await test("first paint", async () => {
  await page.goto(main.address);
  await page.waitForSelector(".row.code");
  await untilIn(() => performance.getEntriesByName("first-contentful-paint").length);
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
  tell("first paint", paint, 1000);
  await settled();
  await shoot(page, "code");
});

await test("code of both targets", async () => {
  for (const [target, word] of [["arm64", "madd"], ["x86_64", "imul"]]) {
    const texts = await page.locator(`[data-target=${target}] .code`).allInnerTexts();
    expect(texts.some((t) => t.includes(word)), `no ${word} for ${target}`);
  }
});

await test("typing", async () => {
  await put("func @f(i64) -> i64 {\nb1(x: i64):\n  y = mul.i64 x, 3\n  ret y\n}\n");
  await page.keyboard.type("; typed");
  await seen("#editor .cm-content", "; typed");
  await settled();
  expect(await page.locator("#function").inputValue() === "f", "the function is not chosen");
});

// A list of examples says whose text it is, and after a change the same can be chosen again.
const named = (list) => page.locator(list).evaluate((e) => e.selectedOptions[0].text);
await test("examples by name", async () => {
  for (const wanted of ["Sum of squares", "typed here", "Sum of squares"]) {
    if (wanted === "typed here") await put("func @f() {\nb1:\n  ret\n}\n");
    else await example(wanted);
    for (const reload of [false, true]) {
      if (reload) await page.reload();
      await untilIn((w) => document.querySelector("#example").selectedOptions[0]?.text === w, wanted);
    }
    expect((await page.locator("#editor").innerText()).includes("1 + 4 + 9") === (wanted !== "typed here"), wanted);
  }
});

await test("errors in place", async () => {
  await put("func @f(i64) -> i64 {\nb1(x: i64):\n  y = mull.i64 x, 3\n  ret y\n}\n");
  await page.waitForSelector("#editor .cm-lintRange-error");
  const text = await page.locator("#errors").innerText();
  expect(/^3:\d+: /.test(text), `the error is ${text}`);
  await page.locator("#errors button").first().click();
  expect((await page.locator("#editor .cm-activeLine").innerText()).includes("mull"), "the error's line is not active");
  await shoot(page, "errors");
  const faint = () => page.locator("#view > *").first().evaluate((e) => getComputedStyle(e).opacity < 0.6);
  expect(await faint(), "code of an older text is not told apart");
  await put("func @f(i64) -> i64 {\nb1(x: i64):\n  y = mul.i64 x, 3\n  ret y\n}\n");
  expect(await page.locator("#errors").isHidden(), "errors stay");
  expect(!await faint(), "the code is taken for an older text's");
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
  const lit = async () => {
    for (const target of ["arm64", "x86_64"]) await page.waitForSelector(`[data-target=${target}] .code.lit`);
  };
  await page.locator("[data-target=arm64] .code", { hasText: "add" }).first().hover();
  await lit();
  await seen("#editor .cm-line.lit", "next_total");
  await shoot(page, "lit");
  await view("passes");
  await view("code");
  await page.locator("[data-target=arm64] .code", { hasText: "add" }).first().hover();
  await lit();
  await page.locator("#editor .cm-line", { hasText: "square = mul" }).hover();
  await seen("#editor .cm-line.lit", "square = mul");
  await lit();
});

await test("bit fields", async () => {
  await page.locator("[data-target=arm64] .code").first().click();
  await page.waitForSelector("#fields table");
  const bits = (await page.locator("#fields .bits").allInnerTexts()).join("");
  expect(bits.length === 32, `${bits.length} bits`);
  await page.locator("[data-target=x86_64] .code", { hasText: "imul" }).first().focus();
  await page.keyboard.press("Enter");
  await seen("#fields", "imul");
  await seen("#fields", "mod");
  await seen("#fields", "175 = 0xaf");
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
  const chosen = await page.locator("#view .pass [aria-pressed=true]").allInnerTexts();
  expect(String(chosen) === "divide", `chosen is ${chosen}`);
  const others = await page.locator("#view .pass [aria-pressed=false]").count();
  expect(others === await page.locator("#view .pass button").count() - 1, `${others} are not chosen`);
  const added = await page.locator(".row.added").allInnerTexts();
  expect(added.some((t) => t.includes("umulh")), "no high multiply appeared");
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
  await seen("#fields .cost", "neoverse-n1, by llvm-mca: latency 4");
  await page.selectOption("[data-target=arm64] .cpu select", "cortex-a55");
  await page.waitForSelector("[data-target=arm64] .code .cost[title*=cortex-a55]");
  await page.keyboard.press("Escape");
});

await test("C", async () => {
  await example("C: fold of a text");
  await seen("[data-target=arm64] h2", "instructions");
  for (const [target, word] of [["arm64", "mul"], ["x86_64", "imul"]]) await seen(`[data-target=${target}]`, word);
  await page.locator("#editor .cm-line", { hasText: "* 16777619u" }).hover();
  for (const target of ["arm64", "x86_64"]) await page.waitForSelector(`[data-target=${target}] .code.lit`);
  await view("passes");
  await page.waitForSelector(".pass");
  await page.selectOption("#ir-of", "arm64");
  await page.waitForFunction(() => /16777619|0x1000193/.test(document.querySelector("#view")?.innerText));
  for (const target of ["interp", "x86_64", "arm64"]) {
    const text = await runOn(target);
    expect(text.startsWith(`${fold(1000)}\n`), `${target}: ${text}`);
  }
  await view("code");
  await put("int f(int x) {\n  return x + y;\n}\n");
  await seen("#errors", "2:14: use of undeclared identifier 'y'");
  await put("long double f(long double x) { return x; }\n");
  await seen("#errors", "x86_fp80");
  await put("");
  await seen("#view", "no function");
  await shoot(page, "c");
});
await test("hostile C: progress and cancel", async () => {
  await example("C: fold of a text");
  const fifo = join(directory(main), "fifo");  // nobody writes to it: clang waits
  execFileSync("mkfifo", ["-m", "666", fifo]);
  await paste(`#include "${fifo}"\n`);
  await page.waitForFunction(() => /^compiling, .* Escape cancels/.test(document.querySelector("#state").innerText));
  await until(() => programs(main).some((line) => line.includes("clang")));
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.querySelector("#state").innerText === "cancelled");
  await until(() => programs(main).length === 0);
  await put('#include "program.c"\n');
  await seen("#errors", "nested too deeply");
  await put("int f(void) { return 7; }\n");
  await seen("[data-target=arm64]", "#0x7");
});

await test("policy", () => onPage("policy", async () => {
  await page.waitForSelector("#policy-view tbody tr");
  const leaves = await page.locator("#policy-view tbody tr").count();
  expect(leaves > 60, `${leaves} leaves`);
  expect((await page.locator("#policy-view svg .split").count()) > 40, "too few tests of bits");
  const leaf = page.locator("#policy-view tbody tr", { hasText: "HVC PSCI_VERSION" });
  const cells = await leaf.locator("td").allInnerTexts();
  expect(Number(cells[1]) > 12 && Number(cells[1]) <= Number(cells[2]) && Number(cells[2]) < 40, `counts ${cells}`);
  await leaf.click();
  expect((await page.locator("#policy-code").innerText()).includes("eret"), "the leaf's code has no eret");
  await shoot(page, "policy");
  const typed = async (text, key = "policy") => {
    await paste(text, key);
    await untilIn(() => document.body.dataset.policyDrawn === document.body.dataset.policyWanted);
  };
  await typed("wfi: skip\ncalls:\n  - {name: A, id: 1, value: 2}\n  - {name: B, id: 1, value: 3}\n");
  const errors = page.locator("#policy-errors");
  expect((await errors.innerText()).startsWith("4: B: hvc 0x1 is A's already"), "the second use of a key is no error");
  expect(await page.locator("#policy-view.old").count() === 1, "leaves of an older policy are not told apart");
  await page.locator("#policy-errors button").click();
  const active = await page.locator("#policy-editor .cm-activeLine").innerText();
  expect(active.includes("B"), "the error's line is not active");
  await typed("calls:\n  - {name: A, id: 1, valu: 2}\n");
  expect(/^2: .*valu/.test(await errors.innerText()), "an unknown key is no error");
  await typed("calls: [");
  expect(await errors.isVisible(), "no YAML, no error");
  await typed("[".repeat(100000));
  expect(await errors.isVisible(), "deep YAML, no error");
  const nines = [..."bcdefghi"].map((c, n) => `${c}: &${c} [${Array(9).fill(`*${"abcdefgh"[n]}`)}]\n`);
  await typed(`a: &a [x,x,x,x,x,x,x,x,x]\n${nines.join("")}`);
  expect(await errors.isVisible(), "YAML that multiplies by nine, no error");
  await typed("bodies: b\ncalls:\n  - {name: A, id: 1, value: 2}\n  - {name: C, id: 9, body: mix}\n");
  expect(await errors.isHidden(), await errors.innerText());
  expect(await page.locator("#policy-view.old").count() === 0, "the leaves are taken for an older policy's");
  expect((await page.locator("#policy-view tbody tr").count()) === 3, "not a leaf for each entry and WFI");
  await typed("func @mix(", "bodies");
  expect((await errors.innerText()).startsWith("bodies 1: "), "the body's error has no place");
  await typed("{".repeat(200000), "bodies");
  expect((await errors.innerText()).startsWith("bodies "), "deep IR, no error");
  await page.click("#policy-reset");
  await untilIn(() => {
    const { scrollLeft, scrollTop } = document.querySelector("#bodies-editor .cm-scroller");
    return scrollLeft === 0 && scrollTop === 0;
  });
  await page.waitForFunction((n) => document.querySelectorAll("#policy-view tbody tr").length === n, leaves);
}));
// A question that nobody answers: what is said of it, and each way to cancel it.
const unanswered = async (name, state, button, editor) => {
  const type = async () => {
    await page.locator(`#${editor} .cm-content`).click();
    await page.keyboard.press("Control+End");
    await page.keyboard.press("Enter");
  };
  await stopAnswering(main);
  for (const cancel of [() => page.click(button), () => page.keyboard.press("Escape")]) {
    expect(await page.locator(button).isDisabled(), `${name}: there is something to be cancelled already`);
    await type();
    await page.waitForSelector(`${button}:not([disabled])`);
    expect(/^compiling, [\d.]+ s; Escape cancels$/.test(await page.locator(state).innerText()), `${name}: no progress`);
    if (button === "#policy-cancel") await shoot(page, "policy-waits");
    await cancel();
    await page.waitForFunction((s) => document.querySelector(s).innerText === "cancelled", state);
    expect(await page.locator(button).isDisabled(), `${name}: it can still be cancelled`);
  }
  await type();  // and now it is answered
  await page.waitForFunction((s) => /^compiled and drawn/.test(document.querySelector(s).innerText), state);
};
await test("a question for ever", async () => {
  await example("Sum of squares");
  await unanswered("code", "#state", "#cancel", "editor");
  await onPage("policy", async () => {
    await page.waitForSelector("#policy-view tbody tr");
    await unanswered("policy", "#policy-state", "#policy-cancel", "policy-editor");
    await page.click("#policy-reset");
  });
});
// The tree, read off the code, leads to every leaf, in as many instructions as the generator counted: in a table of
// vectors, and in a path with an entry of somebody else's before it.
await test("dispatch trees", async () => {
  for (const [place, entry] of [["hv-trap", 0], ["hv-trap/xen", 3]]) {
    const [text, bodies] = ["policy.yaml", "bodies.jk"].map((name) =>
      readFileSync(new URL(`../../../consumers/${place}/${name}`, import.meta.url), "utf8"));
    const got = await asked("policy", { text, bodies });
    expect(!got.errors, `${place}: ${JSON.stringify(got.errors)}`);
    const { leaves, tree, before } = got;
    expect(before === entry && leaves.length > 60, `${place}: ${leaves.length} leaves, ${before} before the tree`);
    const depths = leaves.map(() => []);
    const walk = (n, depth) => {
      if (n.leaf !== undefined) depths[n.leaf].push(depth + n.before);
      else if (!n.miss) for (const below of [n.no, n.yes]) walk(below, depth + n.steps);
    };
    walk(tree, before);
    for (const [n, leaf] of leaves.entries())
      expect(String(depths[n]) === String(leaf.before), `${place}, ${leaf.name}: ${depths[n]}, not ${leaf.before}`);
  }
});

await test("Lua", () => onPage("lua", async () => {
  await page.waitForSelector("#lua-program option", { state: "attached" });
  const engines = Object.entries(JSON.parse((await ask("api/here")).text).lua);
  for (const [engine, why] of engines) if (why) skip(`lua_${engine}`, why);
  const typed = (text) => paste(text, "lua");
  const done = (n) => untilIn((k) => Number(document.body.dataset.luaRuns) >= k, n);
  expect(await named("#lua-program") === "Sieve of Eratosthenes", "the first program is not named");
  await typed("local sum = 0\nfor i = 1, 2000 do sum = sum + i * i end\nprint(sum)\n");
  await page.keyboard.press("Control+Enter");
  await done(1);
  const run = page.locator(".lua-run").first();
  expect(await named("#lua-program") === "typed here", "what was typed is taken for another program");
  expect((await run.locator(".bar-row").count()) === 8 && engines.length === 8, "not a bar for each engine");
  const output = await run.locator(".output").innerText();
  expect(output.startsWith("2668667000"), `the output is ${output}`);
  for (const [engine, why] of engines) {
    const value = await run.locator(`[data-engine=${engine}] .value`).innerText();
    const figure = engine.endsWith("arm64") ? /^[\d.]+ [kMG]$/ : /^[\d.]+ (µs|m?s)$/;
    expect(why ? value === why : figure.test(value), `${engine}: ${value}`);
    expect(!confined || !value.startsWith("0 "), `${engine}: the clock is too coarse`);
  }
  expect((await run.locator(".note.bad").count()) === 0, "the engines differ");
  await shoot(page, "lua");
  await page.uncheck("#lua-arm64");
  await typed("error('no luck')\n");
  await page.click("#lua-go");
  await done(2);
  expect((await page.locator(".lua-run").count()) === 2, "runs do not stack up");
  expect((await page.locator(".lua-run").first().innerText()).includes("no luck"), "the error is not told");
  await typed("while true do end\n");
  await page.click("#lua-go");
  await until(() => programs(main).length > 0);
  await page.keyboard.press("Escape");
  await done(3);
  expect((await page.locator("#lua-state").innerText()) === "cancelled", "it is not cancelled");
  await until(() => programs(main).length === 0);
  await typed("local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1e6) .. i end\n");
  await page.click("#lua-go");
  await done(4);
  const end = await page.locator(".lua-run").first().innerText();
  expect(/not enough memory|signal/.test(end), "memory has no end");
  if (confined) {
    const name = `/var/tmp/jitkit-page-lua-${process.pid}`;
    await typed(`print(os.execute("touch ${name}") ~= 0, io.open("${name}") == nil)\n`);
    await page.click("#lua-go");
    await done(5);
    rmSync(name, { force: true });
    const said = await page.locator(".lua-run .output").first().innerText();
    expect(said.includes("true\ttrue"), "it wrote a file outside");
  }
  await page.selectOption("#lua-program", { label: "Mandelbrot set" });
  expect(await named("#lua-program") === "Mandelbrot set", "the program chosen is not named");
  await page.click("#lua-show-traces");
  await page.locator("#lua-traces button").first().click();
  const [ir, own, ...codes] = await page.locator("#lua-trace pre").allInnerTexts();
  expect(/LOOP/.test(ir) && codes.length === 2 && codes.every((c) => /->\d/.test(c)), `the trace is ${ir} ${codes}`);
  const number = /^\d+/.exec(await page.locator("#lua-traces button").first().innerText())[0];
  const parts = [/^target x86_64\n/, new RegExp(`^func @t${number}\\(`, "m"), /= fmul\.f64 /, /fs\d+ = state /];
  expect(parts.every((part) => part.test(own)), `jitkit's IR is ${own}`);
  await shoot(page, "lua-trace");
}));

await test("run", async () => {
  await example("Sum of squares");
  for (const target of ["interp", "x86_64", "arm64"]) {
    const text = await runOn(target);
    expect(text.startsWith("385\n"), `${target}: ${text}`);
  }
  await page.fill("#arguments", "what");
  expect((await runOn("interp")).includes("what"), "a wrong argument is not named");
  await example("Greatest common divisor");
  expect(!(await page.locator("#result").innerText()).includes("what"), "the result is another program's");
});

await test("cancel", async () => {
  await example("Endless loop");
  await page.selectOption("#target", "x86_64");
  await page.locator("#editor .cm-content").click();
  await page.keyboard.press("Control+Enter");
  await until(() => programs(main).length > 0);
  await page.keyboard.press("Escape");
  await page.waitForSelector("#go:not([disabled])");
  expect((await page.locator("#result").innerText()).includes("cancelled"), "it does not say so");
});

await test("two tabs", async () => {
  const other = watch(await context.newPage());
  await other.goto(main.address);
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

// What a program that does not end by itself says, from a server that gives it two seconds.
const hostile = async (text, words) => {
  const own = await serve(2);
  const got = await asked("run", { job: "hostile", text, target: "x86_64", function: "hostile" }, own);
  await until(() => programs(own).length === 0);
  await stop(own);
  const said = `${got.message} ${got.err}`;
  expect(words.some((w) => said.includes(w)), `it said ${said.slice(0, 200)}`);
};
await test("an endless loop", () =>
  hostile("func @hostile() {\nb1:\n  br b2\nb2:\n  br b2\n}\n", ["ended after 2 s", "signal"]));
await test("a wild store", async () => {
  await put("func @wild() {\nb1:\n  x = add.i64 12345, 0\n  p = bitcast.ptr x\n  store.i64 p, 1\n  ret\n}\n");
  await page.fill("#arguments", "");
  const said = await runOn("x86_64");
  expect(/memory fault|signal/.test(said), `it said ${said.slice(0, 200)}`);
});
await test("a fork bomb", () => hostile(
  "declare @fork() -> i32\nfunc @hostile() {\nb1:\n  br b2\nb2:\n  p = call @fork()\n  br b2\n}\n",
  ["ended after 2 s", "signal"]));
await test("hostile C that runs", async () => {
  const { err, message } = await asked("run", { job: "wild C", language: "c", target: "x86_64", function: "wild",
    text: "void wild(void) { *(volatile long *)12345 = 1; }\n" });
  expect(/memory fault|signal/.test(`${message} ${err}`), `it said ${message} ${err}`);
});
await test("a command that is not there", async () => {
  const command = join(directory(main), "jitkit");
  renameSync(command, `${command}-away`);
  await example("Sum of squares");
  const text = await runOn("interp");
  renameSync(`${command}-away`, command);
  expect(text.includes("could not be started") || text.includes("bwrap"), `it said ${text}`);
});

// Bytes as stores at the slot p0.
const stores = (bytes) => {
  const all = Buffer.concat([bytes, Buffer.alloc(8 - (bytes.length % 8))]);
  let code = "  p0 = stack_addr s1\n";
  for (let at = 0; at < all.length; at += 8) {
    if (at) code += `  p${at} = ptr_add p0, ${at}\n`;
    code += `  store.i64 p${at}, ${all.readBigInt64LE(at)}\n`;
  }
  return { slot: `  s1 = slot ${all.length} align 8\n`, code };
};
const writable = (path) => {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch { return false; }
};
// A program that connects to an address; 0 if it may.
const connects = async (family, bytes) => {
  const { slot, code } = stores(Buffer.concat([Buffer.from([family, 0]), bytes]));
  await put("declare @socket(i32, i32, i32) -> i32\ndeclare @connect(i32, ptr, i32) -> i32\n" +
    `func @outside() -> i32 {\n${slot}b1:\n${code}  s = call @socket(${family}, 1, 0)\n` +
    `  r = call @connect(s, p0, ${2 + bytes.length})\n  ret r\n}\n`);
  await page.fill("#arguments", "");
  return runOn("x86_64");
};
if (!confined) skip("bubblewrap", main.said.trim());
else {
  await test("a file outside", async () => {
    const name = `/var/tmp/jitkit-page-${process.pid}`;
    const { slot, code } = stores(Buffer.from(name));
    await put(`declare @open(ptr, i32, i32) -> i32\nfunc @outside() -> i32 {\n${slot}b1:\n${code}` +
      `  f = call @open(p0, ${0o101}, ${0o600})\n  ret f\n}\n`);
    await page.fill("#arguments", "");
    const text = await runOn("x86_64");
    const made = existsSync(name);
    rmSync(name, { force: true });
    expect(text.startsWith("-1\n") && !made, `it said ${text}`);
  });
  await test("a socket outside", async () => {
    const port = Buffer.alloc(2);
    port.writeUInt16BE(Number(new URL(main.address).port));
    const text = await connects(2, Buffer.concat([port, Buffer.from([127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])]));
    expect(text.startsWith("-1\n"), `it said ${text}`);
  });
  // What services listen at. The same program reaches a socket in its own directory's parent, which it sees.
  const run = process.getuid() === 0 ? "/run" : `/run/user/${process.getuid()}`;
  if (!writable(run)) skip("socket_in_run", `${run} is not there or not ours to write to`);
  else await test("a socket in /run", async () => {
    for (const [place, answer] of [[directory(main), "0"], [run, "-1"]]) {
      const path = join(place, `s${process.pid}`);
      const listening = net.createServer((s) => s.destroy());
      await new Promise((resolve, reject) => listening.on("error", reject).listen(path, resolve));
      chmodSync(path, 0o777);
      const text = await connects(1, Buffer.from(`${path}\0`)).finally(() => listening.close());
      expect(text.startsWith(`${answer}\n`), `${place}: it said ${text}`);
    }
  });
}

await test("100 MB of input", async () => {
  const much = Buffer.alloc(100 << 20, "x");
  for (const path of ["analyse", "fields", "cycles", "run", "policy", "lua", "cancel"]) {
    // The server may close the connection before it has read everything.
    const got = await ask(`api/${path}`, much).catch((e) => e);
    expect(got.status === 413 || ["ECONNRESET", "EPIPE"].includes(got.code), `${path} said ${got.status ?? got}`);
  }
});
await test("a text that is too long to be sent", async () => {
  await paste("");
  await page.evaluate(() => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", `; ${"x".repeat(98)}\n`.repeat(50000));
    document.querySelector("#editor .cm-content")
      .dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  });
  await seen("#errors", "too long to be sent");
  await complaint("status of 413", "api/analyse");
  await put("func @short() {\nb1:\n  ret\n}\n");
  expect(await page.locator("#errors").isHidden(), "the error stays");
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
const loop = { text: "func @f() {\nb1:\n  br b2\nb2:\n  br b2\n}\n", target: "x86_64", function: "f" };
const forever = (job, of = main) => asked("run", { job, ...loop }, of);
const cancel = (job) => asked("cancel", { job });
// With FFI a Lua program can do what C can.
await test("hostile Lua", async () => {
  const lua = (job, text) => asked("lua", { job, text, engine: "jitkit-x86_64" });
  if (JSON.parse((await ask("api/here")).text).lua["jitkit-x86_64"]) return;  // said by the test Lua
  const wild = await lua("wild", "require('ffi').cast('long *', 12345)[0] = 1\n");
  expect(/signal/.test(wild.message), `a wild store said ${JSON.stringify(wild)}`);
  const loud = await lua("loud", "local s = ('x'):rep(1e6) while true do io.write(s) end\n");
  expect(/printed more than/.test(loud.message), `a loud one said ${loud.message}`);
  const bomb = lua("bomb", "local ffi = require 'ffi' ffi.cdef 'int fork(void);' while true do ffi.C.fork() end\n");
  await until(() => programs(main).length > 8);
  await cancel("bomb");
  const { message } = await bomb;
  expect(message === "cancelled", `a fork bomb said ${message}`);
  await until(() => programs(main).length === 0);
});
// An exit status is the program's own, also one that bubblewrap answers for a signal, or a shell for no program.
await test("how a program ends", async () => {
  const lua = async (text) => (await asked("lua", { job: "ends", text, engine: "jitkit-x86_64" })).message;
  if (JSON.parse((await ask("api/here")).text).lua["jitkit-x86_64"]) return;  // said by the test Lua
  for (const status of [1, 126, 127, 128, 137, 139, 255]) {
    const said = await lua(`os.exit(${status})\n`);
    expect(said === `ended with exit status ${status}`, `exit status ${status}: ${said}`);
  }
  const ffi = "local ffi = require 'ffi' ffi.cdef 'int raise(int); int kill(int, int);' ";
  for (const [signal, words] of [[9, "Killed"], [11, "Segmentation fault"], [15, "Terminated"]]) {
    const said = await lua(`${ffi}ffi.C.raise(${signal})\n`);
    expect(said === `ended by signal ${signal} (${words})`, `signal ${signal}: ${said}`);
  }
  const said = await lua(`${ffi}ffi.C.kill(-1, 9)\n`);  // and whoever tells what ended it
  expect(!said || said.startsWith("ended by signal 9"), `it killed what it could: ${said}`);
});
// Inside bubblewrap, when nobody is left to end it.
await test("what is around a program ends by itself", async () => {
  const around = spawn(main.server.spawnfile.replace(/jitkit$/, "jitkit-explore"), ["--around", "1", "cat"],
    { stdio: ["pipe", "ignore", "inherit", "ignore"] });
  const [status] = await once(around, "exit");
  around.stdin.destroy();
  expect(status === 128 + system.signals.SIGALRM, `it ended with ${status}`);
});
await test("two jobs of one name", async () => {
  const first = forever("same");
  await until(() => running(main).size > 0);
  const second = await forever("same");
  expect(second.message.includes("a job named 'same'"), `it said ${second.message}`);
  await cancel("same");
  expect((await first).message === "cancelled", "it is not cancelled");
});
await test("cancelled before it starts", async () => {
  for (const start of [forever, (job) => asked("lua", { job, text: "while true do end", engine: "jitkit-x86_64" })]) {
    expect(!(await cancel("early")).cancelled, "there was one already");
    const { message } = await start("early");
    expect(message === "cancelled", `it said ${message}`);
  }
});
await test("cancelling leaves nothing", async () => {
  const first = forever("again");
  await until(() => running(main).size > 0);
  expect((await cancel("again")).cancelled, "there was none");
  expect((await first).message === "cancelled", "it is not cancelled");
  const got = await asked("analyse", { job: "again", text: loop.text });
  expect(got.functions, `a question of that name said ${JSON.stringify(got)}`);
});
// A question that needs a program waits until one of the eight ends; cancelling it does not.
await test("eight programs", async () => {
  await until(() => running(main).size === 0);  // what was cancelled is gone: it would be taken for one of the eight
  const eight = Array.from({ length: 8 }, (_, n) => forever(`of eight ${n}`));
  await until(() => running(main).size === 8);
  const ninth = await forever("ninth");
  expect(ninth.message.includes("8 programs are running"), `the ninth said ${ninth.message}`);
  const c = (job) => asked("analyse", { job, language: "c", text: "int f(void) { return 7; }\n" });
  const waiting = c("waits"), others = Array.from({ length: 12 }, (_, n) => c(`gives up ${n}`));
  for (let n = 0; n < 12; ++n) await cancel(`gives up ${n}`);
  for (const got of await Promise.all(others)) expect(got.errors[0].message.includes("cancelled"), JSON.stringify(got));
  expect(running(main).size === 8, `${running(main).size} run`);
  expect(!programs(main).some((line) => line.includes("clang")), "clang is a ninth program");
  for (let n = 0; n < 8; ++n) await cancel(`of eight ${n}`);
  for (const { message } of await Promise.all(eight)) expect(message === "cancelled", message);
  expect((await waiting).arm64?.code, "the question that waited has no answer");
});
for (const [signal, seconds] of [["SIGTERM"], ["SIGINT"], ["SIGKILL", 10]])
  await test(`ended by ${signal}`, async () => {
    const own = await serve(seconds);
    let answered = false;
    forever("last", own).catch(() => null).then(() => (answered = true));
    await until(() => answered || programs(own).length > 0);
    const left = await stop(own, signal);
    await until(() => answered);
    // Killed just when bubblewrap starts, it leaves a program that only the limit of its processor time ends.
    await until(() => programs(own).length === 0);
    if (signal !== "SIGKILL") expect(left.length === 0, `it leaves ${left.join(" ")}`);
  });
await test("deep and long text", async () => {
  await put("{".repeat(200000));
  expect(await page.locator("#errors").isVisible(), "no error");
});
await test("without the token, by another name", async () => {
  for (const got of [await ask("/"), await ask("/api/analyse", "{}")])
    expect(got.status === 404, "it answers without the token");
  expect((await ask("", undefined, { headers: { host: "example.org" } })).status === 403, "it answers to another name");
});

await test("reload", async () => {
  await put("func @kept(i64) -> i64 {\nb1(x: i64):\n  ret x\n}\n");
  await page.reload();
  await seen("#editor .cm-content", "@kept");
});

await test("by keyboard", async () => {
  await page.locator("#tab-registers").focus();
  await page.keyboard.press("ArrowLeft");
  const chosen = await page.locator("#views [role=tab][aria-selected=true]").innerText();
  expect(chosen === "Graph", "the arrow does not choose");
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
  const shown = await Promise.all(["code", "policy"].map((name) => page.locator(`#${name}-page`).isVisible()));
  expect(String(shown) === "true,false", "the arrow does not choose a page");
});

// What can be pressed, chosen or typed into is reached by Tab.
await test("by Tab alone", async () => {
  const reached = async (name, wanted) => {
    await page.locator(`#page-${name}`).focus();
    const left = new Set(wanted);
    for (let n = 0; left.size && n < 1000; ++n) {
      await page.keyboard.press("Tab");
      const here = (list) => list.filter((s) => document.activeElement.matches(s));
      for (const selector of await page.evaluate(here, [...left])) left.delete(selector);
    }
    expect(!left.size, `Tab does not reach ${[...left].join(" ")}`);
  };
  await example("Sum of squares");
  await view("code");
  await reached("code", ["#example", "#language", "#opt", "#function", "#editor .cm-content", "#target", "#arguments",
    "#go", "#result", "#tab-code", ".cpu select", "#view", "#view .row.code"]);
  await put("func @f() {\n");
  await reached("code", ["#errors button"]);
  await example("Sum of squares");
  await onPage("policy", async () => {
    await page.waitForSelector("#policy-view tbody tr");
    await reached("policy", ["#policy-reset", "#policy-editor .cm-content", "#bodies-editor .cm-content",
      "#policy-view", "#policy-view tbody tr"]);
  });
  await onPage("lua", () => reached("lua", ["#lua-program", "#lua-x86_64", "#lua-arm64", "#lua-go",
    "#lua-editor .cm-content", "#lua-show-traces", "#lua-side"]));
});

await test("200 operations redrawn", async () => {
  let text = "func @long(i64, i64) -> i64 {\nb1(v0: i64, b: i64):\n";
  const ops = ["add", "mul", "xor", "sub"];
  for (let n = 1; n < 200; ++n) text += `  x${n} = ${ops[n % 4]}.i64 ${n > 1 ? `x${n - 1}` : "v0"}, b\n`;
  text += "  ret x199\n}\n";
  await page.selectOption("#opt", "full");
  await page.selectOption("#language", "jk");
  await view("code");
  await put(text);
  // In the middle of it, where what it becomes changes: an operand of x100 becomes another constant each time.
  const middle = (e) => e.scrollTo(0, e.scrollHeight / 2 - e.clientHeight / 2);
  await page.locator("#editor .cm-scroller").evaluate(middle);
  await page.locator("#editor .cm-line", { hasText: "x100 = add" }).click();
  await page.keyboard.press("End");
  await page.evaluate(() => {
    window.drawnRows = 0;
    const rows = (e) => (e instanceof Element ? e.matches(".row") + e.querySelectorAll(".row").length : 0);
    new MutationObserver((list) => { for (const m of list) for (const e of m.addedNodes) window.drawnRows += rows(e); })
      .observe(document.getElementById("view"), { childList: true, subtree: true });
  });
  // How long it took and how many rows were made new.
  const keystroke = async (key) => {
    const before = await page.evaluate(() => { window.drawnRows = 0; return sessionStorage.getItem("text"); });
    await page.keyboard.press(key);
    await untilIn((t) => sessionStorage.getItem("text") !== t, before);
    await settled();
    return page.evaluate(() => [Number(document.body.dataset.milliseconds), window.drawnRows]);
  };
  await keystroke("Backspace");
  const times = [], same = [];
  for (let n = 0; n < 11; ++n) {
    const [time, rows] = await keystroke(String(1 + (n % 9)));
    times.push(time);
    expect(await page.locator("#errors").isHidden(), await page.locator("#errors").innerText());
    const [rest, none] = await keystroke("Space");
    same.push(rest);
    expect(rows > 0 && rows <= 8, `${rows} rows were made for an instruction that changed`);
    expect(none === 0, `${none} rows were made for the same answer`);
    await keystroke("Backspace");
    await keystroke("Backspace");
  }
  const median = (list) => list.sort((a, b) => a - b)[5];
  tell("200 operations recompiled and redrawn, median", median(times), 150);
  console.log(`NOTE the longest ${Math.round(times[10])} ms; where nothing changes ${Math.round(median(same))} ms`);
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
// What a program leaves behind when it is ended becomes the server's child.
await test("no process is left, dead or alive", async () => {
  const left = () => readdirSync("/proc").filter((p) => {
    try {
      const [, state, parent] = /\) (\w) (\d+) /.exec(readFileSync(`/proc/${p}/stat`, "latin1"));
      return state === "Z" && parent === String(main.server.pid);
    } catch { return false; }
  });
  for (const end = Date.now() + 60000; left().length;) {
    expect(Date.now() < end, `${left().length} are left`);
    await asked("run", { job: "again", text: "func @f() {\nb1:\n  ret\n}\n", target: "interp", function: "f" });
  }
});
await test("the server is still there", async () => expect(!main.ended(), `it ended: ${main.said}`));
await finish();
