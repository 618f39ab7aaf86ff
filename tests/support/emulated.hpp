// What QEMU does otherwise than a CPU, for the tests that would see it.
//
// Invariant: nothing here is true of a program that was built for the machine it runs on.
#ifndef JITKIT_TESTS_SUPPORT_EMULATED_HPP
#define JITKIT_TESTS_SUPPORT_EMULATED_HPP

#include <cstdlib>

namespace emulated {

#ifdef JITKIT_TEST_EMULATED
constexpr bool any = true;
#else
constexpr bool any = false;
#endif

// QEMU's user mode does not notice code that is written through the other address of a dual mapping; a kernel under
// QEMU (tests/system/) does.
inline bool user_mode() { return any && std::getenv("JITKIT_TEST_KERNEL") == nullptr; }

}  // namespace emulated

#endif  // JITKIT_TESTS_SUPPORT_EMULATED_HPP
