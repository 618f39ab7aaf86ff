#include <doctest/doctest.h>

#include <jitkit/ir/support/sort.hpp>

#include <algorithm>
#include <random>
#include <vector>

using namespace jitkit;

TEST_CASE("sort: as the standard library sorts") {
  std::mt19937 random(1);
  for (usize n = 0; n < 200; ++n) {
    std::vector<u32> a(n);
    for (u32& v : a) v = static_cast<u32>(random() % (n + 1));
    std::vector<u32> expected = a;
    std::sort(expected.begin(), expected.end());
    sort(Span<u32>(a), [](u32 x, u32 y) { return x < y; });
    REQUIRE(a == expected);
  }
}
