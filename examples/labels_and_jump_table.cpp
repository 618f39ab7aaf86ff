// The assembler by hand: labels, a loop, and a jump table in the code. classify(x) gives 10, 20 or 30
// for x = 0, 1, 2 and the sum 1 + ... + x for anything else.
#include <jitkit/jitkit.hpp>

#include <cstdio>

using namespace jitkit;

namespace {

constexpr u32 results[3] = {10, 20, 30};

// What both targets' versions have: one label per case, the table's, and the one of the other values.
struct Places {
  explicit Places(CodeBuffer& code) : table(code.new_label()), other(code.new_label()) {
    for (Label& l : cases) l = code.new_label();
  }
  Label cases[3];
  Label table;
  Label other;
};

[[maybe_unused]] void write_arm64(CodeBuffer& code) {
  using namespace arm64;
  arm64::Assembler a(code);
  const Places at(code);
  const Label loop = code.new_label();
  a.cmp(x0, 2);
  a.b(Cond::hi, at.other);
  a.adr(x9, at.table);
  a.ldrsw(x10, x9, x0, lsl(2));
  a.add(x9, x9, x10);
  a.br(x9);
  code.jump_table(at.table, at.cases);
  for (u32 n = 0; n < 3; ++n) {
    a.bind(at.cases[n]);
    a.movz(x0, *arg::imm16::make(results[n]));
    a.ret();
  }
  a.bind(at.other);
  a.movz(x1, 0);
  a.bind(loop);
  a.add(x1, x1, x0);
  a.subs(x0, x0, 1);
  a.b(Cond::ne, loop);
  a.mov(x0, x1);
  a.ret();
}

[[maybe_unused]] void write_x86_64(CodeBuffer& code) {
  using namespace x86_64;
  x86_64::Assembler a(code);
  const Places at(code);
  const Label loop = code.new_label();
  a.cmp(rdi, 2);
  a.ja(at.other);
  a.lea(rax, ptr[at.table]);
  a.movsxd(rcx, dword_ptr[rax + rdi * 4]);
  a.add(rax, rcx);
  a.jmp(rax);
  code.jump_table(at.table, at.cases);
  for (u32 n = 0; n < 3; ++n) {
    a.bind(at.cases[n]);
    a.mov(eax, *Imm32::make(results[n]));
    a.ret();
  }
  a.bind(at.other);
  a.mov(eax, 0);
  a.bind(loop);
  a.add(rax, rdi);
  a.sub(rdi, 1);
  a.jne(loop);
  a.ret();
}

}  // namespace

int main() {
  CodeBuffer code;
#if defined(__aarch64__)
  write_arm64(code);
#else
  write_x86_64(code);
#endif
  ExecMemory memory;
  ExecBlock block;
  Status s = code.finish();
  if (s.ok()) s = memory.add(code, block);
  if (!s.ok()) {
    std::fprintf(stderr, "error: %s\n", describe(s.error));
    return 1;
  }
  const auto classify = block.as<u64(u64)>();
  const u64 expected[] = {results[0], results[1], results[2], 6, 10, 15};
  bool good = true;
  for (u64 x = 0; x < 6; ++x) {
    std::printf("classify(%llu) = %llu\n", static_cast<unsigned long long>(x),
                static_cast<unsigned long long>(classify(x)));
    good = good && classify(x) == expected[x];
  }
  return good ? 0 : 1;
}
