// Random instructions of a form, over its whole operand space with the edges drawn often: registers that
// need or forbid REX, every base, index, scale and displacement edge (rsp, rbp, r12, r13), immediates at
// their limits.
#ifndef JITKIT_TESTS_SUPPORT_X86_64_SAMPLES_HPP
#define JITKIT_TESTS_SUPPORT_X86_64_SAMPLES_HPP

#include <jitkit/emit/x86_64/instruction.hpp>

#include <random>

namespace jitkit::test {

class X86Samples {
 public:
  explicit X86Samples(u64 seed) : random_(seed) {}

  // An instruction that matches() its form; its registers may not go together (it then does not encode).
  x86_64::Instruction draw(x86_64::Form form) {
    using namespace x86_64;
    const FormRow row = row_of(form);
    Instruction in;
    in.form = form;
    in.count = row.kinds.count;
    vectors_ = is_evex(form) ? 32 : 16;
    unit_ = static_cast<unsigned>(row.enc >> 49 & 7U);
    for (unsigned i = 0; i < in.count; ++i) in.operand[i] = value(operand_of(row, i), row.size);
    if (row.masking != Masking::none) in.mask = static_cast<u8>(1 + below(7));
    in.zero = row.masking == Masking::zero;
    in.evex = is_evex(form) && below(4) == 0;
    if (row.variant == EvexVariant::rounding)
      in.rounding = (row.modes & table::er) != 0 ? static_cast<Rounding>(2 + below(4)) : Rounding::sae;
    return in;
  }
  u32 below(u32 n) { return static_cast<u32>(random_() % n); }

 private:
  x86_64::OperandValue value(const x86_64::OperandDesc& d, unsigned size) {
    using namespace x86_64;
    OperandValue v;
    v.cls = d.cls;
    v.bits = d.cls == OpClass::vec && d.bits < 128 ? u16{128} : d.bits;
    switch (d.cls) {
      case OpClass::gpr:
        v.code = static_cast<u8>(d.fixed ? d.fixed_number : below(16));
        if (d.bits == 8 && !d.fixed)
          v.code = below(4) == 0 ? Gp8::high_byte(below(4)).code : byte_code(v.code);
        break;
      case OpClass::vec: v.code = static_cast<u8>(d.fixed ? d.fixed_number : below(vectors_)); break;
      case OpClass::mask: v.code = static_cast<u8>(below(8)); break;
      case OpClass::segment: v.code = static_cast<u8>(below(6)); break;
      case OpClass::control: {
        constexpr u8 numbers[] = {0, 2, 3, 4, 8};
        v.code = numbers[below(5)];
        break;
      }
      case OpClass::debug: v.code = static_cast<u8>(below(8)); break;
      case OpClass::mem:
        v.mem = address();
        v.broadcast = d.broadcast;
        v.index_bits = d.index;
        if (d.index != 0) {
          v.bits = 0;
          if (v.mem.kind == Mem::Kind::rip) v.mem.kind = Mem::Kind::base_index;
          if (v.mem.base == Mem::none) v.mem.addr32 = false;  // no register would say so
          v.mem.index = static_cast<u8>(below(vectors_) | Mem::vector_index);
          v.mem.scale = static_cast<u8>(below(4));
        }
        if (d.addr64) {
          v.mem.addr32 = false;
          v.bits = 0;
        }
        v.imm = v.mem.disp;
        break;
      case OpClass::moffs:
        v.cls = OpClass::mem;
        v.imm = static_cast<i64>(random_());
        v.mem.disp = static_cast<i32>(v.imm);
        break;
      case OpClass::one:
        v = {};
        v.cls = OpClass::imm;
        v.imm = 1;
        break;
      default:
        v = {};
        v.cls = OpClass::imm;
        do v.imm = number(d.any64 ? 64 : d.imm_bytes * 8U);
        while (!imm_fits(d, size, v.imm));
        if (d.any64) break;
        // As the decoder answers it.
        v.imm = d.unsigned_text ? v.imm & static_cast<i64>(low_mask(d.imm_bytes * 8U))
                                : sign_extend(static_cast<u64>(v.imm), d.imm_bytes * 8U);
    }
    return v;
  }
  // A number of that many bits, signed or not; half of them near a limit of some length.
  i64 number(unsigned bits) {
    if (below(2) == 0) return sign_extend(random_(), bits);
    const unsigned limits[] = {0, 7, 8, 15, 16, 31, 32, 63};
    const unsigned at = limits[below(8)];
    const u64 near = (u64{1} << at) + below(3) - 1;
    return static_cast<i64>(below(2) == 0 ? near : 0 - near);
  }
  x86_64::Mem address() {
    using x86_64::Mem;
    Mem m;
    constexpr i32 edges[] = {0, 0, 1, -1, 8, 127, 128, -128, -129, 255, 4096, INT32_MAX, INT32_MIN, 0x12345678};
    m.disp = edges[below(sizeof edges / sizeof edges[0])];
    if (unit_ != 0 && below(2) == 0) {  // at the ends of what a compressed displacement reaches
      constexpr i32 steps[] = {1, -1, 126, 127, 128, -127, -128, -129};
      m.disp = steps[below(8)] * (1 << unit_) + (below(4) == 0 ? 1 : 0);
    }
    if (below(8) == 0) m.segment = static_cast<u8>(1 + (below(4) == 0 ? below(6) : 4 + below(2)));
    const u32 kind = below(16);
    m.addr32 = below(16) == 0 && kind != 1;
    if (kind == 0) {
      m.kind = Mem::Kind::rip;
      return m;
    }
    if (kind == 1) return m;
    if (kind != 2) m.base = static_cast<u8>(below(16));
    if (kind < 9) {
      do m.index = static_cast<u8>(below(16));
      while (m.index == 4);
      m.scale = static_cast<u8>(below(4));
    }
    return m;
  }

  std::mt19937_64 random_;
  u32 vectors_ = 16;   // registers the form can name
  unsigned unit_ = 0;  // log2 of what its 8-bit displacement counts
};

}  // namespace jitkit::test

#endif  // JITKIT_TESTS_SUPPORT_X86_64_SAMPLES_HPP
