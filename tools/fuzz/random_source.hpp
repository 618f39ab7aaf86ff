// Where random programs get their numbers: a seeded generator, before it bytes of somebody else's choice (a
// fuzzer that looks for new paths), and constants that are likely to show
// mistakes (limits, powers of two, small numbers, special floats) for every type.
#ifndef JITKIT_TOOLS_FUZZ_RANDOM_SOURCE_HPP
#define JITKIT_TOOLS_FUZZ_RANDOM_SOURCE_HPP

#include <jitkit/ir/semantics_float.hpp>
#include <jitkit/ir/support/bits.hpp>
#include <jitkit/ir/support/wide.hpp>
#include <jitkit/ir/type.hpp>

#include <bit>
#include <random>
#include <span>

namespace jitkit::fuzz {

using namespace jitkit::ir;

class RandomSource {
 public:
  explicit RandomSource(u64 seed, std::span<const u8> first = {}) : random_(seed), first_(first) {}

  u64 bits() { return draw(); }
  u32 below(u64 n) { return n == 0 ? 0 : static_cast<u32>(draw() % n); }
  u32 between(u32 least, u32 most) { return least + below(most - least + 1); }
  bool chance(u32 percent) { return below(100) < percent; }
  template <class T, usize N>
  T one_of(const T (&list)[N]) {
    return list[below(N)];
  }
  template <class List>
  auto& any(List& list) {
    return list[below(list.size())];
  }

  // The bits of an n-bit integer.
  u64 integer(unsigned n) {
    u64 v = 0;
    switch (below(8)) {
      case 0: v = below(9); break;
      case 1: v = ~u64{0} - below(5); break;
      case 2: v = u64{1} << below(n); break;
      case 3: v = (u64{1} << below(n)) - 1; break;
      case 4: v = (u64{1} << (n - 1)) - below(2); break;
      case 5: v = below(5000); break;
      case 6: v = 0 - u64{below(5000)}; break;
      default: v = bits() >> below(n); break;
    }
    return v & low_mask(n);
  }

  // The bits of a constant of any type that has constants.
  Bits constant(Type t) {
    switch (t) {
      case Type::i1: return {below(2), 0};
      case Type::f16: return {integer(16), 0};
      case Type::f32: return {std::bit_cast<u32>(static_cast<float>(number())), 0};
      case Type::f64: return {std::bit_cast<u64>(number()), 0};
      case Type::v64: return {bits(), 0};
      case Type::v128: return {bits(), chance(20) ? 0 : bits()};
      case Type::i128: {
        const u64 low = integer(64);
        return {low, chance(60) ? 0 - (low >> 63) : integer(64)};
      }
      default: return {integer(ir::bits(t)), 0};
    }
  }

 private:
  u64 draw() {
    if (first_.size() < 2) return random_();
    const u64 n = first_[0] | u64{first_[1]} << 8;
    first_ = first_.subspan(2);
    return n | n << 48;
  }
  double number() {
    constexpr double special[] = {0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 1e300, -1e300, 1e-310, 4294967296.0, 9.3e18, -9.3e18};
    switch (below(4)) {
      case 0: return one_of(special);
      case 1: return static_cast<double>(static_cast<i64>(integer(64)));
      case 2: return static_cast<double>(below(200)) / 8 - 10;
      default:
        return below(40) == 0 ? std::bit_cast<double>(u64{0x7ff0000000000000}) : static_cast<double>(below(1000));
    }
  }

  std::mt19937_64 random_;
  std::span<const u8> first_;
};

}  // namespace jitkit::fuzz

#endif  // JITKIT_TOOLS_FUZZ_RANDOM_SOURCE_HPP
