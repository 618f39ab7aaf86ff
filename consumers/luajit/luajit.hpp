// LuaJIT's own headers, from its source tree, as C++. Include them after jitkit's: they define macros.
//
// Invariant: compiled without LUA_USE_ASSERT and LUA_USE_APICHECK, whose macros are no C++; the layout of
// LuaJIT's structures does not depend on them.
#ifndef JITKIT_CONSUMERS_LUAJIT_LUAJIT_HPP
#define JITKIT_CONSUMERS_LUAJIT_LUAJIT_HPP

extern "C" {
#include <lj_obj.h>

#include <lj_buf.h>
#include <lj_ctype.h>
#include <lj_dispatch.h>
#include <lj_frame.h>
#include <lj_gc.h>
#include <lj_ir.h>
#include <lj_ircall.h>
#include <lj_iropt.h>
#include <lj_jit.h>
#include <lj_mcode.h>
#include <lj_snap.h>
#include <lj_str.h>
#include <lj_tab.h>
#include <lj_target.h>
#include <lj_trace.h>
#include <lj_vm.h>

// What the linker's --wrap set aside.
void __real_lj_asm_trace(jit_State* J, GCtrace* T);
void __real_lj_asm_patchexit(jit_State* J, GCtrace* T, ExitNo exitno, MCode* target);
[[noreturn]] void __real_lj_mcode_limiterr(jit_State* J, size_t need);
void __real_lj_mcode_abort(jit_State* J);
int __real_mprotect(void* area, size_t size, int protection);
[[noreturn]] void __real_lj_trace_err(jit_State* J, TraceError e);
[[noreturn]] void __real_lj_trace_err_info(jit_State* J, TraceError e);
}

namespace jitkit::luajit {

// LuaJIT's operations and types in their order, by the names of its own tables.
#define JITKIT_LUAJIT_NAME(name, ...) #name,
inline constexpr const char* op_names[] = {IRDEF(JITKIT_LUAJIT_NAME)};
inline constexpr const char* type_names[] = {IRTDEF(JITKIT_LUAJIT_NAME)};
#undef JITKIT_LUAJIT_NAME

}  // namespace jitkit::luajit

#endif  // JITKIT_CONSUMERS_LUAJIT_LUAJIT_HPP
