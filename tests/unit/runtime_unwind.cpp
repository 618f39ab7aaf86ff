// Unwind information registered at run time: the process's unwinder walks through generated code. A
// C++ exception is thrown by a callee of the code and caught by its caller where exceptions are on.
#include <doctest/doctest.h>
#include <jitkit/emit/runtime/exec_memory.hpp>
#include <jitkit/emit/runtime/unwind.hpp>

#include <unwind.h>

#include <vector>

using namespace jitkit;

namespace {

// int through(void (*callee)()) { callee(); return 7; }, with a frame.
std::vector<CfiRow> write_through(CodeBuffer& code) {
  std::vector<CfiRow> cfi;
  const auto row = [&](CfiOp op, u8 reg, i32 value) { cfi.push_back({code.offset(), op, reg, value}); };
#if defined(__x86_64__)
  code.put8(0x55);  // push rbp
  row(CfiOp::def_cfa_offset, 0, 16);
  row(CfiOp::offset, dwarf_x86_gpr[5], -16);
  code.put_raw("\xff\xd7\xb8\x07\x00\x00\x00\x5d", 8);  // call rdi; mov eax, 7; pop rbp
  row(CfiOp::def_cfa_offset, 0, 8);
  code.put8(0xc3);
#else
  code.put32(0xa9bf7bfd);  // stp x29, x30, [sp, #-16]!
  row(CfiOp::def_cfa_offset, 0, 16);
  row(CfiOp::offset, 29, -16);
  row(CfiOp::offset, dwarf_a64_lr, -8);
  code.put32(0xd63f0000);  // blr x0
  code.put32(0x528000e0);  // mov w0, #7
  code.put32(0xa8c17bfd);  // ldp x29, x30, [sp], #16
  row(CfiOp::def_cfa_offset, 0, 0);
  code.put32(0xd65f03c0);
#endif
  return cfi;
}

using Through = int(void (*)());

// What a walk from a callee of the code met.
struct Walk {
  u64 code = 0;
  u64 size = 0;
  bool met_code = false;
  int frames_above = 0;
} walk;

void walk_stack() {
  walk.met_code = false;
  walk.frames_above = 0;
  const auto visit = [](_Unwind_Context* context, void*) {
    const u64 pc = _Unwind_GetIP(context);
    if (walk.met_code) ++walk.frames_above;
    if (pc - walk.code < walk.size) walk.met_code = true;
    return _URC_NO_REASON;
  };
  _Unwind_Backtrace(visit, nullptr);
}

}  // namespace

TEST_CASE("unwind: the stack is walked through registered code, and no longer after removal") {
  CodeBuffer code;
  const std::vector<CfiRow> cfi = write_through(code);
  ExecMemory memory;
  ExecBlock block;
  REQUIRE(memory.add(code, block).ok());
  walk.code = block.run;
  walk.size = code.offset();
  Through* through = block.as<Through>();
  UnwindInfo info;
  const UnwindFunction function{block.run, code.offset(), cfi};
  for (int round = 0; round < 3; ++round) {
    REQUIRE(info.add({&function, 1}).ok());
    CHECK(through(walk_stack) == 7);
    CHECK(walk.met_code);
    CHECK(walk.frames_above >= 1);
    info.remove();
    CHECK(through(walk_stack) == 7);
    CHECK(walk.frames_above == 0);
  }
  CHECK(info.add({}).ok());  // nothing to register is not an error
}

#if defined(__cpp_exceptions)
TEST_CASE("unwind: an exception passes through") {
  CodeBuffer code;
  const std::vector<CfiRow> cfi = write_through(code);
  ExecMemory memory;
  ExecBlock block;
  REQUIRE(memory.add(code, block).ok());
  UnwindInfo info;
  const UnwindFunction function{block.run, code.offset(), cfi};
  REQUIRE(info.add({&function, 1}).ok());
  int caught = 0;
  try {
    block.as<Through>()([] { throw 42; });
  } catch (const int e) {
    caught = e;
  }
  CHECK(caught == 42);
}
#endif
