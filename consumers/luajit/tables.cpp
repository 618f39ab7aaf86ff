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
    if (Target::number_from_integer && checked) {
      const Value raw = b_.load(Type::i64, at, offset);
      guard(b_.icmp(ICond::eq, b_.lshr(raw, b_.i64(32)), b_.i64(number_limit)));
      return b_.trunc(Type::i32, raw);
    }
    if (checked) guard(b_.icmp(ICond::eq, b_.load(Type::i32, at, offset + 4), b_.i32(static_cast<i32>(number_limit))));
    return b_.load(Type::i32, at, offset);
  }
  if (irt_ispri(t)) {
    if (checked) guard(b_.icmp(ICond::eq, b_.load(Type::i64, at, offset), b_.constant(Type::i64, primitive(t))));
    return {};
  }
  if (!irt_isaddr(t)) return fail("type", "of a tagged value"), Value();
  const Value raw = b_.load(Type::i64, at, offset);
  if (checked) {
    const auto tag = static_cast<u64>(i64{static_cast<i32>(irt_toitype(t))});
    guard(b_.icmp(ICond::eq, b_.ashr(raw, kept(tag_bit_, 47)), kept(tags_[irt_type(t)], tag)));
  }
  return b_.bitcast(Type::ptr, b_.and_(raw, kept(tag_mask_, LJ_GCVMASK)));
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

// Where lj_tab.c begins to look for a key: the node of its hash.
ir::Value Translator::main_node(Value table, IRRef key) {
  const IRType1 t = ins(key).t;
  Value hash;
  if (irt_isstr(t)) {
    hash = irref_isk(key) ? b_.i32(static_cast<i32>(ir_kstr(&ins(key))->sid)) : b_.load(Type::i32, value(key), place_of(offsetof(GCstr, sid)));
  } else if (irt_ispri(t)) {
    hash = b_.i32(irt_type(t) == IRT_TRUE ? 1 : 0);
  } else {
    const Value bits = tagged(key);
    if (t_.failed()) return {};
    Value low = b_.trunc(Type::i32, bits), high = b_.trunc(Type::i32, b_.lshr(bits, b_.i64(32)));
    if (irt_isnum(t)) high = b_.shl(high, b_.i32(1));
    low = b_.sub(b_.xor_(low, high), b_.rotl(high, b_.i32(HASH_ROT1)));
    hash = b_.sub(b_.xor_(low, b_.rotl(high, b_.i32(HASH_ROT1 + HASH_ROT2))), b_.rotl(low, b_.i32(HASH_ROT3)));
  }
  const Value mask = b_.load(Type::i32, table, place_of(offsetof(GCtab, hmask)));
  const Value index = b_.zext(Type::i64, b_.and_(mask, hash));
  static_assert(sizeof(Node) == 24);
  return b_.ptr_add(b_.load(Type::ptr, table, place_of(offsetof(GCtab, node))), b_.shl(b_.add(index, b_.shl(index, b_.i64(1))), b_.i64(3)));
}

// What the instruction behind a lookup makes of the slot that stands for "there is none": the comparison with it, or a
// load that wants another type, leaves from within the walk.
Translator::Lookup Translator::lookup() const {
  const bool current = snapshot_ + 1 == t_.T->nsnap || t_.T->snap[snapshot_ + 1].ref > ref_ + 1;
  if (ref_ + 1 == t_.last || !current || ins(ref_ + 1).op1 != ref_) return Lookup::any;
  const IRIns& i = ins(ref_ + 1);
  if (i.o == IR_HLOAD) return irt_isguard(i.t) && !irt_isnil(i.t) ? Lookup::must_be : Lookup::any;
  if (!irref_isk(i.op2) || ins(i.op2).o != IR_KKPTR || ir_kptr(&ins(i.op2)) != niltvg(g_)) return Lookup::any;
  return i.o == IR_NE ? Lookup::must_be : i.o == IR_EQ ? Lookup::must_not_be : Lookup::any;
}

// The slot of a key in a table, or the slot that stands for "there is none".
ir::Value Translator::hash_reference(const IRIns& i) {
  static_assert(offsetof(Node, val) == 0);
  const Value table = pointer(i.op1), none = address(niltvg(g_));
  const bool by_number = irt_isnum(ins(i.op2).t) && !irref_isk(i.op2);  // -0 is 0, and a NaN nothing
  const Value first = main_node(table, i.op2), key = by_number ? value(i.op2) : tagged(i.op2);
  if (t_.failed()) return {};
  const Lookup l = lookup();
  const bool must_be = l == Lookup::must_be, must_not = l == Lookup::must_not_be;
  const ir::FrameStateRef s = l != Lookup::any ? state() : ir::FrameStateRef();
  if (l != Lookup::any && ins(ref_ + 1).o != IR_HLOAD) merged_ = ref_ + 1;
  const ir::Block walk = b_.new_block(), other = b_.new_block(), end = b_.new_block();
  const Value node = b_.add_param(walk, Type::ptr);
  const Value found = l == Lookup::any ? b_.add_param(end, Type::ptr) : Value();
  b_.br({walk, {first}});
  b_.at(walk);
  constexpr i32 key_at = place_of(offsetof(Node, key));
  const Value same = by_number ? b_.fcmp(FCond::oeq, b_.load(Type::f64, node, key_at), key) : b_.icmp(ICond::eq, b_.load(Type::i64, node, key_at), key);
  if (must_not) {
    b_.guard_not(same, s);
    b_.br({other});
  } else if (must_be) {
    b_.brif(same, {end, {}, 7}, {other, {}, 1});
  } else {
    b_.brif(same, {end, {node}, 7}, {other, {}, 1});
  }
  b_.at(other, walk);
  const Value next = b_.load(Type::ptr, node, place_of(offsetof(Node, next)));
  const Value more = b_.icmp(ICond::ne, next, b_.ptr(0));
  if (must_be) {
    b_.guard(more, s);
    b_.br({walk, {next}});
  } else if (must_not) {
    b_.brif(more, {walk, {next}, 1}, {end, {}, 7});
  } else {
    b_.brif(more, {walk, {next}, 1}, {end, {none}, 7});
  }
  b_.at(end);
  return must_be ? node : must_not ? none : found;
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
