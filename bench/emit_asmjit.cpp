// The emission units by AsmJit's assemblers.
#include <asmjit/arm/a64assembler.h>
#include <asmjit/x86.h>

#include "case.hpp"

namespace {

using namespace asmjit;
using bench::imm_table;
using bench::reg_table;

constexpr unsigned units = 1000, instructions = 22;

a64::Gp x(unsigned i) { return a64::x(reg_table[i]); }
a64::Gp w(unsigned i) { return a64::w(reg_table[i]); }
a64::Vec v(unsigned i) { return a64::v(reg_table[i]); }
int32_t k(unsigned i) { return int32_t(imm_table[i]); }

[[gnu::noinline]] void arm64_unit(a64::Assembler& a) {
  const Label back = a.newLabel(), ahead = a.newLabel();
  a.bind(back);
  a.add(x(0), x(1), imm_table[0]);
  a.sub(x(2), x(3), x(4));
  a.ldr(x(5), a64::ptr(x(6), k(1)));
  a.str(w(7), a64::ptr(x(8), k(2)));
  a.ldp(x(9), x(10), a64::ptr(x(11), k(3)));
  a.stp(x(12), x(13), a64::ptr_pre(x(14), k(4)));
  a.madd(x(15), x(16), x(17), x(19));
  a.cbz(x(1), ahead);
  a.aese(v(0).b16(), v(1).b16());
  a.aesmc(v(0).b16(), v(0).b16());
  a.sha1c(v(2).q(), v(3).s(), v(4).s4());
  a.ldaddal(x(20), x(21), a64::ptr(x(22)));
  a.casal(x(23), x(24), a64::ptr(x(25)));
  a.fmadd(v(5).d(), v(6).d(), v(7).d(), v(8).d());
  a.movz(x(26), imm_table[5]);
  a.movk(x(26), imm_table[5], 16);
  a.movk(x(26), imm_table[5], 32);
  a.movk(x(26), imm_table[5], 48);
  a.and_(x(27), x(28), imm_table[6]);
  a.ldr(v(9).q(), a64::ptr(x(1), k(3)));
  a.bind(ahead);
  a.cmp(x(0), imm_table[7]);
  a.b_ne(back);
}

x86::Gp r(unsigned i) { return x86::gpq(reg_table[i]); }
x86::Gp r32(unsigned i) { return x86::gpd(reg_table[i]); }
x86::Xmm xmm(unsigned i) { return x86::xmm(reg_table[i]); }
x86::Ymm ymm(unsigned i) { return x86::ymm(reg_table[i]); }

[[gnu::noinline]] void x86_unit(x86::Assembler& a) {
  const Label back = a.newLabel(), ahead = a.newLabel();
  a.bind(back);
  a.add(r(0), r(1));
  a.sub(r(2), imm_table[7]);
  a.mov(r(3), x86::ptr(r(6), k(1)));
  a.mov(x86::ptr(r(7), k(2)), r32(8));
  a.lea(r(9), x86::ptr(r(10), r(11), 2, k(8)));
  a.imul(r(12), r(13));
  a.test(r(1), r(1));
  a.jz(ahead);
  a.mov(r(14), imm_table[12]);
  a.xor_(r32(0), r32(1));
  a.shl(r(2), imm_table[10]);
  a.aesenc(xmm(0), xmm(1));
  a.sha1rnds4(xmm(2), xmm(3), imm_table[11]);
  a.lock().xadd(x86::ptr(r(15)), r(0));
  a.lock().cmpxchg(x86::ptr(r(3)), r(1), x86::rax);
  a.vfmadd231sd(xmm(5), xmm(6), xmm(7));
  a.movaps(xmm(9), x86::ptr(r(1), k(3)));
  a.vpaddd(ymm(1), ymm(2), ymm(3));
  a.and_(r(8), imm_table[9]);
  a.movzx(r32(10), x86::byte_ptr(r(11), r(9)));
  a.bind(ahead);
  a.cmp(r(0), imm_table[7]);
  a.jnz(back);
}

template <class Assembler, void (*unit)(Assembler&)>
void add(const char* what, Arch arch) {
  bench::cases().push_back({what, "asmjit", "instructions", units * instructions, [arch] {
                              CodeHolder code;
                              code.init(Environment(arch));
                              code.reserveBuffer(&code.textSection()->_buffer, units * instructions * 12);
                              Assembler a(&code);
                              for (unsigned n = 0; n < units; ++n) unit(a);
                              bench::require(code.textSection()->buffer().size() >= units * instructions * 3, "asmjit");
                            },
                            false});
}
void add_all() {
  add<a64::Assembler, arm64_unit>("emit arm64", Arch::kAArch64);
  add<x86::Assembler, x86_unit>("emit x86_64", Arch::kX64);
}
const bench::Register registered(add_all);

}  // namespace
