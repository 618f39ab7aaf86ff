// The one error type of the toolkit: a small value, no allocation, no exceptions.
//
// Invariant: a Status that is not ok says what failed (error), where (an index whose meaning the
// error's comment gives) and how much was needed or found (detail).
#ifndef JITKIT_STATUS_HPP
#define JITKIT_STATUS_HPP

#include <jitkit/config.hpp>

namespace jitkit::inline JITKIT_ABI {

enum class Error : u8 {
  none,
  out_of_memory,      // detail: bytes asked for when the arena or the system refused
  out_of_code_space,  // detail: bytes that are enough for all of the code
  label_unbound,      // where: label id; detail: offset of the first use
  label_rebound,      // where: label id
  fixup_range,        // where: offset of the instruction; detail: the distance (two's complement)
  exact_scope,        // where: offset; detail: bytes emitted in a scope that promised another number
  operand_range,      // where: offset; detail: the value that does not fit
  feature_missing,    // where: IR Inst or row; detail: feature number of the target
  no_register,        // where: IR Inst; detail: registers missing
  too_many_slots,     // where: IR Inst; detail: slots missing over the frame's limit
  invalid_ir,         // where: IR Inst; the verifier has the list
  unsupported,        // where: IR Inst; detail: opcode, or unsupported_type and the ir::Type
  system,             // detail: errno of the operating system
  policy,             // a request the chosen mode forbids (patching a shared page ...)
  symbol_undefined,   // where: symbol id
  symbol_redefined,   // where: symbol id
  too_long,           // where: offset of the code with the limit; detail: bytes over it
  register_kept,      // where: IR Inst; detail: PReg that must keep its value where the emitter needs one
  place,              // where: IR Inst, 0: the function's signature; detail: place_detail() (ir/argument_place.hpp)
};

inline constexpr u64 unsupported_type = u64{1} << 32;

// What an Error means, in words, without a trailing full stop.
constexpr const char* describe(Error e) {
  switch (e) {
    case Error::none: return "no error";
    case Error::out_of_memory: return "out of memory";
    case Error::out_of_code_space: return "out of code space";
    case Error::label_unbound: return "label used but never bound";
    case Error::label_rebound: return "label bound twice";
    case Error::fixup_range: return "branch or address out of range";
    case Error::exact_scope: return "exact scope holds another number of bytes than promised";
    case Error::operand_range: return "operand out of range";
    case Error::feature_missing: return "the CPU feature is not enabled";
    case Error::no_register: return "not enough registers";
    case Error::too_many_slots: return "not enough spill slots";
    case Error::invalid_ir: return "invalid IR";
    case Error::unsupported: return "not supported by this target";
    case Error::system: return "the operating system refused";
    case Error::policy: return "not allowed in this mode";
    case Error::symbol_undefined: return "the symbol has no address";
    case Error::symbol_redefined: return "the symbol is defined twice";
    case Error::too_long: return "code is longer than its limit";
    case Error::register_kept: return "a far offset or branch needs a register that has to keep its value";
    case Error::place: return "a fixed place of a signature cannot be used";
  }
  return "unknown error";
}

struct [[nodiscard]] Status {
  Error error = Error::none;
  u32 where = 0;
  u64 detail = 0;

  constexpr bool ok() const { return error == Error::none; }
  constexpr explicit operator bool() const { return ok(); }
  friend constexpr bool operator==(const Status&, const Status&) = default;
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_STATUS_HPP
