// AES by the CPU's rounds: key schedules, single blocks, ECB, CBC and CTR, for keys of 128, 192 and 256 bits.
//
// Kernels are templates over a target's Aes (emit/<arch>/crypto/steps.hpp), which does the rounds of several
// vectors side by side, and over the vector (vector.hpp): a wide loop first, then narrower ones for what is
// left. A schedule is rounds + 1 keys of 16 bytes in the order of use; that for decryption is the equivalent
// inverse cipher's (FIPS 197 5.3.5).
//
// Invariants: no branch and no address depends on key or data. Output may be the input, at the same
// address; other overlaps are the caller's mistake.
// Sources: FIPS 197; NIST SP 800-38A.
#ifndef JITKIT_EMIT_CRYPTO_AES_HPP
#define JITKIT_EMIT_CRYPTO_AES_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/crypto/control.hpp>
#include <jitkit/emit/crypto/vector.hpp>

#include <type_traits>

namespace jitkit::inline JITKIT_ABI::crypto {

constexpr unsigned aes_rounds(unsigned key_bits) { return 6 + key_bits / 32; }
constexpr unsigned aes_schedule_bytes(unsigned key_bits) { return 16 * (aes_rounds(key_bits) + 1); }

// The keys of a schedule as a kernel takes them: from memory where they are used, or, for targets with registers
// enough, from registers.
template <class V>
class AesKeys {
 public:
  AesKeys(const V& v, ir::Value schedule, unsigned key_bits, bool keep)
      : v_(v), schedule_(schedule), rounds_(aes_rounds(key_bits)), keep_(keep) {
    for (unsigned n = 0; keep && n <= rounds_; ++n) kept_[n] = v.broadcast(schedule, static_cast<i32>(16 * n));
  }
  // Keys that are at hand, one more than rounds.
  AesKeys(const V& v, Span<const ir::Value> keys) : v_(v), rounds_(static_cast<unsigned>(keys.size()) - 1), keep_(true) {
    for (unsigned n = 0; n <= rounds_; ++n) kept_[n] = keys[n];
  }
  unsigned rounds() const { return rounds_; }
  ir::Value operator()(unsigned n) const {
    return keep_ ? kept_[n] : v_.broadcast(schedule_, static_cast<i32>(16 * n));
  }

