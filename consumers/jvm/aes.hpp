// AES and GHASH behind HotSpot's conventions, for a target's Aes (emit/<arch>/crypto/steps.hpp).
//
// Java keeps a key schedule as an int[], each word of four bytes in big-endian order; its length, 44, 52 or 60,
// stands in front of it and tells the size of the key. For decryption it is the equivalent inverse cipher's,
// with the key that is used last in front. The words are turned into a schedule on the stack, once per call;
// for a single block, in registers.
//
// Invariants: no branch and no address depends on key or data; the copy of the schedule is wiped.
// Source: com.sun.crypto.provider.AESCrypt, CounterMode and GHASH of OpenJDK 17.
#ifndef JITKIT_CONSUMERS_JVM_AES_HPP
#define JITKIT_CONSUMERS_JVM_AES_HPP

#include <jitkit/consumers/jvm/adapter.hpp>
#include <jitkit/emit/crypto/aes.hpp>
#include <jitkit/emit/crypto/ghash.hpp>

namespace jitkit::inline JITKIT_ABI::hotspot {

// Of an array's length before its first element, with compressed class pointers.
inline constexpr i32 array_length_at = -4;

template <class Aes>
class AesStubs {
 public:
  using Function = ir::FunctionData;
  using Value = ir::Value;
  using Way = crypto::AesWay;

  static void ecb(Function& f, Way way) {
    ir::Builder b(f);
    const Entry p(b);
    const Value blocks = b.lshr(b.zext(ir::Type::i64, p[3]), b.i64(4));
    with_schedule(b, p[2], way, [&](unsigned key_bits, Value schedule) {
      crypto::aes_ecb<Aes>(b, way, key_bits, schedule, {p[0], p[1]}, blocks);
    });
    b.ret({p[3]});
  }
  static void block(Function& f, Way way) {
    ir::Builder b(f);
    const Entry p(b);
    // A block needs each key once: none goes through memory.
    with_words(b, p[2], way, [&](unsigned, Span<const Value> words) {
      const crypto::Vector128 v{b};
      const crypto::AesKeys<crypto::Vector128> keys(v, words);
      std::array<Value, 1> state = {v.load(p[0])};
      if (way == Way::encrypt)
        Aes::encrypt(v, keys, std::span<Value>(state), {});
      else
        Aes::decrypt(v, keys, std::span<Value>(state), {});
      v.store(p[1], state[0]);
    });
    b.ret();
  }
  static void cbc(Function& f, Way way) {
    ir::Builder b(f);
    const Entry p(b);
    const Value blocks = b.lshr(b.zext(ir::Type::i64, p[4]), b.i64(4));
    with_schedule(b, p[2], way, [&](unsigned key_bits, Value schedule) {
      const Value iv = b.load(ir::Type::v128, p[3]);
      const crypto::AesBuffers at{p[0], p[1]};
      b.store(p[3], way == Way::encrypt ? crypto::aes_cbc_encrypt<Aes>(b, key_bits, schedule, at, iv, blocks)
                                        : crypto::aes_cbc_decrypt<Aes>(b, key_bits, schedule, at, iv, blocks));
    });
    b.ret({p[4]});
  }

  // What is left of the last block's key stream comes first, and what this call leaves is kept.
  static void ctr(Function& f) {
    ir::Builder b(f);
    const Entry p(b);
    const Value saved = p[5], used = p[6];
    std::array<Value, 4> s = {p[0], p[1], b.zext(ir::Type::i64, p[4]), b.uload32(ir::Type::i64, used)};
    xor_saved(b, saved, s);
    with_schedule(b, p[2], Way::encrypt, [&](unsigned key_bits, Value schedule) {
      const Value whole = b.and_(s[2], b.i64(-16)), rest = b.and_(s[2], b.i64(15));
      crypto::aes_ctr<Aes>(b, key_bits, schedule, {s[0], s[1]}, whole, p[3]);
      std::array<Value, 1> now = {s[3]};
      crypto::when(b, b.icmp(ir::ICond::ne, rest, b.i64(0)), now, [&](std::array<Value, 1>& n) {
        next_block(b, key_bits, schedule, p[3], saved);
        std::array<Value, 4> tail = {b.ptr_add(s[0], whole), b.ptr_add(s[1], whole), rest, b.i64(0)};
        xor_saved(b, saved, tail);
        n[0] = rest;
      });
      b.store32(used, now[0]);
    });
    b.ret({p[4]});
  }

  // Sum and key are two longs each. A table of many powers pays for long messages alone.
  static void ghash(Function& f) {
    ir::Builder b(f);
    const Entry p(b);
    const crypto::Vector128 v{b};
    const Value h = b.stack_addr(b.new_slot(16, 16));
    const Value table = b.stack_addr(b.new_slot(crypto::ghash_table_bytes, 16));
    b.store(h, v.exchange_halves(v.reverse(b.load(ir::Type::v128, p[1]), v.reversal())));
    std::array<Value, 1> sum = {v.exchange_halves(b.load(ir::Type::v128, p[0]))};
    const Value blocks = b.zext(ir::Type::i64, p[3]);
    crypto::choose(b, b.icmp(ir::ICond::ult, blocks, b.i64(worth_a_table)), sum, [&](std::array<Value, 1>& s) {
      Value data = p[2];
      crypto::ghash_make_table<Aes>(b, h, table, 1);
      crypto::detail::ghash_loop<Aes, crypto::Vector128, 1>(b, table, s[0], data, blocks);
    }, [&](std::array<Value, 1>& s) {
      crypto::ghash_make_table<Aes>(b, h, table);
      s[0] = crypto::ghash<Aes>(b, table, s[0], p[2], blocks);
    });
    b.store(p[0], v.exchange_halves(sum[0]));
    b.ret();
  }

