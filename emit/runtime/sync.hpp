// A lock, and objects that several threads change. Not the standard's: <mutex> and <atomic> would be a tenth of
// what including <jitkit/jitkit.hpp> costs.
#ifndef JITKIT_EMIT_RUNTIME_SYNC_HPP
#define JITKIT_EMIT_RUNTIME_SYNC_HPP

#include <jitkit/config.hpp>

#include <pthread.h>

namespace jitkit::inline JITKIT_ABI {

// Nothing to destroy, so that it works until the process ends.
class Mutex {
 public:
  constexpr Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() { ::pthread_mutex_lock(&mutex_); }
  void unlock() { ::pthread_mutex_unlock(&mutex_); }

 private:
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
};

// Holds a mutex for its own life.
class [[nodiscard]] Lock {
 public:
  explicit Lock(Mutex& m) : mutex_(m) { mutex_.lock(); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock() { mutex_.unlock(); }

 private:
  Mutex& mutex_;
};

enum class MemoryOrder : int { relaxed = __ATOMIC_RELAXED, seq_cst = __ATOMIC_SEQ_CST };

// A number or pointer of at most 8 bytes.
template <class T>
class Atomic {
 public:
  constexpr Atomic(T v = {}) : value_(v) {}
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

  T load(MemoryOrder o = MemoryOrder::seq_cst) const { return __atomic_load_n(&value_, static_cast<int>(o)); }
  void store(T v) { __atomic_store_n(&value_, v, __ATOMIC_SEQ_CST); }
  // False, and `expected` is what stands there, if that is something else.
  bool compare_exchange(T& expected, T v) {
    return __atomic_compare_exchange_n(&value_, &expected, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  }
  T exchange(T v, MemoryOrder o) { return __atomic_exchange_n(&value_, v, static_cast<int>(o)); }
  T fetch_add(T v, MemoryOrder o) { return __atomic_fetch_add(&value_, v, static_cast<int>(o)); }
  T fetch_sub(T v, MemoryOrder o) { return __atomic_fetch_sub(&value_, v, static_cast<int>(o)); }

 private:
  T value_;
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_RUNTIME_SYNC_HPP
