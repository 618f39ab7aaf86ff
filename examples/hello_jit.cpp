// The smallest JIT: a function from IR to running code, on the host's own target.
#include <jitkit/jitkit.hpp>

#include <cstdio>

using namespace jitkit;

int main() {
  // sum(n) = 1 + 2 + ... + n
  ir::Module module;
  ir::Function<host::Isa> f;
  f.module = &module;
  f.signature = module.add_signature({ir::Type::i64}, {ir::Type::i64});
  ir::Builder b(f);
  const ir::Value n = b.param(b.entry(), 0);
  const ir::Block loop = b.new_block(), done = b.new_block();
  const ir::Value i = b.add_param(loop, ir::Type::i64), sum = b.add_param(loop, ir::Type::i64);
  b.br({loop, {n, b.i64(0)}});
  b.at(loop);
  const ir::Value total = b.add(sum, i), next = b.sub(i, b.i64(1));
  b.brif(b.icmp(ir::ICond::ne, next, b.i64(0)), {loop, {next, total}}, {done});
  b.at(done);
  b.ret({total});

  host::Options options;
  options.features = host_features();
  ir::Compiler<host::Isa> compiler(options);
  CodeBuffer code;
  ExecMemory memory;
  ExecBlock block;
  Status s = compiler.compile(f, code);
  if (s.ok()) s = memory.add(code, block);
  if (!s.ok()) {
    std::fprintf(stderr, "error: %s\n", describe(s.error));
    return 1;
  }
  const auto run = block.as<u64(u64)>();
  std::printf("1 + 2 + ... + 100 = %llu\n", static_cast<unsigned long long>(run(100)));
  return run(100) == 5050 ? 0 : 1;
}
