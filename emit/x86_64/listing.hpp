// The interleaved listing (ir/listing.hpp) for x86-64.
#ifndef JITKIT_EMIT_X86_64_LISTING_HPP
#define JITKIT_EMIT_X86_64_LISTING_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/disassembler.hpp>
#include <jitkit/emit/x86_64/target.hpp>
#include <jitkit/ir/listing.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

struct ListingText {
  static constexpr unsigned unit = 1;
  static u32 instruction(Span<const u8> code, Sink& out) {
    if (const usize length = disassemble(code, out); length != 0) return static_cast<u32>(length);
    print_bytes(code.first(1), out);
    return 1;
  }
};
using Listing = ir::Listing<ListingText, Isa>;

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_LISTING_HPP
