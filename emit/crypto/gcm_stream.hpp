// AES-GCM of a message from the functions of gcm.hpp: the first counter from any initialisation vector, additional
// data, odd bytes at the ends, lengths and the tag.
//
// Invariant: at most 16 bytes are copied at a time; whole blocks are worked on where they stand.
// Source: NIST SP 800-38D 7.1, 7.2.
#ifndef JITKIT_EMIT_CRYPTO_GCM_STREAM_HPP
#define JITKIT_EMIT_CRYPTO_GCM_STREAM_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/span.hpp>

#include <cstring>

namespace jitkit::inline JITKIT_ABI::crypto {

struct GcmFunctions {
  void (*block)(const u8* schedule, const u8* in, u8* out, u64 blocks);  // ECB, encryption
  void (*table)(const u8* h, u8* table);
  void (*ghash)(u8* sum, const u8* table, const u8* data, u64 blocks);
  void (*encrypt)(const u8* schedule, const u8* table, const u8* in, u8* out, u64 blocks, u8* counter_and_sum);
  void (*decrypt)(const u8* schedule, const u8* table, const u8* in, u8* out, u64 blocks, u8* counter_and_sum);
};

class AesGcm {
 public:
  // The schedule is that for encryption and must outlive this.
  AesGcm(const GcmFunctions& functions, const u8* schedule) : f_(functions), schedule_(schedule) {
    u8 zero[16] = {}, h[16];
    f_.block(schedule_, zero, h, 1);
    f_.table(h, table_);
  }
  // With the table of an earlier one for the same key: to make it takes as long as some 4 KiB of text.
  AesGcm(const GcmFunctions& functions, const u8* schedule, std::span<const u8, 512> table) : f_(functions), schedule_(schedule) {
    std::memcpy(table_, table.data(), sizeof table_);
  }
  std::span<const u8, 512> table() const { return table_; }

  void encrypt(Span<const u8> iv, Span<const u8> extra, Span<const u8> in, u8* out, u8* tag) {
    crypt(true, iv, extra, in, out, tag);
  }
  // Gives the text and the tag it should have come with: compare before the text is used.
  void decrypt(Span<const u8> iv, Span<const u8> extra, Span<const u8> in, u8* out, u8* tag) {
    crypt(false, iv, extra, in, out, tag);
  }

 private:
  struct State {
    u8 counter[16], sum[16];
  };

  void crypt(bool encrypting, Span<const u8> iv, Span<const u8> extra, Span<const u8> in, u8* out,
             u8* tag) {
    State s{};
    start(s, iv);
    u8 first[16];
    std::memcpy(first, s.counter, 16);
    increment(s.counter);
    hash(s.sum, extra);
    (encrypting ? f_.encrypt : f_.decrypt)(schedule_, table_, in.data(), out, in.size() / 16, s.counter);
    if (in.size() % 16 != 0) odd_bytes(encrypting, s, in.subspan(in.size() / 16 * 16), out + in.size() / 16 * 16);
    hash_lengths(s.sum, extra.size(), in.size());
    u8 mask[16];
    f_.block(schedule_, first, mask, 1);
    for (unsigned n = 0; n < 16; ++n) tag[n] = static_cast<u8>(s.sum[n] ^ mask[n]);
  }

  void start(State& s, Span<const u8> iv) {
    if (iv.size() == 12) {
      std::memcpy(s.counter, iv.data(), 12);
      s.counter[15] = 1;
      return;
    }
    hash(s.counter, iv);
    hash_lengths(s.counter, 0, iv.size());
  }
  static void increment(u8* counter) {
    for (unsigned n = 16; n > 12 && ++counter[n - 1] == 0; --n) {
    }
  }
  // Takes the bytes and the zeroes that fill up the last block.
  void hash(u8* sum, Span<const u8> data) {
    f_.ghash(sum, table_, data.data(), data.size() / 16);
    if (data.size() % 16 == 0) return;
    u8 last[16] = {};
    std::memcpy(last, data.data() + data.size() / 16 * 16, data.size() % 16);
    f_.ghash(sum, table_, last, 1);
  }
  void hash_lengths(u8* sum, u64 first, u64 second) {
    u8 block[16];
    for (unsigned n = 0; n < 8; ++n) {
      block[7 - n] = static_cast<u8>(first * 8 >> 8 * n);
      block[15 - n] = static_cast<u8>(second * 8 >> 8 * n);
    }
    f_.ghash(sum, table_, block, 1);
  }
  void odd_bytes(bool encrypting, State& s, Span<const u8> in, u8* out) {
    u8 mask[16], cipher[16] = {};
    f_.block(schedule_, s.counter, mask, 1);
    for (usize n = 0; n < in.size(); ++n) {
      const u8 before = in[n], after = static_cast<u8>(before ^ mask[n]);
      out[n] = after;
      cipher[n] = encrypting ? after : before;
    }
    f_.ghash(s.sum, table_, cipher, 1);
  }

  GcmFunctions f_;
  const u8* schedule_;
  alignas(16) u8 table_[512];
};

}  // namespace jitkit::inline JITKIT_ABI::crypto

#endif  // JITKIT_EMIT_CRYPTO_GCM_STREAM_HPP
