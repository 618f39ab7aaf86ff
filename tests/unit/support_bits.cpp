// Field widths, rounding and bit walks, at their edges.
#include <jitkit/ir/support/bits.hpp>

#include <doctest/doctest.h>
#include <initializer_list>

using namespace jitkit;

TEST_CASE("bits: signed fields") {
  for (unsigned bits = 1; bits < 64; ++bits) {
    const i64 edge = i64{1} << (bits - 1);
    CHECK(fits_signed(edge - 1, bits));
    CHECK(fits_signed(-edge, bits));
    CHECK_FALSE(fits_signed(edge, bits));
    if (bits < 63) CHECK_FALSE(fits_signed(-edge - 1, bits));
  }
  CHECK(fits_signed(INT64_MIN, 64));
  CHECK(fits_signed(INT64_MAX, 64));
}

TEST_CASE("bits: unsigned fields and masks") {
  for (unsigned bits = 1; bits < 64; ++bits) {
    CHECK(fits_unsigned(low_mask(bits), bits));
    CHECK_FALSE(fits_unsigned(low_mask(bits) + 1, bits));
  }
  CHECK(fits_unsigned(~u64{0}, 64));
  CHECK(low_mask(0) == 0);
  CHECK(low_mask(64) == ~u64{0});
}

TEST_CASE("bits: sign extension inverts truncation") {
  for (unsigned bits = 1; bits <= 64; ++bits)
    for (i64 v : {i64{0}, i64{-1}, static_cast<i64>(low_mask(bits) >> 1)})
      CHECK(sign_extend(static_cast<u64>(v) & low_mask(bits), bits) == v);
  CHECK(sign_extend(0x1ff, 8) == -1);
}

TEST_CASE("bits: rounding and logarithms") {
  CHECK(align_up(0, 16) == 0);
  CHECK(align_up(1, 16) == 16);
  CHECK(align_up(16, 16) == 16);
  CHECK_FALSE(is_pow2(0));
  CHECK(is_pow2(u64{1} << 63));
  CHECK_FALSE(is_pow2(3));
  CHECK(log2_floor(1) == 0);
  CHECK(log2_floor(~u64{0}) == 63);
  CHECK(ctz(u64{1} << 63) == 63);
}

TEST_CASE("bits: for_each_bit visits every set bit once, lowest first") {
  const u64 v = 0x8000'0000'0000'1009;
  u64 seen = 0;
  int last = -1;
  for_each_bit(v, [&](unsigned i) {
    CHECK(static_cast<int>(i) > last);
    last = static_cast<int>(i);
    seen |= u64{1} << i;
  });
  CHECK(seen == v);
}
