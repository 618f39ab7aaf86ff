// The memory an interpreted function sees: the host's, at its real addresses, so that compiled code
// and host functions can share data with it. In checked mode only registered regions may be touched.
//
// Invariants: an access is asked for with permits() before it is made. Addresses in the first page are
// never permitted, in neither mode. Atomic accesses are naturally aligned and sequentially consistent
// whatever their order says, which every order allows.
#ifndef JITKIT_IR_INTERPRETER_MEMORY_HPP
#define JITKIT_IR_INTERPRETER_MEMORY_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/arena.hpp>
#include <jitkit/ir/support/bits.hpp>
#include <jitkit/ir/support/wide.hpp>

#include <bit>
#include <cstring>

namespace jitkit::inline JITKIT_ABI::ir {

// A value of any type, with room for a v512; narrower ones stand in low, the rest is clear.
struct Datum {
  Bits low;
  Bits more[3] = {};
  friend constexpr bool operator==(const Datum&, const Datum&) = default;
};
static_assert(sizeof(Datum) == 64);
static_assert(std::endian::native == std::endian::little);  // a Datum's bytes are those in memory

inline u64 address_of(const void* p) { return reinterpret_cast<u64>(p); }
template <class T = void>
T* pointer_to(u64 address) {
  return reinterpret_cast<T*>(address);
}

class InterpreterMemory {
 public:
  static constexpr u64 guard_page = 4096;

  // Forgets all regions; everything beyond the first page is permitted.
  void reset(Arena& arena) {
    regions_.attach(arena);
    checked_ = false;
  }
  // From now on only regions given to allow() are permitted.
  void check_accesses() { checked_ = true; }
  bool checked() const { return checked_; }
  void allow(const void* start, u64 bytes, bool writable) {
    regions_.push({address_of(start), bytes, writable});
  }

  bool permits(u64 address, u64 bytes, bool write) const {
    if (address < guard_page || address + bytes < address) return false;
    if (!checked_) return true;
    for (const Region& r : regions_)
      if (address - r.start <= r.bytes && bytes <= r.bytes - (address - r.start) &&
          (r.writable || !write))
        return true;
    return false;
  }

  static Datum read(u64 address, u64 bytes) {
    Datum d;
    std::memcpy(&d, pointer_to(address), bytes);
    return d;
  }
  static void write(u64 address, const Datum& d, u64 bytes) {
    std::memcpy(pointer_to(address), &d, bytes);
  }

  // Replaces the `bytes` bytes at `address` by change(what stood there) atomically; gives what stood
  // there.
  template <class Change>
  static Bits exchange(u64 address, u64 bytes, Change change) {
    switch (bytes) {
      case 1: return exchange_word<u8>(address, change);
      case 2: return exchange_word<u16>(address, change);
      case 4: return exchange_word<u32>(address, change);
      case 8: return exchange_word<u64>(address, change);
      default: return exchange_pair(address, change);
    }
  }
  static Bits atomic_read(u64 address, u64 bytes) {
    switch (bytes) {
      case 1: return {__atomic_load_n(pointer_to<u8>(address), __ATOMIC_SEQ_CST), 0};
      case 2: return {__atomic_load_n(pointer_to<u16>(address), __ATOMIC_SEQ_CST), 0};
      case 4: return {__atomic_load_n(pointer_to<u32>(address), __ATOMIC_SEQ_CST), 0};
      case 8: return {__atomic_load_n(pointer_to<u64>(address), __ATOMIC_SEQ_CST), 0};
      default: return exchange_pair(address, [](Bits old) { return old; });
    }
  }

 private:
  struct Region {
    u64 start;
    u64 bytes;
    bool writable;
  };

  template <class Word, class Change>
  static Bits exchange_word(u64 address, Change change) {
    Word* p = pointer_to<Word>(address);
    Word old = __atomic_load_n(p, __ATOMIC_SEQ_CST);
    while (!__atomic_compare_exchange_n(p, &old, static_cast<Word>(change(Bits{old, 0}).lo), false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    }
    return {old, 0};
  }
  template <class Change>
  static Bits exchange_pair(u64 address, Change change) {
    Bits old;
    while (!compare_exchange_pair(address, old, change(old))) {
    }
    return old;
  }

  // 16 bytes; `expected` becomes what stood there. In assembly, as the compilers' own form is a call of
  // libatomic, which may take a lock that compiled code knows nothing of.
  static bool compare_exchange_pair(u64 address, Bits& expected, Bits desired) {
#if defined(__x86_64__)
    bool done = false;
    __asm__ volatile("lock cmpxchg16b %1"
                     : "=@ccz"(done), "+m"(*pointer_to<Bits>(address)), "+a"(expected.lo),
                       "+d"(expected.hi)
                     : "b"(desired.lo), "c"(desired.hi)
                     : "memory");
    return done;
#elif defined(__aarch64__)
    Bits old;
    u32 failed = 1;
    bool equal = false;
    do {
      __asm__ volatile("ldaxp %0, %1, [%2]"
                       : "=&r"(old.lo), "=&r"(old.hi)
                       : "r"(address)
                       : "memory");
      equal = old == expected;
      const Bits stored = equal ? desired : old;  // storing proves that the pair was read as one
      __asm__ volatile("stlxp %w0, %1, %2, [%3]"
                       : "=&r"(failed)
                       : "r"(stored.lo), "r"(stored.hi), "r"(address)
                       : "memory");
    } while (failed != 0);
    expected = old;
    return equal;
#else
#error "hosts are x86-64 and AArch64"
#endif
  }

  Vec<Region> regions_;
  bool checked_ = false;
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_INTERPRETER_MEMORY_HPP
