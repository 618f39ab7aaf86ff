// Listings of the code that stubs are made of.
#ifndef JITKIT_CONSUMERS_JVM_LISTING_HPP
#define JITKIT_CONSUMERS_JVM_LISTING_HPP

#include <jitkit/consumers/jvm/table.hpp>
#include <jitkit/ir/support/sink.hpp>

namespace jitkit::inline JITKIT_ABI::hotspot {

// The stub, or the one that counts its calls, and the function it calls; that one only if `with_kernel`. made: those of made.hpp.
void print_listing(const Code& code, bool counted, bool with_kernel, bool made, Sink& out);

}  // namespace jitkit::inline JITKIT_ABI::hotspot

#endif  // JITKIT_CONSUMERS_JVM_LISTING_HPP
