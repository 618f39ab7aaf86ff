// ByteWriter: little-endian numbers, LEB128 and strings appended to a Vec of bytes; what ELF and DWARF
// tables are written with.
//
// Invariant: when the arena refuses memory, what does not fit is dropped and patching stays in range;
// Arena::failed() tells at the end.
#ifndef JITKIT_EMIT_BYTE_WRITER_HPP
#define JITKIT_EMIT_BYTE_WRITER_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/arena.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI {

class ByteWriter {
 public:
  explicit ByteWriter(Vec<u8>& out) : out_(out) {}

  u32 offset() const { return out_.size(); }
  void put8(u64 v) { out_.push(static_cast<u8>(v)); }
  void put16(u64 v) { little(v, 2); }
  void put32(u64 v) { little(v, 4); }
  void put64(u64 v) { little(v, 8); }
  void bytes(Span<const u8> b) { out_.append(b); }
  void string(std::string_view s) {  // and its NUL
    out_.append({reinterpret_cast<const u8*>(s.data()), s.size()});
    put8(0);
  }
  void uleb(u64 v) {
    for (; v >= 0x80; v >>= 7) put8(v | 0x80);
    put8(v);
  }
  void sleb(i64 v) {
    for (; v < -64 || v > 63; v >>= 7) put8((static_cast<u64>(v) & 0x7f) | 0x80);
    put8(static_cast<u64>(v) & 0x7f);
  }
  // Up to a multiple of `to` bytes from `from`.
  void align(u32 to, u8 fill = 0, u32 from = 0) {
    const u32 n = (from - offset()) & (to - 1);
    out_.resize(offset() + n, fill);
  }
  // Overwrites 4 bytes at `at`.
  void patch32(u32 at, u64 v) {
    for (u32 i = 0; i < 4 && at + i < out_.size(); ++i) out_[at + i] = static_cast<u8>(v >> (8 * i));
  }
  // A 32-bit length field: begin before it, end after what it counts.
  u32 begin_length() {
    put32(0);
    return offset();
  }
  void end_length(u32 begin) { patch32(begin - 4, offset() - begin); }

 private:
  void little(u64 v, unsigned n) {
    u8 b[8];
    for (unsigned i = 0; i < n; ++i) b[i] = static_cast<u8>(v >> (8 * i));
    out_.append({b, n});
  }

  Vec<u8>& out_;
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_BYTE_WRITER_HPP
