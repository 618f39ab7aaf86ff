// Spill slots while they are given to values: those in use, as a heap by when they are free again, and the
// free ones, as a set from which the lowest is taken.
//
// Invariants: of the heap, free_at of an entry is not above that of the two below it, entries 2n + 1 and
// 2n + 2; of the set, words below lowest_ are empty.
#ifndef JITKIT_IR_SPILL_SLOTS_HPP
#define JITKIT_IR_SPILL_SLOTS_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/arena.hpp>
#include <jitkit/ir/support/bits.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

class UsedSlots {
 public:
  struct Entry {
    u32 free_at = 0;  // position
    u32 slot = 0;
  };

  void attach(Arena& a) { entries_.attach(a); }
  bool empty() const { return entries_.empty(); }
  const Entry& first() const { return entries_[0]; }

  // False when out of memory.
  bool push(Entry e) {
    if (!entries_.push(e)) return false;
    u32 at = entries_.size() - 1;
    for (u32 above = (at - 1) / 2; at != 0 && entries_[above].free_at > e.free_at; above = (at - 1) / 2) {
      entries_[at] = entries_[above];
      at = above;
    }
    entries_[at] = e;
    return true;
  }

  void pop_first() {
    const Entry e = entries_.back();
    entries_.pop_back();
    const u32 count = entries_.size();
    if (count == 0) return;
    u32 at = 0;
    for (u32 below = 1; below < count; below = 2 * at + 1) {
      if (below + 1 < count && entries_[below + 1].free_at < entries_[below].free_at) ++below;
      if (entries_[below].free_at >= e.free_at) break;
      entries_[at] = entries_[below];
      at = below;
    }
    entries_[at] = e;
  }

 private:
  Vec<Entry> entries_;
};

class FreeSlots {
 public:
  static constexpr u32 none = ~u32{0};

  void attach(Arena& a) { words_.attach(a); }
  // False when out of memory.
  bool add(u32 slot) {
    const u32 word = slot / 64;
    if (word >= words_.size() && !words_.resize(word + 1)) return false;
    words_[word] |= u64{1} << slot % 64;
    lowest_ = word < lowest_ ? word : lowest_;
    return true;
  }
  // The lowest, which is free no more; none if there is none.
  u32 take() {
    while (lowest_ < words_.size() && words_[lowest_] == 0) ++lowest_;
    if (lowest_ >= words_.size()) return none;
    u64& word = words_[lowest_];
    const u32 slot = lowest_ * 64 + ctz(word);
    word &= word - 1;
    return slot;
  }

 private:
  Vec<u64> words_;
  u32 lowest_ = 0;
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_SPILL_SLOTS_HPP
