// What arguments the Builder's method of an op takes, found from its row in ops.def.
//
// Invariant: every row has a shape; one that fits none does not compile.
#ifndef JITKIT_IR_BUILDER_SHAPE_HPP
#define JITKIT_IR_BUILDER_SHAPE_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/op_signature.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI::ir {

enum class Shape : u8 {
  unary,         // (x)
  binary,        // (x, y)
  ternary,       // (x, y, z)
  overflow,      // (x, y) -> WithFlag
  carry,         // (x, y, carry in) -> WithFlag
  icompare,      // (ICond, x, y)
  fcompare,      // (FCond, x, y)
  select,        // (condition, x, y)
  convert,       // (Type, x)
  splat,         // (Type, Lane, x)
  extract,       // (Lane, x, number)
  insert,        // (Lane, x, y, number)
  lane_binary,   // (Lane, x, y)
  lane_shift,    // (Lane, x, count)
  shuffle,       // (x, y, span of mask bytes)
  numbered,      // (x, y, number)
  crc,           // (state, x)
  load,          // (Type, address, offset = 0, MemFlags = {})
  store,         // (address, x, offset = 0, MemFlags = {})
  atomic_load,   // (Type, address, Order, offset = 0, MemFlags = {})
  atomic_store,  // (address, x, Order, offset = 0, MemFlags = {}); also read-modify-write
  atomic_cas,    // (address, expected, x, Order, offset = 0, MemFlags = {})
  plain,         // (operands ...), no type
  special,       // written by hand in builder.hpp
};

consteval Shape shape_of(Opcode op) {
  const std::string_view s = info(op).signature;
  switch (info(op).option) {
    case Option::none:
      if (s == "*" || is_terminator(op)) return Shape::special;
      if (s == "S:T") return Shape::convert;
      if (s == "T:T") return Shape::unary;
      if (s == "T,T:T") return Shape::binary;
      if (s == "T,T,T:T") return Shape::ternary;
      if (s == "T,T:T,b") return Shape::overflow;
      if (s == "T,T,b:T,b") return Shape::carry;
      if (s == "b,T,T:T") return Shape::select;
      if (s == "w,T:w") return Shape::crc;
      if (info(op).types == 0) return Shape::plain;
      break;
    case Option::icond: return Shape::icompare;
    case Option::fcond: return Shape::fcompare;
    case Option::lanes: return s == "L:T" ? Shape::splat : Shape::lane_binary;
    case Option::lane: return s == "T:L" ? Shape::extract : s == "T:T" ? Shape::lane_shift : Shape::insert;
    case Option::shuffle: return Shape::shuffle;
    case Option::imm: return s == "T,T:T" ? Shape::numbered : Shape::special;
    case Option::mem: return s == "a:T" ? Shape::load : Shape::store;
    case Option::atomic:
      return s == "a:T" ? Shape::atomic_load : s == "a,T,T:T" ? Shape::atomic_cas : Shape::atomic_store;
    case Option::order:
    case Option::slot:
    case Option::symbol:
    case Option::signature:
    case Option::frame_state:
    case Option::trap_mem:
    case Option::exit: return Shape::special;
  }
  detail::unknown_letter_in_ops_def();
  return Shape::special;
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_BUILDER_SHAPE_HPP
