// Generated code that calls functions of this program: one by address, one through a pointer it gets
// as an argument, with values that live across both calls.
#include <jitkit/jitkit.hpp>

#include <cmath>
#include <cstdio>

using namespace jitkit;

extern "C" {
static double hypotenuse(double a, double b) { return std::sqrt(a * a + b * b); }
static void report(u64 line, double value) {
  std::printf("line %llu: %g\n", static_cast<unsigned long long>(line), value);
}
}

int main() {
  using ir::Type;
  // f(report, a, b) = hypot(a, b) + a, which is reported as line 7 first
  ir::Module module;
  const ir::SymbolRef hypot = module.declare_function(
      "hypot", module.add_signature({Type::f64, Type::f64}, {Type::f64}), reinterpret_cast<const void*>(&hypotenuse));
  const ir::SigRef reporter = module.add_signature({Type::i64, Type::f64}, {});
  ir::Function<host::Isa> f;
  f.module = &module;
  f.signature = module.add_signature({Type::ptr, Type::f64, Type::f64}, {Type::f64});
  ir::Builder b(f);
  const ir::Block entry = b.entry();
  const ir::Value a = b.param(entry, 1);
  const ir::Value h = b.result(b.call(hypot, {a, b.param(entry, 2)}));
  b.call_indirect(reporter, b.param(entry, 0), {b.i64(7), h});
  b.ret({b.fadd(h, a)});

  host::Options options;
  options.features = host_features();
  ir::Compiler<host::Isa> compiler(options);
  CodeBuffer code;
  ExecMemory memory;
  ExecBlock block;
  Status s = compiler.compile(f, code);
  // The code knows its callee by name; the module knows the address.
  const auto find = [](void* m, std::string_view name, u64& address) {
    const auto* symbols = static_cast<const ir::Module*>(m);
    const ir::SymbolRef symbol = symbols->find(name);
    if (!symbol) return false;
    address = reinterpret_cast<u64>(symbols->symbol(symbol).address);
    return address != 0;
  };
  if (s.ok()) s = memory.add(code, block, {find, &module});
  if (!s.ok()) {
    std::fprintf(stderr, "error: %s\n", describe(s.error));
    return 1;
  }
  const double result = block.as<double(void (*)(u64, double), double, double)>()(&report, 3, 4);
  std::printf("result: %g\n", result);
  return result == 8 ? 0 : 1;
}
