// The two passes of AES-GCM over the text in one: CTR makes a chunk while GHASH takes a chunk of ciphertext, the
// instructions of both side by side, so that the multiplier and the AES units work at the same time. When
// encrypting, the hash follows one chunk behind.
//
// The counter of GCM is the last four bytes of its block, big-endian, and wraps alone. Blocks and odd bytes
// around the text (padding, lengths, the tag) are the caller's: gcm_stream.hpp.
//
// Invariants: no branch and no address depends on key or data; output may be the input.
// Source: NIST SP 800-38D 6.2 to 7.2.
#ifndef JITKIT_EMIT_CRYPTO_GCM_HPP
#define JITKIT_EMIT_CRYPTO_GCM_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/crypto/aes_functions.hpp>
#include <jitkit/emit/crypto/ghash.hpp>

namespace jitkit::inline JITKIT_ABI::crypto {

namespace detail {

// One width of GCM over whole chunks.
template <class Aes, class V, unsigned wide>
class GcmLoop {
 public:
  using Value = ir::Value;
  static constexpr unsigned blocks = wide * V::blocks;
  // What the loop carries: cursors, the counters, the hash.
  enum : unsigned { in, out, counter, sum, carried };
  using State = std::array<Value, carried>;

  GcmLoop(ir::Builder& b, AesWay way, unsigned key_bits, Value schedule, Value table)
      : b_(b), v_{b}, way_(way), keys_(v_, schedule, key_bits, Aes::keeps_keys), table_(table),
        counters_(v_), reversal_(v_.reversal()) {}

  // The counters from that of the first block, a block with its bytes reversed, and back.
  Value counters(Value first) { return counters_.start(first); }
  Value first_counter(const State& s) const { return counters_.first(s[counter]); }

  // Runs while there are chunks; returns the blocks left.
  Value run(State& s, Value left) {
    if (way_ == AesWay::decrypt)
      return while_at_least(b_, left, blocks, s, [&](State& x) { chunk(x, true, x[in]); });
    // The first chunk has nothing behind it to hash; the last is hashed alone.
    std::array<Value, carried + 1> all;
    for (unsigned n = 0; n < carried; ++n) all[n] = s[n];
    all[carried] = left;
    when(b_, b_.icmp(ir::ICond::uge, left, b_.i64(blocks)), all, [&](std::array<Value, carried + 1>& a) {
      State x;
      for (unsigned n = 0; n < carried; ++n) x[n] = a[n];
      chunk(x, false, {});
      a[carried] = while_at_least(b_, b_.sub(left, b_.i64(blocks)), blocks, x, [&](State& y) {
        chunk(y, true, b_.ptr_add(y[out], b_.i64(-16 * static_cast<i64>(blocks))));
      });
      hash_alone(x, b_.ptr_add(x[out], b_.i64(-16 * static_cast<i64>(blocks))));
      for (unsigned n = 0; n < carried; ++n) a[n] = x[n];
    });
    for (unsigned n = 0; n < carried; ++n) s[n] = all[n];
    return all[carried];
  }

 private:
  // Block n of the chunk at `from` into the products.
  void hash(const State& s, GhashSum& products, Value from, unsigned n) const {
    const Value x = v_.load(from, static_cast<i32>(16 * n * V::blocks));
    ghash_block<Aes>(v_, products, x, n == 0 ? s[sum] : Value(), reversal_, table_, blocks - n * V::blocks);
  }
  void hash_alone(State& s, Value from) const {
    GhashSum products;
    for (unsigned n = 0; n < wide; ++n) hash(s, products, from, n);
    s[sum] = ghash_reduce<Aes>(v_, products);
  }
  // Enciphers a chunk; with `hashing`, takes the one at `from` between the rounds.
  void chunk(State& s, bool hashing, Value from) const {
    std::array<Value, wide> state;
    counters_.take(state, s[counter]);
    GhashSum products;
    unsigned hashed = 0;
    Value next_sum = s[sum];
    const auto text = [&](unsigned n) { return v_.load(s[in], static_cast<i32>(16 * n * V::blocks)); };
    // With registers enough the text is there early, and meets the last key first.
    constexpr unsigned early = Aes::keeps_keys ? wide : 0;
    std::array<Value, wide> with;
    for (unsigned n = 0; n < early; ++n) with[n] = text(n);
    Aes::encrypt(v_, keys_, Span<Value>(state), Span<const Value>(with.data(), early), [&](unsigned round) {
      if (round == 0) counters_.move_on(s[counter]);
      if (!hashing) return;
      // Every round up to `last` but the first brings some blocks. The reduction, a chain of dependent steps, comes a
      // round behind them: what it waits for then stands before that round's steps, and two rounds are left beside it.
      const unsigned last = keys_.rounds() - 4, until = round < last ? round * wide / last : wide;
      for (; hashed < until; ++hashed) hash(s, products, from, hashed);
      if (round == last + 1) next_sum = ghash_reduce<Aes>(v_, products);
    });
    check(hashed == (hashing ? wide : 0));
    s[sum] = next_sum;
    for (unsigned n = early; n < wide; ++n) state[n] = v_.xor_(state[n], text(n));
    s[out] = Aes::store(v_, s[out], Span<const Value>(state));
    s[in] = b_.ptr_add(s[in], b_.i64(16 * blocks));
  }

