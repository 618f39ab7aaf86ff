// The instruction table as data: Form numbers, what the IR knows of each form (FormOperands, Effects),
// the resolved operands that the text assembler and the decoder work with, and the encoder by number
// that the compile path uses.
//
// Form numbers and names: one Form per row, size and register/memory variant; the name is the row's
// with the size in bits appended where the row has an axis: add_rr_64, add_mr_8, vaddps_rrr_256, ret.
// sized(form, bits) and form_for(form, cond) step inside a row and between conditions.
// Conventions:
//  - FormOperands stand in text order; a memory operand is base and index (optional uses), then the
//    immediates scale (log2 of the factor, 0..3) and disp. Fixed registers that the text does not show
//    come last.
//  - A def narrower than its register keeps the bits above, except 32-bit general registers (cleared)
//    and VEX/EVEX forms and scalar loads (cleared).
//  - Alternates (add_ri8_64, jmp_l8 ...) are further encodings of another form's operands; encode() and
//    the assembler pick them where they are shorter.
#ifndef JITKIT_EMIT_X86_64_FORMATS_HPP
#define JITKIT_EMIT_X86_64_FORMATS_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/form_rows.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI::x86_64 {

// Operand i of a form, as the text shows it.
constexpr OperandDesc operand_of(const FormRow& row, unsigned i) {
  OperandDesc d = detail::describe(row.kinds.kind[i], row.size, row.mem);
  if (d.index != 0) d.element = wide(row.enc) ? 64 : 32;
  if (d.cls != OpClass::mem || row.variant != EvexVariant::broadcast) return d;
  const unsigned element = 8U << (row.modes >> 8);
  d.broadcast = static_cast<u8>(log2_floor(d.bits / element));
  d.bits = static_cast<u16>(element);
  return d;
}

// All the CPU features a form needs.
constexpr FeatureSet required_features(Form f) {
  const FormRow row = row_of(f);
  FeatureSet s = FeatureSet::of(row.feature);
  if (space_of(row.enc) == Space::legacy) return s;
  if (is_evex(f)) {
    const bool shorter = row.size < 512 && evex_row_of(f).lengths != Lengths::x;
    return s | FeatureSet::of(Feature::avx512f) | (shorter ? FeatureSet::of(Feature::avx512vl) : FeatureSet());
  }
  for (unsigned i = 0; i < row.kinds.count; ++i)
    if (operand_of(row, i).cls == OpClass::vec) s = s | FeatureSet::of(Feature::avx);
  if (row.axis == Axis::vi && row.size == 256) s = s | FeatureSet::of(Feature::avx2);
  return s;
}

namespace detail {

constexpr u8 log2_bits(unsigned bits) { return static_cast<u8>(log2_floor(bits)); }

}  // namespace detail

