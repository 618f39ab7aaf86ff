// From bytes to instructions, driven by the rows: no table of its own.
//
// decode() reads prefixes, opcode map and opcode, then asks the rows that have this opcode, best first,
// whether everything else is theirs too; their operand kinds say what follows.
//
// Invariants: every prefix and every bit of REX.W, VEX.W, VEX.L and vvvv must be the row's own, so
// redundant prefixes make bytes unknown. Nothing is read beyond the bytes given or the 15th. Bytes that
// decode may still be another spelling of what the assembler writes (a longer displacement, the other
// direction of a register move); is_exact() of disassembler.hpp tells.
// Source: Intel SDM vol. 2, chapter 2 and appendix A.
#ifndef JITKIT_EMIT_X86_64_DECODER_HPP
#define JITKIT_EMIT_X86_64_DECODER_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/instruction.hpp>
#include <jitkit/ir/support/span.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

namespace detail {

constexpr bool has_modrm(Format f) {
  switch (f) {
    case Format::ZO:
    case Format::VZO:
    case Format::O:
    case Format::OXCHG:
    case Format::I:
    case Format::PUSHI:
    case Format::INTI:
    case Format::JUMP:
    case Format::ACC: return false;
    default: return true;
  }
}
constexpr bool in_opcode(Format f) { return f == Format::O || f == Format::OXCHG; }
constexpr bool has_vector_index(const FormRow& row) {
  for (unsigned i = 0; i < row.kinds.count; ++i)
    if (operand_of(row, i).index != 0) return true;
  return false;
}
constexpr bool has_slot(Format f, char slot) {
  for (const char* s = slots_of(f); *s != '\0'; ++s)
    if (*s == slot) return true;
  return false;
}

// Opcode maps by number: 0 one byte, 1 0F, 2 0F 38, 3 0F 3A. Three-byte words of other instructions
// (0F 01 F9) belong to map 1; their last byte stands where a ModRM byte would.
struct OpcodeAt {
  u8 map;
  u8 opcode;
  bool has_third;
  u8 third;
};
constexpr OpcodeAt opcode_at(Enc e) {
  if (space_of(e) != Space::legacy) return {static_cast<u8>(e >> 44 & 7U), opcode_of(e), false, 0};
  const auto first = static_cast<u8>(e), second = static_cast<u8>(e >> 8), third = static_cast<u8>(e >> 16);
  switch (opcode_bytes(e)) {
    case 1: return {0, first, false, 0};
    case 2: return {1, second, false, 0};
    default:
      if (second == 0x38 || second == 0x3a) return {static_cast<u8>(second == 0x38 ? 2 : 3), third, false, 0};
      return {1, second, true, third};
  }
}

// Forms by space, map and opcode, in table order; those without operands first, so that 90 is nop.
class DecodeIndex {
 public:
  constexpr DecodeIndex() {
    u16 last[buckets] = {};
    for (const bool plain : {true, false})
      for (u16 f = 1; f < form_count; ++f) {
        const Enc e = encode_table.record[f].enc;
        if ((encode_table.record[f].format == Format::ZO) != plain) continue;
        const OpcodeAt at = opcode_at(e);
        const unsigned b = bucket(space_of(e) != Space::legacy, at.map, at.opcode);
        (last[b] == 0 ? first_[b] : next_[last[b]]) = f;
        last[b] = f;
      }
    u16 last_evex[buckets] = {};
    for (u16 i = 0; i < evex_count; ++i) {
      const Enc e = evex_rows[i].enc;
      const unsigned b = bucket(false, e >> 44 & 7U, opcode_of(e));
      const auto row = static_cast<u16>(i + 1);
      (last_evex[b] == 0 ? first_evex_[b] : next_evex_[last_evex[b]]) = row;
      last_evex[b] = row;
    }
  }
  // f(form) for each form that may have this opcode, until it answers true. A register in the opcode's
  // low bits: the forms stand with register 0.
  template <class F>
  constexpr void find(bool vex, unsigned map, unsigned opcode, F f) const {
    for (u16 i = first_[bucket(vex, map, opcode)]; i != 0; i = next_[i])
      if (f(static_cast<Form>(i))) return;
  }

