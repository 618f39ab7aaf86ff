// See code_text.hpp. A file of its own for the time the disassemblers take to compile.
#include "code_text.hpp"

#include <compilers.hpp>
#include <fmt/format.h>
#include <jitkit/emit/arm64/listing.hpp>
#include <jitkit/emit/x86_64/listing.hpp>
#include <jitkit/ir/status_text.hpp>

namespace filetest {
namespace {

template <class Isa, class Listing>
std::string print_functions(ir::Unit& unit, std::string_view features, Sink& out) {
  typename Isa::Options options;
  if (const std::string_view unknown = options.features.apply(features); !unknown.empty())
    return fmt::format("unknown feature {}", unknown);
  ir::Compiler<Isa> compiler(options);
  compiler.check_allocations = true;
  CodeBuffer code;
  std::string why;
  unit.for_each([&](const ir::FunctionData& f, ir::TextMap& text) {
    if (!why.empty()) return;
    code.reset();
    Status s = compiler.compile(f, code);
    if (s.ok()) s = code.finish();
    if (!s.ok()) {
      StringSink sink(why);
      ir::print_status<Isa>(f, s, sink);
      return;
    }
    Listing(f, compiler, code, out, {{}, &text}).print();
  });
  return why;
}

}  // namespace

std::string print_code(ir::Unit& unit, std::string_view request, Sink& out) {
  const usize blank = request.find(' ');
  const std::string_view target = request.substr(0, blank);
  const std::string_view features = blank == std::string_view::npos ? std::string_view() : request.substr(blank + 1);
  if (target == arm64::Isa::name) return print_functions<arm64::Isa, arm64::Listing>(unit, features, out);
  if (target == x86_64::Isa::name) return print_functions<x86_64::Isa, x86_64::Listing>(unit, features, out);
  return fmt::format("no target {}", target);
}

}  // namespace filetest
