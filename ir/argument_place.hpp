// Where the values of a signature are passed: the words in which emit/<arch>/abi.hpp answers.
#ifndef JITKIT_IR_ARGUMENT_PLACE_HPP
#define JITKIT_IR_ARGUMENT_PLACE_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/module.hpp>
#include <jitkit/ir/support/form.hpp>

#include <span>

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

// The registers of a convention's list (it ends with an invalid one) behind the first `used`.
constexpr unsigned registers_left(const PReg* list, unsigned used) {
  unsigned n = 0;
  while (list[used + n].valid()) ++n;
  return n;
}

// Whether a call may stand in place of a return: the results of both are in the same registers, extended
// alike. `a` and `b` are the target's walks over the lists.
template <class ArgumentPlaces>
constexpr bool same_results(ArgumentPlaces a, std::span<const Param> theirs, ArgumentPlaces b, std::span<const Param> ours) {
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
