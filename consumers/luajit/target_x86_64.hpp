// LuaJIT on x86-64 (GC64, System V): registers, frame and the code around a trace that no IR describes.
//
// Invariants: every figure is one of LuaJIT's VM (lj_target_x86.h, vm_x64.dasc). r14 points to the dispatch
// table on trace; until the trace has its own frame only rax, by way of [rsp], may be changed.
#ifndef JITKIT_CONSUMERS_LUAJIT_TARGET_X86_64_HPP
#define JITKIT_CONSUMERS_LUAJIT_TARGET_X86_64_HPP

#include <jitkit/emit/x86_64/target.hpp>

#include <jitkit/consumers/luajit/luajit.hpp>

namespace jitkit::luajit {

struct Target {
  using Isa = x86_64::Isa;

  static constexpr PReg base = x86_64::preg::rdx, pc = x86_64::preg::rbx, multres = x86_64::preg::rax;
  static constexpr PReg stack = x86_64::preg::rsp;
  static constexpr u32 reserved = 8;             // of a frame, for the exit handler
  static constexpr u32 root_frame = 4 * SPS_FIXED;  // what the interpreter's frame has to offer
  static constexpr u32 interpreter_frame = 0;    // what the interpreter made room for when it entered
  static constexpr u32 register_words = 6;     // of arguments; what is more goes to the stack
  static constexpr u32 most_exits = EXITSTUBS_PER_GROUP * LJ_MAX_EXITSTUBGR;
  static constexpr bool converts_unsigned = false;  // by an instruction of its own
  static constexpr bool number_from_integer = false;  // a tested number is loaded as an integer with its tag

  // math.ldexp as the interpreter has it.
  static double scale(double x, double y) {
    long double r = 0;
    __asm__("fscale" : "=t"(r) : "0"(static_cast<long double>(x)), "u"(static_cast<long double>(y)));
    return static_cast<double>(r);
  }

  static ir::Convention convention() {
    ir::Convention c = Isa::convention(ir::CallConv::c);
    c.name = "trace";
    c.allocatable = (x86_64::preg::all_gpr | x86_64::preg::all_vec) - RegSet::of(stack) - RegSet::of(x86_64::preg::r14);
    c.preserved = c.preserved_low = {};
    return c;
  }

  struct Head {
    jit_State* J;
    u32 trace;
    u32 room;         // bytes to move the stack pointer by
    PReg base;        // to be loaded from jit_base; invalid: not wanted
    u32 check_slots;  // of the Lua stack, to be there; 0: as the parent has
    u64 check_exit;   // where to go if they are not
    bool pad;          // a landing pad for indirect branches
  };

  static void write_head(CodeBuffer& code, const Head& h) {
    using namespace x86_64;
    Assembler a(code);
    if (h.pad) a.endbr64();
    const auto global = [&](const volatile void* field) { return address(r14, distance(h.J, field)); };
    global_State* const g = J2G(h.J);
    if (h.check_slots != 0) {
      a.mov(address(rsp), rax);
      a.mov(rax, global(&g->cur_L));
      a.mov(rax, address(rax, static_cast<i32>(offsetof(lua_State, maxstack))));
      a.sub(rax, global(&g->jit_base));
      a.cmp(rax, *Imm<64>::make(8 * h.check_slots));
      a.mov(rax, address(rsp));
      code.put16(0x820f);  // jb
      code.put32(0);
      code.use_symbol(code.symbol("check", h.check_exit), FixupKind::x86_rel32, code.offset() - 4);
    }
    a.mov(dword_ptr[global(&g->vmstate)], *Imm32::make(h.trace));
    if (h.room != 0) a.sub(rsp, *Imm<64>::make(h.room));
    if (h.base.valid()) a.mov(Gp64(h.base.id), global(&g->jit_base));
  }

  static void write_tail(CodeBuffer& code, u32 room, Symbol to) {
    x86_64::Assembler a(code);
    if (room != 0) a.add(x86_64::rsp, *x86_64::Imm<64>::make(room));
    code.put8(0xe9);
    code.put32(0);
    code.use_symbol(to, FixupKind::x86_rel32, code.offset() - 4);
  }

 private:
  static i32 distance(jit_State* J, const volatile void* field) {
    return static_cast<i32>(static_cast<const volatile char*>(field) - reinterpret_cast<const char*>(J2GG(J)->dispatch));
  }
};

}  // namespace jitkit::luajit

#endif  // JITKIT_CONSUMERS_LUAJIT_TARGET_X86_64_HPP
