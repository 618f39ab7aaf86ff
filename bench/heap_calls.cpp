// Counts the calls of the C heap. glibc lets a program define malloc and friends itself; its own stay
// reachable under these names.
#include <atomic>
#include <cstddef>

#include "case.hpp"

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
}

namespace {
std::atomic<std::uint64_t> calls;
}

extern "C" void* malloc(std::size_t n) {
  calls.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(n);
}
extern "C" void* calloc(std::size_t n, std::size_t size) {
  calls.fetch_add(1, std::memory_order_relaxed);
  return __libc_calloc(n, size);
}
extern "C" void* realloc(void* p, std::size_t n) {
  calls.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(p, n);
}

namespace bench {
std::uint64_t heap_calls() { return calls.load(std::memory_order_relaxed); }
}  // namespace bench
