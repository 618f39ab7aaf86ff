// Calling conventions of x86-64 as data, and where a signature's values are passed.
//
// Invariants: ArgumentPlaces walks parameters (or results) in order and is the only code that knows
// which register or stack byte comes next; callers, callees, tail calls and va_start all use it. Stack
// offsets count from the first stack argument, which is at rsp at the call and at rsp + 8 at entry.
// Sources: System V ABI AMD64 1.0 section 3.2; Microsoft x64 calling convention (learn.microsoft.com).
#ifndef JITKIT_EMIT_X86_64_ABI_HPP
#define JITKIT_EMIT_X86_64_ABI_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/argument_place.hpp>
#include <jitkit/ir/module.hpp>
#include <jitkit/ir/support/bits.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/ir/target.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

// PReg numbers, as in registers.hpp.
namespace preg {
inline constexpr PReg rax{0}, rcx{1}, rdx{2}, rbx{3}, rsp{4}, rbp{5}, rsi{6}, rdi{7};
inline constexpr PReg r8{8}, r9{9}, r10{10}, r11{11}, r12{12}, r13{13}, r14{14}, r15{15};
constexpr PReg xmm(unsigned n) { return PReg(16 + n); }
constexpr PReg k(unsigned n) { return PReg(48 + n); }
constexpr RegSet set(auto... r) { return (RegSet::of(r) | ...); }

inline constexpr RegSet all_gpr = RegSet::range(0, 16);
inline constexpr RegSet all_vec = RegSet::range(16, 16);  // those VEX and legacy forms can name
inline constexpr RegSet all_mask = RegSet::range(48, 8);
}  // namespace preg

// Names are declared one by one in the functions below: they then hide the assembler's registers.
constexpr ir::Convention system_v() {
  using preg::rax, preg::rbp, preg::rbx, preg::rcx, preg::rdi, preg::rdx, preg::rsi, preg::rsp;
  using preg::r8, preg::r9, preg::r10, preg::r12, preg::r13, preg::r14, preg::r15;
  using preg::all_gpr, preg::all_mask, preg::all_vec, preg::k, preg::set, preg::xmm;
  ir::Convention c;
  c.name = "sysv";
  // k0 means "no mask" where a mask is optional.
  c.allocatable = (all_gpr - set(rsp)) | all_vec | (all_mask - set(k(0)));
  c.preserved = set(rbx, rbp, r12, r13, r14, r15);
  const PReg ints[] = {rdi, rsi, rdx, rcx, r8, r9};
  for (unsigned n = 0; n < 6; ++n) c.int_args[n] = ints[n];
  for (unsigned n = 0; n < 8; ++n) c.fp_args[n] = xmm(n);
  // C returns at most two of each; functions of the IR with more results use these too.
  const PReg results[] = {rax, rdx, rcx, rsi, rdi, r8, r9, r10};
  for (unsigned n = 0; n < 8; ++n) c.int_results[n] = results[n];
  for (unsigned n = 0; n < 8; ++n) c.fp_results[n] = xmm(n);
  return c;
}

constexpr ir::Convention win64() {
  using preg::rbp, preg::rbx, preg::rcx, preg::rdi, preg::rdx, preg::rsi;
  using preg::r8, preg::r9, preg::r12, preg::r13, preg::r14, preg::r15, preg::set;
  ir::Convention c = system_v();
  c.name = "win64";
  c.preserved = set(rbx, rbp, rsi, rdi, r12, r13, r14, r15) | RegSet::range(16 + 6, 10);
  const PReg ints[] = {rcx, rdx, r8, r9, PReg(), PReg()};
  for (unsigned n = 0; n < 6; ++n) c.int_args[n] = ints[n];
  for (unsigned n = 4; n < 8; ++n) c.fp_args[n] = PReg();
  c.int_results[1] = PReg();
  c.fp_results[1] = PReg();
  c.shadow_bytes = 32;
  c.rules = ir::Convention::Rules::win64;
  return c;
}

inline constexpr ir::Convention conventions[] = {system_v(), win64()};

