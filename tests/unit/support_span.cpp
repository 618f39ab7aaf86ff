// Span against std::span: what converts to it, what it converts to, and how it is passed.
#include <jitkit/ir/support/span.hpp>

#include <array>
#include <span>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace jitkit;

usize count(Span<const u8> s) { return s.size(); }
usize fill(Span<u8> s) {
  for (u8& b : s) b = 7;
  return s.size();
}

static_assert(std::is_trivially_copyable_v<Span<u8>>);
static_assert(!std::is_convertible_v<std::vector<int>&, Span<const u8>>);
static_assert(!std::is_convertible_v<const std::vector<u8>&, Span<u8>>);
static_assert(!std::is_convertible_v<std::span<const u8>, Span<u8>>);
static_assert(!std::is_convertible_v<Span<const u8>, Span<u8>>);

}  // namespace

TEST_CASE("a Span is made of containers, arrays and std::span") {
  std::vector<u8> bytes(3);
  const std::vector<u8> fixed(4);
  std::array<u8, 5> array{};
  u8 raw[6] = {};
  const u8 constant[7] = {};
  const std::span<u8, 2> two(raw, 2);
  CHECK(count(bytes) == 3);
  CHECK(count(fixed) == 4);
  CHECK(count(array) == 5);
  CHECK(count(raw) == 6);
  CHECK(count(constant) == 7);
  CHECK(count(two) == 2);
  CHECK(count(std::span<u8>(bytes)) == 3);
  CHECK(count(std::span<const u8>(fixed)) == 4);
  CHECK(count(Span<u8>(raw)) == 6);
  CHECK(count({raw, 1}) == 1);
  CHECK(fill(bytes) + fill(array) + fill(two) == 10);
  CHECK(bytes[2] == 7);
  CHECK(array[4] == 7);
  CHECK(raw[1] == 7);
  CHECK(raw[2] == 0);
}

TEST_CASE("std::span is made of a Span, and parts are the same parts") {
  const u8 raw[] = {1, 2, 3, 4, 5};
  const Span<const u8> s(raw);
  const std::span<const u8> same = s;
  CHECK(same.data() == raw);
  CHECK(same.size() == 5);
  CHECK(std::span(s.subspan(1, 3)).front() == 2);
  CHECK(s.subspan(4).back() == 5);
  CHECK(s.first(2).back() == 2);
  CHECK(s.last(2).front() == 4);
  CHECK(s.subspan(5).empty());
  CHECK(Span<const u8>().data() == nullptr);
}
