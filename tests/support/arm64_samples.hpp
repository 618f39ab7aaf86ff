// Random instructions of an AArch64 form: fields at their ends as often as anywhere between.
#ifndef JITKIT_TESTS_SUPPORT_ARM64_SAMPLES_HPP
#define JITKIT_TESTS_SUPPORT_ARM64_SAMPLES_HPP

#include <jitkit/emit/arm64/disassembler.hpp>
#include <jitkit/emit/arm64/system_names.hpp>

namespace jitkit::test {

class Arm64Samples {
 public:
  explicit Arm64Samples(u64 seed) : state_(seed * 0x9e3779b97f4a7c15 | 1) {}

  // A word of form f, or false if none was found: of some forms few words have a meaning of their own.
  bool draw(arm64::Form f, u32& word) {
    using namespace arm64;
    for (int tries = 0; tries < 20000; ++tries) {
      word = form_bits(f) & form_mask(f);
      for (const OperandKind k : row_of(f).operands)
        if (k != OperandKind::none) word |= operand(operand_info(k));
      bool good = true;
      for (const OperandKind k : row_of(f).operands)
        good = good && (k == OperandKind::none || detail::operand_decodes(operand_info(k), word));
      if (good) return true;
    }
    return false;
  }

  u32 next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<u32>(state_ >> 16);
  }

 private:
  // Values that have a name, where others are another instruction; named registers as often as numbers.
  u32 operand(const arm64::OperandInfo& o) {
    using namespace arm64;
    if (const detail::OperationSet* set = detail::operation_set(o.text)) {
      for (;;) {
        const detail::SystemOperation& op = detail::system_operations[next() % (sizeof detail::system_operations / sizeof detail::system_operations[0])];
        if (op.cls == set->cls && op.takes_register == set->takes_register) return u32{op.bits} << o.imm.lsb;
      }
    }
    if (o.text == Text::sysreg && next() % 2 != 0)
      return u32{detail::system_registers[next() % (sizeof detail::system_registers / sizeof detail::system_registers[0])].bits} << o.imm.lsb;
    return field(operand_mask(o));
  }
  u32 field(u32 mask) {
    const u32 chance = next() % 8;
    if (chance == 0) return 0;
    if (chance == 1) return mask;
    if (chance == 2) return mask & ~(mask - 1);  // its lowest bit
    if (chance == 3) return mask & (mask >> 1);  // all but its highest
    return next() & mask;
  }

  u64 state_;
};

}  // namespace jitkit::test

#endif  // JITKIT_TESTS_SUPPORT_ARM64_SAMPLES_HPP
