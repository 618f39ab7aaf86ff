// The AArch64 assembler refuses literals out of range, of each class of immediate, and registers of
// another class, when it is compiled.
#include <jitkit/arm64.hpp>

#include "cases.hpp"

using namespace jitkit;
using namespace jitkit::arm64;

void emit(Assembler& a, Label l) {
  a.add(x0, x1, 4095);
  a.cbz(x0, l);
  FAIL(1, a.add(x0, x1, 4097))  // expect: range
  FAIL(2, a.sub(x0, x1, 0x1000001))  // expect: range
  FAIL(3, a.cmp(w0, -4097))  // expect: range
  FAIL(4, a.and_(x0, x1, 0))  // expect: range
  FAIL(5, a.orr(w0, w1, 5))  // expect: range
  FAIL(6, a.eor(x0, x1, 0x123))  // expect: range
  FAIL(7, a.mov(x0, 0x12345))  // expect: range
  FAIL(8, a.movz(x0, 65536))  // expect: range
  FAIL(9, a.movk(w0, 1, lsl(32)))  // expect: range
  FAIL(10, a.lsl(w0, w1, 32))  // expect: range
  FAIL(11, a.lsr(x0, x1, 64))  // expect: range
  FAIL(12, a.add(x0, x1, x2, lsl(64)))  // expect: range
  FAIL(13, a.ldr(x0, x1, 32768))  // expect: range
  FAIL(14, a.ldr(x0, x1, 257))  // expect: range
  FAIL(15, a.ldr(x0, x1, pre(256)))  // expect: range
  FAIL(16, a.ldp(x0, x1, x2, 512))  // expect: range
  FAIL(17, a.ldp(w0, w1, x2, 2))  // expect: range
  FAIL(18, a.stp(x0, x1, x2, post(-520)))  // expect: range
  FAIL(19, a.ldr(x0, x1, x2, lsl(2)))  // expect: range
  FAIL(20, a.tbz(x0, 64, l))  // expect: range
  FAIL(21, a.tbz(w0, 32, l))  // expect: range
  FAIL(22, a.ccmp(x0, 32, 0, Cond::eq))  // expect: range
  FAIL(23, a.ccmp(x0, x1, 16, Cond::eq))  // expect: range
  FAIL(24, a.svc(65536))  // expect: range
  FAIL(25, a.fmov(d0, 0.1))  // expect: range
  FAIL(26, a.add(x0, x1, w2))  // expect: class
  FAIL(27, a.add(w0, x1, w2))  // expect: class
  FAIL(28, a.ldr(x0, w1))  // expect: class
  FAIL(29, a.fadd(d0, d1, s2))  // expect: class
  FAIL(30, a.and_(x0, sp, x1))  // expect: class
  FAIL(31, a.fadd(x0, x1, x2))  // expect: class
  FAIL(32, a.add(v0.s4(), v1.s4(), v2.d2()))  // expect: class
  FAIL(33, a.cbz(d0, l))  // expect: class
  FAIL(34, a.no_such_row(x0))  // expect: class
  FAIL(35, a.cbz(x0, x1))  // expect: class
  FAIL(36, a.ldr(x0, x1, d2))  // expect: class
  FAIL(37, a.mov(xzr, 1))  // expect: class
}
