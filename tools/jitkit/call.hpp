// One call that `jitkit run` was asked for: the function with its arguments, and how it ended.
#ifndef JITKIT_TOOLS_JITKIT_CALL_HPP
#define JITKIT_TOOLS_JITKIT_CALL_HPP

#include <fmt/format.h>
#include <jitkit/ir/builder.hpp>
#include <jitkit/ir/compile.hpp>
#include <jitkit/ir/constant_text.hpp>
#include <jitkit/ir/interpreter_memory.hpp>
#include <jitkit/ir/unit.hpp>
#include <sys/wait.h>

#include <csignal>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "run_child.h"
#include "unit_file.hpp"

namespace jitkit::tools {

struct Argument {
  ir::Datum value;
  ir::SymbolRef symbol;  // instead: its address
};

struct Call {
  UnitFile& file;
  const ir::FunctionData* function = nullptr;
  std::vector<Argument> arguments = {};

  std::span<const ir::Param> params() const { return file.unit.module.params(function->signature); }
  std::span<const ir::Param> results() const { return file.unit.module.results(function->signature); }
};

// How a call ended. What kept it from being made is printed where it is found: not_made, and misused if
// it was the command line.
struct Ending {
  enum class Kind : u8 { not_made, misused, returned, failed };
  Kind kind = Kind::not_made;
  std::vector<ir::Datum> values = {};
  ir::TextPos at = {};
  std::string message = {};

  static Ending failed(std::string why, ir::TextPos at = {}) { return {Kind::failed, {}, at, std::move(why)}; }
};

inline const Ending misused{Ending::Kind::misused, {}, {}, {}};

// `text` as an argument of type t, or why it is none.
inline std::string parse_argument(const ir::Module& m, std::string_view text, ir::Type t, Argument& a) {
  if (text.starts_with('@')) {
    a.symbol = m.find(text.substr(1));
    if (!a.symbol) return "there is no such symbol";
    return t == ir::Type::ptr ? "" : "an address is not of that type";
  }
  if (text.starts_with('#')) {
    const char* wrong = ir::parse_raw_constant(text.substr(1), t, a.value.low);
    return wrong != nullptr ? wrong : "";
  }
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const char* wrong = ir::parse_constant(negative, text, t, a.value.low);
  return wrong != nullptr ? wrong : "";
}

// A value as text that reads back as the same bits; integers of up to 64 bits in decimal.
inline std::string value_text(ir::Type t, const ir::Datum& d) {
  std::string s;
  StringSink out(s);
  const bool integer = ir::contains(ir::types::small_int, t) && t != ir::Type::i1;
  if (integer) {
    out.dec(sign_extend(d.low.lo, ir::bits(t)));
    return s;
  }
  if (ir::bits(t) <= 128) {
    ir::print_constant(out, t, d.low);
    return s;
  }
  u64 words[8];
  std::memcpy(words, &d, sizeof words);
  out << "0x";
  for (unsigned i = ir::bits(t) / 64; i-- > 0;) out.hex(words[i], 16);
  return s;
}

// Adds to the unit a function `name(ptr)` that makes the call and stores the results where its
// argument points, jitkit_result_stride bytes apart. Everything else of the unit becomes internal.
inline ir::FunctionData* add_entry(const Call& c, std::string_view name) {
  ir::Unit& unit = c.file.unit;
  ir::Module& m = unit.module;
  for (u32 n = 1; n < m.symbol_count(); ++n)
    if (ir::SymbolInfo& i = m.symbol(ir::SymbolRef(n)); i.linkage == ir::Linkage::exported)
      i.linkage = ir::Linkage::internal;
  ir::Param pointer;
  pointer.type = ir::Type::ptr;
  const ir::SymbolRef s = m.declare_function(name, m.add_signature({&pointer, 1}, {}));
  m.symbol(s).linkage = ir::Linkage::exported;
  ir::FunctionData* f = unit.add_function(s, c.function->isa);
  if (f == nullptr) return nullptr;
  ir::Builder b(*f);
  const ir::Value results = b.param(b.entry(), 0);
  std::vector<ir::Value> arguments;
  for (usize n = 0; n < c.arguments.size(); ++n) {
    const Argument& a = c.arguments[n];
    arguments.push_back(a.symbol ? b.symbol_addr(a.symbol)
                                 : b.constant(c.params()[n].type, a.value.low.lo, a.value.low.hi));
  }
  const ir::Inst call = b.call(c.function->symbol, std::span<const ir::Value>(arguments));
  for (usize n = 0; n < c.results().size(); ++n) {
    const ir::Type t = c.results()[n].type;
    const bool narrow = t == ir::Type::i1 || t == ir::Type::i8 || t == ir::Type::i16 || t == ir::Type::i32;
    const ir::Value v = b.result(call, static_cast<u32>(n));
    b.store(results, narrow ? b.zext(ir::Type::i64, v) : v, static_cast<i32>(n * jitkit_result_stride));
  }
  b.ret();
  return f;
}

// A compiled function as far as faults ask for it.
struct CompiledFunction {
  const ir::FunctionData* function;
  const ir::TextMap* text;
  u64 size;
  std::vector<ir::CodePosition> positions;

