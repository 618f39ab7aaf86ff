// A user of everything: one function, compiled for both targets.
#include <jitkit/jitkit.hpp>

using namespace jitkit;

template <class Isa>
bool compiles() {
  ir::Module module;
  ir::Function<Isa> f;
  f.module = &module;
  f.signature = module.add_signature({ir::Type::i64}, {ir::Type::i64});
  ir::Builder b(f);
  b.ret({b.add(b.param(b.entry(), 0), b.i64(1))});
  CodeBuffer code;
  return ir::Compiler<Isa>(typename ir::Compiler<Isa>::Options{}).compile(f, code).ok() && code.offset() != 0;
}

int main() { return compiles<arm64::Isa>() && compiles<x86_64::Isa>() ? 0 : 1; }
