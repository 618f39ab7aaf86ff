// Programs to begin with. Each runs as it stands with the arguments it names.
export const examples = [
  { name: "Sum of squares", arguments: "10", text: `; sum(n) = 1 + 4 + 9 + ... + n * n
func @sum(i64) -> i64 {
b1(n: i64):
  br b2(1, 0)
b2(i: i64, total: i64):
  square = mul.i64 i, i
  next_total = add.i64 total, square
  next = add.i64 i, 1
  more = icmp.sle.i64 next, n
  brif more, b2(next, next_total), b3(next_total)
b3(result: i64):
  ret result
}
` },
  { name: "Greatest common divisor", arguments: "462 1071", text: `func @gcd(i64, i64) -> i64 {
b1(a: i64, b: i64):
  br b2(a, b)
b2(x: i64, y: i64):
  done = icmp.eq.i64 y, 0
  brif done, b4(x), b3
b3:
  rest = urem.i64 x, y
  br b2(y, rest)
b4(result: i64):
  ret result
}
` },
  { name: "More values than registers", arguments: "1 2", text: manyValues() },
  { name: "Slot to value, division by a constant", arguments: "1000", text: `; What the optimiser's passes do to it:
; choose fast or full, and look at Passes.
func @digits(i64) -> i64 {
  s1 = slot 8 align 8
b1(n: i64):
  p = stack_addr s1
  store.i64 p, 0
  br b2(n)
b2(left: i64):
  count = load.i64 p
  counted = add.i64 count, 1
  store.i64 p, counted
  rest = udiv.i64 left, 10
  more = icmp.ne.i64 rest, 0
  brif more, b2(rest), b3
b3:
  result = load.i64 p
  ret result
}
` },
  { name: "C: fold of a text", language: "c", arguments: "1000", text: `// C by clang 19 and jitkit-import;
// each line lights up in both targets' code.
#include <stdint.h>

static uint32_t step(uint32_t h, uint32_t c) {
  return (h ^ c) * 16777619u;
}

uint32_t fold(uint32_t n) {
  uint32_t h = 2166136261u;
  for (uint32_t i = 0; i < n; ++i)
    h = step(h, i & 255);
  return h;
}
` },
  { name: "Endless loop", arguments: "", text: `; Runs until its time is over or it is cancelled.
func @forever() -> i64 {
b1:
  br b2(0)
b2(i: i64):
  next = add.i64 i, 1
  br b2(next)
}
` },
];

function manyValues() {
  const lines = ["; Forty values that all live to the end:", "; some are spilled. See Registers.",
    "func @many(i64, i64) -> i64 {", "b1(a: i64, b: i64):"];
  for (let n = 0; n < 40; ++n) lines.push(`  t${n} = ${n % 2 ? "mul" : "add"}.i64 ${n ? `t${n - 1}` : "a"}, b`);
  lines.push("  s0 = xor.i64 t0, t1");
  for (let n = 1; n < 39; ++n) lines.push(`  s${n} = xor.i64 s${n - 1}, t${n + 1}`);
  lines.push("  ret s38", "}", "");
  return lines.join("\n");
}
