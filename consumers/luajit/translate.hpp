// From LuaJIT's trace IR to jitkit's.
//
// Invariants:
//  - values[ref] is the jitkit value of a reference; a reference has the type type_of() says. Addresses
//    and GC objects (without their tags) are ptr, 64-bit integers i64, smaller ones i32, numbers f64.
//  - After LOOP the left side of a PHI stands for the parameter of the loop's block.
//  - Guards name the frame state of the snapshot that is current; it is made at the first of them.
//  - Nothing is evaluated before what stands before it in the trace may leave it.
// What each operation means: lj_ir.h, lj_asm_x86.h and lj_asm_arm64.h of LuaJIT 2.1.
#ifndef JITKIT_CONSUMERS_LUAJIT_TRANSLATE_HPP
#define JITKIT_CONSUMERS_LUAJIT_TRANSLATE_HPP

#include <jitkit/consumers/luajit/trace.hpp>

namespace jitkit::luajit {

// An offset in a structure as jitkit takes it.
constexpr i32 place_of(usize offset) { return static_cast<i32>(offset); }

class Translator {
 public:
  explicit Translator(Trace& trace) : t_(trace), b_(trace.fn) {}

  // Fills t_.fn; what cannot be done stands in t_.reason.
  void run();

 private:
  using Value = ir::Value;
  using Type = ir::Type;
  using ICond = ir::ICond;
  using FCond = ir::FCond;

  // --- translate.cpp: the walk
  static constexpr u8 by_trace = Trace::by_trace, by_exits = Trace::by_exits;
  void begin();
  void find_uses();
  void enter();
  void translate(IRRef ref);
  void begin_loop(IRRef ref);
  void end_loop();
  void leave();
  void return_to_lower_frame(const IRIns& i);
  void check_stack(u32 slots);
  u32 allocations(IRRef from, IRRef to) const;
  bool is_wanted(IRRef ref) const;

  // --- values
  const IRIns& ins(IRRef ref) const { return t_.ir[ref]; }
  static Type type_of(IRType1 t);
  Value constant(IRRef ref);
  Value value(IRRef ref) { return irref_isk(ref) ? constant(ref) : t_.values[ref]; }
  Value word(IRRef ref) { return as_word(value(ref)); }
  Value pointer(IRRef ref) { return as_pointer(value(ref)); }
  Value as_word(Value v);     // i64
  Value as_pointer(Value v);  // ptr
  Value as_type(Value v, Type t);
  Value small(IRRef ref);  // i32
  Value base() { return base_; }
  // Constants that every second instruction asks for.
  Value kept(Value& v, u64 bits) { return v ? v : v = b_.constant(Type::i64, bits); }
  Value address(const void* p) { return b_.ptr(reinterpret_cast<u64>(p)); }
  Value global(const void* field, Type t) { return b_.load(t, address(field)); }
  Value lua_state() { return global(&g_->cur_L, Type::ptr); }
  void fail(const char* why, const char* more = "") { t_.fail(why, more); }

  // --- snapshots.cpp
  ir::FrameStateRef state(u32 snapshot);
  ir::FrameStateRef state() { return state(snapshot_); }
  void add_entry(IRRef ref, IRRef snapshot_ref);
  bool is_sunk_store(IRRef allocation, const IRIns& store) const;
  void guard(Value holds) {
    if (ends_loop() && !goes_on_)
      goes_on_ = holds, leaves_by_ = state();
    else
      b_.guard(holds, state());
  }
  bool ends_loop() const { return loop_ && ref_ + 1 == t_.last - phis_; }
  void guard_not(Value holds) { b_.guard_not(holds, state()); }

  // --- numbers.cpp
  Value arithmetic(const IRIns& i);
  bool is_modulo(const IRIns& i) const;
  Value modulo(const IRIns& i);
  Value bits(const IRIns& i);
  Value overflow(const IRIns& i);
  Value convert(const IRIns& i);
  Value math(const IRIns& i);
  Value scale(const IRIns& i);
  Value extreme(const IRIns& i);
  void compare(const IRIns& i);
  Value checked_integer(Value number);
  Value unsigned_integer(Value number, Type t);

