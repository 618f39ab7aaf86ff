// A call whose target changes while the program runs: callers call a stub that is one patch point; at
// first it goes to a slow function, which compiles a fast one after some calls and leads the stub there.
//
// On x86-64 the stub is in dual-mapped memory and other threads may run it all the time. This example
// has one thread, so that it also runs under QEMU's user mode, and uses a block of its own.
#include <jitkit/jitkit.hpp>

#include <cstdio>

using namespace jitkit;
using ir::Type;

namespace {

struct Runtime {
  ExecMemory memory;
  CodePatcher patcher{memory};
  ExecBlock stub;
  ExecBlock fast;
  u32 slow_calls = 0;
  Status status;
} runtime;

constexpr u32 hot = 3;  // calls
constexpr PatchArea stub_area{0, 8};

// square(x) = x * x
Status compile_fast() {
  ir::Module module;
  ir::Function<host::Isa> f;
  f.module = &module;
  f.signature = module.add_signature({Type::i64}, {Type::i64});
  ir::Builder b(f);
  const ir::Value x = b.param(b.entry(), 0);
  b.ret({b.mul(x, x)});
  host::Options options;
  options.features = host_features();
  CodeBuffer code;
  if (const Status s = ir::Compiler<host::Isa>(options).compile(f, code); !s) return s;
  return runtime.memory.add(code, runtime.fast, {}, runtime.stub.run);
}

// The same, slowly; and after `hot` calls fast from the next one on.
u64 slow_square(u64 x) {
  if (++runtime.slow_calls == hot) {
    runtime.status = compile_fast();
    if (runtime.status.ok()) runtime.status = runtime.patcher.jump(runtime.stub, stub_area, runtime.fast.run);
  }
  u64 result = 0;
  for (u64 n = 0; n < x; ++n) result += x;
  return result;
}

// The patch area, and behind it, where its nops lead, a jump to the slow function at any distance.
Status make_stub() {
  CodeBuffer code;
#if defined(__x86_64__)
  x86_64::Assembler a(code);
  code.put_raw("\x0f\x1f\x84\x00\x00\x00\x00\x00", 8);  // a nop of 8 bytes
  a.mov(x86_64::rax, static_cast<i64>(reinterpret_cast<u64>(&slow_square)));
  a.jmp(x86_64::rax);
#else
  arm64::MacroAssembler a(code);
  a.nop();
  a.nop();
  a.jump_far(reinterpret_cast<u64>(&slow_square));
#endif
  return runtime.memory.add(code, runtime.stub, {}, 0, Audience::this_thread);
}

}  // namespace

int main() {
  Status s = make_stub();
  u64 sum = 0;
  for (u64 x = 1; s.ok() && x <= 10; ++x) {
    sum += runtime.stub.as<u64(u64)>()(x);
    s = runtime.status;
  }
  if (!s.ok()) {
    std::fprintf(stderr, "error: %s\n", describe(s.error));
    return 1;
  }
  std::printf("sum of squares: %llu, slow calls: %u\n", static_cast<unsigned long long>(sum), runtime.slow_calls);
  return sum == 385 && runtime.slow_calls == hot ? 0 : 1;
}
