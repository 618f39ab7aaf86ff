// The AArch64 emission unit by VIXL's assembler. Debian's version has no AES and SHA instructions: those
// three are raw words.
#include <aarch64/assembler-aarch64.h>

#include "case.hpp"

namespace {

using namespace vixl;
using namespace vixl::aarch64;
using bench::imm_table;
using bench::reg_table;

constexpr unsigned units = 1000, instructions = 22;

XRegister x(unsigned i) { return XRegister(reg_table[i]); }
WRegister w(unsigned i) { return WRegister(reg_table[i]); }
VRegister d(unsigned i) { return VRegister(reg_table[i], kDRegSize); }
VRegister q(unsigned i) { return VRegister(reg_table[i], kQRegSize); }

[[gnu::noinline]] void unit(Assembler& a, Label& back, Label& ahead) {
  a.bind(&back);
  a.add(x(0), x(1), Operand(imm_table[0]));
  a.sub(x(2), x(3), Operand(x(4)));
  a.ldr(x(5), MemOperand(x(6), imm_table[1]));
  a.str(w(7), MemOperand(x(8), imm_table[2]));
  a.ldp(x(9), x(10), MemOperand(x(11), imm_table[3]));
  a.stp(x(12), x(13), MemOperand(x(14), imm_table[4], PreIndex));
  a.madd(x(15), x(16), x(17), x(19));
  a.cbz(x(1), &ahead);
  a.dci(0x4e284800 | reg_table[0] | reg_table[1] << 5);
  a.dci(0x4e286800 | reg_table[0] | reg_table[0] << 5);
  a.dci(0x5e000000 | reg_table[2] | reg_table[3] << 5 | reg_table[4] << 16);
  a.ldaddal(x(20), x(21), MemOperand(x(22)));
  a.casal(x(23), x(24), MemOperand(x(25)));
  a.fmadd(d(5), d(6), d(7), d(8));
  a.movz(x(26), imm_table[5]);
  a.movk(x(26), imm_table[5], 16);
  a.movk(x(26), imm_table[5], 32);
  a.movk(x(26), imm_table[5], 48);
  a.and_(x(27), x(28), Operand(imm_table[6]));
  a.ldr(q(9), MemOperand(x(1), imm_table[3]));
  a.bind(&ahead);
  a.cmp(x(0), Operand(imm_table[7]));
  a.b(&back, ne);
}

void add_all() {
  bench::cases().push_back({"emit arm64", "vixl", "instructions", units * instructions, [] {
                              Assembler a(units * instructions * 4 + 4096);
                              for (unsigned n = 0; n < units; ++n) {
                                Label back, ahead;
                                unit(a, back, ahead);
                              }
                              a.FinalizeCode();
                            },
                            false});
}
const bench::Register registered(add_all);

}  // namespace
