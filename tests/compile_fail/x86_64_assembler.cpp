// The x86-64 assembler refuses literals out of range, of each width, and registers of another class, when
// it is compiled.
#include <jitkit/emit/x86_64/avx512_assembler.hpp>
#include <jitkit/x86_64.hpp>

#include "cases.hpp"

using namespace jitkit;
using namespace jitkit::x86_64;

void emit(Assembler& a) {
  a.add(rax, 0x7fffffff);
  FAIL(1, a.add(rax, 0x80000000))  // expect: range
  FAIL(2, a.add(eax, 0x100000000))  // expect: range
  FAIL(3, a.add(ax, 65536))  // expect: range
  FAIL(4, a.add(al, 256))  // expect: range
  FAIL(5, a.mov(al, -129))  // expect: range
  FAIL(6, a.imul(rax, rbx, 0x123456789))  // expect: range
  FAIL(7, a.shl(rax, 256))  // expect: range
  FAIL(8, a.cmp(rbx, -0x80000001LL))  // expect: range
  FAIL(9, a.test(rcx, 0x80000000))  // expect: range
  FAIL(10, a.push(0x80000000))  // expect: range
  FAIL(11, a.ret(65536))  // expect: range
  FAIL(12, a.int_(256))  // expect: range
  FAIL(13, a.mov(rax, qword_ptr[rbx + rcx * 3]))  // expect: range
  FAIL(14, a.pshufd(xmm0, xmm1, 256))  // expect: range
  FAIL(15, a.add(rax, ebx))  // expect: class
  FAIL(16, a.add(eax, rbx))  // expect: class
  FAIL(17, a.mov(al, ax))  // expect: class
  FAIL(18, a.addps(xmm0, rax))  // expect: class
  FAIL(19, a.vaddps(ymm0, ymm1, xmm2))  // expect: class
  FAIL(20, a.paddb(xmm0, ymm1))  // expect: class
  FAIL(21, a.shl(rax, xmm0))  // expect: class
  FAIL(22, a.no_such_row(rax))  // expect: class
  FAIL(23, a.add(dword_ptr[rax], rbx))  // expect: class
  FAIL(24, a.lea(rax, rbx))  // expect: class
  FAIL(25, a.movq(xmm0, eax))  // expect: class
}

void emit_avx512(Avx512Assembler& a) {
  a.vaddps(zmm0 | k1 | zeroing, zmm1, dword_bcst[rax]);
  FAIL(26, a.vaddps(zmm0, zmm1, ymm2))  // expect: class
  FAIL(27, a.vaddps(zmm0, zmm1, qword_bcst[rax]))  // expect: class
  FAIL(28, a.kmovw(k1, rax))  // expect: class
  FAIL(29, a.vpsadbw(zmm0 | k1, zmm1, zmm2))  // expect: class
  FAIL(30, a.vpgatherdd(zmm0, ptr[rax + zmm1 * 4]))  // expect: class
  FAIL(31, a.vaddps(ymm0, ymm1, ymm2, rn_sae))  // expect: class
  FAIL(32, a.vcvtpd2ps(xmm0, qword_bcst[rax]))  // expect: class
  FAIL(33, a.vpternlogd(zmm0, zmm1, zmm2, 256))  // expect: range
}
