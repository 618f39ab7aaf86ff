// A function of the host compiled behind an entry that gives every general register a number and branches
// to it; the symbols left1 and left2, where it leaves, tell what is in the registers then.
#ifndef JITKIT_TESTS_SUPPORT_ALL_REGISTERS_HPP
#define JITKIT_TESTS_SUPPORT_ALL_REGISTERS_HPP

#include <compilers.hpp>
#include <doctest/doctest.h>
#include <jitkit/arm64.hpp>
#include <jitkit/emit/runtime/cpu_features.hpp>
#include <jitkit/emit/runtime/exec_memory.hpp>
#include <jitkit/x86_64.hpp>

#include <string>

namespace boundary {

using namespace jitkit;

#if defined(__aarch64__)
inline constexpr u32 register_count = 31;
constexpr bool is_free(u32) { return true; }
#else
inline constexpr u32 register_count = 16;
constexpr bool is_free(u32 n) { return n != 4; }  // the stack pointer
#endif

class AllRegisters {
 public:
  u64 registers[32] = {};
  u64 left = 0;  // 1, 2: where the function left last

  AllRegisters() {
    for (u32 k = 0; k < 2; ++k) {
      CodeBuffer code;
      write_end(code, k + 1);
      REQUIRE(memory_.add(code, ends_[k]).ok());
    }
  }
  ~AllRegisters() {
    for (ExecBlock* b : {&block_, &ends_[0], &ends_[1]}) memory_.free(*b);
  }
  Status compile(const ir::FunctionData& f, const ir::Convention& convention) {
    host::Options o;
    o.features = host_features();
    o.conventions = {&convention, 1};
    ir::Compiler<host::Isa> compiler(o);
    compiler.check_allocations = true;
    CodeBuffer code;
    write_entry(code);
    if (const Status s = compiler.compile(f, code); !s.ok()) return s;
    const auto find = [](void* context, std::string_view name, u64& address) {
      const auto& self = *static_cast<AllRegisters*>(context);
      address = self.ends_[name == "left2" ? 1 : 0].run;
      return name == "left1" || name == "left2";
    };
    return memory_.add(code, block_, {find, this}, ends_[0].run);
  }
  void run() {
    u64 area[33] = {};
    for (u32 n = 0; n < register_count; ++n) area[n] = registers[n];
    block_.as<void(u64*)>()(area);
    for (u32 n = 0; n < register_count; ++n) registers[n] = area[n];
    left = area[32];
  }

 private:
#if defined(__aarch64__)
  // Below the saved registers: room for all, and at 264 the address of the caller's area.
  static void write_entry(CodeBuffer& code) {
    using namespace arm64;
    MacroAssembler a(code);
    const Label body = code.new_label();
    a.sub(sp, sp, i64{400});
    for (u32 n = 19; n < 31; ++n) a.str(XReg(n), sp, i64{288 + 8 * (n - 19)});
    a.str(x0, sp, i64{264});
    for (u32 n = 31; n-- > 0;) a.ldr(XReg(n), x0, i64{8 * n});
    a.b(body);
    a.bind(body);
  }
  static void write_end(CodeBuffer& code, u32 which) {
    using namespace arm64;
    MacroAssembler a(code);
    for (u32 n = 0; n < 31; ++n) a.str(XReg(n), sp, i64{8 * n});
    a.ldr(x0, sp, i64{264});
    for (u32 n = 0; n < 31; ++n) {
      a.ldr(x1, sp, i64{8 * n});
      a.str(x1, x0, i64{8 * n});
    }
    a.mov(x1, u64{which});
    a.str(x1, x0, i64{8 * 32});
    for (u32 n = 19; n < 31; ++n) a.ldr(XReg(n), sp, i64{288 + 8 * (n - 19)});
    a.add(sp, sp, i64{400});
    a.ret();
  }
#else
  static void write_entry(CodeBuffer& code) {
    using namespace x86_64;
    Assembler a(code);
    for (const Gp64 r : {rbx, rbp, r12, r13, r14, r15}) a.push(r);
    a.lea(rsp, ptr[rsp - 160]);
    a.mov(qword_ptr[rsp + 128], rdi);
    for (u32 n = 16; n-- > 0;)
      if (n != 4 && n != 7) a.mov(Gp64(n), qword_ptr[rdi + static_cast<int>(8 * n)]);
    a.mov(rdi, qword_ptr[rdi + 56]);
  }
  static void write_end(CodeBuffer& code, u32 which) {
    using namespace x86_64;
    Assembler a(code);
    for (u32 n = 0; n < 16; ++n)
      if (n != 4) a.mov(qword_ptr[rsp + static_cast<int>(8 * n)], Gp64(n));
    a.mov(rax, qword_ptr[rsp + 128]);
    for (u32 n = 0; n < 16; ++n) {
      if (n == 4) continue;
      a.mov(rcx, qword_ptr[rsp + static_cast<int>(8 * n)]);
      a.mov(qword_ptr[rax + static_cast<int>(8 * n)], rcx);
    }
    a.mov(rcx, static_cast<i64>(which));
    a.mov(qword_ptr[rax + 256], rcx);
    a.lea(rsp, ptr[rsp + 160]);
    for (const Gp64 r : {r15, r14, r13, r12, rbp, rbx}) a.pop(r);
    a.ret();
  }
#endif

  ExecMemory memory_;
  ExecBlock ends_[2], block_;
};

}  // namespace boundary

#endif  // JITKIT_TESTS_SUPPORT_ALL_REGISTERS_HPP
