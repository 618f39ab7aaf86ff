// What `custom0` means to the jitkit command and the tests: a calling convention unlike those of C.
#ifndef JITKIT_TOOLS_CUSTOM_CONVENTION_HPP
#define JITKIT_TOOLS_CUSTOM_CONVENTION_HPP

#include <jitkit/emit/arm64/abi.hpp>
#include <jitkit/emit/x86_64/abi.hpp>

namespace jitkit::tools {

// Arguments in registers that C preserves and others, in no order;
// vector registers preserved as a whole.
inline constexpr ir::Convention arm64_custom = [] {
  ir::Convention c = arm64::aapcs64;
  c.name = "custom";
  constexpr unsigned arguments[] = {19, 0, 21, 9, 20}, results[] = {20, 11, 19, 0, 9, 10, 12, 13};
  for (unsigned n = 0; n < 8; ++n) {
    c.int_args[n] = n < 5 ? arm64::preg::x(arguments[n]) : PReg();
    c.fp_args[n] = n < 4 ? arm64::preg::v(9 - 2 * n) : PReg();
    c.int_results[n] = arm64::preg::x(results[n]);
    c.fp_results[n] = arm64::preg::v(16 + n);
  }
  c.preserved = RegSet::range(22, 9) | RegSet::range(32 + 10, 6);
  c.preserved_low = RegSet();
  return c;
}();
inline constexpr ir::Convention x86_64_custom = [] {
  using namespace x86_64::preg;
  ir::Convention c = x86_64::system_v();
  c.name = "custom";
  const PReg arguments[] = {rbx, r10, r12, rdx}, results[] = {r12, rcx, rbx, rax, rdi, rsi, x86_64::preg::r8, r9};
  for (unsigned n = 0; n < 8; ++n) {
    c.int_args[n] = n < 4 ? arguments[n] : PReg();
    c.fp_args[n] = n < 3 ? xmm(9 - 2 * n) : PReg();
    c.int_results[n] = results[n];
    c.fp_results[n] = xmm(7 - n);
  }
  c.preserved = set(rbp, r13, r14, r15) | RegSet::range(16 + 12, 4);
  return c;
}();

// That of a target, as its compiler's options take it.
template <class Isa>
constexpr std::span<const ir::Convention> custom_conventions() {
  if constexpr (Isa::name[0] == 'a')
    return {&arm64_custom, 1};
  else
    return {&x86_64_custom, 1};
}

}  // namespace jitkit::tools

#endif  // JITKIT_TOOLS_CUSTOM_CONVENTION_HPP
