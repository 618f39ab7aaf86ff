// Arena and Vec: reuse after reset, sticky refusal, growth.
#include <jitkit/ir/support/arena.hpp>

#include <cstdint>
#include <doctest/doctest.h>
#include <initializer_list>

using namespace jitkit;

TEST_CASE("arena: blocks are aligned and do not overlap") {
  Arena arena;
  auto* previous = static_cast<u8*>(arena.allocate(1));
  for (u64 bytes : {1U, 15U, 16U, 17U, 100'000U, 3U, 70'000U}) {
    auto* block = static_cast<u8*>(arena.allocate(bytes));
    REQUIRE(block != nullptr);
    CHECK(reinterpret_cast<std::uintptr_t>(block) % 16 == 0);
    std::memset(block, 0xa5, bytes);
    CHECK(block != previous);
    CHECK(*previous != 0x5a);
    *block = 1;
    previous = block;
  }
  CHECK(arena.status().ok());
}

TEST_CASE("arena: a second round after reset takes nothing from the heap") {
  Arena arena;
  const auto round = [&] {
    for (u64 i = 0; i < 300; ++i) REQUIRE(arena.allocate(40 + i * 40) != nullptr);
  };
  round();
  const u32 calls = arena.heap_calls();
  const u64 bytes = arena.heap_bytes();
  CHECK(calls > 1);
  for (int i = 0; i < 3; ++i) {
    arena.reset();
    round();
  }
  CHECK(arena.heap_calls() == calls);
  CHECK(arena.heap_bytes() == bytes);
}

TEST_CASE("arena: the limit is kept, the first refusal is remembered until reset") {
  Arena arena(1000);
  REQUIRE(arena.allocate(600) != nullptr);
  CHECK(arena.allocate(500) == nullptr);
  CHECK(arena.allocate(10'000) == nullptr);
  CHECK(arena.failed());
  CHECK(arena.status() == Status{Error::out_of_memory, 0, 512});
  CHECK(arena.heap_bytes() <= 1000);
  arena.reset();
  CHECK(arena.status().ok());
  CHECK(arena.allocate(600) != nullptr);
}

TEST_CASE("vec: grows, keeps its contents and takes its own elements") {
  Arena arena;
  Vec<u32> v(arena);
  CHECK(v.empty());
  for (u32 i = 0; i < 1000; ++i) REQUIRE(v.push(i));
  while (v.size() < 3000) REQUIRE(v.push(v[v.size() - 1000]));
  for (u32 i = 0; i < v.size(); ++i) REQUIRE(v[i] == i % 1000);
  CHECK(v.back() == 999);
  CHECK(v.slice(998, 4)[2] == 0);
}

TEST_CASE("vec: resize, assign, append, truncate") {
  Arena arena;
  Vec<u16> v(arena);
  REQUIRE(v.resize(3, 7));
  REQUIRE(v.append(std::span<const u16>(v.data(), 2)));
  CHECK(v.size() == 5);
  CHECK(v[4] == 7);
  v.truncate(1);
  REQUIRE(v.resize(40));
  CHECK(v[0] == 7);
  CHECK(v[1] == 0);
  REQUIRE(v.assign(2, 9));
  CHECK(v.size() == 2);
  CHECK(v[1] == 9);
  v.pop_back();
  CHECK(v.size() == 1);
  v.clear();
  CHECK(v.empty());
}

TEST_CASE("vec: what does not fit is dropped and the arena says so") {
  Arena arena(64);
  Vec<u64> v(arena);
  CHECK_FALSE(v.push(1));
  CHECK(v.empty());
  CHECK(arena.failed());
  Vec<u64> detached;
  CHECK_FALSE(detached.push(1));
}

TEST_CASE("vec: more elements than an index can count are refused like memory that is not there") {
  Arena arena;
  Vec<u8> v(arena);
  const u8 byte = 7;
  REQUIRE(v.push(byte));
  const u64 many = u64{1} << 32;
  CHECK_FALSE(v.append(std::span<const u8>(&byte, many)));
  CHECK(arena.status() == Status{Error::out_of_memory, 0, many + 1});
  CHECK(v.extend(~u32{0}) == nullptr);
  CHECK_FALSE(v.reserve(many));
  CHECK(v.size() == 1);
  CHECK(v[0] == 7);
}
