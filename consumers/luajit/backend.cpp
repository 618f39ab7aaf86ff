// The backend: lj_asm_trace and lj_asm_patchexit, which the linker's --wrap puts in place of LuaJIT's own;
// lj_mcode_limiterr, to see the attempts that end there, lj_trace_err, to count the traces that are given up, and
// lj_mcode_abort, to count the places that are given up for good.
//
// Order of things, all of which may be done again: LuaJIT's errors (no room, out of memory) unwind from here
// without running destructors, and LuaJIT calls again. A trace that is beyond a limit (spill slots, exits) is given up
// with the error that stock's backend has for it, counted with its reason; nothing of the attempt is left.
#include <jitkit/consumers/luajit/exits.hpp>
#include <jitkit/consumers/luajit/locations.hpp>
#include <jitkit/consumers/luajit/statistics.hpp>
#include <jitkit/consumers/luajit/translate.hpp>
#include <jitkit/emit/placement.hpp>
#include <jitkit/emit/runtime/cpu_features.hpp>
#include <jitkit/ir/printer.hpp>
#include <jitkit/ir/verifier.hpp>

#include <sys/auxv.h>
#include <sys/mman.h>

#include <cstring>
#include <new>
#include <string>

namespace jitkit::luajit {

namespace {

// What memory of code is mapped with beside the usual.
int guarded_pages() {
#if defined(__aarch64__)
  constexpr unsigned long has_bti = 1UL << 17;  // HWCAP2_BTI
  constexpr int guarded = 0x10;                 // PROT_BTI
  if (landing_pads() && (getauxval(AT_HWCAP2) & has_bti) != 0) return guarded;
#endif
  return 0;
}

class Backend {
 public:
  Backend() : translator_(t_), convention_(make_convention()), compiler_(make_options()) {}

  void assemble(jit_State* J, GCtrace* T);

  static Backend& own() {
    static thread_local Backend* made = nullptr;
    if (made == nullptr) made = new Backend;
    return *made;
  }

 private:
  static ir::Convention make_convention() {
    ir::Convention c = Target::convention();
    c.frame.adjusts_sp = c.frame.saves_link = false;
    c.frame.incoming_above = true;
    c.frame.reserved = Target::reserved;
    c.frame.slot_bytes = 4;
    c.frame.max_slots = 8191;  // those an exit needs are to be within LuaJIT's 255; locations.cpp sees to that
    c.frame.slot_from_def = true;
    c.frame.lists_changes = false;
    return c;
  }
  Target::Isa::Options make_options() const {
    Target::Isa::Options o;
    o.features = host_features();
    o.conventions = {&convention_, 1};
    o.exit_symbols = exits_.symbols;
    return o;
  }

  void begin(jit_State* J, GCtrace* T, u32 spare);
  void abandon();
  [[noreturn]] void refuse();
  bool compile();
  void print_ir();
  u32 frame_room();
  void install();
  static bool find(void* context, std::string_view name, u64& address);

