// Random programs that the input steers, optimised at the level its first byte picks: machine code of this target
// gives what the interpreter gives. The code runs in a process of its own (tools/fuzz/guest.c), so what it breaks is
// not this one.
// soak: 10000
// inputs: 60
#include <fuzz/executor.hpp>

#include <cstdio>
#include <cstdlib>
#include <memory>

using namespace jitkit;
using namespace jitkit::fuzz;

namespace {

using Host = std::conditional_t<tools::is_host<tools::Arm64>, tools::Arm64, tools::X86_64>;

[[noreturn]] void fail(const std::string& why, const std::string& text) {
  std::fprintf(stderr, "%s\n%s", why.c_str(), text.c_str());
  std::abort();
}

// Of both levels of features, started once.
std::vector<std::unique_ptr<Executor>>& executors() {
  static std::vector<std::unique_ptr<Executor>> list;
  if (!list.empty()) return list;
  signal(SIGPIPE, SIG_IGN);
  for (const Level l : {Level::core, Level::all}) {
    list.push_back(std::make_unique<TargetExecutor<Host>>(l, std::vector<std::string>()));
    if (const std::string why = list.back()->start(); !why.empty()) fail(why, "");
  }
  return list;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Program p(size != 0 ? data[0] : 0U, {data, size});
  if (!p.interpret()) fail(p.error(), p.text());
  if (const std::string wrong = p.optimise(static_cast<OptLevel>(size != 0 ? data[0] % 3 : 0)); !wrong.empty()) fail(wrong, p.text());
  for (const auto& e : executors()) {
    Job j{&p};
    e->execute(j);
    if (j.good()) continue;
    const usize n = j.refused() ? 0 : p.first_difference(j.outcomes);
    fail(fmt::format("{}: {}", e->name(), j.refused() ? j.failure : p.difference_text(n, j.outcomes[n])), p.text());
  }
  return 0;
}
