// Calling conventions of AArch64 as data, and where a signature's values are passed.
//
// Invariants:
//  - PReg numbers: x0..x30 are 0..30, v0..v31 are 32..63. x16 and x17 belong to the emitter and to
//    veneers and are never allocated; a convention that preserves them has them saved, and values pass
//    through them where a function begins, calls and is left. x18 belongs to the
//    platform unless a convention of the user says otherwise.
//  - ArgumentPlaces walks parameters (or results) in order and is the only code that knows which
//    register or stack byte comes next; callers, callees, tail calls and va_start all use it.
//  - An i128 takes two parts, low first. The members of a group (a homogeneous float aggregate, a pair)
//    go into registers together or to the stack together.
// Source: Procedure Call Standard for the Arm 64-bit Architecture (2023Q3) 6.8.2, stages A to C; Apple,
// "Writing ARM64 code for Apple platforms".
#ifndef JITKIT_EMIT_ARM64_ABI_HPP
#define JITKIT_EMIT_ARM64_ABI_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/argument_place.hpp>
#include <jitkit/ir/module.hpp>
#include <jitkit/ir/support/bits.hpp>
#include <jitkit/ir/support/form.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/ir/target.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

namespace preg {
constexpr PReg x(unsigned n) { return PReg(n); }
constexpr PReg v(unsigned n) { return PReg(32 + n); }
inline constexpr PReg result_address = x(8);
inline constexpr PReg scratch = x(16);   // the emitter's: far offsets, constants, swaps
inline constexpr PReg scratch2 = x(17);
inline constexpr RegSet scratches = RegSet::range(16, 2);
inline constexpr PReg platform = x(18);
inline constexpr PReg frame = x(29);
inline constexpr PReg link = x(30);
inline constexpr RegSet all_general = RegSet::range(0, 31);
inline constexpr RegSet all_vector = RegSet::range(32, 32);
}  // namespace preg

namespace detail {

constexpr ir::Convention make_procedure_call_standard(const char* name, ir::Convention::Rules rules) {
  ir::Convention c;
  c.name = name;
  const RegSet reserved = RegSet::range(16, 3);
  c.allocatable = (preg::all_general - reserved) | preg::all_vector;
  c.preserved = RegSet::range(19, 12) | RegSet::range(32 + 8, 8);
  c.preserved_low = RegSet::range(32 + 8, 8);
  for (unsigned n = 0; n < 8; ++n) {
    c.int_args[n] = c.int_results[n] = preg::x(n);
    c.fp_args[n] = c.fp_results[n] = preg::v(n);
  }
  c.sret = preg::result_address;
  c.rules = rules;
  return c;
}

}  // namespace detail

inline constexpr ir::Convention aapcs64 =
    detail::make_procedure_call_standard("aapcs64", ir::Convention::Rules::aapcs64);
// Apple keeps a frame record in every function; x18 is theirs.
inline constexpr ir::Convention darwin = [] {
  ir::Convention c = detail::make_procedure_call_standard("darwin", ir::Convention::Rules::darwin);
  c.frame.frame_pointer = true;
  c.allocatable.remove(preg::frame);
  return c;
}();

inline constexpr ir::Convention conventions[] = {aapcs64, darwin};

// What a call destroys: all that the convention does not preserve, the link register, and the upper
// halves of the vector registers that it preserves in part.
constexpr ir::Clobbers call_clobbers(const ir::Convention& c) {
  RegSet full = (preg::all_general | preg::all_vector) - c.preserved;
  full.add(preg::link);
  return {full, c.preserved_low};
}

using ir::Place;
using ir::Places;

class ArgumentPlaces {
 public:
  // `result_list`: the values are results and use those registers. Parameters from `fixed` on are the
  // variable ones of a variadic signature.
  constexpr ArgumentPlaces(const ir::Convention& c, Span<const ir::Param> params, u32 fixed,
                           bool result_list = false)
      : params_(params),
        ints_(result_list ? c.int_results : c.int_args),
        fps_(result_list ? c.fp_results : c.fp_args),
        fixed_(fixed),
        sret_(result_list ? PReg() : c.sret),
        packed_(c.rules == ir::Convention::Rules::darwin) {}

