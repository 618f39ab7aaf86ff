// CRC-32 and CRC-32C of any number of bytes, in three ways: with the CPU's CRC instruction on three
// interleaved chains, by folding blocks of 16 bytes with carry-less multiplication, and by both at once, as
// they keep different units of a CPU busy.
//
// A message is a polynomial over GF(2) whose first bit is the highest power; a CRC is the message times
// x^32 modulo the generator. Both polynomials are "reflected": the first bit of a byte is its lowest, so
// the lowest bit of a register is its highest power, and the carry-less product of two registers of n
// bits is their product times x, in 2n bits. Constants below are powers of x modulo the generator, made
// up for that. Data is not secret here; its length decides where the code goes.
//
// Invariants: nothing outside the message is read; `crc` is the register, without the complement that
// zlib and RFC 3720 put around it.
// Sources: RFC 3720 12.1; V. Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ
// Instruction" (Intel, 2009).
#ifndef JITKIT_EMIT_CRYPTO_CRC_HPP
#define JITKIT_EMIT_CRYPTO_CRC_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/crypto/control.hpp>
#include <jitkit/emit/crypto/vector.hpp>

namespace jitkit::inline JITKIT_ABI::crypto {

// A generator of degree 32, reflected: bit 31 - k is the coefficient of x^k, that of x^32 is left out.
enum class Crc : u32 { crc32 = 0xedb88320, crc32c = 0x82f63b78 };

// x^n modulo the generator, reflected in 32 bits.
constexpr u32 crc_power(Crc crc, u64 n) {
  u32 r = 0x80000000;
  for (; n != 0; --n) r = r >> 1 ^ ((r & 1) != 0 ? static_cast<u32>(crc) : 0);
  return r;
}
static_assert(crc_power(Crc::crc32, 32) == 0xedb88320);

namespace detail {

// x^n modulo the generator as a factor of 33 bits: the product stands where a 64-bit register has it.
constexpr u64 crc_factor(Crc crc, u64 n) { return u64{crc_power(crc, n)} << 1; }

// The quotient of x^64 by the generator, reflected in 33 bits.
constexpr u64 crc_quotient(Crc crc) {
  u64 generator = u64{1} << 32;
  for (unsigned k = 0; k < 32; ++k) generator |= u64{static_cast<u32>(crc) >> (31 - k) & 1} << k;
  u64 rest = generator << 32, q = 1;  // x^64 less x^32 times the generator; bit 0 of q is x^32
  for (unsigned k = 32; k-- > 0;) {
    if ((rest >> (32 + k) & 1) == 0) continue;
    q |= u64{1} << (32 - k);
    rest ^= generator << k;
  }
  return q;
}

// The factors that move the low (earlier) and the high half of a block `bits` further from the end.
template <class V>
ir::Value fold_factors(const V& v, Crc crc, u64 bits) {
  return v.constant(crc_factor(crc, bits + 32), crc_factor(crc, bits - 32));
}
template <class V>
ir::Value fold(const V& v, ir::Value x, ir::Value factors) {
  return v.xor_(v.clmul(x, factors, 0x00U), v.clmul(x, factors, 0x11U));
}

// The CRC of a block of 16 bytes: to 96 bits, to 64, then Barrett's division by the generator.
inline ir::Value crc_of_block(ir::Builder& b, Crc crc, ir::Value x) {
  using ir::Value;
  const Value low_word = b.v128(0xffffffff, 0);
  const Value to_96 = b.v128(crc_factor(crc, 96), 0), to_64 = b.v128(crc_factor(crc, 64), 0);
  const Value quotient = b.v128(crc_quotient(crc), 0);
  const Value generator = b.v128(u64{static_cast<u32>(crc)} << 1 | 1, 0);
  x = b.vxor(b.clmul(x, to_96, 0x00U), bytes_down(b, x, 8));
  x = b.vxor(b.clmul(b.vand(x, low_word), to_64, 0x00U), bytes_down(b, x, 4));
  const Value q = b.vand(b.clmul(b.vand(x, low_word), quotient, 0x00U), low_word);
  return b.vextract(ir::Lane::i32, b.vxor(x, b.clmul(q, generator, 0x00U)), 1U);
}

inline ir::Value low_lane(ir::Builder& b, ir::Value word) {
  return b.vinsert(ir::Lane::i32, b.v128(0, 0), word, 0U);
}

// The CRC after `count` bytes, 1 to 15, at `data`: they end a block of 16 that starts with zeroes, which
// change nothing in a register of 0. The old CRC belongs on the first four of them; what has no room there
// stands behind the block and is not multiplied.
inline ir::Value crc_of_some(ir::Builder& b, Crc crc, ir::Value state, ir::Value data, ir::Value count) {
  using ir::Type;
  using ir::Value;
  const ir::StackSlot slot = b.new_slot(64, 16);
  const Value bytes = b.stack_addr(slot), old = b.ptr_add(bytes, b.i64(32)), zero = b.v128(0, 0);
  b.store(bytes, zero);
  b.store(old, zero);
  b.store(old, zero, 16);
  const Value start = b.sub(b.i64(16), count);
  b.store(b.ptr_add(old, start), state);
  std::array<Value, 2> at = {data, b.ptr_add(bytes, start)};
  for (const Type t : {Type::i64, Type::i32, Type::i16, Type::i8}) {
    const i64 size = ir::bytes(t);
    when(b, b.icmp(ir::ICond::ne, b.and_(count, b.i64(size)), b.i64(0)), at, [&](std::array<Value, 2>& a) {
      b.store(a[1], b.load(t, a[0]));
      a = {b.ptr_add(a[0], b.i64(size)), b.ptr_add(a[1], b.i64(size))};
    });
  }
  const Value block = b.vxor(b.load(Type::v128, bytes), b.load(Type::v128, old));
  return b.xor_(crc_of_block(b, crc, block), b.load(Type::i32, old, 16));
}

}  // namespace detail

// The CRC after `bytes` bytes at `data`, by folding: `wide` vectors of V at a time, then single blocks. The
// bytes that make no block come first.
template <class V>
ir::Value crc_by_folding(ir::Builder& b, Crc crc, ir::Value state, ir::Value data, ir::Value bytes) {
  using ir::Type;
  using ir::Value;
  constexpr unsigned wide = 8, chunk = wide * V::blocks * 16;
  const V v{b};
  const Vector128 single{b};
  std::array<Value, 2> start = {state, data};
  const Value odd = b.and_(bytes, b.i64(15));
  when(b, b.icmp(ir::ICond::ne, odd, b.i64(0)), start, [&](std::array<Value, 2>& s) {
    s = {detail::crc_of_some(b, crc, s[0], s[1], odd), b.ptr_add(s[1], odd)};
  });
  const Value whole = b.and_(bytes, b.i64(-16));
  std::array<Value, 1> result = {start[0]};
  when(b, b.icmp(ir::ICond::ne, whole, b.i64(0)), result, [&](std::array<Value, 1>& r) {
    const Value first = b.vxor(b.load(Type::v128, start[1]), detail::low_lane(b, r[0]));
    std::array<Value, 3> s = {first, start[1], whole};  // s[0] stands for the bytes before s[1] + 16
    when(b, b.icmp(ir::ICond::uge, whole, b.i64(chunk)), s, [&](std::array<Value, 3>& c) {
      std::array<Value, wide + 1> sum;  // the vectors, and the address of the next ones
      for (unsigned n = 0; n < wide; ++n) sum[n] = v.load(c[1], static_cast<i32>(n * V::blocks * 16));
      sum[0] = v.replace_first(sum[0], c[0]);
      sum[wide] = b.ptr_add(c[1], b.i64(chunk));
      const Value factors = detail::fold_factors(v, crc, chunk * 8);
      c[2] = while_at_least(b, b.sub(c[2], b.i64(chunk)), chunk, sum, [&](std::array<Value, wide + 1>& x) {
        for (unsigned n = 0; n < wide; ++n)
          x[n] = v.xor3(v.clmul(x[n], factors, 0x00U), v.clmul(x[n], factors, 0x11U),
                        v.load(x[wide], static_cast<i32>(n * V::blocks * 16)));
        x[wide] = b.ptr_add(x[wide], b.i64(chunk));
      });
      // Each block is moved on to the last one.
      c[0] = v.block(sum[wide - 1], V::blocks - 1);
      for (unsigned n = 0; n + 1 < wide * V::blocks; ++n) {
        const Value block = v.block(sum[n / V::blocks], n % V::blocks);
        const unsigned distance = wide * V::blocks - 1 - n;
        c[0] = b.vxor(c[0], detail::fold(single, block, detail::fold_factors(single, crc, distance * 128)));
      }
      c[1] = b.ptr_add(sum[wide], b.i64(-16));
      c[2] = b.add(c[2], b.i64(16));
    });
    const Value factors = detail::fold_factors(single, crc, 128);
    std::array<Value, 2> last = {s[0], s[1]};
    while_at_least(b, b.sub(s[2], b.i64(16)), 16, last, [&](std::array<Value, 2>& x) {
      x[1] = b.ptr_add(x[1], b.i64(16));
      x[0] = b.vxor(detail::fold(single, x[0], factors), b.load(Type::v128, x[1]));
    });
    r[0] = detail::crc_of_block(b, crc, last[0]);
  });
  return result[0];
}

// The CPU's instruction over one chain, eight bytes at a time. step(state, x) is the instruction for an x of
// 8 to 64 bits.
template <class Step>
ir::Value crc_by_steps(ir::Builder& b, const Step& step, ir::Value state, ir::Value data, ir::Value bytes) {
  using ir::Type;
  using ir::Value;
  std::array<Value, 2> s = {state, data};
  const Value odd = while_at_least(b, bytes, 8, s, [&](std::array<Value, 2>& x) {
    x = {step(x[0], b.load(Type::i64, x[1])), b.ptr_add(x[1], b.i64(8))};
  });
  for (const Type t : {Type::i32, Type::i16, Type::i8}) {
    const i64 size = ir::bytes(t);
    when(b, b.icmp(ir::ICond::ne, b.and_(odd, b.i64(size)), b.i64(0)), s, [&](std::array<Value, 2>& x) {
      x = {step(x[0], b.load(t, x[1])), b.ptr_add(x[1], b.i64(size))};
    });
  }
  return s[0];
}

namespace detail {

// The product of two 32-bit registers, read as 64 bits, has a factor x too many, and the instruction
// multiplies by x^32: its step from 0 over this moves `state` over `by_bytes` bytes of 0.
inline ir::Value crc_moved(ir::Builder& b, Crc crc, ir::Value state, u64 by_bytes) {
  return b.clmul(low_lane(b, state), b.v128(crc_power(crc, 8 * by_bytes - 33), 0), 0x00U);
}

// While there are 3 * length bytes: three chains over `length` bytes each, then one register of them. The
// chains are independent, so the instruction's latency is hidden.
template <class Step>
ir::Value crc_three_chains(ir::Builder& b, const Step& step, unsigned length, std::array<ir::Value, 2>& s,
                           ir::Value bytes) {
  using ir::Type;
  using ir::Value;
  constexpr unsigned unrolled = 8;  // the loop itself takes no step of the instruction
  return while_at_least(b, bytes, 3 * length, s, [&](std::array<Value, 2>& x) {
    std::array<Value, 3> chain = {x[0], b.i32(0), b.i32(0)};
    repeat(b, length, 8 * unrolled, chain, [&](std::array<Value, 3>& c, Value k) {
      const Value at = b.ptr_add(x[1], k);
      for (unsigned n = 0; n < unrolled; ++n)
        for (unsigned m = 0; m < 3; ++m)
          c[m] = step(c[m], b.load(Type::i64, at, static_cast<i32>(8 * n + m * length)));
    });
    const Value both = b.vxor(crc_moved(b, step.crc, chain[0], 2 * length), crc_moved(b, step.crc, chain[1], length));
    x[0] = b.xor_(step(b.i32(0), b.vextract(ir::Lane::i64, both, 0U)), chain[2]);
    x[1] = b.ptr_add(x[1], b.i64(3 * length));
  });
}

// While there are rounds * 216 bytes: three chains over 40 bytes a round, and the 96 * rounds bytes behind them
// folded, six blocks a round. 15 steps of the instruction and 12 products are what a loop balances in which either
// takes a cycle.
template <class Step>
ir::Value crc_chains_beside_folding(ir::Builder& b, const Step& step, unsigned rounds, std::array<ir::Value, 2>& s,
                                    ir::Value bytes) {
  using ir::Type;
  using ir::Value;
  constexpr unsigned steps = 5, wide = 6, distance = wide * 16;
  const unsigned length = 8 * steps * rounds, folded = distance * rounds, all = 3 * length + folded;
  const Vector128 v{b};
  return while_at_least(b, bytes, all, s, [&](std::array<Value, 2>& x) {
    const Value factors = fold_factors(v, step.crc, distance * 8);
    // The chains; the address of the next blocks; the blocks, which start with what a message of none has.
    std::array<Value, 4 + wide> c = {x[0], b.i32(0), b.i32(0), b.ptr_add(x[1], b.i64(3 * length))};
    for (unsigned n = 0; n < wide; ++n) c[4 + n] = b.v128(0, 0);
    repeat(b, length, 8 * steps, c, [&](std::array<Value, 4 + wide>& r, Value k) {
      const Value at = b.ptr_add(x[1], k);
      unsigned taken = 0;
      for (unsigned n = 0; n < wide; ++n) {
        Value& block = r[4 + n];
        block = v.xor3(v.clmul(block, factors, 0x00U), v.clmul(block, factors, 0x11U),
                       v.load(r[3], static_cast<i32>(16 * n)));
        for (; taken < 3 * steps * (n + 1) / wide; ++taken) {
          const unsigned m = taken % 3;
          r[m] = step(r[m], b.load(Type::i64, at, static_cast<i32>(8 * (taken / 3) + m * length)));
        }
      }
      r[3] = b.ptr_add(r[3], b.i64(distance));
    });
    Value last = c[4 + wide - 1];
    for (unsigned n = 0; n + 1 < wide; ++n)
      last = b.vxor(last, fold(v, c[4 + n], fold_factors(v, step.crc, u64{wide - 1 - n} * 128)));
    // Two steps from 0 make a register of the last block; the chains' registers join the second.
    Value moved = crc_moved(b, step.crc, c[2], folded);
    for (unsigned m = 0; m < 2; ++m)
      moved = b.vxor(moved, crc_moved(b, step.crc, c[m], (2 - m) * u64{length} + folded));
    const Value first = step(b.i32(0), b.vextract(ir::Lane::i64, last, 0U));
    const Value second = b.xor_(b.vextract(ir::Lane::i64, last, 1U), b.vextract(ir::Lane::i64, moved, 0U));
    x[0] = step(first, second);
    x[1] = b.ptr_add(x[1], b.i64(all));
  });
}

}  // namespace detail

// The same on three chains of 2048 bytes, then of 256; the rest on one.
template <class Step>
ir::Value crc_by_chains(ir::Builder& b, const Step& step, ir::Value state, ir::Value data, ir::Value bytes) {
  std::array<ir::Value, 2> s = {state, data};
  for (const unsigned length : {2048U, 256U}) bytes = detail::crc_three_chains(b, step, length, s, bytes);
  return crc_by_steps(b, step, s[0], s[1], bytes);
}

// The same on chains beside folding, at 6912 bytes at a time and at 864. It takes a CPU with carry-less
// multiplication: without, the products that folding takes cost more than they save.
template <class Step>
ir::Value crc_by_both(ir::Builder& b, const Step& step, ir::Value state, ir::Value data, ir::Value bytes) {
  std::array<ir::Value, 2> s = {state, data};
  for (const unsigned rounds : {32U, 4U}) bytes = detail::crc_chains_beside_folding(b, step, rounds, s, bytes);
  return crc_by_steps(b, step, s[0], s[1], bytes);
}

// The functions of these: u32 f(u32 crc, const u8* data, u64 bytes), with zlib's complement around the
// register or without.
enum class CrcForm : u8 { complemented, plain };

inline void declare_crc(ir::FunctionData& f, ir::Module& module, std::string_view name) {
  declare_function(f, module, name, {ir::Type::i32, ir::Type::ptr, ir::Type::i64}, {ir::Type::i32});
}

// Fills f, which declare_crc() has made. body(b, state, data, bytes) is one of the functions above.
template <class Body>
void build_crc(ir::FunctionData& f, CrcForm form, Body body) {
  ir::Builder b(f);
  const ir::Block entry = b.entry();
  const auto outside = [&](ir::Value x) { return form == CrcForm::complemented ? b.not_(x) : x; };
  b.ret({outside(body(b, outside(b.param(entry, 0)), b.param(entry, 1), b.param(entry, 2)))});
}

template <class V>
void build_crc_by_folding(ir::FunctionData& f, Crc crc, CrcForm form = CrcForm::complemented) {
  build_crc(f, form, [crc](ir::Builder& b, ir::Value state, ir::Value data, ir::Value bytes) {
    return crc_by_folding<V>(b, crc, state, data, bytes);
  });
}
template <class Step>
void build_crc_by_chains(ir::FunctionData& f, Crc crc, CrcForm form = CrcForm::complemented) {
  build_crc(f, form, [crc](ir::Builder& b, ir::Value state, ir::Value data, ir::Value bytes) {
    return crc_by_chains(b, Step{b, crc}, state, data, bytes);
  });
}
template <class Step>
void build_crc_by_both(ir::FunctionData& f, Crc crc, CrcForm form = CrcForm::complemented) {
  build_crc(f, form, [crc](ir::Builder& b, ir::Value state, ir::Value data, ir::Value bytes) {
    return crc_by_both(b, Step{b, crc}, state, data, bytes);
  });
}

}  // namespace jitkit::inline JITKIT_ABI::crypto

#endif  // JITKIT_EMIT_CRYPTO_CRC_HPP
