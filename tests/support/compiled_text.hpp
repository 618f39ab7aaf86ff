// Functions given as text, compiled for the host with the allocator's checker on, and placed where they run.
#ifndef JITKIT_TESTS_SUPPORT_COMPILED_TEXT_HPP
#define JITKIT_TESTS_SUPPORT_COMPILED_TEXT_HPP

#include <compilers.hpp>
#include <doctest/doctest.h>
#include <jitkit/emit/runtime/cpu_features.hpp>
#include <jitkit/emit/runtime/exec_memory.hpp>
#include <jitkit/ir/parser.hpp>
#include <jitkit/ir/status_text.hpp>
#include <jitkit/ir/unit.hpp>
#include <jitkit/ir/verifier.hpp>

#include <string>

// The function @f of `text`. Every symbol that the text declares is at `outside`.
class CompiledText {
 public:
  explicit CompiledText(const std::string& text, jitkit::u64 outside = 0) {
    using namespace jitkit;
    CodeBuffer code;
    const Status s = compile(text, code);
    INFO(text);
    REQUIRE(s.error == Error::none);
    const auto find = [](void* context, std::string_view, u64& address) {
      address = *static_cast<u64*>(context);
      return address != 0;
    };
    REQUIRE(memory_.add(code, block_, {find, &outside}).ok());
  }
  ~CompiledText() { memory_.free(block_); }
  CompiledText(const CompiledText&) = delete;
  CompiledText& operator=(const CompiledText&) = delete;

  template <class F>
  F* as() const {
    return block_.as<F>();
  }
  jitkit::u64 address() const { return block_.run; }

  static jitkit::Status compile(const std::string& text, jitkit::CodeBuffer& code) {
    using namespace jitkit;
    ir::Unit unit;
    ir::Diagnostics errors;
    INFO(text);
    REQUIRE(ir::parse(text, unit, {}, errors));
    REQUIRE(ir::verify(unit, errors));
    host::Options options;
    options.features = host_features();
    ir::Compiler<host::Isa> compiler(options);
    compiler.check_allocations = true;
    return compiler.compile(*unit.find("f"), code);
  }

 private:
  jitkit::ExecMemory memory_;
  jitkit::ExecBlock block_;
};

inline jitkit::Error compile_text(const std::string& text) {
  jitkit::CodeBuffer code;
  return CompiledText::compile(text, code).error;
}

#endif  // JITKIT_TESTS_SUPPORT_COMPILED_TEXT_HPP
