// A static check of emitted AArch64 words: what stands between a load-exclusive and its store-exclusive
// must not make the store fail forever. An emulator that compares values can't show that fault.
//
// Allowed between the two: computation, forward branches within the code (they abandon the attempt),
// reads of system registers, hints and barriers other than ISB. Everything else is a fault.
// Source: Arm ARM B2.9.5, "Load-Exclusive and Store-Exclusive instruction usage restrictions".
#ifndef JITKIT_EMIT_ARM64_EXCLUSIVES_CHECK_HPP
#define JITKIT_EMIT_ARM64_EXCLUSIVES_CHECK_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/bits.hpp>
#include <jitkit/ir/support/span.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

enum class ExclusiveFault : u8 {
  none,
  memory_access,       // any other load, store or prefetch
  nested,              // a second load-exclusive
  call,                // bl, blr
  indirect_branch,     // br
  backward_branch,
  exception,           // svc, hvc, smc, brk, hlt, udf ...
  exception_return,    // ret, eret, drps
  isb,
  system_write,        // msr
  maintenance,         // sys: caches, TLB, address translation
  store_without_load,  // a store-exclusive that nothing opened
  load_without_store,  // the code ends, or goes on elsewhere, before the store-exclusive
  other_size,          // the store has another size than the load
  other_address,       // ... or another base register
  status_overlap,      // the status register is the base or a stored register
};

struct ExclusiveReport {
  ExclusiveFault fault = ExclusiveFault::none;
  u32 index = 0;  // of the word
  constexpr bool ok() const { return fault == ExclusiveFault::none; }
  friend constexpr bool operator==(const ExclusiveReport&, const ExclusiveReport&) = default;
};

namespace detail {

// ldxr, ldaxr, ldxp ... and their stores; not ldar, cas or casp, which share the group.
constexpr bool is_exclusive(u32 w) {
  const bool group = (w & 0x3f800000) == 0x08000000;
  const bool pair_or_casp = (w & 0x00200000) != 0;
  return group && (!pair_or_casp || (w & 0x80000000) != 0);
}
constexpr bool is_load_exclusive(u32 w) { return is_exclusive(w) && (w & 0x00400000) != 0; }
constexpr u32 exclusive_size(u32 w) { return w & 0xc0200000; }  // size and pair
constexpr u32 base_of(u32 w) { return w >> 5 & 31; }

constexpr bool status_overlaps(u32 w) {
  const u32 status = w >> 16 & 31;
  const bool pair = (w & 0x00200000) != 0;
  return status == (w & 31) || (pair && status == (w >> 10 & 31)) ||
         (status == base_of(w) && status != 31);
}

// The distance in words of a direct branch; 0 if w is none.
constexpr i64 branch_distance(u32 w) {
  if ((w & 0x7c000000) == 0x14000000) return sign_extend(w & 0x03ffffff, 26);
  if ((w & 0x7e000000) == 0x36000000) return sign_extend(w >> 5 & 0x3fff, 14);
  if ((w & 0x7e000000) == 0x34000000 || (w & 0xfe000000) == 0x54000000)
    return sign_extend(w >> 5 & 0x7ffff, 19);
  return 0;
}
constexpr bool is_direct_branch(u32 w) {
  return (w & 0x7c000000) == 0x14000000 || (w & 0x7c000000) == 0x34000000 ||
         (w & 0xfe000000) == 0x54000000;
}

constexpr ExclusiveFault branch_fault(u32 w) {
  if ((w & 0xfc000000) == 0x94000000) return ExclusiveFault::call;
  if (is_direct_branch(w))
    return branch_distance(w) <= 0 ? ExclusiveFault::backward_branch : ExclusiveFault::none;
  const u32 operation = w >> 21 & 7;  // of the register branches; bit 24 adds authentication
  if (operation == 0) return ExclusiveFault::indirect_branch;
  return operation == 1 ? ExclusiveFault::call : ExclusiveFault::exception_return;
}

constexpr ExclusiveFault system_fault(u32 w) {
  if ((w & 0xfffff0ff) == 0xd50330df) return ExclusiveFault::isb;
  const bool immediate = (w & 0xfff8f01f) == 0xd500401f;
  const bool from_register = (w & 0xfff00000) == 0xd5100000;
  if (immediate || from_register) return ExclusiveFault::system_write;
  if ((w & 0xffd80000) == 0xd5080000) return ExclusiveFault::maintenance;  // sys, sysl
  return ExclusiveFault::none;
}

// The fault of an instruction, not an exclusive one, that stands inside.
constexpr ExclusiveFault fault_inside(u32 w) {
  if ((w & 0xffff0000) == 0) return ExclusiveFault::exception;  // udf
  if ((w & 0x0a000000) == 0x08000000) return ExclusiveFault::memory_access;
  if ((w & 0x1c000000) != 0x14000000) return ExclusiveFault::none;  // data processing
  if ((w & 0xff000000) == 0xd4000000) return ExclusiveFault::exception;
  if ((w & 0xff000000) == 0xd5000000) return system_fault(w);
  return branch_fault(w);
}

constexpr bool leaves(u32 w) { return (w & 0xfc000000) == 0x14000000; }  // b
constexpr bool clears(u32 w) { return (w & 0xfffff0ff) == 0xd503305f; }  // clrex

}  // namespace detail

// The first fault in the code; the caller leaves out data (literals, tables).
constexpr ExclusiveReport check_exclusives(Span<const u32> words) {
  u32 load = 0;  // the open load-exclusive, never 0 while one is open
  for (u32 n = 0; n < words.size(); ++n) {
    const u32 w = words[n];
    const bool open = load != 0;
    if (detail::is_load_exclusive(w)) {
      if (open) return {ExclusiveFault::nested, n};
      load = w;
    } else if (detail::is_exclusive(w)) {
      if (!open) return {ExclusiveFault::store_without_load, n};
      if (detail::exclusive_size(w) != detail::exclusive_size(load)) return {ExclusiveFault::other_size, n};
      if (detail::base_of(w) != detail::base_of(load)) return {ExclusiveFault::other_address, n};
      if (detail::status_overlaps(w)) return {ExclusiveFault::status_overlap, n};
      load = 0;
    } else if (open) {
      const ExclusiveFault fault = detail::fault_inside(w);
      if (fault != ExclusiveFault::none) return {fault, n};
      if (detail::clears(w)) load = 0;
      if (detail::leaves(w)) return {ExclusiveFault::load_without_store, n};
    }
  }
  if (load != 0) return {ExclusiveFault::load_without_store, static_cast<u32>(words.size())};
  return {};
}

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_EXCLUSIVES_CHECK_HPP
