// From a block function to a hash of any number of bytes: cuts a stream into blocks, pads its end.
//
// Invariant: fewer than block_bytes bytes are ever copied at a time; whole blocks are hashed where they
// stand, as many as there are in one call.
// Source: FIPS 180-4, sections 5.1.1 and 5.2.1.
#ifndef JITKIT_EMIT_CRYPTO_STREAM_HPP
#define JITKIT_EMIT_CRYPTO_STREAM_HPP

#include <jitkit/config.hpp>

#include <cstring>
#include <span>

namespace jitkit::inline JITKIT_ABI::crypto {

// void f(u32* state, const u8* data, u64 blocks)
using BlockFunction = void(u32*, const u8*, u64);

class HashStream {
 public:
  // `start`: the initial hash value, at most 8 words.
  HashStream(BlockFunction* blocks, std::span<const u32> start) : blocks_(blocks), words_(start.size()) {
    check(words_ <= sizeof state_ / sizeof state_[0]);
    std::memcpy(state_, start.data(), start.size_bytes());
  }

  void update(std::span<const u8> data) {
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

  // Ends the stream; the digest has 4 bytes per word of the state.
  void finish(u8* digest) {
    const u64 bits = total_ * 8;
    held_bytes_[held_++] = 0x80;
    if (held_ > size - 8) {
      std::memset(held_bytes_ + held_, 0, size - held_);
      flush();
    }
    std::memset(held_bytes_ + held_, 0, size - 8 - held_);
    for (unsigned n = 0; n < 8; ++n) held_bytes_[size - 1 - n] = static_cast<u8>(bits >> 8 * n);
    flush();
    for (usize n = 0; n < 4 * words_; ++n) digest[n] = static_cast<u8>(state_[n / 4] >> (24 - n % 4 * 8));
  }

 private:
  static constexpr usize size = 64;  // of a block

  void hold(std::span<const u8> data) {
    if (data.empty()) return;
    std::memcpy(held_bytes_ + held_, data.data(), data.size());
    held_ += data.size();
  }
  void flush() {
    blocks_(state_, held_bytes_, 1);
    held_ = 0;
  }

  BlockFunction* blocks_;
  usize words_;
  u32 state_[8];
  u64 total_ = 0;  // bytes
  usize held_ = 0;
  u8 held_bytes_[size];
};

}  // namespace jitkit::inline JITKIT_ABI::crypto

#endif  // JITKIT_EMIT_CRYPTO_STREAM_HPP