  ir::Builder& b_;
  V v_;
  AesWay way_;
  AesKeys<V> keys_;
  Value table_;
  AesCounters<Aes, V, wide, 32> counters_;
  Value reversal_;
};

}  // namespace detail

// Enciphers or deciphers whole blocks and brings the hash at `sum` (16 bytes as GCM has them) forward by the
// ciphertext. `counter` is the block of the first counter, and is left at the next.
template <class Aes>
void aes_gcm(ir::Builder& b, AesWay way, unsigned key_bits, ir::Value schedule, ir::Value table, AesBuffers at,
             ir::Value blocks, ir::Value counter, ir::Value sum) {
  using ir::Value;
  using V = typename Aes::Vector;
  const Vector128 v{b};
  const Value hash = v.reverse(b.load(ir::Type::v128, sum), v.reversal());
  const Value first = v.reverse(b.load(ir::Type::v128, counter), v.reversal());
  detail::GcmLoop<Aes, V, Aes::gcm_wide> loop(b, way, key_bits, schedule, table);
  std::array<Value, 4> s = {at.in, at.out, loop.counters(first), hash};
  blocks = loop.run(s, blocks);
  detail::GcmLoop<Aes, Vector128, 1> single(b, way, key_bits, schedule, table);
  s[2] = single.counters(loop.first_counter(s));
  single.run(s, blocks);
  b.store(counter, v.reverse(s[2], v.reversal()));
  b.store(sum, v.reverse(s[3], v.reversal()));
}

// void f(const u8* h, u8* table): ghash_table_bytes for the hash key of 16 bytes.
template <class Aes>
void build_ghash_table(ir::FunctionData& f, ir::Module& m, std::string_view name) {
  build_function(f, m, name, detail::two_pointers,
                 [&](ir::Builder& b, const auto& p) { ghash_make_table<Aes>(b, p[0], p[1]); });
}
// void f(u8* sum, const u8* table, const u8* data, u64 blocks)
template <class Aes>
void build_ghash(ir::FunctionData& f, ir::Module& m, std::string_view name) {
  build_function(f, m, name, detail::buffers, [&](ir::Builder& b, const auto& p) {
    const Vector128 v{b};
    const ir::Value sum = v.reverse(b.load(ir::Type::v128, p[0]), v.reversal());
    b.store(p[0], v.reverse(ghash<Aes>(b, p[1], sum, p[2], p[3]), v.reversal()));
  });
}
// void f(const u8* schedule, const u8* table, const u8* in, u8* out, u64 blocks, u8* counter_and_sum): the 16 bytes of
// the counter, then those of the hash. The schedule is that for encryption both ways.
template <class Aes>
void build_aes_gcm(ir::FunctionData& f, ir::Module& m, std::string_view name, AesWay way, unsigned key_bits) {
  constexpr ir::Type types[] = {ir::Type::ptr, ir::Type::ptr, ir::Type::ptr,
                                ir::Type::ptr, ir::Type::i64, ir::Type::ptr};
  build_function(f, m, name, types, [&](ir::Builder& b, const auto& p) {
    aes_gcm<Aes>(b, way, key_bits, p[0], p[1], {p[2], p[3]}, p[4], p[5], b.ptr_add(p[5], b.i64(16)));
  });
}

}  // namespace jitkit::inline JITKIT_ABI::crypto

#endif  // JITKIT_EMIT_CRYPTO_GCM_HPP