// Made when asked for: as constants of all forms they would cost every compilation more than the rest.
constexpr FormOperands form_operands(Form f) {
  const FormRow row = row_of(f);
  const detail::RolesInfo& roles = detail::roles_infos[static_cast<u8>(row.roles)];
  const bool evex = space_of(row.enc) == Space::evex;
  FormOperands operands;
  for (unsigned i = 0; i < row.kinds.count; ++i) {
    const OperandDesc d = operand_of(row, i);
    FormOperand o;
    switch (d.cls) {
      case OpClass::gpr:
      case OpClass::vec:
      case OpClass::mask:
        o.role = roles.operand[i];
        o.bank = d.cls == OpClass::gpr ? Bank::gpr : d.cls == OpClass::vec ? Bank::vec : Bank::mask;
        o.width = detail::log2_bits(d.bits);
        if (d.fixed) {
          o.constraint = ConstraintKind::fixed;
          o.arg = static_cast<u8>(d.fixed_number + (d.cls == OpClass::vec ? 16 : 0));
        } else if (d.cls == OpClass::vec && !evex) {
          o.constraint = ConstraintKind::subset;  // xmm0..xmm15, subset 0
        }
        // A vector that is masked and not zeroed keeps elements.
        if (i == 0 && row.masking == Masking::merge && d.cls == OpClass::vec) o.role |= role_use;
        operands.add(o);
        break;
      case OpClass::mem:
        o.role = role_use | role_optional;
        o.bank = Bank::gpr;
        o.width = 6;
        operands.add(o);
        if (d.index != 0) {
          o = {FormOperand::Kind::reg, role_use, Bank::vec, detail::log2_bits(d.index)};
          if (!evex) o.constraint = ConstraintKind::subset;
        }
        operands.add(o);
        o = {FormOperand::Kind::imm};
        operands.add(o);  // scale
        operands.add(o);  // disp
        break;
      case OpClass::imm:
      case OpClass::moffs: operands.add({FormOperand::Kind::imm}); break;
      case OpClass::rel: operands.add({FormOperand::Kind::label}); break;
      case OpClass::segment:
      case OpClass::control:
      case OpClass::debug: operands.add({FormOperand::Kind::imm}); break;  // the register's number
      case OpClass::none:
      case OpClass::one: break;
    }
    if (i != 0 || row.masking == Masking::none) continue;
    o = {FormOperand::Kind::reg, role_use, Bank::mask, 6, ConstraintKind::subset, 1};  // k1..k7, subset 1
    if ((row.modes & table::mreq) != 0) o.role |= role_def | role_early_def;  // cleared as it goes
    operands.add(o);
  }
  if (row.variant == EvexVariant::rounding && (row.modes & table::er) != 0)
    operands.add({FormOperand::Kind::imm});  // 0 rn .. 3 rz
  for (unsigned i = 0; i < roles.fixed_count; ++i) {
    FormOperand o;
    o.role = roles.fixed[i].role;
    o.bank = roles.fixed[i].number < 16 ? Bank::gpr : Bank::vec;
    o.width = detail::log2_bits(roles.fixed[i].bits != 0 ? roles.fixed[i].bits : row.size);
    o.constraint = ConstraintKind::fixed;
    o.arg = roles.fixed[i].number;
    operands.add(o);
  }
  return operands;
}

constexpr Effects form_effects(Form f) {
  const FormRow row = row_of(f);
  const detail::RolesInfo& roles = detail::roles_infos[static_cast<u8>(row.roles)];
  Effects e = row.effects;
  for (unsigned i = 0; i < row.kinds.count; ++i) {
    const OperandDesc d = detail::describe(row.kinds.kind[i], row.size, row.mem);
    if (d.cls != OpClass::mem || !d.access) continue;
    if ((roles.operand[i] & role_use) != 0) e |= reads_memory;
    if ((roles.operand[i] & role_def) != 0) e |= writes_memory;
  }
  return e;
}

// Register subsets that FormOperand::arg names: 0: xmm0..xmm15, 1: k1..k7.
inline constexpr RegSet register_subsets[] = {RegSet::range(16, 16), RegSet::range(49, 7)};

// The form of the same row with another operand size or vector length.
constexpr Form sized(Form f, unsigned bits) {
  check(!is_evex(f));
  const int steps = static_cast<int>(log2_floor(bits)) - static_cast<int>(log2_floor(size_of(f)));
  const auto g = static_cast<Form>(static_cast<int>(f) + steps);
  check(!is_evex(g) && size_of(g) == bits);
  return g;
}

// The form for condition c in the family of `o` (jo_l, seto_r, cmovo_rr_32 ...), any size.
constexpr Form form_for(Form o, Cond c) {
  int stride = 1;
  if (o >= Form::seto_r && o <= Form::setg_m) stride = 2;
  if (o >= Form::cmovo_rr_16 && o <= Form::cmovg_rm_64) stride = 6;
  return static_cast<Form>(static_cast<int>(o) + stride * static_cast<int>(c));
}

