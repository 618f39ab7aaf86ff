// The x86-64 emission unit by jitkit: 22 instructions, all operands from tables, a forward and a
// backward label, bounds checks on.
#include <jitkit/x86_64.hpp>

#include <memory>
#include <vector>

#include "case.hpp"

namespace {

using namespace jitkit;
using namespace jitkit::x86_64;

constexpr unsigned units = 1000, instructions = 22;

Gp64 r(unsigned i) { return Gp64(bench::reg_table[i]); }
Gp32 r32(unsigned i) { return Gp32(bench::reg_table[i]); }
Xmm xmm(unsigned i) { return Xmm(bench::reg_table[i]); }
Ymm ymm(unsigned i) { return Ymm(bench::reg_table[i]); }
i64 imm(unsigned i) { return bench::imm_table[i]; }
int disp(unsigned i) { return static_cast<int>(bench::imm_table[i]); }
[[noreturn, gnu::cold]] void out_of_range() { bench::die("operand out of range"); }
template <class T>
T value(i64 v) {
  const auto made = T::make(v);
  if (!made) out_of_range();
  return *made;
}

[[gnu::noinline]] void unit(Assembler& a) {
  const Label back = a.new_label(), ahead = a.new_label();
  a.bind(back);
  a.add(r(0), r(1));
  a.sub(r(2), value<Imm<64>>(imm(7)));
  a.mov(r(3), ptr[r(6) + disp(1)]);
  a.mov(ptr[r(7) + disp(2)], r32(8));
  a.lea(r(9), ptr[r(10) + r(11) * 4 + disp(8)]);
  a.imul(r(12), r(13));
  a.test(r(1), r(1));
  a.jz(ahead);
  a.mov(r(14), Imm64(imm(12)));
  a.xor_(r32(0), r32(1));
  a.shl(r(2), value<Imm8>(imm(10)));
  a.aesenc(xmm(0), xmm(1));
  a.sha1rnds4(xmm(2), xmm(3), value<Imm8>(imm(11)));
  a.lock_xadd(ptr[r(15)], r(0));
  a.lock_cmpxchg(ptr[r(3)], r(1));
  a.vfmadd231sd(xmm(5), xmm(6), xmm(7));
  a.movaps(xmm(9), ptr[r(1) + disp(3)]);
  a.vpaddd(ymm(1), ymm(2), ymm(3));
  a.and_(r(8), value<Imm<64>>(imm(9)));
  a.movzx(r32(10), byte_ptr[r(11) + r(9)]);
  a.bind(ahead);
  a.cmp(r(0), value<Imm<64>>(imm(7)));
  a.jnz(back);
}

void add_all() {
  const auto memory = std::make_shared<std::vector<u8>>(units * instructions * 12);
  const auto code = std::make_shared<CodeBuffer>(std::span<u8>(*memory));
  bench::cases().push_back({"emit x86_64", "jitkit", "instructions", units * instructions, [memory, code] {
                              code->reset();
                              Assembler a(*code);
                              for (unsigned n = 0; n < units; ++n) unit(a);
                              if (!code->status().ok()) bench::die("emit x86_64: failed");
                            }});
}
const bench::Register registered(add_all);

}  // namespace
