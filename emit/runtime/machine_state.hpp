// MachineState: the register file of a thread that left generated code, and how to read what a
// LocationMap names out of it.
//
// Invariants: general registers are indexed by their PReg number; AArch64's stack pointer is number 31. It
// stands on the stack of the frame, aligned to 8 only.
// Offsets are known to the code that fills it (exit_thunk.hpp). The stack of the frame is still there.
#ifndef JITKIT_EMIT_RUNTIME_MACHINE_STATE_HPP
#define JITKIT_EMIT_RUNTIME_MACHINE_STATE_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/cfi.hpp>
#include <jitkit/emit/runtime/code_description.hpp>
#include <jitkit/ir/support/bits.hpp>
#include <jitkit/ir/support/location_map.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/ir/support/wide.hpp>

#include <cstddef>
#include <cstring>

namespace jitkit::inline JITKIT_ABI {

struct MachineState {
#if defined(__x86_64__)
  static constexpr u32 general_count = 16, vector_first = 16, vector_count = 16, vector_bytes = 32;
  static constexpr u32 sp_number = 4;
#else
  static constexpr u32 general_count = 31, vector_first = 32, vector_count = 32, vector_bytes = 16;
  static constexpr u32 sp_number = 31;
#endif

  u64 general[32] = {};
  u64 pc = 0;
  u64 flags = 0;  // rflags; NZCV
  u8 vector[vector_count][vector_bytes] = {};

  u64& sp() { return general[sp_number]; }
  u64 sp() const { return general[sp_number]; }
  u64& operator[](PReg r) { return general[r.id]; }
  u64 operator[](PReg r) const { return general[r.id]; }
};
static_assert(offsetof(MachineState, vector) % 16 == 0 && sizeof(MachineState) < 4096);

// Where the module's symbol with this number (ir::SymbolRef) is.
using FindSymbol = u64 (*)(void* context, u64 symbol);

inline Bits read_location(const Location& l, const MachineState& s, u32 bits, FindSymbol symbol = nullptr,
                          void* context = nullptr) {
  Bits v;
  switch (l.kind) {
    case Location::Kind::none: break;
    case Location::Kind::reg:
      if (l.reg.id < MachineState::vector_first)
        v.lo = s[l.reg];
      else
        std::memcpy(&v, s.vector[l.reg.id - MachineState::vector_first], sizeof v);
      break;
    case Location::Kind::memory:
      std::memcpy(&v, reinterpret_cast<const void*>(s[l.reg] + static_cast<u64>(i64{l.offset})),
                  bits > 64 ? 16 : (bits + 7) / 8);
      break;
    case Location::Kind::address:
      v.lo = (s[l.reg] + static_cast<u64>(i64{l.offset})) & ~(u64{l.align} - 1);
      break;
    case Location::Kind::symbol:
      if (symbol != nullptr) v.lo = symbol(context, l.low) + static_cast<u64>(i64{l.offset});
      break;
    case Location::Kind::constant: v = {l.low, l.high}; break;
  }
  if (bits < 64) v.lo &= low_mask(bits);
  if (bits <= 64) v.hi = 0;
  return v;
}

// The low 128 bits of an entry that is no object; all of them but for wider vectors.
inline Bits read_value(const FrameValue& v, const MachineState& s, FindSymbol symbol = nullptr,
                       void* context = nullptr) {
  if (v.parts != 2) return read_location(v.part[0], s, v.bits, symbol, context);
  return {read_location(v.part[0], s, 64, symbol, context).lo, read_location(v.part[1], s, 64, symbol, context).lo};
}

// A return address without its pointer authentication code.
inline u64 without_signature(u64 address) {
#if defined(__aarch64__)
  register u64 link asm("x30") = address;
  asm("hint 7" : "+r"(link));  // xpaclri
  return link;
#else
  return address;
#endif
}

// Leaves a frame: `s`, stopped at code offset `at` of a function with these rows, becomes its caller's
// state at the return. The caller sets result registers. False: rows that a frame of jitkit's never has.
// Source: DWARF 4, 6.4.3.
inline bool unwind_frame(Span<const CfiRow> rows, u32 at, MachineState& s) {
  constexpr u32 depth = 4;
  constexpr bool arm = host_machine == Machine::arm64;
  struct Rule {
    bool saved = false;
    i32 offset = 0;
  };
  struct Rules {
    u8 reg = arm ? dwarf_a64_sp : dwarf_x86_gpr[4];
    i32 offset = arm ? 0 : 8;
    bool is_signed = false;  // the return address
    Rule rule[128];  // by DWARF number
  } now, stack[depth];
  u32 used = 0;
  for (const CfiRow& r : rows) {
    if (r.offset > at) break;
    switch (r.op) {
      case CfiOp::def_cfa: now.reg = r.reg; now.offset = r.value; break;
      case CfiOp::def_cfa_register: now.reg = r.reg; break;
      case CfiOp::def_cfa_offset: now.offset = r.value; break;
      case CfiOp::offset: now.rule[r.reg & 127] = {true, r.value}; break;
      case CfiOp::restore:
      case CfiOp::same_value: now.rule[r.reg & 127] = {}; break;
      case CfiOp::remember:
        if (used == depth) return false;
        stack[used++] = now;
        break;
      case CfiOp::restore_state:
        if (used == 0) return false;
        now = stack[--used];
        break;
      case CfiOp::negate_ra_state: now.is_signed = !now.is_signed; break;
    }
  }
  // From a DWARF number to the place in the state; x86-64's general registers have an order of their own.
  const auto general = [](u32 number) {
    for (u32 n = 0; !arm && n < 16; ++n)
      if (dwarf_x86_gpr[n] == number) return n;
    return number;
  };
  constexpr u32 generals = arm ? 31 : 16, first_vector = arm ? dwarf_a64_v0 : dwarf_x86_xmm0;
  const u64 cfa = s.general[general(now.reg)] + static_cast<u64>(i64{now.offset});
  const auto saved = [&](u32 number) {
    return reinterpret_cast<const void*>(cfa + static_cast<u64>(i64{now.rule[number].offset}));
  };
  u64 link = arm ? s.general[30] : 0;
  if (!arm) std::memcpy(&link, reinterpret_cast<const void*>(cfa - 8), 8);
  for (u32 n = 0; n < generals; ++n)
    if (now.rule[n].saved) std::memcpy(&s.general[general(n)], saved(n), 8);
  // AAPCS64 preserves the low 64 bits of v8-v15; System V no vector register.
  for (u32 n = 0; n < MachineState::vector_count; ++n)
    if (now.rule[first_vector + n].saved) std::memcpy(s.vector[n], saved(first_vector + n), arm ? 8 : 16);
  if (arm && now.rule[30].saved) link = s.general[30];
  if (now.is_signed) s.general[30] = link = without_signature(link);
  s.pc = link;
  s.sp() = cfa;
  return true;
}

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_RUNTIME_MACHINE_STATE_HPP