  ir::TextPos position(u64 offset) const {
    ir::Inst from;
    for (const ir::CodePosition& p : positions)
      if (p.offset <= offset) from = p.inst;
    const ir::TextPos at = from ? ir::TextMap::get(text->insts, from.id) : ir::TextPos();
    return at.line != 0 ? at : text->function;
  }
};

template <class Compiler>
CompiledFunction compiled_function(const ir::FunctionData& f, const ir::TextMap& text, const Compiler& c, u64 size) {
  const auto& positions = c.code_map().positions;
  return {&f, &text, size, {positions.begin(), positions.end()}};
}

inline const char* fault_name(u64 signal) {
  switch (signal) {
    case SIGILL: return "illegal instruction";
    case SIGTRAP: return "breakpoint";
    case SIGFPE: return "arithmetic fault";
    case SIGABRT: return "abort() was called";
    default: return "memory fault";
  }
}

inline Ending ending_of(const Call& c, const jitkit_report& r, const u8* results,
                        const std::vector<CompiledFunction>& functions) {
  if (r.state == jitkit_returned) {
    Ending e;
    e.kind = Ending::Kind::returned;
    for (usize n = 0; n < c.results().size(); ++n) {
      ir::Datum& d = e.values.emplace_back();
      std::memcpy(&d, results + n * jitkit_result_stride, ir::bytes(c.results()[n].type));
    }
    return e;
  }
  std::string what = r.state == jitkit_trapped ? "trap" : fault_name(r.signal);
  if (r.signal == SIGSEGV || r.signal == SIGBUS) what += fmt::format(" at address {:#x}", r.address);
  if (r.function >= functions.size() || r.offset >= functions[r.function].size)
    return Ending::failed(what + ", in code outside of the file");
  const CompiledFunction& f = functions[r.function];
  return Ending::failed(fmt::format("@{}: {}", c.file.unit.module.symbol_name(f.function->symbol), what),
                        f.position(r.offset));
}

// What a process that ended without a report says.
inline Ending ended_early(int wait_status) {
  if (WIFSIGNALED(wait_status))
    return Ending::failed(
        fmt::format("ended by signal {} ({})", WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status))));
  return Ending::failed(fmt::format("ended the process with exit status {}", WEXITSTATUS(wait_status)));
}

// Interpreted; on the host; in a program of its own, under an emulator (its words; none: the usual one).
Ending run_interpreted(const Call& c);
Ending run_here(const Call& c, const std::string& features);
Ending run_elsewhere(const Call& c, bool arm64, const std::string& features, const std::vector<std::string>& emulator);

}  // namespace jitkit::tools

#endif  // JITKIT_TOOLS_JITKIT_CALL_HPP
