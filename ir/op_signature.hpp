// The signature column of ops.def, parsed at compile time: how many operands and results an op has and
// how their types follow from the op's own type and lane.
//
// Invariant: a malformed signature string does not compile.
#ifndef JITKIT_IR_OP_SIGNATURE_HPP
#define JITKIT_IR_OP_SIGNATURE_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/opcode.hpp>
#include <jitkit/ir/type.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

struct OpSignature {
  bool any = false;  // "*": operands and results are described in words
  u8 operands = 0;
  u8 results = 0;
  char operand[3] = {};  // letters of the column
  char result[2] = {};
};

namespace detail {

// Not constexpr, so that reaching it at compile time is an error.
inline void unknown_letter_in_ops_def() {}

consteval OpSignature parse_signature(const char* text) {
  OpSignature s;
  bool results = false;
  for (; *text != 0; ++text) {
    switch (*text) {
      case ',': break;
      case ':': results = true; break;
      case '*': s.any = true; break;
      case 'T':
      case 'S':
      case 'L':
      case 'b':
      case 'w':
      case 'x':
      case 'a':
      case 'p':
        if (results)
          s.result[s.results++] = *text;
        else
          s.operand[s.operands++] = *text;
        break;
      default: unknown_letter_in_ops_def();
    }
  }
  return s;
}

inline constexpr OpSignature op_signatures[core_op_count] = {
    {},
#define JITKIT_OP(name, sig, types, option, effects, meaning) parse_signature(sig),
#include <jitkit/ir/ops.def>
};

}  // namespace detail

constexpr const OpSignature& signature_of(Opcode op) {
  return detail::op_signatures[static_cast<u16>(op)];
}

// The type a letter stands for in an op of type t; none for the letters that leave a choice (S, a).
constexpr Type letter_type(char letter, Type t, Lane lane) {
  switch (letter) {
    case 'T': return t;
    case 'L': return lane_type(lane);
    case 'b': return Type::i1;
    case 'w': return Type::i32;
    case 'x': return Type::i64;
    case 'p': return Type::ptr;
    default: return Type::none;
  }
}

// True if the op's text and InstData carry a type.
constexpr bool has_type(Opcode op) { return info(op).types != 0; }
// True if InstData::flags hold a Lane.
constexpr bool has_lane(Opcode op) {
  return info(op).option == Option::lanes || info(op).option == Option::lane;
}
// The lane of an op whose flags hold one; i8 if the flags are out of range.
constexpr Lane lane_of(u8 flags) {
  return flags < lane_count_kinds ? static_cast<Lane>(flags) : Lane::i8;
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_OP_SIGNATURE_HPP
