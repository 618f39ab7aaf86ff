// One instruction as a form and the values of its operands in text order: what the text assembler
// makes, the decoder returns and the printer writes.
//
// Invariant: an Instruction that matches() its form and encodes decodes to an equal one, except that
// the decoder answers with the form whose bytes these are (an alternate where that was shorter).
#ifndef JITKIT_EMIT_X86_64_INSTRUCTION_HPP
#define JITKIT_EMIT_X86_64_INSTRUCTION_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/formats.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

struct OperandValue {
  OpClass cls = OpClass::none;
  u16 bits = 0;  // of the register or memory; 0: memory without a size
  u8 code = 0;   // the register's code (registers.hpp)
  u8 broadcast = 0;    // of memory: log2 of how many copies the operand is
  u16 index_bits = 0;  // of memory: the length of a vector register that is the index
  Mem mem;
  i64 imm = 0;   // immediate, branch displacement, absolute 64-bit address
  friend constexpr bool operator==(const OperandValue&, const OperandValue&) = default;
};

struct Instruction {
  Form form = Form::none;
  u8 length = 0;
  u8 count = 0;
  bool vex3 = false;  // the three-byte VEX prefix even where two bytes are enough, and no other opcode
  bool evex = false;  // the EVEX prefix even where VEX is enough
  u8 mask = 0;        // 1..7: k1..k7
  bool zero = false;  // zeroes what the mask leaves out
  Rounding rounding = Rounding::none;
  OperandValue operand[4];
};

// True if `v` may be written as operand `d` of a form of `size` bits.
constexpr bool imm_fits(const OperandDesc& d, unsigned size, i64 v) {
  if (d.any64 || d.imm_bytes == 8) return true;
  const unsigned bits = d.imm_bytes * 8U;
  if (d.cls == OpClass::rel) return fits_signed(v, bits);
  if (!d.sign_extended) return fits_signed(v, bits) || fits_unsigned(static_cast<u64>(v), bits);
  if (size == 0 || size == 64) return fits_signed(v, bits);
  if (!fits_signed(v, size) && !fits_unsigned(static_cast<u64>(v), size)) return false;
  return fits_signed(sign_extend(static_cast<u64>(v), size), bits);
}

constexpr bool matches(const OperandDesc& d, unsigned size, const OperandValue& v) {
  switch (d.cls) {
    case OpClass::none: return false;
    case OpClass::gpr:
      if (v.cls != OpClass::gpr || v.bits != d.bits) return false;
      return !d.fixed || v.code == d.fixed_number;
    case OpClass::vec:
      if (v.cls != OpClass::vec || v.bits != (d.bits < 128 ? 128 : d.bits)) return false;
      return !d.fixed || v.code == d.fixed_number;
    case OpClass::segment: return v.cls == d.cls && v.code < 6;
    case OpClass::mask: return v.cls == d.cls && v.code < 8;
    case OpClass::control:
    case OpClass::debug: return v.cls == d.cls;
    case OpClass::mem:
      if (v.cls != OpClass::mem || v.imm != v.mem.disp || (d.addr64 && v.mem.addr32)) return false;
      if (v.broadcast != d.broadcast || v.index_bits != d.index) return false;
      if (d.element != 0 && v.bits == d.element) return true;
      return v.bits == 0 ? !d.stated : d.bits == 0 || v.bits == d.bits;
    case OpClass::moffs:
      return v.cls == OpClass::mem && v.mem.kind == Mem::Kind::base_index && v.mem.base == Mem::none &&
             v.mem.index == Mem::none && !v.mem.addr32 && v.broadcast == 0 && (v.bits == 0 || v.bits == d.bits);
    case OpClass::imm:
    case OpClass::rel: return v.cls == OpClass::imm && imm_fits(d, size, v.imm);
    case OpClass::one: return v.cls == OpClass::imm && v.imm == 1;
  }
  return false;
}

// The mask and the rounding are what the form says.
constexpr bool decorations_match(const FormRow& row, const Instruction& in) {
  if ((in.mask != 0) != (row.masking != Masking::none) || in.zero != (row.masking == Masking::zero)) return false;
  if (row.variant != EvexVariant::rounding) return in.rounding == Rounding::none;
  return (row.modes & table::er) != 0 ? in.rounding >= Rounding::rn : in.rounding == Rounding::sae;
}

constexpr bool matches(const Instruction& in) {
  const FormRow row = row_of(in.form);
  if (row.kinds.count != in.count || !decorations_match(row, in)) return false;
  for (unsigned i = 0; i < in.count; ++i)
    if (!matches(operand_of(row, i), row.size, in.operand[i])) return false;
  return true;
}

namespace detail {

// The operand that `{rn-sae}` stands behind: the last vector register.
constexpr unsigned rounding_place(const Instruction& in) {
  unsigned at = 0;
  for (unsigned i = 0; i < in.count; ++i)
    if (in.operand[i].cls == OpClass::vec) at = i;
  return at;
}

// Turns a two-byte VEX prefix that starts at `at` into the three-byte one; returns the new length.
constexpr u8 widen_vex(u8* out, u8 at, u8 length) {
  if (out[at] != 0xc5) return length;
  for (u8 i = length; i > at + 1; --i) out[i] = out[i - 1];
  const u8 low = out[at + 2];
  out[at] = 0xc4;
  out[at + 1] = static_cast<u8>((low & 0x80) | 0x61);  // R, no X and B, map 0F
  out[at + 2] = low & 0x7f;
  return static_cast<u8>(length + 1);
}

}  // namespace detail

// The bytes of an instruction that matches its form; 0 if the registers do not go together.
constexpr u8 encode(const Instruction& in, u8* out) {
  const FormRow row = row_of(in.form);
  detail::EncodeRecord r = encode_record_of(in.form);
  if (is_evex(in.form)) r.enc = decorated(r.enc, in.mask, in.zero, in.rounding);
  if (in.evex && !is_evex(in.form)) return 0;
  if (in.vex3) {
    if (space_of(r.enc) != Space::vex) return 0;
    if (r.format == Format::VMOV) r.format = Format::RM;
    if (r.format == Format::VMOV3) r.format = Format::RVM;
  }
  detail::Slots s;
  s.reg = digit_of(r.enc);
  const char* slot = detail::slots_of(row.format);
  unsigned imm_bits = 0;
  for (unsigned i = 0; i < in.count; ++i) {
    const OperandDesc d = operand_of(row, i);
    const OperandValue& v = in.operand[i];
    if (d.imm_bytes != 0) {  // a second immediate stands above the first
      if (d.cls == OpClass::moffs) s.rm.segment = v.mem.segment;
      s.imm |= imm_bits == 0 ? v.imm : v.imm << imm_bits;
      imm_bits = d.imm_bytes * 8U;
      if (imm_bits < 64 && in.count > i + 1) s.imm &= static_cast<i64>(low_mask(imm_bits));
      continue;
    }
    if (d.fixed || d.cls == OpClass::one) continue;
    switch (*slot++) {
      case 'R': s.reg = v.code; break;
      case 'V': s.v = v.code; break;
      case '4': s.is4 = v.code; break;
      default: s.rm = v.cls == OpClass::mem ? v.mem : Mem::of_register(v.code);
    }
  }
  const u8* end = detail::put_form(out, r, s);
  if (end == nullptr) return 0;
  const auto length = static_cast<u8>(end - out);
  return in.vex3 ? detail::widen_vex(out, static_cast<u8>((s.rm.segment != 0) + s.rm.addr32), length) : length;
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_INSTRUCTION_HPP