// --- The encoder by number ---------------------------------------------------------------------------

namespace detail {

// Which of the short ways of encode_quick() a form may go.
enum class Quick : u8 { none, registers, memory, alu, alu_memory, shift, mov, mov_memory, vex_registers, vex_memory };

// What encode() needs of a form: 16 bytes. An *_at is an index into the registers, 15: none, 14: the
// immediate is the number (segment, control and debug registers).
inline constexpr u8 from_imm = 14;
struct EncodeRecord {
  Enc enc = 0;
  Format format = Format::ZO;
  u8 reg_at = 15;
  u8 rm_at = 15;
  u8 v_at = 15;
  u8 is4_at = 15;
  bool mem : 1 = false;
  bool byte_reg : 1 = false;
  bool byte_rm : 1 = false;
  u8 imm_bytes = 0;
  Quick quick = Quick::none;
};
static_assert(sizeof(EncodeRecord) == 16);

// The slots of the register operands of a format, in text order: R reg, V vvvv, M rm, 4 is4.
constexpr const char* slots_of(Format f) {
  switch (f) {
    case Format::RM:
    case Format::IMULI:
    case Format::XCHG:
    case Format::VMOV: return "RM";
    case Format::MR: return "MR";
    case Format::RVM:
    case Format::VMOV3: return "RVM";
    case Format::RMV: return "RMV";
    case Format::VM: return "VM";
    case Format::MVR: return "MVR";
    case Format::RVMR: return "RVM4";
    case Format::M:
    case Format::O:
    case Format::OXCHG:
    case Format::ALUI:
    case Format::TESTI:
    case Format::SHIFTI:
    case Format::MOVI: return "M";
    case Format::ZO:
    case Format::I:
    case Format::PUSHI:
    case Format::INTI:
    case Format::JUMP:
    case Format::ACC:
    case Format::VZO: return "";
  }
  return "";
}

constexpr Quick quick_of(const EncodeRecord& r) {
  if (r.byte_reg || r.byte_rm || r.reg_at == from_imm || r.is4_at != 15 || r.rm_at == 15) return Quick::none;
  if (space_of(r.enc) == Space::vex) {
    const bool quick = r.format == Format::RM || r.format == Format::MR || r.format == Format::RVM;
    return !quick || r.imm_bytes != 0 ? Quick::none : r.mem ? Quick::vex_memory : Quick::vex_registers;
  }
  if (space_of(r.enc) != Space::legacy || r.v_at != 15) return Quick::none;
  const bool usual_imm = !byte_form(r.enc) && (r.enc & table::OP16) == 0;  // of 32 bits
  switch (r.format) {
    case Format::RM:
    case Format::MR:
    case Format::M: return r.imm_bytes != 0 ? Quick::none : r.mem ? Quick::memory : Quick::registers;
    case Format::ALUI:
      if (r.mem) return usual_imm ? Quick::alu_memory : Quick::none;
      return byte_form(r.enc) ? Quick::none : Quick::alu;
    case Format::MOVI: return !usual_imm ? Quick::none : r.mem ? Quick::mov_memory : Quick::mov;
    case Format::SHIFTI: return r.mem ? Quick::none : Quick::shift;
    default: return Quick::none;
  }
}

constexpr EncodeRecord make_record(const FormRow& row) {
  EncodeRecord r;
  r.enc = row.enc;
  r.format = row.format;
  const char* slot = slots_of(row.format);
  unsigned at = 0;
  for (unsigned i = 0; i < row.kinds.count; ++i) {
    const OperandDesc d = operand_of(row, i);
    r.imm_bytes = static_cast<u8>(r.imm_bytes + d.imm_bytes);
    const bool is_mem = d.cls == OpClass::mem;
    const bool is_reg = d.cls == OpClass::gpr || d.cls == OpClass::vec || d.cls == OpClass::mask;
    if (d.cls == OpClass::segment || d.cls == OpClass::control || d.cls == OpClass::debug) {
      r.reg_at = from_imm;
      ++slot;
    }
    if (!is_mem && !is_reg) continue;
    if (!d.fixed) {
      const bool byte = d.cls == OpClass::gpr && d.bits == 8;
      const auto here = static_cast<u8>(at);
      switch (*slot++) {
        case 'R':
          r.reg_at = here;
          r.byte_reg = byte;
          break;
        case 'V': r.v_at = here; break;
        case '4': r.is4_at = here; break;
        default:
          r.rm_at = here;
          r.byte_rm = byte;
          r.mem = is_mem;
      }
    }
    at += is_mem ? 2 : 1;
    if (i == 0 && row.masking != Masking::none) ++at;
  }
  r.quick = quick_of(r);
  return r;
}

// What the record of a row's forms is made of but for the size and the encoding word.
constexpr u64 record_key(const InstRow& row) {
  const Kinds& k = row.kinds;
  return u64{static_cast<u8>(k.kind[0])} | u64{static_cast<u8>(k.kind[1])} << 8 | u64{static_cast<u8>(k.kind[2])} << 16 |
         u64{static_cast<u8>(k.kind[3])} << 24 | u64{static_cast<u8>(row.format)} << 32 | u64{k.count} << 40 |
         u64{row.mem} << 43;
}

// Every unit that includes this evaluates the table: a form takes the record of one before it that has its key.
struct EncodeTable {
  EncodeRecord record[form_count] = {};
  constexpr EncodeTable() {
    u64 keys[1024] = {};
    u16 forms[1024] = {};
    u64 key = 0;
    for (u16 i = 0; i < form_count; ++i) {
      const InstRow& row = inst_rows[form_index.row[i]];
      const u16 size = form_index.size[i];
      if (i == 0 || form_index.row[i] != form_index.row[i - 1]) key = record_key(row);
      const u64 full = key | u64{size} << 44 | u64{1} << 63;
      u64 slot = full * 0x9e3779b97f4a7c15 >> 54;
      while (keys[slot] != 0 && keys[slot] != full) slot = (slot + 1) & 1023;
      if (keys[slot] == 0) {
        keys[slot] = full;
        forms[slot] = i;
        record[i] = make_record(row_of(static_cast<Form>(i)));
        continue;
      }
      record[i] = record[forms[slot]];
      record[i].enc = sized(row.enc, row.axis, size);
      record[i].quick = quick_of(record[i]);
    }
  }
};
inline constexpr EncodeTable encode_table;

// Operands by where they stand in the bytes.
struct Slots {
  unsigned reg = 0;
  unsigned v = 0;
  unsigned is4 = 0;
  Mem rm;
  i64 imm = 0;
};

constexpr u8* put_form(u8* p, const EncodeRecord& r, const Slots& s) {
  switch (r.format) {
    case Format::RM:
    case Format::MR:
    case Format::RVM:
    case Format::RMV:
    case Format::VM:
    case Format::MVR:
    case Format::M: p = put_modrm(p, r.enc, s.reg, s.v, s.rm); break;
    case Format::VMOV:
    case Format::VMOV3: p = put_vex_move(p, r.enc, s.reg, s.v, s.rm); break;
    case Format::RVMR:
      p = put_modrm(p, r.enc, s.reg, s.v | (s.is4 & 16), s.rm);  // 16: refused
      return p != nullptr ? put_imm(p, s.is4 << 4, 1) : p;
    case Format::O: p = legacy_o(p, r.enc, s.rm.base); break;
    case Format::OXCHG: p = put_exchange_opcode(p, r.enc, s.rm.base); break;
    case Format::ZO:
    case Format::I:
    case Format::JUMP: p = put_plain(p, r.enc); break;
    case Format::ACC: p = put_plain(put_address_prefixes(p, s.rm), r.enc); break;
    case Format::VZO: return put_vex(p, r.enc, 0, 0, 0);
    case Format::ALUI: return put_alu_imm(p, r.enc, s.rm, s.imm);
    case Format::TESTI: return put_test_imm(p, r.enc, s.rm, s.imm);
    case Format::SHIFTI: return put_shift_imm(p, r.enc, s.rm, s.imm);
    case Format::MOVI: return put_mov_imm(p, r.enc, s.rm, s.imm);
    case Format::IMULI: return put_imul_imm(p, r.enc, s.reg, s.rm, s.imm);
    case Format::XCHG: return put_xchg(p, r.enc, s.reg, s.rm.base);
    case Format::PUSHI: return put_push_imm(p, r.enc, s.imm);
    case Format::INTI: return put_interrupt(p, r.enc, s.imm);
  }
  return p != nullptr ? put_imm(p, s.imm, r.imm_bytes) : p;
}

}  // namespace detail

