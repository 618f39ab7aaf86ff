// Memory of a trace: the Lua stack, tables, upvalues, fields and raw memory, and the write barriers.
//
// Invariants: a tagged value has its type in bits 47 and up; a number's upper half is below LJ_TISNUM << 15.
// A load that checks types does so even if nobody wants the value.
#include <jitkit/consumers/luajit/translate.hpp>

namespace jitkit::luajit {

namespace {

constexpr u32 number_limit = static_cast<u32>(LJ_TISNUM) << 15;

}  // namespace

// --- Loads

ir::Value Translator::load_tagged(Value at, i32 offset, IRType1 t, bool checked) {
  if (t_.failed()) return {};
  if (irt_isnum(t)) {
    if (Target::number_from_integer && checked) {
      const Value raw = b_.load(Type::i64, at, offset);
      guard(b_.icmp(ICond::ult, b_.lshr(raw, b_.i64(32)), b_.i64(number_limit)));
      return b_.bitcast(Type::f64, raw);
    }
    if (checked) guard(b_.icmp(ICond::ult, b_.load(Type::i32, at, offset + 4), b_.i32(static_cast<i32>(number_limit))));
    return b_.load(Type::f64, at, offset);
  }
  if (irt_isint(t)) {
    if (checked) guard(b_.icmp(ICond::eq, b_.load(Type::i32, at, offset + 4), b_.i32(static_cast<i32>(number_limit))));
    return b_.load(Type::i32, at, offset);
  }
  if (irt_ispri(t)) {
    if (checked) guard(b_.icmp(ICond::eq, b_.load(Type::i64, at, offset), b_.constant(Type::i64, primitive(t))));
    return {};
  }
  if (!irt_isaddr(t)) return fail("type", "of a tagged value"), Value();
  const Value raw = b_.load(Type::i64, at, offset);
  if (checked) guard(b_.icmp(ICond::eq, b_.ashr(raw, b_.i64(47)), b_.i64(static_cast<i32>(irt_toitype(t)))));
  return b_.bitcast(Type::ptr, b_.and_(raw, b_.constant(Type::i64, LJ_GCVMASK)));
}

ir::Value Translator::load_slot(const IRIns& i) {
  const i32 offset = 8 * (static_cast<i32>(i.op1) - 2);
  const bool checked = (i.op2 & IRSLOAD_TYPECHECK) != 0;
  IRType1 t = i.t;
  if ((i.op2 & IRSLOAD_CONVERT) != 0 && irt_isint(t)) {
    t.irt = IRT_NUM;
    const Value number = load_tagged(base_, offset, t, checked);
    return irt_isguard(i.t) ? checked_integer(number) : b_.fptosi(Type::i32, number);
  }
  if ((i.op2 & IRSLOAD_CONVERT) != 0) {
    t.irt = IRT_INT;
    return b_.sitofp(Type::f64, load_tagged(base_, offset, t, checked));
  }
  return load_tagged(base_, offset, t, checked);
}

ir::Value Translator::load_as(IRType1 t, Value at, i32 offset) {
  if (t_.failed()) return {};
  const ir::MemFlags anywhere = ir::MemFlags::make(1, false);
  switch (irt_type(t)) {
    case IRT_I8: return b_.sload8(Type::i32, at, offset);
    case IRT_U8: return b_.uload8(Type::i32, at, offset);
    case IRT_I16: return b_.sload16(Type::i32, at, offset, anywhere);
    case IRT_U16: return b_.uload16(Type::i32, at, offset, anywhere);
    default: break;
  }
  if (type_of(t) == Type::none) return fail("type", "of a load"), Value();
  return b_.load(type_of(t), at, offset, anywhere);
}

// Of an IRFL_ number, in its object.
u32 Translator::field_offset(u32 field) {
  static constexpr u16 offsets[] = {
#define JITKIT_LUAJIT_FIELD(name, offset) static_cast<u16>(offset),
      IRFLDEF(JITKIT_LUAJIT_FIELD)
#undef JITKIT_LUAJIT_FIELD
  };
  return offsets[field];
}

ir::Value Translator::load_field(const IRIns& i) {
  if (i.op1 == REF_NIL)
    return load_as(i.t, address(reinterpret_cast<const char*>(J2GG(t_.J)) + (static_cast<u32>(i.op2) << 2)), 0);
  return load_as(i.t, pointer(i.op1), place_of(field_offset(i.op2)));
}

// --- Stores

void Translator::store_as(IRType1 t, Value at, i32 offset, Value v) {
  if (t_.failed()) return;
  const ir::MemFlags anywhere = ir::MemFlags::make(1, false);
  switch (irt_type(t)) {
    case IRT_I8:
    case IRT_U8: b_.store8(at, as_type(v, Type::i32), offset); return;
    case IRT_I16:
    case IRT_U16: b_.store16(at, as_type(v, Type::i32), offset, anywhere); return;
    default: break;
  }
  if (type_of(t) == Type::none || !v) return fail("type", "of a store");
  b_.store(at, as_type(v, type_of(t)), offset, anywhere);
}

// The value with its tag, as 64 bits.
ir::Value Translator::tagged(IRRef ref) {
  const IRIns& i = ins(ref);
  if (irref_isk(ref)) {
    if (i.o == IR_KNUM) return b_.constant(Type::i64, ir_knum(&i)->u64);
    if (i.o == IR_KPTR) return b_.constant(Type::i64, reinterpret_cast<u64>(ir_kptr(&i)));
    if (i.o != IR_KPRI && i.o != IR_KINT && i.o != IR_KGC) return fail("constant", "to be tagged"), Value();
    TValue v;
    lj_ir_kvalue(t_.J->L, &v, &i);
    return b_.constant(Type::i64, v.u64);
  }
  if (irt_ispri(i.t)) return b_.constant(Type::i64, primitive(i.t));
  if (irt_isnum(i.t)) return b_.bitcast(Type::i64, value(ref));
  if (irt_isinteger(i.t)) return b_.or_(b_.zext(Type::i64, value(ref)), b_.constant(Type::i64, u64{number_limit} << 32));
  if (!irt_isaddr(i.t)) return fail("type", "to be tagged"), Value();
  return b_.or_(as_word(value(ref)), b_.constant(Type::i64, tag(i.t)));
}

void Translator::store_tagged(Value at, i32 offset, IRRef ref) {
  if (t_.failed()) return;
  const IRIns& i = ins(ref);
  if (!irref_isk(ref) && irt_isnum(i.t)) {
    b_.store(at, value(ref), offset);
    return;
  }
  if (!irref_isk(ref) && irt_isinteger(i.t)) {
    b_.store(at, value(ref), offset);
    b_.store(at, b_.i32(static_cast<i32>(number_limit)), offset + 4);
    return;
  }
  const Value v = tagged(ref);
  if (!t_.failed()) b_.store(at, v, offset);
}

// The address of the value as a TValue: of the constant itself, or of the copy made in the global state.
ir::Value Translator::temporary(IRRef ref, u32 mode) {
  const IRIns& i = ins(ref);
  if ((mode & IRTMPREF_IN1) != 0 && i.o == IR_KNUM && (mode & IRTMPREF_OUT1) == 0) return address(ir_knum(&i));
  const Value at = address(&g_->tmptv);
  if ((mode & IRTMPREF_IN1) != 0) store_tagged(at, 0, ref);
  return at;
}

// --- References

ir::Value Translator::array_reference(const IRIns& i) {
  const Value at = pointer(i.op1);
  if (irref_isk(i.op2)) return b_.ptr_add(at, b_.i64(i64{8} * ins(i.op2).i));
  return b_.ptr_add(at, b_.shl(b_.zext(Type::i64, small(i.op2)), b_.i64(3)));
}

ir::Value Translator::constant_slot(const IRIns& i) {
  const IRIns& slot = ins(i.op2);
  const IRIns& key = ins(slot.op1);
  const i64 offset = i64{slot.op2} * static_cast<i64>(sizeof(Node));
  const Value node = b_.ptr_add(pointer(i.op1), b_.i64(offset));
  u64 pattern = 0;
  if (irt_isnum(key.t)) {
    pattern = ir_knum(&key)->u64;
  } else if (irt_ispri(key.t)) {
    pattern = primitive(key.t);
  } else if (key.o == IR_KGC) {
    pattern = tag(key.t) | reinterpret_cast<u64>(ir_kgc(&key));
  } else {
    return fail("HREFK", "key"), Value();
  }
  if (ref_ < t_.T->snap[0].ref) return node;  // of a table that was sunk and is made again
  guard(b_.icmp(ICond::eq, b_.load(Type::i64, node, place_of(offsetof(Node, key))), b_.constant(Type::i64, pattern)));
  return node;
}

// The slot of a key in a table, or the slot that stands for "there is none".
ir::Value Translator::hash_reference(const IRIns& i) {
  const Value table = pointer(i.op1);
  if (irt_isstr(ins(i.op2).t)) {
    const Value found = call(reinterpret_cast<const void*>(lj_tab_getstr), {table, pointer(i.op2)}, Type::ptr);
    return b_.select(b_.icmp(ICond::eq, found, b_.ptr(0)), address(niltvg(g_)), found);
  }
  Value key = address(&g_->tmptv2);
  if (ins(i.op2).o == IR_KNUM)
    key = address(ir_knum(&ins(i.op2)));
  else
    store_tagged(key, 0, i.op2);
  return call(reinterpret_cast<const void*>(lj_tab_get), {lua_state(), table, key}, Type::ptr);
}

ir::Value Translator::upvalue_reference(const IRIns& i) {
  const u32 number = i.op2 >> 8;
  if (irref_isk(i.op1)) {
    GCfunc* const f = ir_kfunc(&ins(i.op1));
    return global(&gcref(f->l.uvptr[number])->uv.v, Type::ptr);
  }
  const Value upvalue = b_.load(Type::ptr, pointer(i.op1), place_of(offsetof(GCfuncL, uvptr)) + static_cast<i32>(8 * number));
  if (i.o == IR_UREFO) return b_.load(Type::ptr, upvalue, place_of(offsetof(GCupval, v)));
  guard(b_.icmp(ICond::eq, b_.load(Type::i8, upvalue, place_of(offsetof(GCupval, closed))), b_.i8(1)));
  return b_.ptr_add(upvalue, b_.i64(place_of(offsetof(GCupval, tv))));
}

// --- Barriers

// A black table becomes grey again and joins the collector's list.
void Translator::table_barrier(const IRIns& i) {
  const Value table = pointer(i.op1);
  const Value mark = b_.uload8(Type::i32, table, place_of(offsetof(GCtab, marked)));
  const ir::Block black = b_.new_block(), on = b_.new_block();
  b_.brif(b_.icmp(ICond::ne, b_.and_(mark, b_.i32(LJ_GC_BLACK)), b_.i32(0)), {black}, {on});
  b_.at(black);
  b_.store8(table, b_.and_(mark, b_.i32(~LJ_GC_BLACK)), place_of(offsetof(GCtab, marked)));
  b_.store(table, global(&g_->gc.grayagain, Type::ptr), place_of(offsetof(GCtab, gclist)));
  b_.store(address(&g_->gc.grayagain), table);
  b_.br({on});
  b_.at(on);
}

// A black closed upvalue that gets a white object.
void Translator::upvalue_barrier(const IRIns& i) {
  const Value slot = pointer(i.op1), object = pointer(i.op2);
  if (t_.failed()) return;
  const ir::Block black = b_.new_block(), tell = b_.new_block(), on = b_.new_block();
  const auto has = [&](Value v, i32 offset, i32 bit, ir::Block yes) {
    b_.brif(b_.icmp(ICond::ne, b_.and_(b_.uload8(Type::i32, v, offset), b_.i32(bit)), b_.i32(0)), {yes}, {on});
  };
  has(object, place_of(offsetof(GChead, marked)), LJ_GC_WHITES, black);
  b_.at(black);
  has(slot, place_of(offsetof(GCupval, marked)) - place_of(offsetof(GCupval, tv)), LJ_GC_BLACK, tell);
  b_.at(tell);
  call(reinterpret_cast<const void*>(lj_gc_barrieruv), {address(g_), slot}, Type::none);
  b_.br({on});
  b_.at(on);
}

}  // namespace jitkit::luajit