 private:
  V v_;
  ir::Value schedule_;
  unsigned rounds_;
  bool keep_;
  ir::Value kept_[15];
};

// No other work behind a round.
inline constexpr auto nothing_after = [](unsigned) {};

namespace detail {

// SubWord of a word in every lane: with equal columns ShiftRows changes nothing.
inline ir::Value aes_sub_word(ir::Builder& b, ir::Value word) {
  const ir::Value all = b.vsplat(ir::Type::v128, ir::Lane::i32, word);
  return b.vextract(ir::Lane::i32, b.aes_enclast(all, b.v128(0, 0)), 0U);
}

}  // namespace detail

// Writes the schedule of the key for encryption. FIPS 197 5.2; a word's first byte is its lowest here.
inline void aes_expand_key(ir::Builder& b, unsigned key_bits, ir::Value key, ir::Value schedule) {
  using ir::Type;
  using ir::Value;
  const unsigned nk = key_bits / 32, words = 4 * (aes_rounds(key_bits) + 1);
  Value w[60];
  u32 constant = 1;
  for (unsigned n = 0; n < words; ++n) {
    if (n < nk) {
      w[n] = b.load(Type::i32, key, static_cast<i32>(4 * n));
    } else {
      Value t = w[n - 1];
      if (n % nk == 0) {
        t = b.xor_(detail::aes_sub_word(b, b.rotr(t, b.i32(8))), b.i32(constant));
        constant = constant << 1 ^ (constant >= 0x80 ? 0x11b : 0);
      } else if (nk > 6 && n % nk == 4) {
        t = detail::aes_sub_word(b, t);
      }
      w[n] = b.xor_(w[n - nk], t);
    }
  }
  for (unsigned n = 0; n < words; ++n) b.store(schedule, w[n], static_cast<i32>(4 * n));
}

// Writes the schedule for decryption from that for encryption, which is another place.
inline void aes_invert_key(ir::Builder& b, unsigned key_bits, ir::Value schedule, ir::Value inverse) {
  const unsigned rounds = aes_rounds(key_bits);
  for (unsigned n = 0; n <= rounds; ++n) {
    const ir::Value key = b.load(ir::Type::v128, schedule, static_cast<i32>(16 * (rounds - n)));
    b.store(inverse, n == 0 || n == rounds ? key : b.aes_imc(key), static_cast<i32>(16 * n));
  }
}

enum class AesWay : u8 { encrypt, decrypt };

// Where a mode reads and writes: cursors of a loop.
struct AesBuffers {
  ir::Value in, out;
};

namespace detail {

// One width of ECB: `wide` vectors of V at a time while there are that many blocks.
template <class Aes, class V, unsigned wide>
ir::Value aes_ecb_loop(ir::Builder& b, AesWay way, unsigned key_bits, ir::Value schedule, AesBuffers& at,
                       ir::Value blocks) {
  using ir::Value;
  const V v{b};
  const AesKeys<V> keys(v, schedule, key_bits, Aes::keeps_keys);
  std::array<Value, 2> s = {at.in, at.out};
  blocks = while_at_least(b, blocks, wide * V::blocks, s, [&](std::array<Value, 2>& x) {
    std::array<Value, wide> state;
    for (unsigned n = 0; n < wide; ++n) state[n] = v.load(x[0], static_cast<i32>(16 * n * V::blocks));
    if (way == AesWay::encrypt)
      Aes::encrypt(v, keys, Span<Value>(state), {});
    else
      Aes::decrypt(v, keys, Span<Value>(state), {});
    x[1] = Aes::store(v, x[1], Span<const Value>(state));
    x[0] = b.ptr_add(x[0], b.i64(16 * wide * V::blocks));
  });
  at = {s[0], s[1]};
  return blocks;
}

// One width of CBC decryption; `before` is the ciphertext block before these.
template <class Aes, class V, unsigned wide>
ir::Value aes_cbc_decrypt_loop(ir::Builder& b, unsigned key_bits, ir::Value schedule, AesBuffers& at,
                               ir::Value& before, ir::Value blocks) {
  using ir::Value;
  const V v{b};
  const AesKeys<V> keys(v, schedule, key_bits, Aes::keeps_keys);
  std::array<Value, 3> s = {at.in, at.out, v.spread(before)};
  blocks = while_at_least(b, blocks, wide * V::blocks, s, [&](std::array<Value, 3>& x) {
    std::array<Value, wide> state, with;
    for (unsigned n = 0; n < wide; ++n) {
      state[n] = v.load(x[0], static_cast<i32>(16 * n * V::blocks));
      with[n] = v.after(n == 0 ? x[2] : state[n - 1], state[n]);
    }
    x[2] = state[wide - 1];
    Aes::decrypt(v, keys, Span<Value>(state), Span<const Value>(with));
    x[1] = Aes::store(v, x[1], Span<const Value>(state));
    x[0] = b.ptr_add(x[0], b.i64(16 * wide * V::blocks));
  });
  at = {s[0], s[1]};
  before = v.block(s[2], V::blocks - 1);
  return blocks;
}

// Counter blocks of a loop that takes `wide` vectors a turn; of a counter the low `bits` bits count, 64 or 32. What the
// loop carries comes from start(first), a block with its bytes reversed, and first() gives that back. take() yields the
// blocks of a turn; behind the first round the loop calls move_on().

// Vectors count.
template <class V, unsigned wide, unsigned bits>
struct AesCountersInVectors {
  V v;
  ir::Value reversal, step;

  explicit AesCountersInVectors(const V& vector) : v(vector), reversal(v.reversal()), step(v.constant(V::blocks, 0)) {}
  ir::Value start(ir::Value first) const { return add(v.spread(first), v.numbers()); }
  ir::Value first(ir::Value x) const { return v.block(x, 0); }
  void take(std::array<ir::Value, wide>& to, ir::Value& x) const {
    for (ir::Value& block : to) {
      block = v.reverse(x, reversal);
      x = add(x, step);
    }
  }
  void move_on(ir::Value&) const {}

 private:
  ir::Value add(ir::Value x, ir::Value y) const { return bits == 64 ? v.add64(x, y) : v.add32(x, y); }
};

inline ir::Value aes_counter(ir::Builder& b, ir::Value low, ir::Value high) {
  return b.vinsert(ir::Lane::i64, b.vinsert(ir::Lane::i64, b.v128(0, 0), low, 0U), high, 1U);
}

// General registers count and turn the bytes round, which leaves the vector units to the rounds. The blocks go through
// memory: stored a turn before they are loaded, each half of a block behind the other, so that one store has both.
template <class V, unsigned wide, unsigned bits>
struct AesCountersInMemory {
  static_assert(V::blocks == 1);
  V v;
  ir::Value slot, high, high_stored;