inline constexpr u8 reg_none = 0xff;  // no base, no index
inline constexpr u8 reg_rip = 0xfe;   // base: RIP-relative; disp counts from the end of the instruction

namespace detail {

constexpr u8 encode_record(const EncodeRecord& r, const u8* regs, i32 disp, u8 scale, i64 imm, u8* out) {
  const auto code = [&](unsigned at, bool byte) -> unsigned {
    const unsigned n = regs[at] < 16 ? regs[at] : regs[at] < 48 ? regs[at] - 16U : regs[at] - 48U;
    return byte ? byte_code(n) : n;
  };
  Slots s;
  s.imm = imm;
  s.reg = r.reg_at < from_imm    ? code(r.reg_at, r.byte_reg)
          : r.reg_at == from_imm ? static_cast<unsigned>(imm) & 15
                                 : digit_of(r.enc);
  if (r.v_at != 15) s.v = code(r.v_at, false);
  if (r.is4_at != 15) s.is4 = code(r.is4_at, false);
  if (r.mem) {
    s.rm.base = regs[r.rm_at] == reg_none ? Mem::none : regs[r.rm_at];
    const u8 index = regs[r.rm_at + 1U];
    s.rm.index = index == reg_none ? Mem::none : index < 16 ? index : static_cast<u8>((index - 16) | Mem::vector_index);
    s.rm.scale = scale;
    s.rm.disp = disp;
    if (s.rm.base == reg_rip) {
      s.rm.kind = Mem::Kind::rip;
      s.rm.base = Mem::none;
    }
  } else if (r.rm_at != 15) {
    s.rm = Mem::of_register(static_cast<u8>(code(r.rm_at, r.byte_rm)));
  }
  u8* end = put_form(out, r, s);
  return end != nullptr ? static_cast<u8>(end - out) : u8{0};
}

}  // namespace detail

