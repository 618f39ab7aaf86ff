// Adler-32 of any number of bytes: u32 f(u32 sum, const u8* data, u64 bytes), as zlib's.
//
// The low half is 1 plus the sum of the bytes, the high half the sum of all low halves, both modulo 65521. A vector
// adds to the high half: the low half before it once per byte, and each byte as often as there are low halves
// after it in the vector. Sums stay below 2^32 for `chunk` bytes, so the division comes once per chunk.
//
// Steps (emit/<arch>/crypto/steps.hpp) is a vector of bytes that can be summed into 32-bit lanes.
// Source: RFC 1950, section 8.
#ifndef JITKIT_EMIT_CRYPTO_ADLER_HPP
#define JITKIT_EMIT_CRYPTO_ADLER_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/crypto/control.hpp>

namespace jitkit::inline JITKIT_ABI::crypto {

inline constexpr u32 adler_modulus = 65521;

template <class Steps>
ir::Value adler32(ir::Builder& b, ir::Value sum, ir::Value data, ir::Value bytes) {
  using ir::Type;
  using ir::Value;
  // The most whole vectors n with 255 n (n + 1) / 2 + (n + 1) 65520 < 2^32.
  constexpr unsigned chunk = 5552 / Steps::bytes * Steps::bytes;
  const Steps steps(b);
  const auto modulo = [&](Value x) { return b.urem(x, b.i32(adler_modulus)); };
  // Vectors while there are `size` bytes for them, as `loop` repeats them; s: low, high, data.
  const auto vectors = [&](std::array<Value, 3>& s, auto loop) {
    std::array<Value, 4> v = {steps.first(s[0]), steps.zero(), steps.zero(), s[2]};
    loop(v, [&](std::array<Value, 4>& x) {
      const Value block = b.load(Steps::type, x[3]);
      x[1] = steps.add(x[1], x[0]);  // low halves before each vector
      x[0] = steps.add_bytes(x[0], block);
      x[2] = steps.add_weighted(x[2], block);
      x[3] = b.ptr_add(x[3], b.i64(Steps::bytes));
    });
    const Value before = b.mul(steps.total(v[1]), b.i32(Steps::bytes));
    s[0] = modulo(steps.total(v[0]));
    s[1] = modulo(b.add(s[1], b.add(before, steps.total(v[2]))));
    s[2] = v[3];
  };
  std::array<Value, 3> s = {b.and_(sum, b.i32(0xffff)), b.lshr(sum, b.i32(16)), data};
  bytes = while_at_least(b, bytes, chunk, s, [&](std::array<Value, 3>& x) {
    vectors(x, [&](std::array<Value, 4>& v, auto body) {
      repeat(b, chunk, Steps::bytes, v, [&](std::array<Value, 4>& y, Value) { body(y); });
    });
  });
  std::array<Value, 4> rest = {s[0], s[1], s[2], bytes};
  when(b, b.icmp(ir::ICond::ne, bytes, b.i64(0)), rest, [&](std::array<Value, 4>& r) {
    std::array<Value, 3> x = {r[0], r[1], r[2]};
    Value left = r[3];
    vectors(x, [&](std::array<Value, 4>& v, auto body) {
      left = while_at_least(b, left, Steps::bytes, v, [&](std::array<Value, 4>& y) { body(y); });
    });
    while_at_least(b, left, 1, x, [&](std::array<Value, 3>& y) {
      y[0] = b.add(y[0], b.uload8(Type::i32, y[2]));
      y[1] = b.add(y[1], y[0]);
      y[2] = b.ptr_add(y[2], b.i64(1));
    });
    r = {modulo(x[0]), modulo(x[1]), x[2], left};
  });
  return b.or_(b.shl(rest[1], b.i32(16)), rest[0]);
}

// Fills f, which declare_crc() or the same signature has made.
template <class Steps>
void build_adler32(ir::FunctionData& f) {
  ir::Builder b(f);
  const ir::Block entry = b.entry();
  b.ret({adler32<Steps>(b, b.param(entry, 0), b.param(entry, 1), b.param(entry, 2))});
}

}  // namespace jitkit::inline JITKIT_ABI::crypto

#endif  // JITKIT_EMIT_CRYPTO_ADLER_HPP
