// Threads that change one cell through an atomic of AArch64, called with the registers that libjvm's callers expect to
// lose (atomics.hpp); that it changes no others is read in its listing (tests/checks/jvm.py).
#ifndef JITKIT_CONSUMERS_JVM_CONTENTION_HPP
#define JITKIT_CONSUMERS_JVM_CONTENTION_HPP

#include <jitkit/config.hpp>
#include <jitkit/consumers/jvm/convention.hpp>
#include <jitkit/consumers/jvm/table.hpp>

#include <pthread.h>

namespace jitkit::inline JITKIT_ABI::hotspot {

class Contention {
 public:
  Contention(const Stub& stub, AnyStub* f, u64 turns)
      : f_(f), turns_(turns), mask_(~u64{0} >> (64 - 8 * stub.kernel->block_bytes)), compares_(stub.convention.has(Role::expected)),
        adds_(stub.convention.has(Role::addend)) {}

  // Whether no change was lost, nothing beside the cell was changed, and what was seen adds up (of compare and swap: only the first two).
  bool run() {
    pthread_t threads[count];
    unsigned started = 0;
    for (Thread& t : threads_) {
      t.all = this;
      if (pthread_create(&threads[started], nullptr, &start, &t) != 0) break;
      ++started;
    }
    u64 seen = 0;
    for (unsigned n = 0; n < started; ++n) pthread_join(threads[n], nullptr);
    for (const Thread& t : threads_) seen += t.seen;
    const u64 total = count * turns_;
    const u64 last = cell_ & mask_;
    if (started != count || (cell_ & ~mask_) != beside_) return false;
    if (compares_) return last == (total & mask_);
    // A sum of 0 to total - 1; of an exchange, tokens 1 to total of which the last one is still there.
    const u64 sum = total * (total - 1) / 2;
    return adds_ ? last == (total & mask_) && seen == sum : seen + last == sum + total;
  }

 private:
  static constexpr u64 count = 4;

  struct Thread {
    Contention* all = nullptr;
    u64 seen = 0;  // the sum of what stood in the cell
  };

  static void* start(void* thread) {
    Thread& t = *static_cast<Thread*>(thread);
    t.all->change(t, static_cast<u64>(&t - t.all->threads_));
    return nullptr;
  }
  void change(Thread& t, u64 number) {
    for (u64 n = 0; n < turns_; ++n) {
      if (!compares_) {
        t.seen += call(adds_ ? 1 : number * turns_ + n + 1, 0) & mask_;
        continue;
      }
      u64 expected = __atomic_load_n(&cell_, __ATOMIC_RELAXED) & mask_;
      for (u64 old = 0; ((old = call(expected, expected + 1)) & mask_) != (expected & mask_);) expected = old;
    }
  }
  u64 call(u64 second, u64 third) {
#if defined(__aarch64__)
    register u64 x0 asm("x0") = reinterpret_cast<u64>(&cell_);
    register u64 x1 asm("x1") = second;
    register u64 x2 asm("x2") = third;
    register AnyStub* x3 asm("x3") = f_;
    asm volatile("blr %[f]" : "+r"(x0), "+r"(x2), [f] "+r"(x3) : "r"(x1) : "x8", "x9", "x30", "cc", "memory");
    return x0;
#else
    return f_(reinterpret_cast<u64>(&cell_), second, third, 0, 0, 0, 0, 0);
#endif
  }

  AnyStub* const f_;
  const u64 turns_;
  const u64 mask_;
  const bool compares_, adds_;
  const u64 beside_ = 0xa5a5a5a5a5a5a5a5 & ~mask_;  // of a cell with less than 8 bytes
  alignas(64) u64 cell_ = beside_;
  alignas(64) Thread threads_[count];
};

}  // namespace jitkit::inline JITKIT_ABI::hotspot

#endif  // JITKIT_CONSUMERS_JVM_CONTENTION_HPP