  // f(row) for each EVEX row that has this opcode, until it answers true.
  template <class F>
  constexpr void find_evex(unsigned map, unsigned opcode, F f) const {
    for (u16 i = first_evex_[bucket(false, map, opcode)]; i != 0; i = next_evex_[i])
      if (f(static_cast<EvexId>(i - 1))) return;
  }

 private:
  static constexpr unsigned buckets = 2 * 4 * 256;
  static constexpr unsigned bucket(bool vex, unsigned map, unsigned opcode) {
    return (vex ? 1024U : 0U) + map * 256 + opcode;
  }
  u16 first_[buckets] = {};
  u16 next_[form_count] = {};
  // Rows by their number plus one.
  u16 first_evex_[buckets] = {};
  u16 next_evex_[evex_count + 1] = {};
};
inline constexpr DecodeIndex decode_index;

// The bytes of one instruction, read in order.
class DecodeState {
 public:
  constexpr DecodeState(const u8* bytes, usize size) : bytes_(bytes), size_(size < 15 ? size : 15) {}

  constexpr bool head();
  constexpr bool matches_row(const FormRow& row) const;
  constexpr bool operands(Form form, Instruction& in);
  constexpr bool vex() const { return vex_; }
  constexpr bool evex() const { return evex_; }
  constexpr Form evex_form_of(EvexId id) const;
  constexpr unsigned map() const { return map_; }
  constexpr u8 opcode() const { return opcode_; }

 private:
  constexpr bool byte(u8& out) {
    if (at_ >= size_) return false;
    out = bytes_[at_++];
    return true;
  }
  constexpr bool number(unsigned bytes, bool is_signed, i64& out) {
    u64 v = 0;
    for (unsigned i = 0; i < bytes; ++i) {
      u8 b = 0;
      if (!byte(b)) return false;
      v |= u64{b} << 8 * i;
    }
    out = is_signed && bytes != 0 ? sign_extend(v, bytes * 8) : static_cast<i64>(v);
    return true;
  }
  constexpr bool legacy_prefix(u8 b);
  constexpr bool vex_prefix(u8 first);
  constexpr bool evex_prefix();
  constexpr bool address(Mem& m, bool vector_index, unsigned unit);
  constexpr OperandValue register_operand(const OperandDesc& d, unsigned number) const;