 private:
  static constexpr i64 worth_a_table = 24;  // blocks

  // The parameters.
  struct Entry {
    explicit Entry(ir::Builder& b) : builder(b), block(b.entry()) {}
    Value operator[](u32 n) const { return builder.param(block, n); }
    ir::Builder& builder;
    ir::Block block;
  };

  // in, out, bytes left, bytes of `saved` used: uses up the saved bytes.
  static void xor_saved(ir::Builder& b, Value saved, std::array<Value, 4>& s) {
    const Value room = b.sub(b.i64(16), s[3]);
    const Value count = b.umin(room, s[2]);
    crypto::while_at_least(b, count, 1, s, [&](std::array<Value, 4>& x) {
      b.store(x[1], b.xor_(b.load(ir::Type::i8, x[0]), b.load(ir::Type::i8, b.ptr_add(saved, x[3]))));
      x = {b.ptr_add(x[0], b.i64(1)), b.ptr_add(x[1], b.i64(1)), b.sub(x[2], b.i64(1)), b.add(x[3], b.i64(1))};
    });
  }

  // The key stream for one block, and the counter after it.
  static void next_block(ir::Builder& b, unsigned key_bits, Value schedule, Value counter, Value out) {
    const crypto::Vector128 v{b};
    std::array<Value, 1> state = {v.load(counter)};
    const Value low = b.add(b.bswap(b.load(ir::Type::i64, counter, 8)), b.i64(1));
    const Value wrapped = b.zext(ir::Type::i64, b.icmp(ir::ICond::eq, low, b.i64(0)));
    const Value high = b.add(b.bswap(b.load(ir::Type::i64, counter)), wrapped);
    Aes::encrypt(v, crypto::AesKeys<crypto::Vector128>(v, schedule, key_bits, false), std::span<Value>(state), {});
    v.store(out, state[0]);
    b.store(counter, b.bswap(low), 8);
    b.store(counter, b.bswap(high));
  }

  // body(key bits, keys of the rounds) for the size of the key.
  template <class Body>
  static void with_words(ir::Builder& b, Value key, Way way, Body body) {
    const Value length = b.load(ir::Type::i32, key, array_length_at);
    const ir::Block sizes[] = {b.new_block(), b.new_block(), b.new_block()};
    const ir::Block done = b.new_block();
    b.switch_(length, {{44, {sizes[0]}}, {52, {sizes[1]}}}, {sizes[2]});
    for (unsigned n = 0; n < 3; ++n) {
      const unsigned key_bits = 128 + 64 * n, rounds = crypto::aes_rounds(key_bits);
      b.at(sizes[n]);
      Value words[15];
      for (unsigned r = 0; r <= rounds; ++r) {
        const unsigned from = way == Way::encrypt ? r : (r + 1) % (rounds + 1);
        words[r] = crypto::shuffle(b, b.load(ir::Type::v128, key, static_cast<i32>(16 * from)), reversed_words);
      }
      body(key_bits, Span<const Value>(words, rounds + 1));
      b.br({done});
    }
    b.at(done);
  }
  // body(key bits, schedule), which is on the stack and wiped afterwards.
  template <class Body>
  static void with_schedule(ir::Builder& b, Value key, Way way, Body body) {
    const Value schedule = b.stack_addr(b.new_slot(16 * 15, 16));
    with_words(b, key, way, [&](unsigned key_bits, Span<const Value> words) {
      for (u32 r = 0; r < words.size(); ++r) b.store(schedule, words[r], static_cast<i32>(16 * r));
      body(key_bits, schedule);
      for (u32 r = 0; r < words.size(); ++r) b.store(schedule, b.v128(0, 0), static_cast<i32>(16 * r));
    });
  }
  static constexpr crypto::Bytes16 reversed_words = {3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12};
};

// All of them, in one piece of code.
template <class Aes>
void add_aes(Adapter& adapter) {
  using Stubs = AesStubs<Aes>;
  using Way = crypto::AesWay;
  adapter.add("aescrypt_encryptBlock", [](auto& f) { Stubs::block(f, Way::encrypt); });
  adapter.add("aescrypt_decryptBlock", [](auto& f) { Stubs::block(f, Way::decrypt); });
  adapter.add("electronicCodeBook_encryptAESCrypt", [](auto& f) { Stubs::ecb(f, Way::encrypt); });
  adapter.add("electronicCodeBook_decryptAESCrypt", [](auto& f) { Stubs::ecb(f, Way::decrypt); });
  adapter.add("cipherBlockChaining_encryptAESCrypt", [](auto& f) { Stubs::cbc(f, Way::encrypt); });
  adapter.add("cipherBlockChaining_decryptAESCrypt", [](auto& f) { Stubs::cbc(f, Way::decrypt); });
  adapter.add("counterMode_AESCrypt", [](auto& f) { Stubs::ctr(f); });
  adapter.add("ghash_processBlocks", [](auto& f) { Stubs::ghash(f); });
}

}  // namespace jitkit::inline JITKIT_ABI::hotspot

#endif  // JITKIT_CONSUMERS_JVM_AES_HPP
