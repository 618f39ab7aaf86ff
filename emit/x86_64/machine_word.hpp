// What selection and emission of x86-64 agree on: how a MachInst packs addresses and immediates, and
// the pseudo forms that stand for more or less than one instruction.
//
// Invariants: for a form of the table, imm holds the displacement (low half) and the immediate (high
// half), unless the form has no memory operand, when imm is the whole immediate. aux holds the scale
// (bits 0, 1), the AddressKind (bits 2..4) and the size of a literal (bits 5, 6); extra is the slot, symbol or
// literal the kind names.
// A memory operand is two operands, base and index, each absent (vreg 0) where it does not apply.
#ifndef JITKIT_EMIT_X86_64_MACHINE_WORD_HPP
#define JITKIT_EMIT_X86_64_MACHINE_WORD_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/code_buffer.hpp>
#include <jitkit/emit/x86_64/features.hpp>
#include <jitkit/emit/x86_64/formats.hpp>
#include <jitkit/emit/x86_64/registers.hpp>
#include <jitkit/ir/machine.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/ir/target.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI::x86_64 {

// What the user of the compiler chooses for this target.
struct Options {
  FeatureSet features;
  Span<const ir::Convention> conventions;  // CallConv::custom0 and up
  // Where exits go: each frame state's stub calls this symbol (x86-64: call; AArch64: a branch with the
  // stub's address in x17). Empty: a stub is a trap.
  std::string_view exit_symbol;
  // By the frame states' ids: where guards branch to themselves, with a relocation for each branch, which
  // is then the table of what to patch. No stubs are made. Symbols of the buffer compiled to; empty: unused.
  Span<const Symbol> exit_symbols;
  bool landing_pads = false;                     // endbr64 at entries (IBT)
};

// What the displacement of a memory operand counts from, beside base and index.
enum class AddressKind : u8 {
  registers,  // base and index alone
  slot,       // stack slot `extra`; no base
  symbol,     // module symbol `extra`, rip-relative; no base or index
  literal,    // MachFunction::literals[extra], rip-relative; no base or index
  outgoing,   // the stack arguments of the calls made (extra: above_outgoing: what lies above them);
              // no base or index
  incoming,   // the stack arguments of this function; no base or index
  environment,  // incoming slot `extra` of the frame (FrameSpec); no base or index
};

inline constexpr u32 above_outgoing = 1;

// A memory operand while it is selected.
struct Address {
  ir::VReg base;
  ir::VReg index;
  u8 scale = 0;  // log2
  AddressKind kind = AddressKind::registers;
  u8 literal_bytes = 4;  // 4, 8 or 16
  i32 disp = 0;
  u32 extra = 0;

  constexpr u8 aux() const {
    return static_cast<u8>(scale | static_cast<u8>(kind) << 2 | (literal_bytes >> 3) << 5);
  }
};

constexpr bool has_memory(Form f) {
  return is_evex(f) ? in_memory(evex_parts(f).variant) : detail::encode_table.record[static_cast<u16>(f)].mem;
}
constexpr u64 pack(i32 disp, i32 imm = 0) {
  return static_cast<u32>(disp) | u64{static_cast<u32>(imm)} << 32;
}
constexpr i32 packed_disp(u64 word) { return static_cast<i32>(static_cast<u32>(word)); }
constexpr i32 packed_imm(u64 word) { return static_cast<i32>(word >> 32); }
constexpr u8 packed_scale(u8 aux) { return aux & 3; }
constexpr u32 packed_literal_bytes(u8 aux) { return aux >> 6 != 0 ? 16 : aux >> 5 != 0 ? 8 : 4; }
constexpr AddressKind packed_kind(u8 aux) { return static_cast<AddressKind>(aux >> 2 & 7); }

// Conditions of branches: Cond, and two that no single flag test decides.
inline constexpr u8 cond_ordered_equal = 16;    // e and np
inline constexpr u8 cond_unordered_or_ne = 17;  // ne or p
constexpr u8 inverse_code(u8 code) { return code ^ 1; }

// Below ir::Pseudo::first. Operands in brackets.
enum class Macro : u16 {
  first = 0xfe00,
  // Values made without inputs and without touching flags (Remat recipes, or instructions [def]).
  integer = first,  // imm
  vec_zero,
  vec_ones,
  literal_4,   // MachFunction::literals[extra]: movss
  literal_8,   // movsd
  literal_16,  // movaps
  slot_address,    // of stack slot `extra`, + imm
  symbol_address,  // of module symbol `extra`, + imm
  // Control.
  branch,       // aux: condition; edges extra, extra + 1
  trap_if,      // aux: condition
  guard,        // aux: condition under which the exit is taken; frame state
  switch_,      // [use index, early def temporary]; edges from extra on, imm of them; aux: log2 bytes
  call_symbol,  // module symbol `extra`; aux of whatever leaves: keeps_upper_halves
  call_helper,  // Helper `extra`
  tail_symbol,  // module symbol `extra`
  tail_reg,     // [use target]
  ret,
  exit_,        // native exit `extra`
  patch_area,   // imm bytes
  lower_stack,  // [use bytes]: the stack pointer goes down by them
  // Sequences with internal control flow. aux as stated.
  divide,       // [use rax, use rdx, late use divisor, def rax, def rdx]; aux: divide_flag
  select_wide,  // [use condition byte, use x, use y, def tied to y]; v256, v512, mask
  atomic_loop,  // [late use base, late use index, late use operand, use rax, def rax, early def temp];
                // imm: disp; in the high half AtomicOp and (bits 8 on) log2 bytes
  exchange_pair,  // [late use base, late use index, use rbx, use rcx, use rax, use rdx, def rax, def rdx]
  end
};
static_assert(static_cast<u16>(Macro::end) < static_cast<u16>(ir::Pseudo::first));

constexpr u16 form_of(Macro m) { return static_cast<u16>(m); }
constexpr bool is_macro(u16 form) {
  return form >= static_cast<u16>(Macro::first) && form < static_cast<u16>(Macro::end);
}

// On calls and returns: a v256 or v512 is passed, so vzeroupper would lose it.
inline constexpr u8 keeps_upper_halves = 1;

namespace divide_flag {
inline constexpr u8 is_signed = 1, remainder = 2, wide = 4;
}

// Read-modify-write operations that have no instruction giving the old value.
enum class AtomicOp : u8 { and_, or_, xor_, smin, smax, umin, umax };

// Library routines selection calls, by their names in libgcc, compiler-rt and the C library.
enum class Helper : u8 { udivti3, divti3, umodti3, modti3, memcpy, memmove, memset };
inline constexpr const char* helper_names[] = {"__udivti3", "__divti3", "__umodti3", "__modti3",
                                               "memcpy",    "memmove",  "memset"};

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_MACHINE_WORD_HPP
