#include "confined.hpp"

#include <semaphore>

namespace jitkit::tools {

Outcome Confined::run(const std::vector<std::string>& command, const std::atomic<bool>& cancelled) const {
  static std::counting_semaphore<most_programs> places(most_programs);
  while (!places.try_acquire_for(std::chrono::milliseconds(10))) {
    if (!cancelled) continue;
    Outcome o;
    o.end = Outcome::End::cancelled;
    return o;
  }
  struct Release {
    ~Release() { places.release(); }
  } const release;
  return run_limited(command, {}, limits, cancelled);
}

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
  if (o.status != 0 && o.err.empty()) return fmt::format("ended with exit status {}", o.status);
  return {};
}

}  // namespace jitkit::tools
