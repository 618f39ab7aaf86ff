// Where text goes: printers, disassemblers, logs and listings write through a Sink, so that none of
// them needs a stream library.
//
// Invariant: a Sink never fails towards the writer; a fixed buffer that is full drops the rest and
// remembers that it did.
#ifndef JITKIT_IR_SUPPORT_SINK_HPP
#define JITKIT_IR_SUPPORT_SINK_HPP

#include <jitkit/config.hpp>

#include <cstring>
#include <string_view>

namespace jitkit::inline JITKIT_ABI {

class Sink {
 public:
  using Write = void (*)(void* context, const char* text, usize bytes);

  constexpr Sink(Write write, void* context) : write_(write), context_(context) {}

  Sink& operator<<(std::string_view s) {
    write_(context_, s.data(), s.size());
    return *this;
  }
  Sink& operator<<(const char* s) { return *this << std::string_view(s); }
  Sink& put(char c) {
    write_(context_, &c, 1);
    return *this;
  }
  Sink& dec(i64 v) {
    if (v >= 0) return udec(static_cast<u64>(v));
    put('-');
    return udec(~static_cast<u64>(v) + 1);
  }
  Sink& udec(u64 v) {
    char buf[20];
    usize n = sizeof buf;
    do {
      buf[--n] = static_cast<char>('0' + v % 10);
      v /= 10;
    } while (v != 0);
    return *this << std::string_view(buf + n, sizeof buf - n);
  }
  // Lower-case hexadecimal without a prefix, at least `digits` digits.
  Sink& hex(u64 v, unsigned digits = 1) {
    char buf[16];
    unsigned n = 16;
    do {
      buf[--n] = "0123456789abcdef"[v & 15];
      v >>= 4;
    } while (v != 0 || 16 - n < digits);
    return *this << std::string_view(buf + n, 16 - n);
  }
  Sink& pad(usize written, usize column) {
    for (; written < column; ++written) put(' ');
    return *this;
  }

 private:
  Write write_;
  void* context_;
};

// A Sink into a caller's buffer; text() is what arrived.
class BufferSink : public Sink {
 public:
  BufferSink(char* buffer, usize bytes) : Sink(&write, this), buffer_(buffer), bytes_(bytes) {}
  BufferSink(const BufferSink&) = delete;
  BufferSink& operator=(const BufferSink&) = delete;

  std::string_view text() const { return {buffer_, used_}; }
  bool truncated() const { return truncated_; }
  void clear() {
    used_ = 0;
    truncated_ = false;
  }

 private:
  static void write(void* self, const char* text, usize n) {
    auto* s = static_cast<BufferSink*>(self);
    if (n > s->bytes_ - s->used_) {
      n = s->bytes_ - s->used_;
      s->truncated_ = true;
    }
    if (n != 0) std::memcpy(s->buffer_ + s->used_, text, n);
    s->used_ += n;
  }

  char* buffer_;
  usize bytes_;
  usize used_ = 0;
  bool truncated_ = false;
};

// A Sink into anything with append(const char*, size), such as std::string.
template <class String>
class StringSink : public Sink {
 public:
  explicit StringSink(String& s) : Sink(&write, &s) {}

 private:
  static void write(void* s, const char* text, usize n) { static_cast<String*>(s)->append(text, n); }
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_IR_SUPPORT_SINK_HPP
