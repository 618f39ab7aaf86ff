// The x86-64 emission unit by Xbyak.
#include <xbyak/xbyak.h>

#include "case.hpp"

namespace {

using namespace Xbyak;
using bench::imm_table;
using bench::reg_table;

constexpr unsigned units = 1000, instructions = 22;

Reg64 r(unsigned i) { return Reg64(reg_table[i]); }
Reg32 r32(unsigned i) { return Reg32(reg_table[i]); }
Xmm xmm(unsigned i) { return Xmm(reg_table[i]); }
Ymm ymm(unsigned i) { return Ymm(reg_table[i]); }
int k(unsigned i) { return int(imm_table[i]); }

[[gnu::noinline]] void unit(CodeGenerator& a) {
  Label back, ahead;
  a.L(back);
  a.add(r(0), r(1));
  a.sub(r(2), k(7));
  a.mov(r(3), a.ptr[r(6) + k(1)]);
  a.mov(a.ptr[r(7) + k(2)], r32(8));
  a.lea(r(9), a.ptr[r(10) + r(11) * 4 + k(8)]);
  a.imul(r(12), r(13));
  a.test(r(1), r(1));
  a.jz(ahead, CodeGenerator::T_NEAR);
  a.mov(r(14), imm_table[12]);
  a.xor_(r32(0), r32(1));
  a.shl(r(2), k(10));
  a.aesenc(xmm(0), xmm(1));
  a.sha1rnds4(xmm(2), xmm(3), k(11));
  a.lock();
  a.xadd(a.ptr[r(15)], r(0));
  a.lock();
  a.cmpxchg(a.ptr[r(3)], r(1));
  a.vfmadd231sd(xmm(5), xmm(6), xmm(7));
  a.movaps(xmm(9), a.ptr[r(1) + k(3)]);
  a.vpaddd(ymm(1), ymm(2), ymm(3));
  a.and_(r(8), k(9));
  a.movzx(r32(10), a.byte[r(11) + r(9)]);
  a.L(ahead);
  a.cmp(r(0), k(7));
  a.jnz(back);
}

void add_all() {
  bench::cases().push_back({"emit x86_64", "xbyak", "instructions", units * instructions, [] {
                              static std::vector<uint8_t> memory(units * instructions * 12);
                              CodeGenerator a(memory.size(), memory.data());
                              for (unsigned n = 0; n < units; ++n) unit(a);
                            },
                            false});
}
const bench::Register registered(add_all);

}  // namespace
