// The interleaved listing (ir/listing.hpp) for AArch64.
#ifndef JITKIT_EMIT_ARM64_LISTING_HPP
#define JITKIT_EMIT_ARM64_LISTING_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/disassembler.hpp>
#include <jitkit/emit/arm64/target.hpp>
#include <jitkit/ir/listing.hpp>

#include <cstring>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

struct ListingText {
  static constexpr unsigned unit = 4;
  static u32 instruction(Span<const u8> code, Sink& out) {
    u32 word = 0;
    if (code.size() < 4) return static_cast<u32>(code.size());
    std::memcpy(&word, code.data(), 4);
    if (!disassemble(word, out)) (out << ".inst 0x").hex(word, 8);
    return 4;
  }
};
using Listing = ir::Listing<ListingText, Isa>;

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_LISTING_HPP
