// LiteralPool: constants of 4, 8 or 16 bytes that code loads from memory, each stored once. CodeBuffer
// decides when the waiting ones are written.
//
// Invariant: an entry is found again by its bytes until it is replaced; entries from first_waiting()
// on have not been written.
#ifndef JITKIT_EMIT_LITERAL_POOL_HPP
#define JITKIT_EMIT_LITERAL_POOL_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/arena.hpp>
#include <jitkit/ir/support/bits.hpp>

namespace jitkit::inline JITKIT_ABI {

class LiteralPool {
 public:
  struct Entry {
    u64 low;
    u64 high;
    u32 size;   // 4, 8 or 16; also its alignment
    u32 label;  // id of the label that will stand on it
  };

  void attach(Arena& a) {
    entries_.attach(a);
    slots_.attach(a);
    first_waiting_ = waiting_bytes_ = 0;
  }

  u32 first_waiting() const { return first_waiting_; }
  u32 size() const { return entries_.size(); }
  const Entry& operator[](u32 i) const { return entries_[i]; }
  // Bytes all waiting entries take when written from an aligned place.
  u32 waiting_bytes() const { return waiting_bytes_; }
  void all_written() {
    first_waiting_ = size();
    waiting_bytes_ = 0;
  }

  // The label id of an entry with that contents, or 0.
  u32 find(u64 low, u64 high, u32 bytes) const {
    const u32 s = slots_.empty() ? 0 : slots_[slot(low, high, bytes)];
    return s != 0 ? entries_[s - 1].label : 0;
  }
  // Adds a waiting entry; it takes the place of an equal one. False: no memory.
  bool add(const Entry& e) {
    if ((size() + 1) * 2 > slots_.size() && !rehash()) return false;
    if (!entries_.push(e)) return false;
    slots_[slot(e.low, e.high, e.size)] = size();
    waiting_bytes_ += e.size;
    return true;
  }

 private:
  u32 slot(u64 low, u64 high, u32 bytes) const {
    const u64 h = (low ^ std::rotl(high, 23) ^ bytes) * 0x9e3779b97f4a7c15U;
    const u32 mask = slots_.size() - 1;
    for (u32 s = static_cast<u32>(h >> 32) & mask;; s = (s + 1) & mask) {
      if (slots_[s] == 0) return s;
      const Entry& e = entries_[slots_[s] - 1];
      if (e.low == low && e.high == high && e.size == bytes) return s;
    }
  }
  bool rehash() {
    if (!slots_.assign(slots_.empty() ? 16 : slots_.size() * 2, 0)) return false;
    for (u32 i = 0; i < size(); ++i)  // a later equal entry takes the slot of an earlier one
      slots_[slot(entries_[i].low, entries_[i].high, entries_[i].size)] = i + 1;
    return true;
  }

  Vec<Entry> entries_;
  Vec<u32> slots_;  // open addressing; a power of two, at most half full
  u32 first_waiting_ = 0;
  u32 waiting_bytes_ = 0;
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_LITERAL_POOL_HPP
