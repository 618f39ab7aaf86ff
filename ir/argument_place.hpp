// Where the values of a signature are passed: the words in which emit/<arch>/abi.hpp answers.
#ifndef JITKIT_IR_ARGUMENT_PLACE_HPP
#define JITKIT_IR_ARGUMENT_PLACE_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/module.hpp>
#include <jitkit/ir/support/form.hpp>
#include <jitkit/ir/support/span.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

// Where one value, or one 64-bit half of an i128, is passed.
struct Place {
  enum class Kind : u8 { none, reg, stack, slot };
  Kind kind = Kind::none;
  PReg reg;
  u32 offset = 0;  // stack: bytes from the first stack argument; slot: index of an incoming slot
};
struct Places {
  Place part[2];
  u8 parts = 1;
};

// The place a signature fixes; the halves of an i128 take the register or slot that is named and the next one.
constexpr Places fixed_places(const Param& p) {
  Places r;
  r.parts = p.type == Type::i128 ? 2 : 1;
  const bool reg = p.place.kind == FixedPlace::Kind::reg;
  for (unsigned n = 0; n < r.parts; ++n)
    r.part[n] = reg ? Place{Place::Kind::reg, PReg(p.place.reg.id + n), 0}
                    : Place{Place::Kind::slot, {}, static_cast<u32>(p.place.slot) + n};
  return r;
}

// Why a place cannot hold its value; in words: place_faults (status_text.hpp).
enum class PlaceFault : u8 { none, no_register, kept, taken, no_slot };
constexpr u64 place_detail(PlaceFault f, u32 number) { return u64{number} << 8 | static_cast<u8>(f); }

// The registers of a convention's list (it ends with an invalid one) behind the first `used`.
constexpr unsigned registers_left(const PReg* list, unsigned used) {
  unsigned n = 0;
  while (list[used + n].valid()) ++n;
  return n;
}

// Whether a call may stand in place of a return: the results of both are in the same registers, extended
// alike. `a` and `b` are the target's walks over the lists.
template <class ArgumentPlaces>
constexpr bool same_results(ArgumentPlaces a, Span<const Param> theirs, ArgumentPlaces b, Span<const Param> ours) {
  for (usize n = 0; n < ours.size(); ++n) {
    const Places x = a.next(), y = b.next();
    if (theirs[n].attr != ours[n].attr) return false;
    for (unsigned part = 0; part < x.parts; ++part)
      if (x.part[part].kind != Place::Kind::reg || x.part[part].reg != y.part[part].reg) return false;
  }
  return true;
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_ARGUMENT_PLACE_HPP
