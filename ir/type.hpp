// Value types of the IR, lane shapes of vectors, and sets of types.
//
// Invariant: the order of Type is the order of type_infos; TypeSet bit n stands for the n-th type.
#ifndef JITKIT_IR_TYPE_HPP
#define JITKIT_IR_TYPE_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/form.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI::ir {

enum class Type : u8 {
  none,
  i1,
  i8,
  i16,
  i32,
  i64,
  i128,
  ptr,  // an address
  ref,  // a reference the garbage collector knows; stack maps list it
  f16,
  f32,
  f64,
  v64,
  v128,
  v256,
  v512,
  mask,   // an AVX-512 mask
  flags,  // condition flags; never spilled, never copied
};
inline constexpr unsigned type_count = 18;

struct TypeInfo {
  const char* name;
  u16 bits;  // of the value; i1 is one bit, stored as a byte 0 or 1
  Bank bank;
};
inline constexpr TypeInfo type_infos[type_count] = {
    {"none", 0, Bank::none},  {"i1", 1, Bank::gpr},     {"i8", 8, Bank::gpr},
    {"i16", 16, Bank::gpr},   {"i32", 32, Bank::gpr},   {"i64", 64, Bank::gpr},
    {"i128", 128, Bank::gpr}, {"ptr", 64, Bank::gpr},   {"ref", 64, Bank::gpr},
    {"f16", 16, Bank::vec},   {"f32", 32, Bank::vec},   {"f64", 64, Bank::vec},
    {"v64", 64, Bank::vec},   {"v128", 128, Bank::vec}, {"v256", 256, Bank::vec},
    {"v512", 512, Bank::vec}, {"mask", 64, Bank::mask}, {"flags", 0, Bank::flags},
};

constexpr const TypeInfo& info(Type t) { return type_infos[static_cast<u8>(t)]; }
constexpr const char* name(Type t) { return info(t).name; }
constexpr unsigned bits(Type t) { return info(t).bits; }
// Bytes in memory and in a spill slot.
constexpr unsigned bytes(Type t) { return (bits(t) + 7) / 8; }
constexpr Bank bank(Type t) { return info(t).bank; }

// A set of types, as a bit mask.
using TypeSet = u32;
constexpr TypeSet set_of(Type t) { return TypeSet{1} << static_cast<u8>(t); }
template <class... T>
constexpr TypeSet set_of(Type t, T... rest) {
  return set_of(t) | set_of(rest...);
}
constexpr bool contains(TypeSet s, Type t) { return (s >> static_cast<u8>(t) & 1) != 0; }

namespace types {
inline constexpr TypeSet none = 0;
inline constexpr TypeSet small_int = set_of(Type::i8, Type::i16, Type::i32, Type::i64);
inline constexpr TypeSet wide_int = set_of(Type::i32, Type::i64);
inline constexpr TypeSet integer = small_int | set_of(Type::i128);
inline constexpr TypeSet int_or_bool = integer | set_of(Type::i1);
inline constexpr TypeSet address = set_of(Type::ptr, Type::ref);
inline constexpr TypeSet word = small_int | address;  // fits one general register
inline constexpr TypeSet fp = set_of(Type::f32, Type::f64);
inline constexpr TypeSet any_fp = fp | set_of(Type::f16);
inline constexpr TypeSet vector = set_of(Type::v64, Type::v128);
inline constexpr TypeSet wide_vector = set_of(Type::v256, Type::v512);
inline constexpr TypeSet any_vector = vector | wide_vector;
inline constexpr TypeSet memory = integer | address | any_fp | any_vector | set_of(Type::mask);
inline constexpr TypeSet value = memory | set_of(Type::i1);  // all but flags
}  // namespace types

// The lanes of a v64 or v128.
enum class Lane : u8 { i8, i16, i32, i64, f16, f32, f64 };
inline constexpr unsigned lane_count_kinds = 7;
inline constexpr const char* lane_names[lane_count_kinds] = {"i8",  "i16", "i32", "i64",
                                                             "f16", "f32", "f64"};
constexpr unsigned lane_bits(Lane l) {
  constexpr u8 widths[] = {8, 16, 32, 64, 16, 32, 64};
  return widths[static_cast<u8>(l)];
}
// The type of one lane taken out of a vector.
constexpr Type lane_type(Lane l) {
  constexpr Type kinds[] = {Type::i8,  Type::i16, Type::i32, Type::i64,
                            Type::f16, Type::f32, Type::f64};
  return kinds[static_cast<u8>(l)];
}
constexpr unsigned lanes(Type vector, Lane l) { return bits(vector) / lane_bits(l); }

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_TYPE_HPP