  Trace t_;
  Translator translator_;
  Locations locations_;
  ExitSymbols exits_;
  CodeBuffer head_;
  ir::Convention convention_;
  ir::Compiler<Target::Isa> compiler_;
  std::string ir_text_;
  IRRef original_ = 0;  // where the recorder's IR ends
  u32 end_ = 0;         // of the code, where stubs begin
  u32 head_bytes_ = 0;
  u32 room_ = 0, spadjust_ = 0;
};

void Backend::begin(jit_State* J, GCtrace* T, u32 spare) {
  t_.J = J;
  t_.T = T;
  t_.unpatchables = 0;
  t_.frame_writes = 0;
  t_.loop = {};
  t_.topslot = 0;
  for (u32 n = 0; n < spare; ++n) {
    const IRRef r = lj_ir_nextins(J);
    lj_ir_nop(&J->cur.ir[r]);
  }
  J->curfinal = lj_trace_alloc(J->L, T);
  t_.ir = J->curfinal->ir;
  t_.last = original_;
  t_.parent = J->parent != 0 ? traceref(J, J->parent) : nullptr;
  t_.first = REF_FIRST;
  clear_places(t_);
  if (J->ktrace != 0) {  // the trace that a stitch goes on from is this one
    setgcref(t_.ir[J->ktrace + LJ_GC64].gcr, obj2gco(J->curfinal));
    t_.ir[J->ktrace].o = IR_KGC;
  }
  if (t_.parent == nullptr) return;
  IRIns* const end = lj_snap_regspmap(J, t_.parent, J->exitno, &t_.ir[REF_FIRST]);
  t_.first = static_cast<IRRef>(end - t_.ir);
  if (t_.first - REF_FIRST > LJ_MAX_JSLOTS) return t_.fail("too many values of the parent");
  for (IRRef r = REF_FIRST; r < t_.first; ++r) {
    t_.parent_map[r - REF_FIRST] = t_.ir[r].prev;
    t_.ir[r].prev = REGSP_INIT;
  }
}

// Leaves LuaJIT as it was before.
void Backend::abandon() {
  jit_State* const J = t_.J;
  t_.T->nins = original_;
  if (J->curfinal != nullptr) lj_trace_free(J2G(J), J->curfinal);
  J->curfinal = nullptr;
}

void Backend::refuse() {
  abandon();
  count_refusal(t_.reason, t_.detail);
  end_attempt();
  lj_trace_err(t_.J, t_.error);
}

bool Backend::compile() {
  t_.module.clear();
  t_.fn.clear();
  t_.fn.module = &t_.module;
  t_.code.reset();
  exits_.make(t_);
  translator_.run();
  if (t_.failed()) return false;
  if (wants_ir()) print_ir();
  // Where calls write to the frame, there has to be one of the trace's own.
  convention_.frame.min_bytes = t_.frame_writes;
  convention_.frame.reserved = t_.frame_writes > Target::reserved ? t_.frame_writes : Target::reserved;
  if (choice() == Choice::check) {
    ir::Diagnostics errors;
    if (!ir::verify(t_.fn, errors)) return t_.fail("IR is not valid"), false;
  }
  compiler_.check_allocations = choice() == Choice::check;
  if (const Status s = compiler_.compile(t_.fn, t_.code); !s.ok()) {
    if (s.error == Error::too_many_slots) return t_.exceed("spill slots"), false;
    return t_.fail("compiler:", describe(s.error)), false;
  }
  return locations_.write(t_, compiler_.locations());
}

// As a file of IR: the function has a name only here.
void Backend::print_ir() {
  ir_text_.clear();
  StringSink out(ir_text_);
  out << "target " << t_.fn.isa->name << "\n";
  ir::ModulePrinter callees(t_.module, t_.fn.isa, out);
  for (u32 s = 1; s < t_.module.symbol_count(); ++s) callees.declaration(ir::SymbolRef(s));
  t_.fn.symbol = t_.module.declare_function(NumberedName('t', t_.T->traceno), t_.fn.signature);
  t_.module.symbol(t_.fn.symbol).linkage = ir::Linkage::exported;
  ir::print(t_.fn, out);
  t_.fn.symbol = {};
}

// How far the head moves the stack pointer.
u32 Backend::frame_room() {
  const u32 frame = compiler_.frame_bytes();
  if (t_.parent == nullptr)
    return spadjust_ = frame > Target::root_frame ? (frame - Target::root_frame + 15) & ~15U : 0;
  spadjust_ = t_.parent->spadjust + frame;
  return frame;
}

bool Backend::find(void* context, std::string_view name, u64& address) {
  const Backend& b = *static_cast<const Backend*>(context);
  if (name == "self") {
    address = b.t_.code.address() - b.head_bytes_;
    return true;
  }
  if (name.empty() || name[0] != 'e') return false;
  u32 number = 0;
  for (const char c : name.substr(1)) number = number * 10 + static_cast<u32>(c - '0');
  address = own_exit(b.t_, b.end_, number);
  return true;
}

void Backend::install() {
  jit_State* const J = t_.J;
  GCtrace* const T = t_.T;
  const u32 root_topslot = gcref(T->startpt)->pt.framesize;
  Target::Head head{J, T->traceno, room_, {}, 0, 0, landing_pads()};
  T->topslot = static_cast<u8>(t_.parent != nullptr ? t_.parent->topslot : root_topslot);
  if (t_.parent != nullptr) {
    head.base = t_.base_register;
    if (t_.topslot > T->topslot) {
      head.check_slots = t_.topslot;
      T->topslot = static_cast<u8>(t_.topslot);
    }
  }
  const auto write_head = [&] {
    head_.reset();
    Target::write_head(head_, head);
    head_bytes_ = head_.offset();
  };
  write_head();
  if (J->loopref == 0) {
    const Symbol to =
        T->link == T->traceno
            ? t_.code.symbol("self")
            : t_.code.symbol("link", reinterpret_cast<u64>(T->link != 0 ? traceref(J, T->link)->mcode
                                                                        : reinterpret_cast<MCode*>(lj_vm_exit_interp)));
    Target::write_tail(t_.code, spadjust_ + (T->link != 0 ? 0 : Target::interpreter_frame), to);
  }
  end_ = write_exit_stubs(t_, exits_.count);
  if (const Status s = t_.code.finish(); !s.ok()) return t_.fail("code:", describe(s.error));
  MCode* limit = nullptr;
  MCode* const top = lj_mcode_reserve(J, &limit);
  const u64 need = t_.code.size_bound() + head_bytes_ + 64;
  if (reinterpret_cast<u64>(top) < reinterpret_cast<u64>(limit) + need) lj_mcode_limiterr(J, need);
  if (const Status s = t_.code.place_ending_at(reinterpret_cast<u64>(top), {find, this}); !s.ok())
    return t_.fail("place:", describe(s.error));
  MCode* const start = reinterpret_cast<MCode*>(t_.code.address());
  MCode* const entry = reinterpret_cast<MCode*>(reinterpret_cast<char*>(start) - head_bytes_);
#if defined(__aarch64__)
  head.check_exit = own_exit(t_, end_, T->nsnap);
#else
  head.check_exit = t_.parent != nullptr ? reinterpret_cast<u64>(exitstub_addr(J, J->exitno)) : 0;
#endif
  write_head();
  if (const Status s = head_.place(reinterpret_cast<u64>(entry)); !s.ok()) return t_.fail("place:", describe(s.error));
  if (!write_snapshot_offsets(t_, compiler_.code_map().positions, head_bytes_)) {
    end_attempt();
    return lj_trace_err(J, LJ_TRERR_MCODEOV);
  }
  std::memcpy(entry, head_.bytes().data(), head_bytes_);
  std::memcpy(start, t_.code.bytes().data(), t_.code.bytes().size());
  T->mcode = entry;
  T->szmcode = static_cast<MSize>(head_bytes_ + end_);
  T->mcloop = 0;
  if (J->loopref != 0)
    for (u32 k = 0; k < compiler_.machine().blocks.size(); ++k)
      if (compiler_.machine().blocks[k].block == t_.loop)
        T->mcloop = static_cast<MSize>(head_bytes_ + compiler_.code_map().blocks[k]);
  T->spadjust = static_cast<u16>(spadjust_);
  remember_branches(t_, exits_, compiler_.exits(), compiler_.machine(), start);
  lj_mcode_sync(T->mcode, top);
}

void Backend::assemble(jit_State* J, GCtrace* T) {
  IRRef n = T->nins;  // what an attempt before this one left
  while (J->cur.ir[n - 1].o == IR_NOP || J->cur.ir[n - 1].o == IR_RENAME) --n;
  T->nins = original_ = n;
  t_.copies_slots = false;
  if (T->nsnap > Target::most_exits) lj_trace_err(J, LJ_TRERR_SNAPOV);
  for (u32 spare = 3;;) {
    t_.reason = nullptr;
    begin(J, T, spare);
    const bool good = !t_.failed() && compile();
    if (good && locations_.renames() <= spare) break;
    if (good) {
      spare = locations_.renames() + 2;
    } else if (t_.too_far && t_.parent != nullptr && !t_.copies_slots) {
      t_.copies_slots = true;  // the slots of parents are the far ones
    } else {
      refuse();
    }
    abandon();
  }
  room_ = frame_room();
  if (spadjust_ > 0x7fff) t_.exceed("frame");
  if (!t_.failed()) install();
  if (t_.failed()) refuse();
  locations_.append(t_, original_, J->cur.nins);
  if (wants_ir()) write_ir(T->traceno, ir_text_);
  const Counting c = counts();
  ++c->traces_jitkit;
  c->side_traces += t_.parent != nullptr ? 1 : 0;
  c->loops += J->loopref != 0 ? 1 : 0;
  c->renames += locations_.renames();
  c->ir_instructions += original_ - REF_FIRST;
  c->code_bytes += T->szmcode;
  for (IRRef r = REF_FIRST; r < original_; ++r)
    if ((t_.used[r] & Trace::compiled) != 0) ++c->compiled[t_.ir[r].o][irt_type(t_.ir[r].t)];
}

// Whether the trace that is given up was the last try at its place: LuaJIT blacklists it if its penalty, doubled and up
// to 15 at random, is beyond a limit (lj_trace.c). Chance never decides: what began at 72 is below 44,600 or above 73,700.
bool is_last_try(jit_State* J) {
  const TValue* const said = J->L->top - 1;
  const int e = tvisnumber(said) ? numberVint(said) : int{LJ_TRERR_RECERR};
  if (e == LJ_TRERR_MCODELM || e == LJ_TRERR_RETRY) return false;
  if (J->parent != 0 || J->exitno != 0 || bc_isret(bc_op(J->cur.startins))) return false;
  static_assert(PENALTY_MIN == 72 && PENALTY_MAX == 60000 && PENALTY_RNDBITS == 4);
  for (const HotPenalty& p : J->penalty)
    if (mref(p.pc, const BCIns) == mref(J->cur.startpc, const BCIns)) return p.val * 2U > PENALTY_MAX;
  return false;
}

}  // namespace

}  // namespace jitkit::luajit

