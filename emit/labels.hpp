// Labels, fixups and literals of CodeBuffer: what waits for a place, and what is written when it has one.
// Included by code_buffer.hpp.
//
// Invariants: a fixup is written once, when its label is known and in reach. One of short range whose label
// is not known waits in its kind's list; the stop of the buffer is never behind the last place where a
// veneer still reaches it (islands.hpp writes them). Literals are shared by value and width.
#ifndef JITKIT_EMIT_LABELS_HPP
#define JITKIT_EMIT_LABELS_HPP

#include <jitkit/emit/code_buffer.hpp>

namespace jitkit::inline JITKIT_ABI {

// --- labels

inline Label CodeBuffer::label(std::string_view name) {
  const u32 id = label_names_.intern(name);
  if (id == 0) {
    fail(arena_.status());
    return {};
  }
  if (id < named_labels_.size()) return Label(named_labels_[id]);
  const Label l = new_label();
  if (!named_labels_.push(l.id)) fail(arena_.status());
  if (status_.ok()) labels_[l.id].name = id;
  return l;
}

inline CodeBuffer::Range CodeBuffer::range_of(FixupKind kind, Label l, i64 addend) const {
  // In the order of FixupKind. The load of a literal waits for the pool; no veneer helps it.
  constexpr Range ranges[] = {no_range, range_128m, range_1m, range_32k, range_1m};
  if (kind > FixupKind::a64_load19 || addend != 0) return no_range;
  if (kind == FixupKind::a64_load19 && labels_[l.id].name != no_name_literal) return no_range;
  return ranges[static_cast<u8>(kind)];
}

// Makes the field refer to target + addend; false if it does not reach.
inline bool CodeBuffer::resolve(FixupKind kind, u32 at, u32 target, i64 addend) {
  const FixupField& field = fixup_field(kind);
  i64 value = i64{target} + addend - i64{at};
  if (field.branch && field.form == FixupForm::distance) {  // of an AArch64 word
    const u32 limit = u32{1} << (field.bits - 1), mask = (limit * 2 - 1) << field.lsb;
    const i64 words = value >> 2;
    if ((value & 3) != 0 || static_cast<u64>(words + limit) >= u64{limit} * 2) return false;
    u32 word = 0;
    std::memcpy(&word, base_ + at, 4);
    word = (word & ~mask) | (static_cast<u32>(words) << field.lsb & mask);
    std::memcpy(base_ + at, &word, 4);
    return true;
  }
  if (field.form == FixupForm::end_distance) value -= field.bytes;
  if (field.form == FixupForm::end_distance && field.bits == 32) {
    const auto narrow = static_cast<i32>(value);
    if (narrow != value) return false;
    std::memcpy(base_ + at, &narrow, 4);
    return true;
  }
  if (field.form != FixupForm::distance && field.form != FixupForm::end_distance)
    return resolve_other(kind, at, target, addend);
  if (!fixup_reaches(field, value)) return false;
  write_fixup(kind, base_ + at, value);
  return true;
}

// A field that depends on the address, or on two labels.
inline bool CodeBuffer::resolve_other(FixupKind kind, u32 at, u32 target, i64 addend) {
  if (kind == FixupKind::diff32) {
    const i64 value = i64{target} - i64{offset_of(Label(static_cast<u32>(addend)))};
    write_fixup(kind, base_ + at, value);
    return fits_signed(value, 32);
  }
  if (!relocs_.push({at, kind, {}, i64{target} + addend})) fail(arena_.status());
  return true;
}

// What a field cannot reach, as an error.
inline void CodeBuffer::fail_range(FixupKind kind, u32 at, i64 target) {
  fail({Error::fixup_range, at, static_cast<u64>(fixup_value(kind, at, static_cast<u64>(target)))});
}

// Takes a fixup off the books.
inline void CodeBuffer::done(u32 fixup) {
  Fixup& f = fixups_[fixup];
  if (f.range != no_range) --waiting_[f.range];
  f.kind = FixupKind::none;
  f.range = no_range;
}

inline void CodeBuffer::bind_slow(Label l, u32 at) {
  LabelInfo& info = labels_[l.id];
  if (info.offset != unbound) {
    fail({Error::label_rebound, l.id, info.offset});
    return;
  }
  info.offset = at;
  for (u32 i = info.fixups; i != 0 && status_.ok(); i = fixups_[i].next) {
    const Fixup& f = fixups_[i];
    if (f.kind == FixupKind::none) continue;  // led through a veneer
    if (!resolve(f.kind, f.at, at, f.addend)) fail_range(f.kind, f.at, i64{at} + f.addend);
    done(i);
  }
  info.fixups = 0;
  if (log_ != nullptr) log_line("label", label_name(l));
}

inline void CodeBuffer::use_label(Label l, FixupKind kind, u32 at, i64 addend) {
  if (!status_.ok()) return need_veneer(kind);
  const LabelInfo& info = labels_[l.id];
  if (info.offset == unbound) return wait_for(l, kind, at, addend);
  if (resolve(kind, at, info.offset, addend)) return;
  // Out of reach: back through the last veneer, or a new one.
  if (info.veneer != unbound && addend == 0 && resolve(kind, at, info.veneer, 0)) return;
  if (range_of(kind, l, addend) == no_range || kind == FixupKind::a64_load19) {
    fail_range(kind, at, i64{info.offset} + addend);
    return;
  }
  wait_for(l, kind, at, addend);
}

// The field is written when the label is bound, or led through a veneer.
inline void CodeBuffer::wait_for(Label l, FixupKind kind, u32 at, i64 addend) {
  LabelInfo& info = labels_[l.id];
  const bool bound = info.offset != unbound;
  const Range range = range_of(kind, l, addend);
  Fixup* made = fixups_.extend(1);
  if (made == nullptr) {
    fail(arena_.status());
    return;
  }
  *made = {at, bound ? 0 : info.fixups, l, kind, range, addend};
  if (!bound) info.fixups = fixups_.size() - 1;
  if (range == no_range) return;
  ++waiting_[range];
  // More than the margin of any range: good enough for a first guess.
  const u32 margin = 64 + (waiting_[0] + waiting_[1] + waiting_[2]) * 12 + pool_.waiting_bytes();
  lower_stop(i64{at} + reach[range] - i64{margin}, 12);
}

// A new deadline, and an island that grows by `bytes`. stop_ may be early, never late: the slow path
// computes it anew.
inline void CodeBuffer::lower_stop(i64 due, i64 bytes) {
  if (exact_depth_ != 0) return;
  i64 stop = (stop_ - base_) - bytes;
  if (due < stop) stop = due;
  const i64 now = cursor_ - base_;
  stop_ = base_ + (stop < now ? now : stop);
}

inline void CodeBuffer::put_label_difference(Label l, Label base) {
  if (!is_bound(base)) fail({Error::label_unbound, base.id, offset()});
  put32(0);
  use_label(l, FixupKind::diff32, offset() - 4, i64{base.id});
}

inline void CodeBuffer::jump_table(Label table, Span<const Label> targets) {
  align(4);
  Scope together = exact(static_cast<u32>(targets.size() * 4));
  const u32 begin = offset();
  bind(table);
  for (const Label target : targets) put_label_difference(target, table);
  mark_data(begin);
}

inline Status CodeBuffer::finish() {
  for (u32 i = 1; i < labels_.size() && status_.ok(); ++i)
    if (labels_[i].fixups != 0 && labels_[i].name != no_name_literal)
      fail({Error::label_unbound, i, fixups_[labels_[i].fixups].at});
  // What waits now are literals, and branches back to labels out of reach.
  if (status_.ok() && stop_offset() != ~u64{0}) emit_island(u64{1} << 32, false);
  flush_literals();
  return status_;
}

// --- literals

inline Label CodeBuffer::literal(FixupKind kind, u32 bytes, u64 low, u64 high) {
  check(bytes == 4 || bytes == 8 || bytes == 16);
  if (bytes == 4) low &= 0xffffffff;
  if (!has_room(4)) emit_due_island(4, true);  // not between the question of reach and the instruction
  const u32 known = pool_.find(low, high, bytes);
  // A written one is behind us: 64 bytes less than its reach leave room for the loading instruction.
  if (known != 0 && (!is_bound(Label(known)) || i64{offset()} - i64{offset_of(Label(known))} <
                                                    fixup_reach(kind) - 64))
    return Label(known);
  const Label l = new_label();
  if (!l || (!status_.ok() && status_.error != Error::out_of_code_space)) return l;
  need(bytes + (pool_.waiting_bytes() == 0 ? max_literal_padding : 0));
  labels_[l.id].name = no_name_literal;
  if (!pool_.add({low, high, bytes, l.id})) fail(arena_.status());
  lower_stop(INT64_MAX, bytes + 16);
  return l;
}

// The waiting literals, largest first, so that only the first needs padding.
inline void CodeBuffer::write_literals() {
  const u32 begin = offset(), first = pool_.first_waiting();
  pool_.all_written();  // they are counted as they are written
  for (const u32 size : {16U, 8U, 4U}) {
    for (u32 i = first; i < pool_.size(); ++i) {
      const LiteralPool::Entry e = pool_[i];
      if (e.size != size) continue;
      if (status_.ok()) align(size);  // else the first of them has had its padding
      bind(Label(e.label));
      const u64 bytes[2] = {e.low, e.high};
      put_raw(bytes, size);
    }
  }
  mark_data(begin);
  if (log_ != nullptr) log_line("literals", {});
}

inline void CodeBuffer::flush_literals() {
  if (pool_.first_waiting() == pool_.size() || !status_.ok()) return;
  const u64 bytes = pool_.waiting_bytes() + 16;
  emit_due_island(bytes, false);
  ++exact_depth_;  // keep islands out
  update_stop(0);
  write_literals();
  --exact_depth_;
  if (status_.ok()) update_stop(0);
}

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_LABELS_HPP
