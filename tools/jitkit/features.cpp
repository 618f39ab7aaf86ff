// `jitkit features`: the CPU features instruction rows may ask for, by the names used everywhere
// (--features, JITKIT_CPU, errors).
#include <fmt/format.h>
#include <jitkit/emit/arm64/features.hpp>
#include <jitkit/emit/x86_64/features.hpp>

#include <memory>
#include <string>

#include "command.hpp"

namespace jitkit::tools {
namespace {

// One line per feature: target, name.
template <class Infos>
void print_features(const char* target, const Infos& infos) {
  for (const auto& info : infos) fmt::print("{} {}\n", target, info.name);
}

std::function<int()> setup(CLI::App& app) {
  auto target = std::make_shared<std::string>();
  add_target_option(app, *target)->required(false);
  return [target] {
    if (*target != "x86_64") print_features("arm64", arm64::feature_infos);
    if (*target != "arm64") print_features("x86_64", x86_64::feature_infos);
    return exit_good;
  };
}

const Registration registered(
    {"features", "Prints the names of CPU features, target by target", &setup});

}  // namespace
}  // namespace jitkit::tools
