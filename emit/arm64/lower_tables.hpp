// Facts of AArch64 that several rules of selection share: field bits of shifts, extensions, conditions
// and lanes, and which forms access a type.
#ifndef JITKIT_EMIT_ARM64_LOWER_TABLES_HPP
#define JITKIT_EMIT_ARM64_LOWER_TABLES_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/formats.hpp>
#include <jitkit/ir/opcode.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {
namespace detail {

constexpr u32 shift_bits(ShiftKind k, unsigned count) {
  return static_cast<u32>(k) << 22 | count << 10;
}
constexpr u32 extend_bits(ExtendKind k, unsigned amount = 0) {
  return static_cast<u32>(k) << 13 | amount << 10;
}
// The extension from an i8, i16 or i32.
constexpr ExtendKind extend_kind(ir::Type from, bool is_signed) {
  const unsigned size = from == ir::Type::i8 ? 0 : from == ir::Type::i16 ? 1 : 2;
  return static_cast<ExtendKind>(size | (is_signed ? 4U : 0U));
}
// ubfx and its like: `width` bits from `lsb` on.
constexpr u32 extract_bits(unsigned lsb, unsigned width) { return lsb << 16 | (lsb + width - 1) << 10; }

constexpr u32 cond_bits(Cond c) { return static_cast<u32>(c) << 12; }
constexpr u32 set_bits(Cond c) { return static_cast<u32>(invert(c)) << 12; }  // of cset
inline constexpr u32 nzcv_z = 4;

// After fcmp: less gives N, equal ZC, greater C, unordered CV.
constexpr Cond float_condition(ir::FCond c) {
  constexpr Cond table[] = {Cond::eq, Cond::ne, Cond::mi, Cond::pl, Cond::ls, Cond::hi, Cond::gt,
                            Cond::le, Cond::ge, Cond::lt, Cond::ne, Cond::eq, Cond::vc, Cond::vs};
  return table[static_cast<u8>(c)];
}
// The same order on one bit, where 1 stands for -1.
constexpr ir::ICond unsigned_of_bit(ir::ICond c) {
  using ir::ICond;
  switch (c) {
    case ICond::slt: return ICond::ugt;
    case ICond::sgt: return ICond::ult;
    case ICond::sle: return ICond::uge;
    case ICond::sge: return ICond::ule;
    default: return c;
  }
}

// How a type is loaded and stored. Narrow integers come with zeroes above.
struct AccessForms {
  Form load = Form::none, store = Form::none, load_pair = Form::none, store_pair = Form::none;
  u8 size_log2 = 0;
};
constexpr AccessForms access_forms(ir::Type t) {
  using ir::Type;
  switch (t) {
    case Type::i1:
    case Type::i8: return {Form::ldrb_imm, Form::strb_imm, Form::none, Form::none, 0};
    case Type::i16: return {Form::ldrh_imm, Form::strh_imm, Form::none, Form::none, 1};
    case Type::i32: return {Form::ldr_imm_w, Form::str_imm_w, Form::ldp_w, Form::stp_w, 2};
    case Type::i64:
    case Type::ptr:
    case Type::ref: return {Form::ldr_imm_x, Form::str_imm_x, Form::ldp_x, Form::stp_x, 3};
    case Type::f16: return {Form::ldr_imm_h, Form::str_imm_h, Form::none, Form::none, 1};
    case Type::f32: return {Form::ldr_imm_s, Form::str_imm_s, Form::ldp_s, Form::stp_s, 2};
    case Type::f64:
    case Type::v64: return {Form::ldr_imm_d, Form::str_imm_d, Form::ldp_d, Form::stp_d, 3};
    case Type::v128: return {Form::ldr_imm_q, Form::str_imm_q, Form::ldp_q, Form::stp_q, 4};
    default: return {};
  }
}
// Rows of an access after its _imm form: pre, post, reg, regw.
inline constexpr unsigned index_row = 3;
inline constexpr unsigned word_index_row = 4;
static_assert(static_cast<u16>(Form::ldr_reg_x) == static_cast<u16>(Form::ldr_imm_x) + index_row);
static_assert(static_cast<u16>(Form::ldr_regw_x) == static_cast<u16>(Form::ldr_imm_x) + word_index_row);

constexpr Encoded offset_bits(i64 offset, unsigned log2) {
  return encode_imm({ImmKind::offset, 10, 12, static_cast<u8>(log2)}, offset);
}
constexpr Encoded pair_bits(i64 offset, unsigned log2) {
  return encode_simm({ImmKind::simm, 15, 7, static_cast<u8>(log2)}, offset);
}

inline constexpr u32 vector_q = 1U << 30;
constexpr unsigned lane_log2(ir::Lane l) { return log2_floor(ir::lane_bits(l)) - 3; }
constexpr bool is_float_lane(ir::Lane l) { return l >= ir::Lane::f16; }
// imm5 of dup, ins and umov: the lane's size and number.
constexpr u32 lane_index(unsigned log2, unsigned n) { return (((n << 1) | 1U) << log2) << 16; }

// The word of a lane-wise op for 8-byte lanes of a v64 (a scalar instruction), and for other shapes.
struct LaneWords {
  u32 vector, scalar;          // integer lanes
  u32 float_vector, float_scalar;
};
constexpr LaneWords lane_words(ir::Opcode op) {
  using ir::Opcode;
  switch (op) {
    case Opcode::vadd: return {0x0e208400, 0x5ee08400, 0x0e20d400, 0x1e602800};
    case Opcode::vsub: return {0x2e208400, 0x7ee08400, 0x0ea0d400, 0x1e603800};
    case Opcode::vmul: return {0x0e209c00, 0, 0x2e20dc00, 0x1e600800};
    case Opcode::vfdiv: return {0, 0, 0x2e20fc00, 0x1e601800};
    case Opcode::vsmin: return {0x0e206c00, 0, 0, 0};
    case Opcode::vsmax: return {0x0e206400, 0, 0, 0};
    case Opcode::vumin: return {0x2e206c00, 0, 0, 0};
    case Opcode::vumax: return {0x2e206400, 0, 0, 0};
    case Opcode::vcmpeq: return {0x2e208c00, 0x7ee08c00, 0, 0};
    case Opcode::vcmpgt: return {0x0e203400, 0x5ee03400, 0, 0};
    default: return {0, 0, 0, 0};  // lane_binary() refuses
  }
}

// Block copies up to this size are loads and stores in line.
inline constexpr u64 inline_copy_bytes = 64;

}  // namespace detail
}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_LOWER_TABLES_HPP