constexpr detail::EncodeRecord encode_record_of(Form f) {
  return is_evex(f) ? detail::make_record(row_of(f)) : detail::encode_table.record[static_cast<u16>(f)];
}

// Encodes a form. `regs`: PReg numbers of its register FormOperands in their order (a memory operand
// gives base and index; fixed registers are ignored and may be left out at the end); `scale` log2;
// `imm`: its immediate (two: the second above the first), or the displacement of a direct branch.
// Returns the length, 0 if these registers cannot be encoded together (rsp as an index). Immediates
// are taken modulo their field.
constexpr u8 encode(Form form, const u8* regs, i32 disp, u8 scale, i64 imm, u8* out) {
  using namespace detail;
  if (is_evex(form)) {
    const FormRow row = row_of(form);
    EncodeRecord r = make_record(row);
    const unsigned mask = row.masking == Masking::none ? 0 : regs[r.mem && r.rm_at == 0 ? 2 : 1] - 48U;
    const Rounding rounding = row.variant != EvexVariant::rounding ? Rounding::none
                              : (row.modes & table::er) != 0       ? static_cast<Rounding>(2 + (imm & 3))
                                                                   : Rounding::sae;
    r.enc = decorated(r.enc, mask, row.masking == Masking::zero, rounding);
    return encode_record(r, regs, disp, scale, imm, out);
  }
  return encode_record(encode_table.record[static_cast<u16>(form)], regs, disp, scale, imm, out);
}
// encode() for the forms and operands most code is made of: the end, or nullptr for any other. Writes up
// to 16 bytes.
[[gnu::always_inline]] inline u8* encode_quick(Form form, const u8* regs, i32 disp, u8 scale, i64 imm, u8* out) {
  using detail::Quick;
  if (is_evex(form)) return nullptr;
  const detail::EncodeRecord& r = detail::encode_table.record[static_cast<u16>(form)];
  if (r.quick == Quick::none) return nullptr;
  const unsigned reg = r.reg_at < detail::from_imm ? regs[r.reg_at] : digit_of(r.enc);
  const unsigned rm = regs[r.rm_at];
  if ((reg | rm) >= 32) return nullptr;  // none, rip; vector registers from 16 on
  const auto address = [&] {
    const u8 index = regs[r.rm_at + 1U];
    Mem m;
    m.base = static_cast<u8>(rm);
    m.index = index == reg_none ? Mem::none : index;
    m.scale = scale;
    m.disp = disp;
    return std::bit_cast<MemWords>(m);
  };
  const auto imm32 = [&](u8* p, unsigned bytes) {
    store_code(p, static_cast<u32>(imm));
    return p + bytes;
  };
  switch (r.quick) {
    case Quick::registers:
    case Quick::shift: {
      const bool shift = r.quick == Quick::shift, by_one = shift && imm == 1;
      u8* end = put_plain_registers(out, by_one ? opcode_plus(r.enc, 0x10) : r.enc, reg & 15, rm & 15);
      *end = static_cast<u8>(imm);
      return end + (shift && !by_one ? 1 : 0);
    }
    case Quick::memory: {
      const MemWords words = address();
      return is_plain_address(words, 0) ? put_plain_memory(out, r.enc, reg & 15, words) : nullptr;
    }
    case Quick::alu: {
      const bool is16 = (r.enc & table::OP16) != 0;
      return put_alu_register(out, r.enc, rm & 15, is16 ? static_cast<i16>(imm) : static_cast<i32>(imm));
    }
    case Quick::alu_memory: {
      const MemWords words = address();
      if (!is_plain_address(words, 0)) return nullptr;
      const bool is8 = static_cast<i8>(imm) == static_cast<i32>(imm);
      return imm32(put_plain_memory(out, is8 ? opcode_plus(r.enc, 2) : r.enc, reg & 15, words), is8 ? 1 : 4);
    }
    case Quick::mov: return put_mov_register(out, r.enc, rm & 15, imm);
    case Quick::mov_memory: {
      const MemWords words = address();
      return is_plain_address(words, 0) ? imm32(put_plain_memory(out, r.enc, 0, words), 4) : nullptr;
    }
    case Quick::vex_registers:
    case Quick::vex_memory: {
      const unsigned v = r.v_at != 15 ? regs[r.v_at] : 0U;
      if (v >= 32) return nullptr;
      if (r.quick == Quick::vex_registers) {
        Bytes b = vex_opcode(r.enc, reg & 15, v & 15, rm >> 3 & 1);
        b.after(0xc0 | (reg & 7) << 3 | (rm & 7));
        return put_bytes(out, b.bits, b.count);
      }
      const MemWords words = address();
      if (!is_plain_address(words, 0)) return nullptr;
      return put_plain_address(put_vex(out, r.enc, reg & 15, v & 15, plain_address_bits(words)), reg & 15, words);
    }
    case Quick::none: break;
  }
  return nullptr;
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_FORMATS_HPP
