// `jitkit features`: the CPU features instruction rows may ask for, by the names used everywhere
// (--features, JITKIT_CPU, errors), and which of them code for this process may use.
#include <fmt/format.h>
#include <jitkit/emit/arm64/features.hpp>
#include <jitkit/emit/runtime/cpu_features.hpp>
#include <jitkit/emit/x86_64/features.hpp>
#include <jitkit/ir/support/sink.hpp>

#include <memory>
#include <string>
#include <type_traits>

#include "command.hpp"

namespace jitkit::tools {
namespace {

// "yes" or "no" on the machine's own target, "-" on the other.
template <class Feature>
const char* state_of(Feature feature, const host::FeatureSet& here) {
  if constexpr (std::is_same_v<Feature, host::Feature>)
    return here.has(feature) ? "yes" : "no";
  else
    return "-";
}

// One line per feature: target, name, state.
template <class Feature, class Infos>
void print_features(const char* target, const Infos& infos, const host::FeatureSet& here) {
  unsigned number = 0;
  for (const auto& info : infos)
    fmt::print("{:<7} {:<16} {}\n", target, info.name, state_of(static_cast<Feature>(number++), here));
}

std::function<int()> setup(CLI::App& app) {
  auto target = std::make_shared<std::string>();
  add_target_option(app, *target)->required(false);
  app.footer("yes, no: code for this process may use it or not (JITKIT_CPU considered); -: other CPU");
  return [target] {
    std::string text;
    StringSink messages(text);
    const host::FeatureSet here = host_features(&messages);
    fmt::print(stderr, "{}", text);
    if (*target != "x86_64")
      print_features<arm64::Feature>("arm64", arm64::feature_infos, here);
    if (*target != "arm64")
      print_features<x86_64::Feature>("x86_64", x86_64::feature_infos, here);
    return exit_good;
  };
}

const Registration registered(
    {"features", "Prints the CPU features of each target and which this machine has", &setup});

}  // namespace
}  // namespace jitkit::tools