  const u8* bytes_;
  usize size_;
  usize at_ = 0;
  bool has_66_ = false, has_67_ = false, has_lock_ = false, has_rex_ = false, vex_ = false, vex3_ = false;
  u8 repeat_ = 0;  // F2, F3
  u8 segment_ = 0;
  bool w_ = false, l_ = false;
  u8 r_ = 0, x_ = 0, b_ = 0;  // 0 or 8; r_ also 16
  bool evex_ = false, zero_ = false, evex_b_ = false;
  u8 mask_ = 0, length_ = 0;
  u8 v_ = 0, pp_ = 0;
  unsigned map_ = 0;
  u8 opcode_ = 0;
};

constexpr bool DecodeState::legacy_prefix(u8 b) {
  constexpr u8 segments[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
  for (u8 i = 0; i < 6; ++i)
    if (b == segments[i] && segment_ == 0) {
      segment_ = static_cast<u8>(i + 1);
      return true;
    }
  if (b == 0x66 && !has_66_) return has_66_ = true;
  if (b == 0x67 && !has_67_) return has_67_ = true;
  if (b == 0xf0 && !has_lock_) return has_lock_ = true;
  if ((b == 0xf2 || b == 0xf3) && repeat_ == 0) {
    repeat_ = b;
    return true;
  }
  return false;
}

constexpr bool DecodeState::vex_prefix(u8 first) {
  if (has_66_ || has_lock_ || repeat_ != 0) return false;
  u8 a = 0, b = 0;
  if (!byte(a)) return false;
  vex_ = true;
  vex3_ = first == 0xc4;
  r_ = (a & 0x80) != 0 ? 0 : 8;
  map_ = 1;
  b = a;
  if (vex3_) {
    x_ = (a & 0x40) != 0 ? 0 : 8;
    b_ = (a & 0x20) != 0 ? 0 : 8;
    map_ = a & 31U;
    if (map_ == 0 || map_ > 3 || !byte(b)) return false;
    w_ = (b & 0x80) != 0;
  }
  v_ = static_cast<u8>(~b >> 3 & 15);
  l_ = (b & 4) != 0;
  pp_ = b & 3;
  return byte(opcode_);
}

constexpr bool DecodeState::evex_prefix() {
  if (has_66_ || has_lock_ || repeat_ != 0) return false;
  u8 p0 = 0, p1 = 0, p2 = 0;
  if (!byte(p0) || !byte(p1) || !byte(p2)) return false;
  if ((p0 & 8) != 0 || (p1 & 4) == 0) return false;
  vex_ = evex_ = true;
  map_ = p0 & 7U;
  if (map_ == 0 || map_ > 3) return false;
  r_ = static_cast<u8>(((p0 & 0x80) != 0 ? 0 : 8) | ((p0 & 0x10) != 0 ? 0 : 16));
  x_ = (p0 & 0x40) != 0 ? 0 : 8;
  b_ = (p0 & 0x20) != 0 ? 0 : 8;
  w_ = (p1 & 0x80) != 0;
  pp_ = p1 & 3;
  v_ = static_cast<u8>((~p1 >> 3 & 15) | ((p2 & 8) != 0 ? 0 : 16));
  zero_ = (p2 & 0x80) != 0;
  length_ = p2 >> 5 & 3;
  evex_b_ = (p2 & 0x10) != 0;
  mask_ = p2 & 7;
  return byte(opcode_);
}

// The form of the row that prefix and ModRM say; Form::none if it has none such.
constexpr Form DecodeState::evex_form_of(EvexId id) const {
  if (at_ >= size_ || (zero_ && mask_ == 0)) return Form::none;
  const bool memory = bytes_[at_] < 0xc0;
  EvexParts p;
  p.id = id;
  p.variant = memory ? (evex_b_ ? EvexVariant::broadcast : EvexVariant::memory)
                     : (evex_b_ ? EvexVariant::rounding : EvexVariant::plain);
  p.masking = mask_ == 0 ? Masking::none : zero_ ? Masking::zero : Masking::merge;
  const EvexRow& row = evex_rows[static_cast<u16>(id)];
  p.length = length_;
  if (p.variant == EvexVariant::rounding) {  // the length's bits are the rounding mode
    if ((row.modes & table::er) == 0 && length_ != 0) return Form::none;
    p.length = row.lengths == Lengths::x ? 0 : 2;
  }
  return p.length < 3 && is_evex_form(p) ? evex_form(p) : Form::none;
}

// Everything up to the opcode.
constexpr bool DecodeState::head() {
  u8 b = 0;
  do {
    if (!byte(b)) return false;
  } while (legacy_prefix(b));
  if (b == 0xc4 || b == 0xc5) return vex_prefix(b);
  if (b == 0x62) return evex_prefix();
  if (b >> 4 == 4) {
    has_rex_ = true;
    w_ = (b & 8) != 0;
    r_ = (b & 4) != 0 ? 8 : 0;
    x_ = (b & 2) != 0 ? 8 : 0;
    b_ = (b & 1) != 0 ? 8 : 0;
    if (!byte(b)) return false;
  }
  opcode_ = b;
  if (b != 0x0f) return true;
  map_ = 1;
  if (!byte(opcode_)) return false;
  if (opcode_ != 0x38 && opcode_ != 0x3a) return true;
  map_ = opcode_ == 0x38 ? 2 : 3;
  return byte(opcode_);
}

// True if prefixes and the bytes that are not operands are the row's.
constexpr bool DecodeState::matches_row(const FormRow& row) const {
  const Enc e = row.enc;
  if (wide(e) != w_) return false;
  if (vex_) {
    if ((e >> 47 & 3U) != pp_ || (!evex_ && ((e >> 30 & 1U) != 0) != l_)) return false;
    const unsigned v = evex_ && has_vector_index(row) ? v_ & 15U : v_;  // bit 4 is the index'
    if (!has_slot(row.format, 'V') && v != 0) return false;
  } else {
    const auto mandatory = static_cast<u8>(e >> 32);
    const bool wants_66 = mandatory == 0x66 || (e >> 40 & 1) != 0;
    if (wants_66 != has_66_ || ((e >> 41 & 1) != 0) != has_lock_) return false;
    if (repeat_ != (mandatory == 0x66 ? 0 : mandatory)) return false;
  }
  if (!has_modrm(row.format)) {
    if ((r_ | x_) != 0 || (b_ != 0 && !in_opcode(row.format))) return false;
    const OpcodeAt at = opcode_at(e);
    return !at.has_third || (at_ < size_ && bytes_[at_] == at.third);
  }
  if (at_ >= size_) return false;
  const unsigned modrm = bytes_[at_];
  if (!has_slot(row.format, 'R') && ((modrm >> 3 & 7U) != digit_of(e))) return false;
  bool wants_memory = false;
  for (unsigned i = 0; i < row.kinds.count; ++i) wants_memory |= operand_of(row, i).cls == OpClass::mem;
  return wants_memory == (modrm < 0xc0);
}

// `unit`: log2 of what an 8-bit displacement counts.
constexpr bool DecodeState::address(Mem& m, bool vector_index, unsigned unit) {
  u8 modrm = 0, sib = 0;
  if (!byte(modrm)) return false;
  const unsigned mod = modrm >> 6;
  const unsigned low = modrm & 7;
  m.segment = segment_;
  m.addr32 = has_67_;
  unsigned disp_bytes = mod == 1 ? 1 : mod == 2 ? 4 : 0;
  if (low == 4) {
    if (!byte(sib)) return false;
    const unsigned index = (sib >> 3 & 7U) | x_ | (vector_index ? Mem::vector_index | (evex_ ? v_ & 16U : 0U) : 0U);
    if (index != 4) {
      m.index = static_cast<u8>(index);
      m.scale = static_cast<u8>(sib >> 6);
    }
    if ((sib & 7) == 5 && mod == 0)
      disp_bytes = 4;
    else
      m.base = static_cast<u8>((sib & 7) | b_);
  } else if (vector_index) {
    return false;
  } else if (low == 5 && mod == 0) {
    m.kind = Mem::Kind::rip;
    disp_bytes = 4;
  } else {
    m.base = static_cast<u8>(low | b_);
  }
  i64 disp = 0;
  if (!number(disp_bytes, true, disp)) return false;
  m.disp = static_cast<i32>(disp_bytes == 1 ? disp * (i64{1} << unit) : disp);
  return true;
}

constexpr OperandValue DecodeState::register_operand(const OperandDesc& d, unsigned number) const {
  OperandValue v;
  v.cls = d.cls;
  v.bits = d.cls == OpClass::vec && d.bits < 128 ? u16{128} : d.bits;
  v.code = static_cast<u8>(number);
  if ((d.cls == OpClass::mask && number > 7) || (d.cls == OpClass::gpr && number > 15)) v.cls = OpClass::none;
  if (d.cls == OpClass::gpr && d.bits == 8 && !d.fixed)
    v.code = has_rex_ || vex_ || number < 4 ? byte_code(number) : static_cast<u8>(number | code_forbids_rex);
  return v;
}

// Reads what follows the opcode; the row matches.
constexpr bool DecodeState::operands(Form form, Instruction& in) {
  const FormRow row = row_of(form);
  in.form = form;
  in.count = row.kinds.count;
  in.mask = mask_;
  in.zero = zero_;
  if (row.variant == EvexVariant::rounding)
    in.rounding = (row.modes & table::er) != 0 ? static_cast<Rounding>(2 + length_) : Rounding::sae;
  unsigned reg = 0;
  OperandValue place;
  if (has_modrm(row.format)) {
    const u8 modrm = bytes_[at_];
    reg = (modrm >> 3 & 7U) | r_;
    place.code = static_cast<u8>((modrm & 7) | b_ | (evex_ ? x_ << 1 : 0));
    if (modrm >= 0xc0)
      ++at_;
    else if (!address(place.mem, has_vector_index(row), static_cast<unsigned>(row.enc >> 49 & 7U)))
      return false;
  } else if (opcode_at(row.enc).has_third) {
    ++at_;
  }
  if (in_opcode(row.format)) place.code = static_cast<u8>((opcode_ & 7) | b_);

  const char* slot = slots_of(row.format);
  bool used_memory = false;
  for (unsigned i = 0; i < in.count; ++i) {
    const OperandDesc d = operand_of(row, i);
    OperandValue& v = in.operand[i];
    if (d.imm_bytes != 0) {
      v.cls = d.cls == OpClass::moffs ? OpClass::mem : OpClass::imm;
      if (!number(d.imm_bytes, !d.unsigned_text, v.imm)) return false;
      if (d.cls != OpClass::moffs) continue;
      v.bits = d.bits;
      v.mem.disp = static_cast<i32>(v.imm);
      v.mem.segment = segment_;
      if (has_67_) return false;  // a 32-bit offset: not in the table
      used_memory = true;
    } else if (d.cls == OpClass::one) {
      v.cls = OpClass::imm;
      v.imm = 1;
    } else if (d.fixed) {
      v = register_operand(d, d.fixed_number);
    } else {
      switch (*slot++) {
        case 'R': v = register_operand(d, reg); break;
        case 'V': v = register_operand(d, v_); break;
        case '4': {
          i64 is4 = 0;
          if (!number(1, false, is4)) return false;
          v = register_operand(d, static_cast<unsigned>(is4) >> 4);
          break;
        }
        default:
          if (d.cls != OpClass::mem) {
            v = register_operand(d, place.code);
            break;
          }
          v.cls = OpClass::mem;
          v.bits = d.addr64 || d.index != 0 ? u16{0} : d.bits;
          v.broadcast = d.broadcast;
          v.index_bits = d.index;
          v.mem = place.mem;
          v.imm = v.mem.disp;
          used_memory = true;
      }
    }
  }
  if ((segment_ != 0 || has_67_) && !used_memory) return false;
  in.length = static_cast<u8>(at_);
  in.vex3 = vex3_;
  return matches(in);
}

}  // namespace detail

// The instruction that the bytes start with, with its length; form none if they start with none, or end
// within one. `vex3` says that the prefix is the three-byte one, needed or not.
constexpr Instruction decode(Span<const u8> bytes) {
  detail::DecodeState state(bytes.data(), bytes.size());
  Instruction found;
  if (!state.head()) return found;
  const auto attempt = [&](Form f) {
    if (!state.matches_row(row_of(f))) return false;
    detail::DecodeState rest = state;
    Instruction in;
    if (!rest.operands(f, in)) return false;
    found = in;
    return true;
  };
  if (state.evex()) {
    detail::decode_index.find_evex(state.map(), state.opcode(), [&](EvexId id) {
      const Form f = state.evex_form_of(id);
      return f != Form::none && attempt(f);
    });
    return found;
  }
  detail::decode_index.find(state.vex(), state.map(), state.opcode(), attempt);
  if (found.form == Form::none && !state.vex() && state.map() < 2)
    detail::decode_index.find(false, state.map(), state.opcode() & 0xf8U, [&](Form f) {
      return detail::in_opcode(row_of(f).format) && attempt(f);
    });
  return found;
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_DECODER_HPP
