// `jitkit asm`: one instruction per line to its bytes.
//
// arm64 bytes are printed as the 32-bit word, x86-64 bytes in the order of memory.
#include <fmt/format.h>
#include <jitkit/emit/arm64/text_assembler.hpp>
#include <jitkit/emit/x86_64/text_assembler.hpp>
#include <jitkit/ir/support/sink.hpp>

#include <memory>
#include <string>
#include <string_view>

#include "command.hpp"
#include "line_filter.hpp"

namespace jitkit::tools {
namespace {

struct Arguments {
  std::string target;
  std::string features;
  std::string file = "-";
};

void print_word(u32 word, Sink& out) { out.hex(word, 8); }

void print_bytes(x86_64::Encoded code, Sink& out) {
  for (u8 i = 0; i < code.size; ++i) out.hex(code.bytes[i], 2);
}

// The target's assembler over every line, with exactly the features of the list, or with all but those
// it takes away if it starts with a sign.
template <class FeatureSet, class Code>
int assemble(const Arguments& a, bool (*assemble_line)(std::string_view, const FeatureSet&, Code&, Sink&),
             void (*print)(Code, Sink&)) {
  const bool signed_list = a.features.starts_with('+') || a.features.starts_with('-');
  FeatureSet features = a.features.empty() || signed_list ? FeatureSet::all() : FeatureSet();
  if (const std::string_view unknown = features.apply(a.features); !unknown.empty()) {
    fmt::print(stderr, "--features: {} has no feature '{}'; see jitkit features\n", a.target, unknown);
    return exit_usage;
  }
  return filter_lines(a.file, [&](std::string_view line, std::string& out, std::string& why) {
    Code code{};
    StringSink error(why);
    if (!assemble_line(line, features, code, error)) return false;
    StringSink sink(out);
    print(code, sink);
    sink << "  " << line;
    return true;
  });
}

std::function<int()> setup(CLI::App& app) {
  auto a = std::make_shared<Arguments>();
  add_target_option(app, a->target);
  app.add_option("--features", a->features,
                 "comma-separated: exactly these, or with + and - changes to all (see jitkit features)");
  app.add_option("FILE", a->file, "one instruction per line; default: standard input");
  return [a] {
    if (a->target == "arm64")
      return assemble<arm64::FeatureSet, u32>(*a, &arm64::assemble_line, &print_word);
    return assemble<x86_64::FeatureSet, x86_64::Encoded>(*a, &x86_64::assemble_line, &print_bytes);
  };
}

const Registration registered({"asm", "Assembles one instruction per line", &setup});

}  // namespace
}  // namespace jitkit::tools
