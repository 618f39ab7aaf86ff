// From a block function to a hash of any number of bytes: cuts a stream into blocks, pads its end.
//
// Invariant: fewer bytes than a block has are ever copied at a time; whole blocks are hashed where they
// stand, as many as there are in one call.
// Sources: FIPS 180-4, sections 5.1.1 and 5.2.1; RFC 1321, section 3.1.
#ifndef JITKIT_EMIT_CRYPTO_STREAM_HPP
#define JITKIT_EMIT_CRYPTO_STREAM_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/span.hpp>

#include <cstring>

namespace jitkit::inline JITKIT_ABI::crypto {

// void f(Word* state, const u8* data, u64 blocks)
template <class Word>
using BlockFunctionOf = void(Word*, const u8*, u64);
using BlockFunction = BlockFunctionOf<u32>;
using BlockFunction64 = BlockFunctionOf<u64>;

// The order of the bytes in a word: SHA's, or MD5's.
enum class ByteOrder : u8 { big, little };

// A block has 16 words; the length stands in the last two.
template <class Word, ByteOrder order = ByteOrder::big>
class HashStreamOf {
 public:
  // `start`: the initial hash value, at most 8 words.
  HashStreamOf(BlockFunctionOf<Word>* blocks, Span<const Word> start) : blocks_(blocks), words_(start.size()) {
    check(words_ <= sizeof state_ / sizeof state_[0]);
    std::memcpy(state_, start.data(), start.size_bytes());
  }

  void update(Span<const u8> data) {
    total_ += data.size();
    if (held_ != 0) {
      const usize taken = data.size() < size - held_ ? data.size() : size - held_;
      hold(data.first(taken));
      data = data.subspan(taken);
      if (held_ == size) flush();
    }
    if (data.size() >= size) {
      blocks_(state_, data.data(), data.size() / size);
      data = data.subspan(data.size() / size * size);
    }
    hold(data);
  }

  // Ends the stream; the digest has the bytes of the state's words.
  void finish(u8* digest) {
    constexpr usize length = 2 * sizeof(Word);
    held_bytes_[held_++] = 0x80;
    if (held_ > size - length) {
      std::memset(held_bytes_ + held_, 0, size - held_);
      flush();
    }
    std::memset(held_bytes_ + held_, 0, size - held_);
    constexpr bool little = order == ByteOrder::little;
    for (unsigned n = 0; n < 8; ++n)
      held_bytes_[little ? size - length + n : size - 1 - n] = static_cast<u8>(total_ * 8 >> 8 * n);
    if (length > 8) held_bytes_[little ? size - length + 8 : size - 9] = static_cast<u8>(total_ >> 61);
    flush();
    constexpr usize width = sizeof(Word);
    for (usize n = 0; n < width * words_; ++n)
      digest[n] = static_cast<u8>(state_[n / width] >> 8 * (little ? n % width : width - 1 - n % width));
  }

 private:
  static constexpr usize size = 16 * sizeof(Word);  // of a block

  void hold(Span<const u8> data) {
    if (data.empty()) return;
    std::memcpy(held_bytes_ + held_, data.data(), data.size());
    held_ += data.size();
  }
  void flush() {
    blocks_(state_, held_bytes_, 1);
    held_ = 0;
  }

  BlockFunctionOf<Word>* blocks_;
  usize words_;
  Word state_[8];
  u64 total_ = 0;  // bytes
  usize held_ = 0;
  u8 held_bytes_[size];
};
using HashStream = HashStreamOf<u32>;
using HashStream64 = HashStreamOf<u64>;

// The sponge of SHA-3 and SHAKE around a function that absorbs blocks of `rate` bytes. FIPS 202, sections 4 and 6.
class Sponge {
 public:
  Sponge(BlockFunction64* absorb, usize rate) : absorb_(absorb), rate_(rate) {}

  // All of the message; `suffix` is 0x06 for SHA-3, 0x1f for SHAKE. The digest is at most `rate` bytes.
  void hash(Span<const u8> data, u8 suffix, Span<u8> digest) {
    check(digest.size() <= rate_ && rate_ <= sizeof state_);
    std::memset(state_, 0, sizeof state_);
    absorb_(state_, data.data(), data.size() / rate_);
    u8 last[sizeof state_] = {};
    const usize odd = data.size() % rate_;
    if (odd != 0) std::memcpy(last, data.data() + (data.size() - odd), odd);
    last[odd] = suffix;
    last[rate_ - 1] = static_cast<u8>(last[rate_ - 1] | 0x80);
    absorb_(state_, last, 1);
    for (usize n = 0; n < digest.size(); ++n) digest[n] = static_cast<u8>(state_[n / 8] >> n % 8 * 8);
  }

 private:
  BlockFunction64* absorb_;
  usize rate_;
  u64 state_[25];
};

}  // namespace jitkit::inline JITKIT_ABI::crypto

#endif  // JITKIT_EMIT_CRYPTO_STREAM_HPP