  explicit AesCountersInMemory(const V& vector) : v(vector), slot(v.b.stack_addr(v.b.new_slot(16 * wide, 16))) {}
  ir::Value start(ir::Value first) {
    const ir::Value low = v.b.vextract(ir::Lane::i64, first, 0U);
    high = v.b.vextract(ir::Lane::i64, first, 1U);
    high_stored = v.b.bswap(high);
    store(low);
    return low;
  }
  ir::Value first(ir::Value x) const { return aes_counter(v.b, x, high); }
  void take(std::array<ir::Value, wide>& to, ir::Value&) const {
    for (unsigned n = 0; n < wide; ++n) to[n] = v.load(slot, static_cast<i32>(16 * n));
  }
  void move_on(ir::Value& x) const {
    x = number(x, wide);
    store(x);
  }

 private:
  ir::Value number(ir::Value low, unsigned n) const {
    ir::Builder& b = v.b;
    if (bits == 64) return b.add(low, b.i64(n));
    const ir::Value count = b.zext(ir::Type::i64, b.add(b.trunc(ir::Type::i32, low), b.i32(static_cast<i32>(n))));
    return b.or_(b.and_(low, b.i64(-0x100000000)), count);
  }
  void store(ir::Value low) const {
    for (unsigned n = 0; n < wide; ++n) {
      v.b.store(slot, high_stored, static_cast<i32>(16 * n));
      v.b.store(slot, v.b.bswap(number(low, n)), static_cast<i32>(16 * n + 8));
    }
  }
};

template <class Aes, class V, unsigned wide, unsigned bits>
using AesCounters = std::conditional_t<Aes::counters_in_memory && (wide > 1), AesCountersInMemory<V, wide, bits>,
                                       AesCountersInVectors<V, wide, bits>>;

// One width of CTR; the counter's low half does not wrap in these blocks.
template <class Aes, class V, unsigned wide>
ir::Value aes_ctr_loop(ir::Builder& b, unsigned key_bits, ir::Value schedule, AesBuffers& at, ir::Value& low,
                       ir::Value high, ir::Value blocks) {
  using ir::Value;
  const V v{b};
  const AesKeys<V> keys(v, schedule, key_bits, Aes::keeps_keys);
  AesCounters<Aes, V, wide, 64> counters(v);
  std::array<Value, 3> s = {at.in, at.out, counters.start(aes_counter(b, low, high))};
  const Value left = while_at_least(b, blocks, wide * V::blocks, s, [&](std::array<Value, 3>& x) {
    std::array<Value, wide> state, with;
    counters.take(state, x[2]);
    for (unsigned n = 0; n < wide; ++n) with[n] = v.load(x[0], static_cast<i32>(16 * n * V::blocks));
    Aes::encrypt(v, keys, Span<Value>(state), Span<const Value>(with), [&](unsigned round) {
      if (round == 0) counters.move_on(x[2]);
    });
    x[1] = Aes::store(v, x[1], Span<const Value>(state));
    x[0] = b.ptr_add(x[0], b.i64(16 * wide * V::blocks));
  });
  at = {s[0], s[1]};
  low = b.add(low, b.sub(blocks, left));
  return left;
}

// 1 to 15 bytes at in, exclusive-or those of a block, to out.
inline void xor_some(ir::Builder& b, AesBuffers at, ir::Value block, ir::Value count) {
  using ir::Type;
  using ir::Value;
  const Value mask = b.stack_addr(b.new_slot(16, 16));
  b.store(mask, block);
  std::array<Value, 3> s = {at.in, at.out, mask};
  for (const Type t : {Type::i64, Type::i32, Type::i16, Type::i8}) {
    const i64 size = ir::bytes(t);
    when(b, b.icmp(ir::ICond::ne, b.and_(count, b.i64(size)), b.i64(0)), s, [&](std::array<Value, 3>& x) {
      b.store(x[1], b.xor_(b.load(t, x[0]), b.load(t, x[2])));
      for (Value& p : x) p = b.ptr_add(p, b.i64(size));
    });
  }
  b.store(mask, b.v128(0, 0));  // leaves no key stream behind
}

}  // namespace detail

template <class Aes>
void aes_ecb(ir::Builder& b, AesWay way, unsigned key_bits, ir::Value schedule, AesBuffers at, ir::Value blocks) {
  using V = typename Aes::Vector;
  blocks = detail::aes_ecb_loop<Aes, V, 8>(b, way, key_bits, schedule, at, blocks);
  detail::aes_ecb_loop<Aes, Vector128, 1>(b, way, key_bits, schedule, at, blocks);
}

// CBC; returns the last block of ciphertext, which is the next call's initialisation vector.
template <class Aes>
ir::Value aes_cbc_encrypt(ir::Builder& b, unsigned key_bits, ir::Value schedule, AesBuffers at, ir::Value iv,
                          ir::Value blocks) {
  using ir::Value;
  const Vector128 v{b};
  const AesKeys<Vector128> keys(v, schedule, key_bits, true);
  std::array<Value, 3> s = {at.in, at.out, iv};
  while_at_least(b, blocks, 1, s, [&](std::array<Value, 3>& x) {
    // The first key is added to the plaintext, which is there before the block before is done.
    x[2] = v.xor_(x[2], v.load(x[0]));
    Aes::encrypt(v, keys, Span<Value>(&x[2], 1), {});
    v.store(x[1], x[2]);
    for (unsigned n = 0; n < 2; ++n) x[n] = b.ptr_add(x[n], b.i64(16));
  });
  return s[2];
}
template <class Aes>
ir::Value aes_cbc_decrypt(ir::Builder& b, unsigned key_bits, ir::Value schedule, AesBuffers at, ir::Value iv,
                          ir::Value blocks) {
  using V = typename Aes::Vector;
  // Of 32 registers 14 or 16 are left of the longest schedule.
  blocks = V::blocks == 4 && key_bits != 256
               ? detail::aes_cbc_decrypt_loop<Aes, V, 8>(b, key_bits, schedule, at, iv, blocks)
               : detail::aes_cbc_decrypt_loop<Aes, V, 6>(b, key_bits, schedule, at, iv, blocks);
  detail::aes_cbc_decrypt_loop<Aes, Vector128, 1>(b, key_bits, schedule, at, iv, blocks);
  return iv;
}

// CTR over any number of bytes; the counter is the 128-bit big-endian number at `counter`, which is moved on by
// the blocks begun.
template <class Aes>
void aes_ctr(ir::Builder& b, unsigned key_bits, ir::Value schedule, AesBuffers at, ir::Value bytes,
             ir::Value counter) {
  using ir::Type;
  using ir::Value;
  using V = typename Aes::Vector;
  // A run is the blocks until the low half wraps: nearly always all.
  std::array<Value, 5> s = {at.in, at.out, b.bswap(b.load(Type::i64, counter, 8)), b.bswap(b.load(Type::i64, counter)),
                            b.lshr(bytes, b.i64(4))};
  const auto run = [&](std::array<Value, 5>& x, Value blocks) {
    AesBuffers cursor{x[0], x[1]};
    Value left = detail::aes_ctr_loop<Aes, V, 8>(b, key_bits, schedule, cursor, x[2], x[3], blocks);
    left = detail::aes_ctr_loop<Aes, Vector128, 1>(b, key_bits, schedule, cursor, x[2], x[3], left);
    x[0] = cursor.in;
    x[1] = cursor.out;
    x[3] = b.add(x[3], b.zext(Type::i64, b.icmp(ir::ICond::eq, x[2], b.i64(0))));
  };
  const ir::Block loop = b.new_block(), done = b.new_block();
  const auto go = [&](Value left) {
    s[4] = left;
    b.brif(b.icmp(ir::ICond::ne, left, b.i64(0)), {loop, Span<const Value>(s)}, {done, Span<const Value>(s)});
  };
  go(s[4]);
  detail::receive(b, loop, s);
  b.at(loop);
  // Blocks until the wrap, less one, so that 2^64 of them have a number.
  const Value room = b.not_(s[2]), left = s[4];
  const Value blocks = b.add(b.umin(room, b.sub(left, b.i64(1))), b.i64(1));
  run(s, blocks);
  go(b.sub(left, blocks));
  detail::receive(b, done, s);
  b.at(done);
  const Value odd = b.and_(bytes, b.i64(15));
  std::array<Value, 2> number = {s[2], s[3]};
  when(b, b.icmp(ir::ICond::ne, odd, b.i64(0)), number, [&](std::array<Value, 2>& n) {
    const Vector128 v{b};
    std::array<Value, 1> block = {v.reverse(detail::aes_counter(b, n[0], n[1]), v.reversal())};
    Aes::encrypt(v, AesKeys<Vector128>(v, schedule, key_bits, false), Span<Value>(block), {});
    detail::xor_some(b, {s[0], s[1]}, block[0], odd);
    n[0] = b.add(n[0], b.i64(1));
    n[1] = b.add(n[1], b.zext(Type::i64, b.icmp(ir::ICond::eq, n[0], b.i64(0))));
  });
  b.store(counter, b.bswap(number[0]), 8);
  b.store(counter, b.bswap(number[1]));
}

}  // namespace jitkit::inline JITKIT_ABI::crypto

#endif  // JITKIT_EMIT_CRYPTO_AES_HPP