using ir::Place;
using ir::Places;

class ArgumentPlaces {
 public:
  // `result_list`: the values are results and use those registers.
  constexpr ArgumentPlaces(const ir::Convention& c, Span<const ir::Param> params,
                           bool result_list = false)
      : params_(params),
        ints_(result_list ? c.int_results : c.int_args),
        fps_(result_list ? c.fp_results : c.fp_args),
        positional_(c.rules == ir::Convention::Rules::win64 && !result_list),
        stack_(result_list ? 0 : c.shadow_bytes) {}

  // The place of the next value. Results that find no register have a place of kind stack, which
  // callers refuse.
  constexpr Places next() {
    const ir::Param& p = params_[at_];
    if (p.group > 1) group_in_registers_ = fits(params_.subspan(at_, p.group));
    else if (p.group == 1) group_in_registers_ = true;
    ++at_;
    Places r;
    if (p.place.kind != ir::FixedPlace::Kind::none) {
      r = ir::fixed_places(p);
    } else if ((p.attr & ir::ParamAttr::byval) != 0) {
      r.part[0] = stack(p.size, u32{1} << p.align_log2);
    } else if (p.type == ir::Type::i128) {
      place_wide(r);
    } else {
      const bool is_int = ir::bank(p.type) == Bank::gpr;
      r.part[0] = group_in_registers_ ? reg(is_int) : Place{};
      if (r.part[0].kind == Place::Kind::none) r.part[0] = stack(ir::bytes(p.type), ir::bytes(p.type));
    }
    return r;
  }

  constexpr u32 stack_bytes() const { return static_cast<u32>(align_up(stack_, 16)); }
  constexpr u32 next_stack_offset() const { return static_cast<u32>(align_up(stack_, 8)); }
  constexpr unsigned ints_used() const { return ints_used_; }
  constexpr unsigned fps_used() const { return fps_used_; }

 private:
  constexpr bool fits(Span<const ir::Param> group) const {
    unsigned ints = 0, fps = 0;
    for (const ir::Param& p : group)
      (ir::bank(p.type) == Bank::gpr ? ints : fps) += p.type == ir::Type::i128 ? 2U : 1U;
    return ints <= ir::registers_left(ints_, ints_used_) && fps <= ir::registers_left(fps_, fps_used_);
  }
  constexpr Place reg(bool is_int) {
    unsigned& used = is_int ? ints_used_ : fps_used_;
    const PReg r = (is_int ? ints_ : fps_)[used];
    if (!r.valid()) return {};
    ++used;
    if (positional_) ints_used_ = fps_used_ = used;
    return {Place::Kind::reg, r, 0};
  }
  constexpr Place stack(u32 bytes, u32 align) {
    stack_ = static_cast<u32>(align_up(stack_, align < 8 ? 8 : align));
    const Place p{Place::Kind::stack, {}, stack_};
    stack_ += static_cast<u32>(align_up(bytes, 8));
    return p;
  }
  // Both halves in registers or both in memory, aligned to 16.
  constexpr void place_wide(Places& r) {
    r.parts = 2;
    if (group_in_registers_ && ir::registers_left(ints_, ints_used_) >= 2) {
      r.part[0] = reg(true);
      r.part[1] = reg(true);
      return;
    }
    r.part[0] = stack(16, 16);
    r.part[1] = r.part[0];
    r.part[1].offset += 8;
  }

  Span<const ir::Param> params_;
  const PReg* ints_;
  const PReg* fps_;
  bool positional_;
  bool group_in_registers_ = true;
  u32 stack_;
  unsigned at_ = 0;
  unsigned ints_used_ = 0;
  unsigned fps_used_ = 0;
};

// What a call destroys. Convention says what survives; of preserved_low the upper part does not.
constexpr ir::Clobbers call_clobbers(const ir::Convention& c) {
  const RegSet all = preg::all_gpr | preg::all_vec | preg::all_mask;
  return {(all - c.preserved) - RegSet::of(preg::rsp), c.preserved & preg::all_vec};
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_ABI_HPP
