// LuaJIT on AArch64 (GC64, dual numbers): registers, frame and the code around a trace that no IR describes.
//
// Invariants: every figure is one of LuaJIT's VM (lj_target_arm64.h, vm_arm64.dasc). x22 points to the global
// state on trace; x30 belongs to nobody.
#ifndef JITKIT_CONSUMERS_LUAJIT_TARGET_ARM64_HPP
#define JITKIT_CONSUMERS_LUAJIT_TARGET_ARM64_HPP

#include <jitkit/emit/arm64/macro_assembler.hpp>
#include <jitkit/emit/arm64/target.hpp>

#include <jitkit/consumers/luajit/luajit.hpp>

#include <cmath>

namespace jitkit::luajit {

struct Target {
  using Isa = arm64::Isa;

  static constexpr PReg base = arm64::preg::x(19), pc = arm64::preg::x(21), multres = arm64::preg::x(0);
  static constexpr PReg stack = PReg(31);
  static constexpr u32 reserved = 8;
  static constexpr u32 root_frame = 4 * SPS_FIXED;
  static constexpr u32 interpreter_frame = 4 * SPS_FIXED;
  static constexpr u32 register_words = 8;     // of arguments; what is more goes to the stack
  static constexpr u32 most_exits = 4096;
  static constexpr bool converts_unsigned = true;  // by an instruction of its own
  static constexpr bool number_from_integer = true;

  // math.ldexp as the interpreter has it.
  static double scale(double x, int n) { return std::ldexp(x, n); }

  static ir::Convention convention() {
    ir::Convention c = Isa::convention(ir::CallConv::c);
    c.name = "trace";
    for (const unsigned r : {22U, 29U, 30U}) c.allocatable.remove(arm64::preg::x(r));
    c.preserved = c.preserved_low = {};
    return c;
  }

  struct Head {
    jit_State* J;
    u32 trace;
    u32 room;
    PReg base;
    u32 check_slots;
    u64 check_exit;
    bool pad;
  };

  static void write_head(CodeBuffer& code, const Head& h) {
    using namespace arm64;
    MacroAssembler a(code);
    if (h.pad) a.bti(Landing::j);
    const XReg tmp(30), gl(22);
    const auto global = [&](const volatile void* field) {
      return static_cast<i64>(static_cast<const volatile char*>(field) - reinterpret_cast<const char*>(J2G(h.J)));
    };
    global_State* const g = J2G(h.J);
    if (h.check_slots != 0) {
      a.str(x0, sp, i64{0});
      a.ldr(tmp, gl, global(&g->cur_L));
      a.ldr(tmp, tmp, static_cast<i64>(offsetof(lua_State, maxstack)));
      a.ldr(x0, gl, global(&g->jit_base));
      a.sub(tmp, tmp, x0);
      a.ldr(x0, sp, i64{0});
      a.cmp(tmp, static_cast<i64>(8 * h.check_slots));
      code.put32(0x54000009, code.symbol("check", h.check_exit), FixupKind::a64_branch19);  // b.ls
    }
    if (h.room != 0) a.sub(sp, sp, static_cast<i64>(h.room));
    if (h.base.valid()) a.ldr(XReg(h.base.id), gl, global(&g->jit_base));
  }

  static void write_tail(CodeBuffer& code, u32 room, Symbol to) {
    arm64::MacroAssembler a(code);
    if (room != 0) a.add(arm64::sp, arm64::sp, static_cast<i64>(room));
    code.put32(0x14000000, to, FixupKind::a64_branch26_direct);
  }
};

}  // namespace jitkit::luajit

#endif  // JITKIT_CONSUMERS_LUAJIT_TARGET_ARM64_HPP
