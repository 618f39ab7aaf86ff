// The AArch64 emission unit by jitkit: 22 instructions, all operands from tables, a forward and a
// backward label, bounds checks on.
#include <jitkit/arm64.hpp>

#include <memory>
#include <vector>

#include "case.hpp"

namespace {

using namespace jitkit;
using namespace jitkit::arm64;

constexpr unsigned units = 1000, instructions = 22;

XReg x(unsigned i) { return XReg(bench::reg_table[i]); }
WReg w(unsigned i) { return WReg(bench::reg_table[i]); }
VReg v(unsigned i) { return VReg(bench::reg_table[i]); }
DReg d(unsigned i) { return DReg(bench::reg_table[i]); }
QReg q(unsigned i) { return QReg(bench::reg_table[i]); }
SReg s(unsigned i) { return SReg(bench::reg_table[i]); }
[[noreturn, gnu::cold]] void out_of_range() { bench::die("operand out of range"); }
template <class Arg, class T>
[[gnu::always_inline]] inline Arg value(T v) {
  const auto made = Arg::make(v);
  if (!made) out_of_range();
  return *made;
}
i64 imm(unsigned i) { return bench::imm_table[i]; }

[[gnu::noinline]] void unit(Assembler& a) {
  const Label back = a.new_label(), ahead = a.new_label();
  a.bind(back);
  a.add(x(0), x(1), value<arg::addsub>(imm(0)));
  a.sub(x(2), x(3), x(4));
  a.ldr(x(5), x(6), value<arg::off3>(imm(1)));
  a.str(w(7), x(8), value<arg::off2>(imm(2)));
  a.ldp(x(9), x(10), x(11), value<arg::poff3>(imm(3)));
  a.stp(x(12), x(13), x(14), value<arg::ppre3>(pre(imm(4))));
  a.madd(x(15), x(16), x(17), x(19));
  a.cbz(x(1), ahead);
  a.aese(v(0).b16(), v(1).b16());
  a.aesmc(v(0).b16(), v(0).b16());
  a.sha1c(q(2), s(3), v(4).s4());
  a.ldaddal(x(20), x(21), x(22));
  a.casal(x(23), x(24), x(25));
  a.fmadd(d(5), d(6), d(7), d(8));
  a.movz(x(26), value<arg::imm16>(imm(5)));
  a.movk(x(26), value<arg::imm16>(imm(5)), lsl(16));
  a.movk(x(26), value<arg::imm16>(imm(5)), lsl(32));
  a.movk(x(26), value<arg::imm16>(imm(5)), lsl(48));
  a.and_(x(27), x(28), value<arg::Xlog>(imm(6)));
  a.ldr(q(9), x(1), value<arg::off4>(imm(3)));
  a.bind(ahead);
  a.cmp(x(0), value<arg::addsub>(imm(7)));
  a.b(Cond::ne, back);
}

void add_all() {
  const auto memory = std::make_shared<std::vector<u8>>(units * instructions * 4 + 64);
  const auto code = std::make_shared<CodeBuffer>(std::span<u8>(*memory));
  bench::cases().push_back({"emit arm64", "jitkit", "instructions", units * instructions, [memory, code] {
                              code->reset();
                              Assembler a(*code);
                              for (unsigned n = 0; n < units; ++n) unit(a);
                              if (!code->status().ok() || code->offset() != units * instructions * 4)
                                bench::die("emit arm64: wrong size");
                            }});
}
const bench::Register registered(add_all);

}  // namespace
