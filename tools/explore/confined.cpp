#include "confined.hpp"

namespace jitkit::tools {

std::string why(const Outcome& o, const Limits& limits) {
  using End = Outcome::End;
  switch (o.end) {
    case End::not_started: return "could not be started";
    case End::out_of_time: return fmt::format("ended after {} s: it had not come to an end", limits.seconds);
    case End::too_much_output: return fmt::format("ended: it printed more than {} bytes", limits.output);
    case End::cancelled: return "cancelled";
    case End::signalled: return fmt::format("ended by signal {} ({})", o.status, strsignal(o.status));
    case End::exited: break;
  }
  // What a shell too says of a command that is not there.
  if ((o.status == 126 || o.status == 127) && o.out.empty() && o.err.empty()) return "could not be started";
  return {};
}

}  // namespace jitkit::tools