  // --- tables.cpp: memory
  Value load_slot(const IRIns& i);
  Value load_tagged(Value at, i32 offset, IRType1 t, bool checked);
  Value load_field(const IRIns& i);
  Value load_as(IRType1 t, Value at, i32 offset);
  void store_as(IRType1 t, Value at, i32 offset, Value v);
  void store_tagged(Value at, i32 offset, IRRef ref);
  Value tagged(IRRef ref);
  Value temporary(IRRef ref, u32 mode);
  Value array_reference(const IRIns& i);
  Value hash_reference(const IRIns& i);
  enum class Lookup : u8 { any, must_be, must_not_be };
  Lookup lookup() const;
  Value main_node(Value table, IRRef key);
  Value constant_slot(const IRIns& i);
  Value upvalue_reference(const IRIns& i);
  void table_barrier(const IRIns& i);
  void upvalue_barrier(const IRIns& i);
  static u32 field_offset(u32 field);
  // Nil, false and true as a TValue.
  static u64 primitive(IRType1 t) { return ~(static_cast<u64>(~irt_toitype(t)) << 47); }
  static u64 tag(IRType1 t) { return static_cast<u64>(static_cast<i64>(static_cast<i32>(irt_toitype(t)))) << 47; }

  // --- calls.cpp
  ir::SigRef signature_of(std::span<const Value> arguments, std::span<const ir::Param> results, bool variadic);
  void write_frame(u32 bytes);  // a call writes that many of the lowest ones
  ir::Inst emit_call(const void* f, std::span<const Value> arguments, std::span<const ir::Param> results,
                     bool variadic = false);
  // What `make` calls. If it may throw, an exit finds the values of the snapshot.
  template <class Make>
  Value guarded_call(Type result, bool throws, Make make);
  Value call(const void* f, std::span<const Value> arguments, Type result, bool throws);
  Value call(const void* f, std::initializer_list<Value> arguments, Type result, bool throws = false) {
    return call(f, std::span<const Value>(arguments.begin(), arguments.size()), result, throws);
  }
  Value call_listed(const IRIns& i);
  Value call_c(const IRIns& i);
  Value call_next(const IRIns& i);
  Value call_numbered(u32 id, const IRIns& i);
  u32 collect(IRRef list, Value* to, u32 most);
  Value new_object(const IRIns& i);
  Value new_cdata(const IRIns& i);
  Value to_string(const IRIns& i);
  Value to_number(const IRIns& i);
  Value buffer(const IRIns& i);
  void collect_garbage(u32 steps);

  Trace& t_;
  ir::Builder b_;
  global_State* g_ = nullptr;
  Value base_;
  ir::Block loop_;
  u32 phis_ = 0;  // at the end of the IR
  u32 snapshot_ = 0;
  const char* op_ = "";  // being translated
  IRRef ref_ = 0;
  Value goes_on_;  // a loop's last guard, which is done with the branch back
  ir::FrameStateRef leaves_by_;
  IRRef merged_ = 0;  // a comparison that was done with the lookup before it
  ir::FrameEntry entries_[512];
  u32 entry_count_ = 0;
  u32 callees_ = 0;
  Value tag_bit_, tag_mask_, tags_[32];  // see kept(); the last by LuaJIT's type
  ir::Param params_[LJ_MAX_JSLOTS + 1];  // of a signature that is being made
};

template <class Make>
ir::Value Translator::guarded_call(Type result, bool throws, Make make) {
  if (t_.failed()) return {};
  ir::Param results[1];
  results[0].type = result;
  // Before the first snapshot LuaJIT remakes what the parent sank. The state is made before the call, since the
  // constants it freezes have to be there when the call throws.
  const bool leaves = throws && ref_ >= t_.T->snap[0].ref;
  const ir::FrameStateRef s = leaves ? state() : ir::FrameStateRef();
  const ir::Inst made = make(std::span<const ir::Param>(results, result != Type::none ? 1 : 0));
  if (t_.failed()) return {};
  if (leaves) b_.safepoint(s);  // keeps the values across the call
  return result != Type::none ? b_.result(made) : Value();
}

}  // namespace jitkit::luajit

#endif  // JITKIT_CONSUMERS_LUAJIT_TRANSLATE_HPP
