// Listings of the code that stubs are made of.
#ifndef JITKIT_CONSUMERS_JVM_LISTING_HPP
#define JITKIT_CONSUMERS_JVM_LISTING_HPP

#include <jitkit/consumers/jvm/table.hpp>
#include <jitkit/ir/support/sink.hpp>

namespace jitkit::inline JITKIT_ABI::hotspot {

// The stub and the function it calls; that one only if `with_kernel`. made: those of made.hpp.
void print_listing(const Code& code, bool with_kernel, bool made, Sink& out);

}  // namespace jitkit::inline JITKIT_ABI::hotspot

#endif  // JITKIT_CONSUMERS_JVM_LISTING_HPP