extern "C" {

void __wrap_lj_asm_trace(jit_State* J, GCtrace* T);
[[noreturn]] void __wrap_lj_mcode_limiterr(jit_State* J, size_t need);
void __wrap_lj_mcode_abort(jit_State* J);
int __wrap_mprotect(void* area, size_t size, int protection);
[[noreturn]] void __wrap_lj_trace_err(jit_State* J, TraceError e);
[[noreturn]] void __wrap_lj_trace_err_info(jit_State* J, TraceError e);
void __wrap_lj_asm_patchexit(jit_State* J, GCtrace* T, ExitNo exitno, MCode* target);

void __wrap_lj_asm_trace(jit_State* J, GCtrace* T) {
  using namespace jitkit::luajit;
  begin_attempt();
  if (choice() == Choice::stock) {
    IRRef end = T->nins;
    while (J->cur.ir[end - 1].o == IR_NOP || J->cur.ir[end - 1].o == IR_RENAME) --end;
    __real_lj_asm_trace(J, T);
    const Counting c = counts();
    ++c->traces_stock;
    c->ir_instructions += end - REF_FIRST;
    c->code_bytes += T->szmcode;
  } else {
    Backend::own().assemble(J, T);
  }
  count_area(J->mcarea, reinterpret_cast<const char*>(J->mcarea) + J->szmcarea);
  end_attempt();
}

// Either backend's error when there is no room for the code; LuaJIT calls again with a new area.
void __wrap_lj_mcode_limiterr(jit_State* J, size_t need) {
  ++jitkit::luajit::counts()->restarts;
  jitkit::luajit::end_attempt();
  __real_lj_mcode_limiterr(J, need);
}

// LuaJIT's first step when a trace is given up.
void __wrap_lj_mcode_abort(jit_State* J) {
  if (jitkit::luajit::is_last_try(J)) ++jitkit::luajit::counts()->blacklisted;
  __real_lj_mcode_abort(J);
}

// LuaJIT makes its areas executable by it, and its page of FFI callbacks, whose stubs are its own and have no landing
// pads. An area begins with a link that names its size; where the page has the same bytes, two instructions stand.
int __wrap_mprotect(void* area, size_t size, int protection) {
  int guarded = (protection & PROT_EXEC) != 0 ? jitkit::luajit::guarded_pages() : 0;
  if (guarded != 0 && static_cast<const MCLink*>(area)->size != size) guarded = 0;
  return __real_mprotect(area, size, protection | guarded);
}

void __wrap_lj_trace_err(jit_State* J, TraceError e) {
  jitkit::luajit::count_abort(e);
  __real_lj_trace_err(J, e);
}
void __wrap_lj_trace_err_info(jit_State* J, TraceError e) {
  jitkit::luajit::count_abort(e);
  __real_lj_trace_err_info(J, e);
}

void __wrap_lj_asm_patchexit(jit_State* J, GCtrace* T, ExitNo exitno, MCode* target) {
  if (jitkit::luajit::choice() == jitkit::luajit::Choice::stock || !jitkit::luajit::patch_exit(J, T, exitno, target))
    __real_lj_asm_patchexit(J, T, exitno, target);
}

}  // extern "C"
