// What selection and emission of AArch64 agree on: how a MachInst packs its instruction word, and the
// pseudo forms that stand for more or less than one instruction.
//
// Invariants: for a form of the table, the low half of imm is the word with all immediates merged and
// register fields zero (31 where a field means zr or sp), and the high half says to which field each
// operand goes, three bits per operand; emission only adds register numbers. If mach_frame_address is
// set the base is the frame: then only three operands have a field, and above them stands the
// displacement in bytes, which emission adds to the place of slot `extra`.
#ifndef JITKIT_EMIT_ARM64_MACHINE_WORD_HPP
#define JITKIT_EMIT_ARM64_MACHINE_WORD_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/features.hpp>
#include <jitkit/emit/arm64/formats.hpp>
#include <jitkit/emit/code_buffer.hpp>
#include <jitkit/ir/machine.hpp>
#include <jitkit/ir/support/bits.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/ir/target.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

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
  bool landing_pads = false;                    // bti at entries and indirect targets
  bool return_signing = false;                  // return addresses are signed while they are in the frame
};

// ---- register fields ----

enum class RegField : u8 { none, d, n, a, m };  // none; bits 0, 5, 10, 16
inline constexpr u8 field_lsb[8] = {32, 0, 5, 10, 16, 32, 32, 32};
constexpr RegField field_at(unsigned lsb) {
  return lsb == 0 ? RegField::d : lsb == 5 ? RegField::n : lsb == 10 ? RegField::a : lsb == 16 ? RegField::m : RegField::none;
}

// The fields of operands in order, as the high half of MachInst::imm.
using Fields = u64;
constexpr Fields fields(RegField a = RegField::none, RegField b = RegField::none, RegField c = RegField::none,
                        RegField d = RegField::none) {
  return u64{static_cast<u8>(a)} << 32 | u64{static_cast<u8>(b)} << 35 |
         u64{static_cast<u8>(c)} << 38 | u64{static_cast<u8>(d)} << 41;
}
constexpr unsigned max_fields = 10;
constexpr u32 in_field(RegField f, unsigned reg) {
  return static_cast<u32>(u64{reg & 31} << field_lsb[static_cast<u8>(f)]);
}

inline constexpr u32 vector_copy = 0x4ea01c00;  // orr v.16b: all 128 bits, with the source in n and m

// ---- frame addresses ----

inline constexpr unsigned frame_fields = 3;
inline constexpr unsigned displacement_bits = 23;
constexpr bool is_frame_displacement(i64 d) { return fits_signed(d, displacement_bits); }
constexpr u64 pack_displacement(i64 d) {
  return static_cast<u64>(d) << (64 - displacement_bits);
}
constexpr i64 displacement_of(u64 imm) {
  return sign_extend(imm >> (64 - displacement_bits), displacement_bits);
}
// Places in the frame that are no stack slot of the IR.
inline constexpr u32 frame_outgoing = 0xffffffff;   // the stack arguments of the calls made
inline constexpr u32 frame_incoming = 0xfffffffe;   // the stack arguments of this function
inline constexpr u32 frame_variadic = 0xfffffffd;   // the saved argument registers (VaList)
inline constexpr u32 frame_environment = 0xfffffffc;  // the first slot unit of FrameSpec

// Register subsets by Operand::arg: those of the table, then those of selection.
inline constexpr RegSet machine_subsets[] = {
    register_subsets[0],
    RegSet::range(9, 7),  // x9..x15: neither arguments nor restored by epilogues
};
static_assert(sizeof register_subsets == sizeof(RegSet));
inline constexpr u8 tail_target_subset = 1;

// ---- pseudo forms ----

// Below ir::Pseudo::first. Operands in brackets. Sequences use x16 and x17, which are never allocated.
enum class Macro : u16 {
  first = 0xfe00,
  // Values made without inputs and without touching flags (Remat recipes, or instructions [def]).
  integer = first,  // imm
  float_bits,       // imm: the bits of an f16, f32, f64 or v64
  vector,           // MachFunction::literals[extra]
  slot_address,     // of stack slot `extra`, + imm
  symbol_address,   // of module symbol `extra`, + imm
  word,             // an instruction without a form: imm as of a form
  // Control. imm of branches: word and fields.
  guard,         // [use of the tested register if any]; the branch taken to the exit; frame state
  trap_if,       // the same, to an out-of-line trap
  switch_,       // [use value]; edges from extra on, imm of them; aux: 1 for 64 bits
  call_symbol,   // module symbol `extra`
  call_helper,   // Helper `extra`
  tail_symbol,   // module symbol `extra`
  tail_reg,      // [use target]
  ret,
  exit_,         // native exit `extra`
  unreachable,
  patch_area,    // imm bytes
  safepoint,
  // Sequences.
  allocate_stack,  // [use bytes, def address]; imm: alignment
  // Loops of exclusives (atomics.hpp); imm: detail::loop_bits.
  exchange_loop,       // [address, operand, old, new, status]
  compare_loop,        // [address, expected, desired, old, status]
  pair_load_loop,      // [address, low, high, status]
  pair_exchange_loop,  // [address, low, high, old low, old high, status]
  pair_compare_loop,   // [address, expected low, high, desired low, high, old low, high, status]
  region_word,     // imm: a word; extra: the operand of the region that follows for each field, by byte
  region,          // [late uses, early defs]: the words before it, emitted together
  end
};
static_assert(static_cast<u16>(Macro::end) < static_cast<u16>(ir::Pseudo::first));
static_assert(form_count < static_cast<u16>(Macro::first));
inline constexpr const char* macro_names[] = {
    "integer", "float_bits", "vector", "slot_address", "symbol_address", "word", "guard", "trap_if", "switch",
    "call_symbol", "call_helper", "tail_symbol", "tail_reg", "ret", "exit", "unreachable", "patch_area",
    "safepoint", "allocate_stack", "exchange_loop", "compare_loop", "pair_load_loop",
    "pair_exchange_loop", "pair_compare_loop", "region_word", "region"};
static_assert(sizeof macro_names / sizeof macro_names[0] ==
              static_cast<u16>(Macro::end) - static_cast<u16>(Macro::first));

constexpr u16 form_of(Macro m) { return static_cast<u16>(m); }
constexpr u16 form_of(Form f) { return static_cast<u16>(f); }
constexpr bool is_macro(u16 form) {
  return form >= static_cast<u16>(Macro::first) && form < static_cast<u16>(Macro::end);
}
// The name of a form as machine functions are printed.
constexpr const char* machine_form_name(u16 form) {
  return is_macro(form) ? macro_names[form - static_cast<u16>(Macro::first)] : form_name(static_cast<Form>(form));
}

// Library routines selection calls, by their names in libgcc, compiler-rt and the C library.
enum class Helper : u8 { udivti3, divti3, umodti3, modti3, memcpy, memmove, memset };
inline constexpr const char* helper_names[] = {"__udivti3", "__divti3", "__umodti3", "__modti3",
                                               "memcpy",    "memmove",  "memset"};

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_MACHINE_WORD_HPP
