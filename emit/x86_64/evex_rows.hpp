// The rows of avx512.def as data, and which lengths, variants and masked forms a row has.
//
// Invariant: is_evex_form() tells what the CPU has; nothing else decides that.
#ifndef JITKIT_EMIT_X86_64_EVEX_ROWS_HPP
#define JITKIT_EMIT_X86_64_EVEX_ROWS_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/operand_kinds.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

// The lengths of a row: bit n stands for 128 << n. `x`: 128, whatever the CPU's vector lengths.
enum class Lengths : u8 { x = 9, vlz = 7, yz = 6, z = 4 };

enum class EvexId : u16 {
#define JITKIT_X86_E2(id, ...) id,
#define JITKIT_X86_E3(id, ...) id,
#define JITKIT_X86_E4(id, ...) id,
#define JITKIT_X86_EA2(id, ...) id,
#define JITKIT_X86_EA3(id, ...) id,
#define JITKIT_X86_EA4(id, ...) id,
#include <jitkit/emit/x86_64/avx512.def>
  count
};
inline constexpr unsigned evex_count = static_cast<unsigned>(EvexId::count);

struct EvexRow {
  const char* id;
  const char* text;
  Enc enc;
  detail::Kinds kinds;
  Lengths lengths;
  Format format;
  Roles roles;
  Feature feature;
  u16 modes;
  Effects effects;
  bool alternate;
};

namespace table {

// The modes column.
inline constexpr u16 mk = 1, mreq = 2, er = 4, sae = 8, broadcasts = 16;
inline constexpr u16 in_elements = 32;
constexpr u16 element(unsigned log2_bytes) { return static_cast<u16>(log2_bytes << 8); }
inline constexpr u16 b32 = broadcasts | element(2), b64 = broadcasts | element(3);
inline constexpr u16 t8 = in_elements, t16 = in_elements | element(1), t32 = in_elements | element(2),
                     t64 = in_elements | element(3);

inline constexpr EvexRow evex_rows[] = {
#define JITKIT_X86_EROW(alt, c, k0, k1, k2, k3, id, n, ax, fmt, roles, enc, modes, feat, fx) \
  {#id, #n, enc, {{k0, k1, k2, k3}, c}, Lengths::ax, Format::fmt, Roles::roles, Feature::feat, (modes), (fx), alt != 0},
#define JITKIT_X86_E2(id, n, ax, fmt, a, b, ...) \
  JITKIT_X86_EROW(0, 2, Opd::k_##a, Opd::k_##b, {}, {}, id, n, ax, fmt, __VA_ARGS__)
#define JITKIT_X86_E3(id, n, ax, fmt, a, b, c, ...) \
  JITKIT_X86_EROW(0, 3, Opd::k_##a, Opd::k_##b, Opd::k_##c, {}, id, n, ax, fmt, __VA_ARGS__)
#define JITKIT_X86_E4(id, n, ax, fmt, a, b, c, e, ...) \
  JITKIT_X86_EROW(0, 4, Opd::k_##a, Opd::k_##b, Opd::k_##c, Opd::k_##e, id, n, ax, fmt, __VA_ARGS__)
#define JITKIT_X86_EA2(id, n, ax, fmt, a, b, ...) \
  JITKIT_X86_EROW(1, 2, Opd::k_##a, Opd::k_##b, {}, {}, id, n, ax, fmt, __VA_ARGS__)
#define JITKIT_X86_EA3(id, n, ax, fmt, a, b, c, ...) \
  JITKIT_X86_EROW(1, 3, Opd::k_##a, Opd::k_##b, Opd::k_##c, {}, id, n, ax, fmt, __VA_ARGS__)
#define JITKIT_X86_EA4(id, n, ax, fmt, a, b, c, e, ...) \
  JITKIT_X86_EROW(1, 4, Opd::k_##a, Opd::k_##b, Opd::k_##c, Opd::k_##e, id, n, ax, fmt, __VA_ARGS__)
#include <jitkit/emit/x86_64/avx512.def>
#undef JITKIT_X86_EROW
};
static_assert(sizeof evex_rows / sizeof evex_rows[0] == evex_count);

}  // namespace table
using table::evex_rows;

// Which form of a row.
struct EvexParts {
  EvexId id = EvexId::count;
  u8 length = 0;  // 0: 128, 1: 256, 2: 512
  EvexVariant variant = EvexVariant::plain;
  Masking masking = Masking::none;
};

constexpr bool in_memory(EvexVariant v) { return v == EvexVariant::memory || v == EvexVariant::broadcast; }

namespace detail {

// Which variants the operands of a row have.
struct EvexMemory {
  bool always = false;  // an operand is memory
  bool may = false;     // an operand is register or memory
  bool first = false;   // it is the first
};
constexpr EvexMemory memory_of(const EvexRow& row) {
  EvexMemory m;
  for (unsigned i = 0; i < row.kinds.count; ++i) {
    const KindInfo& k = kind_infos[static_cast<u8>(row.kinds.kind[i])];
    const bool here = k.cls == OpClass::mem || k.mem_bits != 0;
    if (here && i == 0) m.first = true;
    m.always |= k.cls == OpClass::mem;
    m.may |= k.cls != OpClass::mem && k.mem_bits != 0;
  }
  return m;
}

constexpr bool has_length(const EvexRow& row, unsigned length) {
  return (static_cast<u8>(row.lengths) >> length & 1) != 0;
}
constexpr bool is_evex_form(EvexParts p) {
  using namespace table;
  const EvexRow& row = evex_rows[static_cast<u16>(p.id)];
  const EvexMemory memory = memory_of(row);
  if (!has_length(row, p.length)) return false;
  if (in_memory(p.variant) ? !memory.may && !memory.always : memory.always) return false;
  if (p.variant == EvexVariant::broadcast && (row.modes & broadcasts) == 0) return false;
  if (p.variant == EvexVariant::rounding && ((row.modes & (er | sae)) == 0 || (row.lengths != Lengths::x && p.length != 2)))
    return false;
  if (p.masking == Masking::none) return (row.modes & mreq) == 0;
  if ((row.modes & (mk | mreq)) == 0) return false;
  // Masks and memory are not zeroed by zeroing.
  const bool no_zero = (memory.first && in_memory(p.variant)) || kind_infos[static_cast<u8>(row.kinds.kind[0])].cls == OpClass::mask;
  return p.masking == Masking::merge || (!no_zero && (row.modes & mreq) == 0);
}

// Bytes that an 8-bit displacement counts in, as log2.
constexpr unsigned displacement_unit(const EvexRow& row, EvexParts p) {
  if (p.variant == EvexVariant::broadcast || (row.modes & table::in_elements) != 0) return row.modes >> 8;
  for (unsigned i = 0; i < row.kinds.count; ++i) {
    const KindInfo& k = kind_infos[static_cast<u8>(row.kinds.kind[i])];
    if (k.mem_bits == 0) continue;
    return log2_floor(static_cast<u64>(k.mem_bits < 0 ? (128 << p.length) * -k.mem_bits / 8 : k.mem_bits)) - 3;
  }
  return 0;
}

}  // namespace detail

// The row's encoding word with all that the form adds.
constexpr Enc evex_word(EvexParts p) {
  const EvexRow& row = evex_rows[static_cast<u16>(p.id)];
  Enc e = row.enc | Enc{p.length} << 30;
  if (in_memory(p.variant)) e |= Enc{detail::displacement_unit(row, p)} << 49;
  return p.variant == EvexVariant::broadcast ? e | Enc{1} << 52 : e;
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_EVEX_ROWS_HPP
