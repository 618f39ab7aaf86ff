// What the whole toolkit knows of one instruction form of a target: which registers it reads and
// writes, under which constraints, and its effects. The targets derive these from their insts.def; the
// verifier, the parser, selection and the allocator ask for them (ir::IsaInfo) and know nothing else
// about instructions.
//
// Invariants: operands stand in the order of the assembler text. A form's results, as a native op of
// the IR, are its defs in that order; its arguments are its uses in that order; a read-write operand is
// both (use tied to def). Immediates follow as the op's immediates, in order.
#ifndef JITKIT_IR_SUPPORT_FORM_HPP
#define JITKIT_IR_SUPPORT_FORM_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/bits.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI {

// Register files. One numbering per target runs through all of them (PReg); it fits 64 registers.
enum class Bank : u8 { gpr, vec, mask, flags, none };

// A physical register in the target's unified numbering (0..63).
struct PReg {
  u8 id = 0xff;
  constexpr PReg() = default;
  constexpr explicit PReg(unsigned i) : id(static_cast<u8>(i)) {}
  constexpr bool valid() const { return id < 64; }
  friend constexpr bool operator==(PReg, PReg) = default;
};

// A set of physical registers.
struct RegSet {
  u64 bits = 0;

  constexpr RegSet() = default;
  constexpr explicit RegSet(u64 b) : bits(b) {}
  static constexpr RegSet of(PReg r) { return RegSet(u64{1} << r.id); }
  // Registers first, first + 1, ... (count of them).
  static constexpr RegSet range(unsigned first, unsigned count) {
    return RegSet(low_mask(count) << first);
  }
  constexpr bool has(PReg r) const { return r.valid() && (bits >> r.id & 1) != 0; }
  constexpr bool empty() const { return bits == 0; }
  constexpr unsigned count() const { return static_cast<unsigned>(std::popcount(bits)); }
  constexpr PReg first() const { return empty() ? PReg() : PReg(ctz(bits)); }
  constexpr void add(PReg r) { bits |= u64{1} << r.id; }
  constexpr void remove(PReg r) { bits &= ~(u64{1} << r.id); }
  friend constexpr RegSet operator|(RegSet a, RegSet b) { return RegSet(a.bits | b.bits); }
  friend constexpr RegSet operator&(RegSet a, RegSet b) { return RegSet(a.bits & b.bits); }
  friend constexpr RegSet operator-(RegSet a, RegSet b) { return RegSet(a.bits & ~b.bits); }
  friend constexpr bool operator==(RegSet, RegSet) = default;
};

// How the register of an operand is chosen.
enum class ConstraintKind : u8 {
  reg,     // any allocatable register of the bank
  fixed,   // arg: the PReg
  subset,  // arg: index into the target's subset table
  tuple,   // arg: position in a run of consecutive registers; the run's first operand (position 0)
           // carries its length in `length`; the runs of a form follow each other
  any,     // register, slot or constant; used late (frame states, patch points)
};

// Role bits of an operand.
inline constexpr u8 role_use = 1;
inline constexpr u8 role_def = 2;
inline constexpr u8 role_early_def = 4;  // written before all uses are read: shares no register
inline constexpr u8 role_late_use = 8;   // read after defs are written: shares no register
inline constexpr u8 role_optional = 16;  // a memory base or index that may be absent

struct FormOperand {
  enum class Kind : u8 { reg, imm, label };
  Kind kind = Kind::reg;
  u8 role = 0;
  Bank bank = Bank::none;
  u8 width = 0;  // log2 of the bits of the register read or written: 3 (8) ... 9 (512)
  ConstraintKind constraint = ConstraintKind::reg;
  u8 arg = 0;
  u8 length = 0;  // of the tuple that starts here: 2, 3, 4 or 8
  u8 flags = 0;   // tuple_even, tuple_wraps
};
inline constexpr u8 tuple_even = 1;   // the first register's number is even
inline constexpr u8 tuple_wraps = 2;  // the last register of the bank is followed by its first

// The operands of one form. Made when asked for: as a constant for every form of a target they would be
// the better part of what compiling the toolkit costs.
class FormOperands {
 public:
  static constexpr unsigned capacity = 12;

  constexpr void add(FormOperand o) {
    check(count_ < capacity);
    list_[count_++] = o;
  }
  constexpr unsigned size() const { return count_; }
  constexpr const FormOperand& operator[](unsigned i) const {
    check(i < count_);
    return list_[i];
  }
  constexpr const FormOperand* begin() const { return list_; }
  constexpr const FormOperand* end() const { return list_ + count_; }

 private:
  FormOperand list_[capacity] = {};
  unsigned count_ = 0;
};

// The name of a form, as the IR writes it behind the target's.
class FormName {
 public:
  constexpr FormName(const char* s) { append(s); }
  constexpr void append(std::string_view s) {
    for (const char c : s) {
      check(size_ < sizeof text_);
      text_[size_++] = c;
    }
  }
  constexpr std::string_view view() const { return {text_, size_}; }
  constexpr operator std::string_view() const { return view(); }

 private:
  char text_[48] = {};
  u8 size_ = 0;
};

// Effects of a form. Only these license elimination, sharing or motion of a native op.
using Effects = u16;
inline constexpr Effects reads_flags = 1 << 0;   // any condition flag
inline constexpr Effects writes_flags = 1 << 1;  // any condition flag (defines or clobbers)
inline constexpr Effects reads_memory = 1 << 2;
inline constexpr Effects writes_memory = 1 << 3;
inline constexpr Effects other_state = 1 << 4;  // FPCR, system registers, exclusive monitor, barriers
inline constexpr Effects may_trap = 1 << 5;
inline constexpr Effects control = 1 << 6;  // branches, calls, returns, exceptions
inline constexpr Effects only_carry = 1 << 7;     // x86: of the flags, only CF (adcx)
inline constexpr Effects only_overflow = 1 << 8;  // x86: of the flags, only OF (adox)
inline constexpr Effects keeps_carry = 1 << 9;    // x86: writes all flags but CF (inc, dec)
// Works on registers that are none of its operands, such as the stack pointer: no native op of the IR.
inline constexpr Effects unnamed_registers = 1 << 10;
// Besides other_state: of the exclusive monitor. With reads_memory it opens an attempt, with writes_memory it
// ends one, alone it abandons it (ldxr, stxr, clrex): only within a region is the way between them known.
inline constexpr Effects exclusive = 1 << 11;

// The parts of the flags a form writes or reads: carry, overflow, the rest.
inline constexpr u8 carry_flag = 1, overflow_flag = 2, all_flags = 7;
constexpr u8 flags_part(Effects e) {
  if ((e & only_carry) != 0) return carry_flag;
  if ((e & only_overflow) != 0) return overflow_flag;
  return (e & keeps_carry) != 0 ? all_flags & ~carry_flag : all_flags;
}

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_IR_SUPPORT_FORM_HPP
