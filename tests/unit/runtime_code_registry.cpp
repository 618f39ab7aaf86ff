// CodeRegistry: ranges, overlaps, and lookups while another thread adds and removes.
#include <doctest/doctest.h>
#include <jitkit/emit/runtime/code_registry.hpp>

#include <thread>
#include <vector>

using namespace jitkit;

TEST_CASE("code registry: ranges and overlaps") {
  CodeRegistry registry;
  CodeEntry e;
  CHECK_FALSE(registry.find(0x1000, e));
  CHECK(registry.add({0x2000, 0x100, "b", nullptr}).ok());
  CHECK(registry.add({0x1000, 0x1000, "a", nullptr}).ok());
  CHECK(registry.add({0x2100, 1, "c", nullptr}).ok());
  CHECK(registry.add({0x20ff, 1, "x", nullptr}) == Status{Error::policy, 0, 0x20ff});
  CHECK(registry.add({0xfff, 2, "x", nullptr}).error == Error::policy);
  CHECK(registry.add({0x3000, 0, "x", nullptr}).error == Error::operand_range);
  CHECK_FALSE(registry.find(0xfff, e));
  REQUIRE(registry.find(0x1fff, e));
  CHECK(e.name == std::string_view("a"));
  REQUIRE(registry.find(0x2000, e));
  CHECK(e.name == std::string_view("b"));
  REQUIRE(registry.find(0x2100, e));
  CHECK_FALSE(registry.find(0x2101, e));
  CHECK(registry.remove(0x2001).error == Error::operand_range);
  CHECK(registry.remove(0x2000).ok());
  CHECK_FALSE(registry.find(0x2050, e));
  CHECK(registry.size() == 2);
  u64 last = 0;
  registry.for_each([&](const CodeEntry& c) {
    CHECK(c.address > last);
    last = c.address;
  });
}

TEST_CASE("code registry: lookups during changes") {
  CodeRegistry registry;
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  REQUIRE(registry.add({0x1000, 0x10, "fixed", nullptr}).ok());
  std::vector<std::thread> readers;
  for (int t = 0; t < 2; ++t) {
    readers.emplace_back([&] {
      for (u64 pc = 0x2000; !stop; pc = pc < 0x8000 ? pc + 1 : 0x2000) {
        CodeEntry e;
        if (!registry.find(0x100f, e) || e.address != 0x1000) ++wrong;
        if (registry.find(pc, e) && (pc - e.address >= e.size || e.user != &registry)) ++wrong;
      }
    });
  }
  for (int round = 0; round < 50; ++round) {
    for (u64 i = 0; i < 20; ++i)
      if (!registry.add({0x2000 + i * 0x100, 0x80, "moving", &registry})) ++wrong;
    for (u64 i = 0; i < 20; ++i)
      if (!registry.remove(0x2000 + i * 0x100)) ++wrong;
  }
  stop = true;
  for (std::thread& t : readers) t.join();
  CHECK(wrong == 0);
  CHECK(registry.size() == 1);
}