  // The place of the next value. Results that find no register have a place of kind stack, which
  // callers refuse.
  constexpr Places next() {
    const ir::Param& p = params_[at_];
    Places r;
    r.parts = parts(p);
    if (p.place.kind != ir::FixedPlace::Kind::none)
      r = ir::fixed_places(p);
    else if ((p.attr & ir::ParamAttr::sret) != 0 && sret_.valid())
      r.part[0] = {Place::Kind::reg, sret_, 0};
    else
      place(p, r);
    ++at_;
    return r;
  }

  constexpr u32 stack_bytes() const { return static_cast<u32>(align_up(stack_, 16)); }
  constexpr u32 next_stack_offset() const { return static_cast<u32>(align_up(stack_, 8)); }
  constexpr unsigned ints_used() const { return ints_used_; }
  constexpr unsigned fps_used() const { return fps_used_; }

 private:
  static constexpr bool in_vector(const ir::Param& p) { return ir::bank(p.type) == Bank::vec; }
  static constexpr u8 parts(const ir::Param& p) { return p.type == ir::Type::i128 ? 2 : 1; }
  static constexpr u32 size_of(const ir::Param& p) {
    return p.type == ir::Type::i1 ? 1 : ir::bytes(p.type);
  }

  constexpr void place(const ir::Param& p, Places& r) {
    if (p.group != 0) open_group(params_.subspan(at_, p.group));
    if (group_in_registers_) {
      for (unsigned n = 0; n < r.parts; ++n)
        r.part[n] = {Place::Kind::reg, in_vector(p) ? fps_[fps_used_++] : ints_[ints_used_++], 0};
    } else {
      const u32 size = size_of(p);
      stack_ = static_cast<u32>(align_up(stack_, size));
      for (unsigned n = 0; n < r.parts; ++n) r.part[n] = {Place::Kind::stack, {}, stack_ + n * 8};
      stack_ += size;
    }
    if (--members_left_ == 0 && !(packed_single_ && !group_in_registers_))
      stack_ = static_cast<u32>(align_up(stack_, 8));
  }

  // Decides for all members of the aggregate, or for the one value, that starts here.
  constexpr void open_group(Span<const ir::Param> group) {
    unsigned ints = 0, fps = 0;
    bool wide = group[0].align_log2 >= 4;
    for (const ir::Param& p : group) {
      (in_vector(p) ? fps : ints) += parts(p);
      wide = wide || ir::bits(p.type) == 128;
    }
    members_left_ = static_cast<u32>(group.size());
    const bool named = at_ < fixed_;
    packed_single_ = packed_ && named && group.size() == 1;
    // What needs 16-byte alignment starts at an even general register; not on Darwin.
    const unsigned skip = !packed_ && wide && ints != 0 ? ints_used_ & 1 : 0;
    const bool fits = (ints == 0 || ir::registers_left(ints_, ints_used_) >= skip + ints) &&
                      (fps == 0 || ir::registers_left(fps_, fps_used_) >= fps);
    group_in_registers_ = fits && (named || !packed_);  // Darwin: variable arguments on the stack
    if (group_in_registers_) {
      ints_used_ += skip;
      return;
    }
    // What did not fit closes its registers: no later argument may use them.
    if (ints != 0) ints_used_ += ir::registers_left(ints_, ints_used_);
    if (fps != 0) fps_used_ += ir::registers_left(fps_, fps_used_);
    if (!packed_single_) stack_ = static_cast<u32>(align_up(stack_, wide ? 16 : 8));
  }

  Span<const ir::Param> params_;
  const PReg* ints_;
  const PReg* fps_;
  u32 fixed_;
  PReg sret_;
  bool packed_;
  bool packed_single_ = false;
  bool group_in_registers_ = true;
  u32 members_left_ = 1;
  u32 stack_ = 0;
  u32 at_ = 0;
  unsigned ints_used_ = 0;
  unsigned fps_used_ = 0;
};

// The va_list of AAPCS64 (Procedure Call Standard, appendix B): offsets of its fields, and the area that
// holds the argument registers of a variadic function, general ones first.
struct VaList {
  static constexpr i32 stack = 0;
  static constexpr i32 gr_top = 8;
  static constexpr i32 vr_top = 16;
  static constexpr i32 gr_offs = 24;
  static constexpr i32 vr_offs = 28;
  static constexpr u32 gr_bytes = 8 * 8;
  static constexpr u32 vr_bytes = 8 * 16;
  static constexpr u32 save_bytes = gr_bytes + vr_bytes;
};

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_ABI_HPP
