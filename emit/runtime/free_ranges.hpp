// FreeRanges: which parts of a piece of address space are free. ExecMemory's bookkeeping.
//
// Invariants: ranges are sorted, do not overlap or touch, and none is empty.
#ifndef JITKIT_EMIT_RUNTIME_FREE_RANGES_HPP
#define JITKIT_EMIT_RUNTIME_FREE_RANGES_HPP

#include <jitkit/config.hpp>

#include <cstdlib>

namespace jitkit::inline JITKIT_ABI {

class FreeRanges {
 public:
  FreeRanges() = default;
  FreeRanges(const FreeRanges&) = delete;
  FreeRanges& operator=(const FreeRanges&) = delete;
  ~FreeRanges() { std::free(ranges_); }

  static constexpr u64 none = ~u64{0};

  // Makes [0, bytes) free, at the start. False: no memory.
  bool init(u64 bytes) {
    if (!room_for(1)) return false;
    ranges_[count_++] = {0, bytes};
    return true;
  }

  // Takes `bytes` from the first range that has them; none if there is no such range, or no memory to
  // give them back later: n taken pieces leave at most n + 1 free ranges.
  u64 take(u64 bytes) {
    for (u32 i = 0; i < count_; ++i) {
      if (ranges_[i].end - ranges_[i].begin < bytes) continue;
      if (!room_for(taken_ + 2)) return none;
      ++taken_;
      const u64 at = ranges_[i].begin;
      ranges_[i].begin += bytes;
      if (ranges_[i].begin == ranges_[i].end) erase(i);
      return at;
    }
    return none;
  }
  bool empty() const { return taken_ == 0; }

  // Gives back [begin, begin + bytes): what is left of a take() (`whole`), or its tail.
  void give(u64 begin, u64 bytes, bool whole) {
    if (whole) --taken_;
    if (bytes == 0) return;
    u32 i = 0;
    while (i < count_ && ranges_[i].begin < begin) ++i;
    const bool joins_left = i > 0 && ranges_[i - 1].end == begin;
    const bool joins_right = i < count_ && ranges_[i].begin == begin + bytes;
    if (joins_left && joins_right) {
      ranges_[i - 1].end = ranges_[i].end;
      erase(i);
    } else if (joins_left) {
      ranges_[i - 1].end += bytes;
    } else if (joins_right) {
      ranges_[i].begin = begin;
    } else {
      for (u32 k = count_++; k > i; --k) ranges_[k] = ranges_[k - 1];
      ranges_[i] = {begin, begin + bytes};
    }
  }

 private:
  struct Range {
    u64 begin;
    u64 end;
  };
  bool room_for(u32 ranges) {
    if (ranges <= capacity_) return true;
    const u32 n = capacity_ < 16 ? 16 : capacity_ * 2;
    auto* p = static_cast<Range*>(std::realloc(ranges_, n * sizeof(Range)));
    if (p == nullptr) return false;
    ranges_ = p;
    capacity_ = n;
    return true;
  }
  void erase(u32 i) {
    for (--count_; i < count_; ++i) ranges_[i] = ranges_[i + 1];
  }

  Range* ranges_ = nullptr;
  u32 count_ = 0;
  u32 capacity_ = 0;
  u32 taken_ = 0;
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_RUNTIME_FREE_RANGES_HPP
