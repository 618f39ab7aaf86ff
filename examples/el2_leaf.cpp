// A leaf of a trap handler at EL2: a guest's call of PSCI_FEATURES is answered within a few instructions, everything
// else goes to the hypervisor's slow path with all registers as the trap left them.
//
// The answer is IR whose values stand in fixed registers; the assembler writes what the IR cannot say: the syndrome
// before it, the return to the guest behind it. The same leaf, with its syndrome given and `ret` in place of `eret`,
// runs as a function where this machine is an AArch64. consumers/hv-trap makes whole vector tables this way.
#include <jitkit/emit/arm64/disassembler.hpp>
#include <jitkit/jitkit.hpp>

#include <cstdio>
#include <cstring>
#include <string>

using namespace jitkit;
using namespace jitkit::arm64;

namespace {

constexpr u32 psci_features = 0x8400000a, hvc_64 = 0x5a000000;  // its function id; ESR_EL2 of an `hvc #0`

// The guest's w1 names a function: is there one? x0 is the answer, as the guest sees it.
constexpr const char* body = R"(
func @features(i64 in reg(1)) conv custom0 {
  e1 = exit_to (i64 in reg(0))
b1(argument: i64):
  id = trunc.i32 argument
  version = icmp.eq.i32 id, 0x84000000
  off = icmp.eq.i32 id, 0x84000008
  known = or.i1 version, off
  r = select.i64 known, 0, -1
  exit e1, r
}
)";

enum class Level { el2, user };

// What the leaf may take, x2 and x3 with what it saves, and what it returns in. No frame of its own.
ir::Convention leaf_convention() {
  ir::Convention c = aapcs64;
  c.name = "leaf";
  c.allocatable = RegSet::range(0, 4);
  c.preserved = preg::all_general - RegSet::range(0, 4);
  c.preserved_low = {};
  c.frame.adjusts_sp = c.frame.saves_link = false;
  c.frame.max_slots = 0;
  return c;
}

Status write_leaf(const ir::FunctionData& answer, Level level, CodeBuffer& code) {
  MacroAssembler m(code);
  const Label miss = code.new_label();
  m.stp(x2, x3, sp, pre(-16));
  if (level == Level::el2) m.mrs(x2, sys_reg("esr_el2"));  // in user mode the caller gives it
  m.mov(w3, hvc_64);
  m.cmp(w2, w3);
  m.b(Cond::ne, miss);
  m.mov(w3, psci_features);
  m.cmp(w0, w3);
  m.b(Cond::ne, miss);

  const ir::Convention convention = leaf_convention();
  arm64::Options options;
  options.conventions = {&convention, 1};
  ir::Compiler<arm64::Isa> compiler(options);
  if (const Status s = compiler.compile(answer, code); !s.ok()) return s;

  m.ldp(x2, x3, sp, post(16));
  if (level == Level::el2)
    m.eret();
  else
    m.ret();
  code.bind(miss);
  m.ldp(x2, x3, sp, post(16));
  m.jump_far(code.symbol("slow_path"));
  return code.finish();
}

// Prints the leaf; the number of instructions from the trap to the return to the guest, 0 if there is none.
u32 list(const CodeBuffer& code) {
  u32 returns = 0;
  for (u32 at = 0; at + 4 <= code.offset(); at += 4) {
    u32 word = 0;
    std::memcpy(&word, code.bytes().data() + at, 4);
    std::string text;
    StringSink sink(text);
    if (!disassemble(word, sink)) text = ".inst";
    std::printf("%4x  %08x  %s\n", at, word, text.c_str());
    if (text == "eret") returns = at / 4 + 1;
  }
  return returns;
}

#if defined(__aarch64__)
u64 slow_path(u64, u64) { return 1000; }
#endif

// The same code as a function: what the guest has in x0 and x1, and the syndrome.
bool runs([[maybe_unused]] const ir::FunctionData& answer) {
#if defined(__aarch64__)
  CodeBuffer code;
  ExecMemory memory;
  ExecBlock block;
  const auto find = [](void*, std::string_view, u64& address) {
    address = reinterpret_cast<u64>(&slow_path);
    return true;
  };
  Status s = write_leaf(answer, Level::user, code);
  if (s.ok()) s = memory.add(code, block, {find, nullptr});
  if (!s.ok()) return std::fprintf(stderr, "error: %s\n", describe(s.error)), false;
  const auto trap = block.as<u64(u64, u64, u64)>();
  return trap(psci_features, 0x84000008, hvc_64) == 0 && trap(psci_features, 0x84000009, hvc_64) == ~u64{0} &&
         trap(psci_features + 1, 0x84000008, hvc_64) == 1000 && trap(psci_features, 0x84000008, 0x02000000) == 1000;
#else
  std::printf("no AArch64: it is not run\n");
  return true;
#endif
}

}  // namespace

int main() {
  ir::Unit unit;
  ir::Diagnostics errors;
  if (!ir::parse(body, unit, {}, errors) || !ir::verify(*unit.find("features"), errors)) return 1;
  const ir::FunctionData& answer = *unit.find("features");
  CodeBuffer code;
  if (const Status s = write_leaf(answer, Level::el2, code); !s.ok())
    return std::fprintf(stderr, "error: %s\n", describe(s.error)), 1;
  const u32 instructions = list(code);
  std::printf("%u instructions from the trap to the guest\n", instructions);
  return instructions != 0 && instructions <= 24 && runs(answer) ? 0 : 1;
}
