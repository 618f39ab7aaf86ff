// See translate.hpp: the walk over a trace, its head, loop and tail.
#include <jitkit/consumers/luajit/translate.hpp>

namespace jitkit::luajit {

namespace {

ir::Param placed(ir::Type t, PReg r) {
  ir::Param p;
  p.type = t;
  p.place.kind = ir::FixedPlace::Kind::reg;
  p.place.reg = r;
  return p;
}
ir::Param placed(ir::Type t, u32 slot) {
  ir::Param p;
  p.type = t;
  p.place.kind = ir::FixedPlace::Kind::slot;
  p.place.slot = static_cast<i32>(slot);
  return p;
}

}  // namespace

ir::Type Translator::type_of(IRType1 t) {
  switch (irt_type(t)) {
    case IRT_NIL:
    case IRT_FALSE:
    case IRT_TRUE: return Type::none;
    case IRT_NUM: return Type::f64;
    case IRT_FLOAT: return Type::f32;
    case IRT_I8:
    case IRT_U8:
    case IRT_I16:
    case IRT_U16:
    case IRT_INT:
    case IRT_U32: return Type::i32;
    case IRT_I64:
    case IRT_U64: return Type::i64;
    default: return Type::ptr;
  }
}

ir::Value Translator::constant(IRRef ref) {
  const IRIns& i = ins(ref);
  switch (i.o) {
    case IR_KINT: return b_.i32(i.i);
    case IR_KGC: return address(ir_kgc(&i));
    case IR_KPTR:
    case IR_KKPTR: return address(ir_kptr(&i));
    case IR_KNULL: return b_.ptr(0);
    case IR_KNUM: return b_.constant(Type::f64, ir_knum(&i)->u64);
    case IR_KINT64: return b_.constant(type_of(i.t), ir_kint64(&i)->u64);
    default: return fail("constant", op_names[i.o]), Value();
  }
}

ir::Value Translator::as_word(Value v) {
  switch (t_.fn.type(v)) {
    case Type::ptr:
      return t_.fn.is_constant(v) ? b_.constant(Type::i64, t_.fn.constant(v).lo) : b_.bitcast(Type::i64, v);
    case Type::i32:  // of a constant beside 64 bits the sign counts
      return t_.fn.is_constant(v) ? b_.i64(static_cast<i32>(t_.fn.constant(v).lo)) : b_.zext(Type::i64, v);
    case Type::i64: return v;
    default: return fail("no word of a value for", op_), Value();
  }
}
ir::Value Translator::as_pointer(Value v) {
  if (t_.fn.type(v) == Type::ptr) return v;
  const Value w = as_word(v);
  if (t_.failed()) return w;
  return t_.fn.is_constant(w) ? b_.ptr(t_.fn.constant(w).lo) : b_.bitcast(Type::ptr, w);
}
ir::Value Translator::as_type(Value v, Type to) {
  const Type from = t_.fn.type(v);
  if (from == to) return v;
  if (to == Type::i64) return as_word(v);
  if (to == Type::ptr) return as_pointer(v);
  if (to == Type::i32) return b_.trunc(Type::i32, as_word(v));
  return fail("type", "float"), Value();
}
ir::Value Translator::small(IRRef ref) { return as_type(value(ref), Type::i32); }

// What a trace before this one left.
void Translator::begin() {
  const u32 size = t_.last - t_.first;  // of what is made of it that is rarely too little
  t_.fn.insts.reserve(size * 5 / 2 + 32);
  t_.fn.values.reserve(size * 3 + 64);
  b_.restart();
  g_ = J2G(t_.J);
  base_ = goes_on_ = tag_bit_ = tag_mask_ = {};
  for (Value& v : tags_) v = {};
  loop_ = {};
  leaves_by_ = {};
  phis_ = snapshot_ = callees_ = 0;
  op_ = "";
  ref_ = merged_ = 0;
}

// Who wants a value: the trace (by_trace), or only exits, to which a conversion from an integer is left.
void Translator::find_uses() {
  const GCtrace& T = *t_.T;
  for (IRRef r = REF_FIRST; r < t_.last; ++r) t_.used[r] = r < t_.first ? by_trace : u8{0}, t_.values[r] = {};
  const auto use = [this](IRRef ref, u8 who) {
    if (!irref_isk(ref)) t_.used[ref] |= who;
  };
  for (u32 n = 0; n < T.nsnap; ++n) {
    const bool stored = t_.J->loopref == 0 && n + 1 == T.nsnap;  // by the tail
    for (u32 k = 0; k < T.snap[n].nent; ++k) {
      const SnapEntry e = T.snapmap[T.snap[n].mapofs + k];
      use(snap_ref(e), stored && (e & SNAP_NORESTORE) == 0 ? by_trace : by_exits);
    }
  }
  for (IRRef r = t_.last; r-- > t_.first;) {
    const IRIns& i = ins(r);
    if (i.o == IR_NOP || i.o == IR_RENAME) continue;
    if (i.r == RID_SINK) {
      if (i.o == IR_CNEWI || i.o == IR_ASTORE || i.o == IR_HSTORE || i.o == IR_FSTORE || i.o == IR_XSTORE)
        use(i.op2, by_exits);
      continue;
    }
    if (t_.used[r] == 0 && !ir_sideeff(&t_.ir[r])) continue;
    const u8 who = is_wanted(r) ? by_trace : by_exits;
    const u32 mode = lj_ir_mode[i.o];
    if (irm_op1(mode) == IRMref) use(i.op1, who);
    if (irm_op2(mode) == IRMref) use(i.op2, who);
  }
}

bool Translator::is_wanted(IRRef ref) const {
  const IRIns& i = ins(ref);
  if ((t_.used[ref] & by_trace) != 0 || ir_sideeff(&t_.ir[ref])) return true;
  return t_.used[ref] != 0 && !(i.o == IR_CONV && i.op2 == IRCONV_NUM_INT);
}

// The parameters: BASE, and what the parent hands over.
void Translator::enter() {
  ir::Param* const params = params_;
  u32 count = 0;
  RegSet taken;
  u32 which[LJ_MAX_JSLOTS];
  for (IRRef r = REF_FIRST; r < t_.first; ++r) {
    const u32 place = t_.parent_map[r - REF_FIRST];
    u32 n = 0;
    for (IRRef other = REF_FIRST; other < r && n == 0; ++other)
      if (t_.parent_map[other - REF_FIRST] == place) n = 1 + which[other - REF_FIRST];
    which[r - REF_FIRST] = n != 0 ? n - 1 : count;
    if (n != 0) continue;
    const Type type = type_of(ins(r).t);
    if (type == Type::none) return fail("parent's value", "without one");
    if (regsp_spill(place) != 0) {
      params[count++] = placed(type, regsp_spill(place));
    } else {
      params[count++] = placed(type, PReg(regsp_reg(place)));
      taken.add(PReg(regsp_reg(place)));
    }
  }
  t_.base_register = Target::base;
  if (t_.parent != nullptr && taken.has(Target::base)) {
    const RegSet general = Target::Isa::register_info(Target::convention(), {}).bank[0];
    const RegSet free = (Target::convention().allocatable & general) - taken;
    t_.base_register = free.empty() ? PReg() : free.first();
  }
  if (t_.base_register.valid()) params[count++] = placed(Type::ptr, t_.base_register);
  t_.fn.signature = t_.module.add_signature(std::span<const ir::Param>(params, count), {}, ir::CallConv::custom0);
  const ir::Block entry = b_.entry();
  for (IRRef r = REF_FIRST; r < t_.first; ++r) {
    t_.values[r] = b_.param(entry, which[r - REF_FIRST]);
    if (t_.copies_slots && regsp_spill(t_.parent_map[r - REF_FIRST]) != 0) t_.values[r] = b_.freeze(t_.values[r]);
  }
  t_.values[REF_BASE] = base_ =
      t_.base_register.valid() ? b_.param(entry, count - 1) : global(&g_->jit_base, Type::ptr);
}

// How many objects a section allocates; the collector is asked once for all of them.
u32 Translator::allocations(IRRef from, IRRef to) const {
  u32 count = 0;
  for (IRRef r = from; r < to; ++r) {
    const IRIns& i = ins(r);
    if (i.r == RID_SINK) continue;
    switch (i.o) {
      case IR_GCSTEP: count = 0; break;  // which counted what stands before it
      case IR_SNEW:
      case IR_XSNEW:
      case IR_TNEW:
      case IR_TDUP:
      case IR_CNEW:
      case IR_CNEWI:
      case IR_TOSTR:
      case IR_BUFSTR:
      case IR_CALLA: ++count; break;
      default: break;
    }
  }
  return count;
}

void Translator::run() {
  GCtrace& T = *t_.T;
  begin();
  find_uses();
  enter();
  if (t_.failed()) return;
  const IRRef loop = t_.J->loopref;
  bool explicit_step = false;
  for (IRRef r = t_.first; r < (loop != 0 ? loop : t_.last); ++r)
    explicit_step = explicit_step || ins(r).o == IR_GCSTEP;
  for (u32 n = 0; n < T.nsnap; ++n) t_.states[n] = {};
  t_.first_inst[0] = 0;
  for (IRRef r = REF_FIRST; r < t_.first; ++r) t_.used[r] |= Trace::compiled;
  if (const u32 steps = explicit_step ? 0 : allocations(t_.first, loop != 0 ? loop : t_.last); steps != 0)
    collect_garbage(steps);
  for (ref_ = t_.first; ref_ < t_.last && !t_.failed(); ++ref_) {
    while (snapshot_ + 1 < T.nsnap && T.snap[snapshot_ + 1].ref <= ref_)
      t_.first_inst[++snapshot_] = t_.fn.insts.size();
    const IRIns& i = ins(ref_);
    const bool is_mark = i.o == IR_PHI || i.o == IR_NOP || i.o == IR_RENAME;
    if (i.r == RID_SINK || (!is_mark && !is_wanted(ref_))) continue;
    t_.used[ref_] |= Trace::compiled;
    if (!is_mark) translate(ref_);
  }
  while (snapshot_ + 1 < T.nsnap) t_.first_inst[++snapshot_] = t_.fn.insts.size();
  if (t_.failed()) return;
  if (loop != 0)
    end_loop();
  else
    leave();
  if (!t_.fn.status().ok()) fail("out of memory");
}

void Translator::translate(IRRef ref) {
  const IRIns& i = ins(ref);
  op_ = op_names[i.o];
  Value& v = t_.values[ref];
  switch (i.o) {
    case IR_LT:
    case IR_GE:
    case IR_LE:
    case IR_GT:
    case IR_ULT:
    case IR_UGE:
    case IR_ULE:
    case IR_UGT:
    case IR_EQ:
    case IR_NE:
    case IR_ABC: return ref == merged_ ? void() : compare(i);
    case IR_RETF: return return_to_lower_frame(i);
    case IR_XBAR:
    case IR_USE:
    case IR_CARG:
    case IR_FREF: return;
    case IR_HIOP:  // made with the one before it
      if (!v) fail("op", op_);
      return;
    case IR_LOOP: return begin_loop(ref);
    case IR_GCSTEP: {
      u32 steps = 0;
      for (IRRef r = t_.first; r < ref; ++r)
        steps += (ins(r).o == IR_TNEW || ins(r).o == IR_TDUP || ins(r).o == IR_CNEW || ins(r).o == IR_CNEWI) &&
                 ins(r).r != RID_SINK;
      // What stands behind it is counted with it, as in stock's backend.
      steps += allocations(ref + 1, t_.J->loopref != 0 ? t_.J->loopref : t_.last);
      if (steps != 0) collect_garbage(steps);
      return;
    }
    case IR_PROF:
      guard(b_.icmp(ICond::eq, b_.and_(global(&g_->hookmask, Type::i8), b_.i8(HOOK_PROFILE)), b_.i8(0)));
      return;
    case IR_BNOT:
    case IR_BSWAP:
    case IR_BAND:
    case IR_BOR:
    case IR_BXOR:
    case IR_BSHL:
    case IR_BSHR:
    case IR_BSAR:
    case IR_BROL:
    case IR_BROR: v = bits(i); break;
    case IR_ADD:
    case IR_SUB:
    case IR_MUL:
    case IR_DIV:
    case IR_MOD:
    case IR_POW:
    case IR_NEG:
    case IR_ABS: v = arithmetic(i); break;
    case IR_LDEXP:
    case IR_FPMATH: v = math(i); break;
    case IR_MIN:
    case IR_MAX: v = extreme(i); break;
    case IR_ADDOV:
    case IR_SUBOV:
    case IR_MULOV: v = overflow(i); break;
    case IR_AREF: v = array_reference(i); break;
    case IR_HREFK: v = constant_slot(i); break;
    case IR_HREF: v = hash_reference(i); break;
    case IR_NEWREF:
      v = call(reinterpret_cast<const void*>(lj_tab_newkey),
               {lua_state(), pointer(i.op1), temporary(i.op2, IRTMPREF_IN1)}, Type::ptr, true);
      break;
    case IR_UREFO:
    case IR_UREFC: v = upvalue_reference(i); break;
    case IR_TMPREF: v = temporary(i.op1, i.op2); break;
    case IR_STRREF:
      v = b_.ptr_add(b_.ptr_add(pointer(i.op1), b_.sext(Type::i64, small(i.op2))), b_.i64(sizeof(GCstr)));
      break;
    case IR_LREF: v = lua_state(); break;
    case IR_ALOAD:
    case IR_HLOAD:
    case IR_ULOAD: v = load_tagged(pointer(i.op1), 0, i.t, true); break;
    case IR_VLOAD: v = load_tagged(pointer(i.op1), 8 * i.op2, i.t, true); break;
    case IR_FLOAD: v = load_field(i); break;
    case IR_XLOAD: v = load_as(i.t, pointer(i.op1), 0); break;
    case IR_SLOAD: v = load_slot(i); break;
    case IR_ALEN:
      v = i.op2 == REF_NIL ? call(reinterpret_cast<const void*>(lj_tab_len), {pointer(i.op1)}, Type::i32)
                           : call(reinterpret_cast<const void*>(lj_tab_len_hint),
                                  {pointer(i.op1), b_.zext(Type::i64, small(i.op2))}, Type::i32);
      break;
    case IR_ASTORE:
    case IR_HSTORE:
    case IR_USTORE: return store_tagged(pointer(i.op1), 0, i.op2);
    case IR_FSTORE:
    case IR_XSTORE: {
      const IRIns& to = ins(i.op1);
      if (i.o == IR_XSTORE) return store_as(i.t, pointer(i.op1), 0, value(i.op2));
      return store_as(i.t, pointer(to.op1), place_of(field_offset(to.op2)), value(i.op2));
    }
    case IR_SNEW:
    case IR_XSNEW:
    case IR_TNEW:
    case IR_TDUP: v = new_object(i); break;
    case IR_CNEW:
    case IR_CNEWI: v = new_cdata(i); break;
    case IR_BUFHDR:
    case IR_BUFPUT:
    case IR_BUFSTR: v = buffer(i); break;
    case IR_TBAR: return table_barrier(i);
    case IR_OBAR: return upvalue_barrier(i);
    case IR_CONV:
    case IR_TOBIT: v = convert(i); break;
    case IR_TOSTR: v = to_string(i); break;
    case IR_STRTO: v = to_number(i); break;
    case IR_CALLN:
    case IR_CALLA:
    case IR_CALLL:
    case IR_CALLS: v = call_listed(i); break;
    case IR_CALLXS: v = call_c(i); break;
    default: return fail("op", op_names[i.o]);
  }
  if (!t_.failed() && v && irt_type(i.t) != IRT_NIL && type_of(i.t) != Type::none && t_.fn.type(v) != type_of(i.t))
    v = as_type(v, type_of(i.t));
  if (!t_.failed() && !v && type_of(i.t) != Type::none && (t_.used[ref] & by_trace) != 0) fail("value", op_names[i.o]);
}

// --- Loops

void Translator::begin_loop(IRRef ref) {
  t_.loop = loop_ = b_.new_block();
  Value left[256];
  u32 count = 0;
  while (ins(t_.last - phis_ - 1).o == IR_PHI) ++phis_;
  const IRRef first_phi = t_.last - phis_;
  for (IRRef r = first_phi; r < t_.last; ++r) {
    const IRIns& phi = ins(r);
    if (phi.r == RID_SINK) continue;
    if (irref_isk(phi.op1) || count == 256) return fail("PHI", "of a constant");
    left[count++] = t_.values[phi.op1];
    if (!left[count - 1]) return fail("PHI", "without a value");
  }
  for (u32 n = 0; n < count; ++n) b_.add_param(loop_, t_.fn.type(left[n]));
  b_.br({loop_, std::span<const Value>(left, count)});
  b_.at(loop_);
  u32 n = 0;
  for (IRRef r = first_phi; r < t_.last; ++r)
    if (ins(r).r != RID_SINK) t_.values[ins(r).op1] = b_.param(loop_, n++);
  if (const u32 steps = allocations(ref, t_.last); steps != 0) collect_garbage(steps);
}

void Translator::end_loop() {
  Value right[256];
  u32 count = 0;
  for (IRRef r = t_.last - phis_; r < t_.last; ++r) {
    const IRIns& phi = ins(r);
    if (phi.r == RID_SINK) continue;
    right[count] = as_type(value(phi.op2), t_.fn.type(b_.param(loop_, count)));
    ++count;
    if (!right[count - 1]) return fail("PHI", "without a value");
  }
  const std::span<const Value> next(right, count);
  if (!goes_on_) {
    b_.br({loop_, next});
    return;
  }
  const ir::Block leaves = b_.new_block();
  b_.brif(goes_on_, {loop_, next, 63}, {leaves, {}, 1});
  b_.at(leaves);
  b_.guard(b_.i1(false), leaves_by_);
  b_.unreachable();
}

// --- Frames and the tail

void Translator::return_to_lower_frame(const IRIns& i) {
  const u64 pc = reinterpret_cast<u64>(ir_kptr(&ins(i.op2)));
  const i32 delta = static_cast<i32>(1 + LJ_FR2 + bc_a(*(reinterpret_cast<const BCIns*>(pc) - 1)));
  guard(b_.icmp(ICond::eq, b_.load(Type::i64, base_, -8), b_.constant(Type::i64, pc)));
  t_.values[REF_BASE] = base_ = b_.ptr_add(base_, b_.i64(-8 * delta));
  b_.store(address(&g_->jit_base), base_);
}

// Leaves through the current snapshot unless the Lua stack has room.
void Translator::check_stack(u32 slots) {
  const Value room = b_.sub(b_.load(Type::i64, lua_state(), place_of(offsetof(lua_State, maxstack))), as_word(base_));
  guard(b_.icmp(ICond::ugt, room, b_.i64(8 * slots)));
}

// The last snapshot to the Lua stack, then to the interpreter or to another trace, which stand behind.
void Translator::leave() {
  GCtrace& T = *t_.T;
  const SnapShot& s = T.snap[T.nsnap - 1];
  const SnapEntry* const map = &T.snapmap[s.mapofs];
  u32 base_slot = 0;
  bool got_frame = false;
  for (u32 n = s.nent; n > 0 && !got_frame; --n)
    if ((map[n - 1] & SNAP_FRAME) != 0) got_frame = true, base_slot = snap_slot(map[n - 1]) - LJ_FR2;
  i32 top = s.topslot;
  for (IRRef r = t_.last; r-- > t_.first;) {  // what a return to a lower frame takes away
    if (ins(r).o != IR_RETF) continue;
    const auto* pc = static_cast<const BCIns*>(ir_kptr(&ins(ins(r).op2)));
    top -= static_cast<i32>(1 + LJ_FR2 + bc_a(*(pc - 1)));
    if (top < 0) top = 0;
  }
  t_.topslot = static_cast<u32>(top);
  if (t_.parent == nullptr && got_frame) check_stack(s.topslot);
  for (u32 n = 0; n < s.nent; ++n) {
    const SnapEntry e = map[n];
    if ((e & SNAP_NORESTORE) != 0) continue;
    const i32 offset = 8 * (static_cast<i32>(snap_slot(e)) - 1 - LJ_FR2);
    const IRRef ref = snap_ref(e);
    if ((e & SNAP_KEYINDEX) != 0) {
      b_.store(base_, small(ref), offset);
      b_.store(base_, b_.i32(static_cast<i32>(LJ_KEYINDEX)), offset + 4);
    } else {
      store_tagged(base_, offset, ref);
    }
    if (t_.failed()) return;
  }
  const Value new_base = base_slot != 0 ? b_.ptr_add(base_, b_.i64(8 * static_cast<i64>(base_slot))) : base_;
  ir::Param places[3] = {placed(Type::ptr, Target::base), placed(Type::i64, Target::pc),
                         placed(Type::i32, Target::multres)};
  if (T.link != 0) {
    if (base_slot != 0) b_.store(address(&g_->jit_base), new_base);
    const ir::SigRef sig = t_.module.add_signature(std::span<const ir::Param>(places, 1), {}, ir::CallConv::custom0);
    b_.exit_(b_.new_exit(sig, {}, ir::ExitData::Epilogue::none), {new_base});
    return;
  }
  const BCIns* pc = snap_pc(const_cast<SnapEntry*>(map) + s.nent);
  if (bc_op(*pc) == BC_JLOOP) {
    const BCIns* start = &traceref(t_.J, bc_d(*pc))->startins;
    if (bc_isret(bc_op(*start))) pc = start;
  }
  i32 results = static_cast<i32>(s.nslots) - static_cast<i32>(base_slot) - LJ_FR2;
  switch (bc_op(*pc)) {
    case BC_CALLM:
    case BC_CALLMT: results -= static_cast<i32>(1 + LJ_FR2 + bc_a(*pc) + bc_c(*pc)); break;
    case BC_RETM: results -= static_cast<i32>(bc_a(*pc) + bc_d(*pc)); break;
    case BC_TSETM: results -= static_cast<i32>(bc_a(*pc)); break;
    default:
      if (bc_op(*pc) < BC_FUNCF) results = 0;
      break;
  }
  const ir::SigRef sig = t_.module.add_signature(std::span<const ir::Param>(places, 3), {}, ir::CallConv::custom0);
  b_.exit_(b_.new_exit(sig, {}, ir::ExitData::Epilogue::none),
           {new_base, b_.constant(Type::i64, reinterpret_cast<u64>(pc)), b_.i32(results)});
}

}  // namespace jitkit::luajit
