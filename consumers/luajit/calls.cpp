// Calls of LuaJIT's and C's functions, and what a trace allocates by them.
//
// Invariants: a call that may throw keeps the values of its snapshot where an exit finds them, in registers
// that survive it or in slots. The collector's exit is never patched: the interpreter has to go on there.
#include <jitkit/consumers/luajit/translate.hpp>

#include <type_traits>

extern "C" {
#include <lj_cdata.h>
#include <lj_strfmt.h>
#include <lj_strscan.h>
}

namespace jitkit::luajit {

// The signature of a call with these arguments. What the registers do not hold stands in the lowest part of the frame.
ir::SigRef Translator::signature_of(std::span<const Value> arguments, std::span<const ir::Param> results, bool variadic) {
  static_assert(std::extent_v<decltype(params_)> >= CCI_NARGS_MAX + 2);
  u32 words = 0, floats = 0;
  for (usize n = 0; n < arguments.size(); ++n) {
    if (!arguments[n]) return fail("call", "argument"), ir::SigRef();
    params_[n] = {};
    params_[n].type = t_.fn.type(arguments[n]);
    ++(params_[n].type == Type::f64 || params_[n].type == Type::f32 ? floats : words);
  }
  const auto beyond = [](u32 count, u32 most) { return count > most ? count - most : 0; };
  if (const u32 stack = beyond(words, Target::register_words) + beyond(floats, 8); stack != 0) write_frame(8 * stack);
  return t_.module.add_signature(std::span<const ir::Param>(params_, arguments.size()), results, ir::CallConv::c, variadic,
                                 static_cast<u16>(arguments.size()));
}

void Translator::write_frame(u32 bytes) {
  if (t_.frame_writes < bytes) t_.frame_writes = bytes;
}

// The call alone; none if it can't be done.
ir::Inst Translator::emit_call(const void* f, std::span<const Value> arguments, std::span<const ir::Param> results, bool variadic) {
  if (t_.failed()) return {};
  if (f == nullptr) return fail("call", "of nothing"), ir::Inst();
  const ir::SigRef sig = signature_of(arguments, results, variadic);
  if (t_.failed()) return {};
  const NumberedName name('f', callees_++);
  t_.code.symbol(name, reinterpret_cast<u64>(f));
  return b_.call(t_.module.declare_function(name, sig, f), ir::Values(arguments));
}

ir::Value Translator::call(const void* f, std::span<const Value> arguments, Type result, bool throws) {
  return guarded_call(result, throws, [&](std::span<const ir::Param> results) { return emit_call(f, arguments, results); });
}

// Arguments of a call in order: a list that leans to the left.
u32 Translator::collect(IRRef list, Value* to, u32 most) {
  if (list == REF_NIL) return 0;
  u32 count = 1;
  for (IRRef r = list; ins(r).o == IR_CARG; r = ins(r).op1) ++count;
  if (count > most) return fail("call", "too many arguments"), 0;
  IRRef r = list;
  for (u32 n = count; n-- > 0; r = ins(r).op1) {
    const IRRef argument = n != 0 ? static_cast<IRRef>(ins(r).op2) : r;
    to[n] = argument == REF_NIL ? b_.ptr(0) : value(argument);
    if (n == 0) break;
  }
  return count;
}

ir::Value Translator::call_listed(const IRIns& i) {
  const CCallInfo& ci = lj_ir_callinfo[i.op2];
  if (i.op2 == IRCALL_lj_vm_next) return call_next(i);
  if (ref_ + 1 < t_.last && ins(ref_ + 1).o == IR_HIOP) return fail("op", "HIOP"), Value();
  Value arguments[CCI_NARGS_MAX + 1];
  u32 count = 0;
  if ((ci.flags & CCI_L) != 0) arguments[count++] = lua_state();
  count += collect(i.op1, arguments + count, CCI_NARGS_MAX);
  Type result = type_of(i.t);
  if ((ci.flags & CCI_CASTU64) != 0) result = Type::i64;
  const Value v = call(reinterpret_cast<const void*>(ci.func), std::span<const Value>(arguments, count), result, (ci.flags & CCI_T) != 0);
  return (ci.flags & CCI_CASTU64) != 0 && !t_.failed() ? b_.bitcast(Type::f64, v) : v;
}

// The next pair of a table, and as HIOP its index. Key and value go to the lowest 16 bytes of the frame.
ir::Value Translator::call_next(const IRIns& i) {
  Value arguments[3];
  if (collect(i.op1, arguments, 3) != 2) return fail("call", "lj_vm_next"), Value();
  write_frame(16);
  ir::Param results[2];
  results[0].type = Type::ptr;
  results[1].type = Type::i32;
  const Value given[] = {as_pointer(arguments[0]), as_type(arguments[1], Type::i32)};
  const ir::Inst made = emit_call(reinterpret_cast<const void*>(lj_vm_next), given, results);
  if (t_.failed()) return {};
  if (ins(ref_ + 1).o == IR_HIOP) t_.values[ref_ + 1] = b_.result(made, 1);
  return b_.result(made, 0);
}

// A function of two operands.
ir::Value Translator::call_numbered(u32 id, const IRIns& i) {
  const Type t = type_of(i.t);
  const Value x = value(i.op1), y = value(i.op2);
  if (t_.failed()) return {};
  if (t != Type::f64 && (t_.fn.type(x) != t || t_.fn.type(y) != t)) return call(reinterpret_cast<const void*>(lj_ir_callinfo[id].func), {as_type(x, t), as_type(y, t)}, t);
  return call(reinterpret_cast<const void*>(lj_ir_callinfo[id].func), {x, y}, t);
}

ir::Value Translator::call_c(const IRIns& i) {
  IRRef f = i.op2;
  bool variadic = false;
  if (ins(f).o == IR_CARG) {
    const CTypeID id = static_cast<CTypeID>(ins(ins(f).op2).i);
    variadic = (ctype_get(ctype_ctsG(g_), id)->info & CTF_VARARG) != 0;
    f = ins(f).op1;
  }
  Value list[CCI_NARGS_MAX + 1];
  const std::span<const Value> arguments(list, collect(i.op1, list, CCI_NARGS_MAX));
  const void* known = nullptr;
  if (irref_isk(f)) known = reinterpret_cast<const void*>(ins(f).o == IR_KINT64 ? ir_k64(&ins(f))->u64 : u64{static_cast<u32>(ins(f).i)});
  const Value at = known == nullptr ? pointer(f) : Value();
  return guarded_call(type_of(i.t), true, [&](std::span<const ir::Param> results) {
    if (known != nullptr) return emit_call(known, arguments, results, variadic);
    if (t_.failed()) return ir::Inst();
    const ir::SigRef sig = signature_of(arguments, results, variadic);
    return t_.failed() ? ir::Inst() : b_.call_indirect(sig, at, ir::Values(arguments));
  });
}

ir::Value Translator::new_object(const IRIns& i) {
  const Value L = lua_state();
  switch (i.o) {
    case IR_TNEW: return call(reinterpret_cast<const void*>(lj_tab_new1), {L, b_.i32(static_cast<i32>(i.op1 | static_cast<u32>(i.op2) << 24))}, Type::ptr, true);
    case IR_TDUP: return call(reinterpret_cast<const void*>(lj_tab_dup), {L, pointer(i.op1)}, Type::ptr, true);
    default: return call(reinterpret_cast<const void*>(lj_str_new), {L, pointer(i.op1), b_.zext(Type::i64, small(i.op2))}, Type::ptr, true);
  }
}

ir::Value Translator::new_cdata(const IRIns& i) {
  CTState* const cts = ctype_ctsG(g_);
  const CTypeID id = static_cast<CTypeID>(ins(i.op1).i);
  CTSize size = 0;
  const CTInfo info = lj_ctype_info(cts, id, &size);
  if (i.o == IR_CNEW && i.op2 != REF_NIL)
    return call(reinterpret_cast<const void*>(lj_cdata_newv), {lua_state(), b_.i32(static_cast<i32>(id)), small(i.op2), b_.i32(static_cast<i32>(ctype_align(info)))}, Type::ptr, true);
  const Value made = call(reinterpret_cast<const void*>(lj_mem_newgco), {lua_state(), b_.i64(static_cast<i64>(size + sizeof(GCcdata)))}, Type::ptr, true);
  if (t_.failed()) return {};
  b_.store8(made, b_.i32(static_cast<u8>(~LJ_TCDATA)), place_of(offsetof(GCcdata, gct)));
  b_.store16(made, b_.i32(static_cast<i32>(id)), place_of(offsetof(GCcdata, ctypeid)));
  if (i.o == IR_CNEWI) b_.store(made, as_type(value(i.op2), size == 8 ? Type::i64 : Type::i32), place_of(sizeof(GCcdata)));
  return made;
}

ir::Value Translator::to_string(const IRIns& i) {
  const Value L = lua_state();
  if (i.op2 == IRTOSTR_NUM) return call(reinterpret_cast<const void*>(lj_strfmt_num), {L, temporary(i.op1, IRTMPREF_IN1)}, Type::ptr, true);
  const void* const f = i.op2 == IRTOSTR_INT ? reinterpret_cast<const void*>(lj_strfmt_int) : reinterpret_cast<const void*>(lj_strfmt_char);
  return call(f, {L, small(i.op1)}, Type::ptr, true);
}

ir::Value Translator::to_number(const IRIns& i) {
  const Value at = address(&g_->tmptv);
  const Value good = call(reinterpret_cast<const void*>(lj_strscan_num), {pointer(i.op1), at}, Type::i32);
  if (t_.failed()) return {};
  guard(b_.icmp(ICond::ne, good, b_.i32(0)));
  return b_.load(Type::f64, at);
}

ir::Value Translator::buffer(const IRIns& i) {
  const Value b = pointer(i.op1);
  if (t_.failed()) return {};
  if (i.o == IR_BUFSTR) return call(reinterpret_cast<const void*>(lj_buf_tostr), {b}, Type::ptr, true);
  if (i.o == IR_BUFPUT) return call(reinterpret_cast<const void*>(lj_buf_putstr), {b, pointer(i.op2)}, Type::ptr, true);
  switch (i.op2) {
    case IRBUFHDR_RESET: b_.store(b, b_.load(Type::ptr, b, place_of(offsetof(SBuf, b))), place_of(offsetof(SBuf, w))); return b;
    case IRBUFHDR_APPEND: return b;
    default: {
      const Value flags = b_.and_(b_.load(Type::i64, b, place_of(offsetof(SBuf, L))), b_.i64(SBUF_MASK_FLAG));
      b_.store(b, b_.or_(as_word(lua_state()), flags), place_of(offsetof(SBuf, L)));
      return b;
    }
  }
}

// One or more steps of the collector if it is due; leaves if it is in a phase that traces must not see.
void Translator::collect_garbage(u32 steps) {
  const ir::Block due = b_.new_block(), on = b_.new_block();
  const ir::FrameStateRef s = state();
  b_.brif(b_.icmp(ICond::uge, global(&g_->gc.total, Type::i64), global(&g_->gc.threshold, Type::i64)), {due}, {on});
  b_.at(due);
  const Value leaves = call(reinterpret_cast<const void*>(lj_gc_step_jit), {address(g_), b_.i32(static_cast<i32>(steps))}, Type::i32);
  if (t_.failed()) return;
  if (t_.unpatchables == std::size(t_.unpatchable)) return fail("too many steps of the collector");
  t_.unpatchable[t_.unpatchables++] = b_.guard(b_.icmp(ICond::eq, leaves, b_.i32(0)), s);
  b_.br({on});
  b_.at(on);
}

}  // namespace jitkit::luajit
