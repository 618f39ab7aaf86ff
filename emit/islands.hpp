// Islands: veneers for AArch64 branches whose label would get out of reach, and literals whose loads
// would. Part of CodeBuffer, which includes it.
//
// Invariants:
//  - waiting_[r] counts the fixups of range r on the books; heads_[r] is not after the first of them,
//    and their offsets ascend, so the first one has the earliest deadline.
//  - An island holds, in this order: a branch around itself (if control can arrive), veneers of 32 KiB
//    branches, veneers of 1 MiB branches, literals, veneers of 128 MiB branches. island_margin(r) is
//    at least what stands before the last veneer of range r, plus what one instruction can add.
//  - A veneer is a `b` and so a waiting branch itself while its label is not bound: forward distances
//    are covered by a chain of them. Backward beyond 128 MiB it is adrp, add, br through x16.
#ifndef JITKIT_EMIT_ISLANDS_HPP
#define JITKIT_EMIT_ISLANDS_HPP

#include <jitkit/emit/code_buffer.hpp>

namespace jitkit::inline JITKIT_ABI {

inline u64 CodeBuffer::veneer_bytes() const { return offset() < (u64{127} << 20) ? 4 : 12; }

// What is still to be written behind the cursor at most: literals, veneers, and what a placement adds.
inline u64 CodeBuffer::waiting_bound() const {
  u64 size = pool_.waiting_bytes() != 0 ? pool_.waiting_bytes() + max_literal_padding : 0;
  for (const u32 n : waiting_) size += n * veneer_bytes();
  return size + u64{stub_bound_} * max_stub_bytes;
}

inline u64 CodeBuffer::island_margin(Range r) const {
  u64 fixups = 0;
  for (unsigned i = 0; i <= r; ++i) fixups += waiting_[i];
  const u64 literals = r == range_32k ? 0 : pool_.waiting_bytes();
  return 64 + fixups * veneer_bytes() + literals;
}

// The offset where an island has to begin at the latest; all ones if none has to.
inline u64 CodeBuffer::stop_offset() {
  u64 stop = ~u64{0};
  for (const Range r : {range_32k, range_1m, range_128m}) {
    if (waiting_[r] == 0) {
      heads_[r] = fixups_.size();
      continue;
    }
    while (fixups_[heads_[r]].range != r) ++heads_[r];
    const u64 last = u64{fixups_[heads_[r]].at} + static_cast<u64>(reach[r]);
    const u64 margin = island_margin(r);
    const u64 due = last > margin ? last - margin : 0;
    if (due < stop) stop = due;
  }
  return stop;
}

// Serves every fixup whose deadline falls into the island, be it behind the veneers of its own range, the next
// `ahead` bytes or an eighth of its range after them: a dense run of branches shares islands instead of getting
// one each.
inline void CodeBuffer::emit_island(u64 ahead, bool branch_around) {
  if ((offset() & 3) != 0) return;  // amid data; the next word will do it
  const u64 end = offset() + island_margin(range_128m);
  u64 until[3];
  for (const Range r : {range_32k, range_1m, range_128m})
    until[r] = end + island_margin(r) + ahead + (static_cast<u64>(reach[r]) >> 3);
  if (log_ != nullptr) log_line("island", {});

  ++exact_depth_;  // an island holds no island
  update_stop(0);
  const u32 start = offset();
  const u32 count = fixups_.size();
  if (branch_around) put32(0x14000000);
  bool literals = false;
  for (const Range r : {range_32k, range_1m, range_128m}) {
    for (u32 i = heads_[r]; i < count && status_.ok(); ++i) {
      const Fixup& f = fixups_[i];
      if (f.range != r) continue;
      if (u64{f.at} + static_cast<u64>(reach[r]) > until[r]) break;
      if (f.kind == FixupKind::a64_load19)
        literals = true;
      else
        emit_veneer(i, start);
    }
    if (r == range_1m && literals) {
      write_literals();
      if (status_.ok()) align(4);
    }
  }
  --exact_depth_;
  if (!status_.ok()) return;
  if (branch_around) write_fixup(FixupKind::a64_branch26, base_ + start, i64{offset()} - start);
  update_stop(0);
}

// Leads a fixup through a veneer at the cursor, or one that this island already has.
inline void CodeBuffer::emit_veneer(u32 fixup, u32 island) {
  const Fixup f = fixups_[fixup];
  const LabelInfo info = labels_[f.label.id];
  done(fixup);
  if (info.veneer != unbound && info.veneer >= island && resolve(f.kind, f.at, info.veneer, 0)) return;
  const u32 veneer = offset();
  labels_[f.label.id].veneer = veneer;
  const i64 distance = i64{info.offset} - i64{veneer};
  if (info.offset == unbound || fixup_reaches(fixup_field(FixupKind::a64_branch26), distance)) {
    put32(0x14000000, f.label, FixupKind::a64_branch26);  // b
  } else {
    put32(0x90000010, f.label, FixupKind::a64_adrp21);  // adrp x16
    put32(0x91000210, f.label, FixupKind::a64_lo12);    // add x16, x16
    put32(0xd61f0200);                                  // br x16
  }
  if (status_.ok() && !resolve(f.kind, f.at, veneer, 0)) fail_range(f.kind, f.at, veneer);
}

// An island if one has to begin within the next `ahead` bytes, and may.
inline void CodeBuffer::emit_due_island(u64 ahead, bool branch_around) {
  if (status_.ok() && exact_depth_ == 0 && stop_offset() < offset() + ahead) emit_island(ahead, branch_around);
}

inline void CodeBuffer::offer_island_slow(u32 ahead) { emit_due_island(ahead, false); }

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ISLANDS_HPP
