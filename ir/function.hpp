// A Function: instructions, values, blocks and edges in flat arrays addressed by typed indices.
//
// Invariants:
//  - SSA: a Value is the result of one Inst, a parameter of one Block, or a constant. Constants belong
//    to no block. Values of an Inst with several results are consecutive.
//  - A Block's instructions are a doubly linked list that ends with its only terminator. Where control
//    goes from there are Edges: a target and the arguments for its parameters. The edges of one
//    terminator are consecutive.
//  - Block 1 is the entry; its parameters are the function's. No edge goes there.
//  - uses(v) counts the operands, edge arguments and frame entries that name v.
//  - Index 0 of everything is a dummy. Out of memory is sticky in status(); what could not be made is
//    index 0, so a builder may run on and ask at the end.
// Block parameters instead of phis: as in MLIR, Swift SIL and Cranelift.
#ifndef JITKIT_IR_FUNCTION_HPP
#define JITKIT_IR_FUNCTION_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/frame_state.hpp>
#include <jitkit/ir/module.hpp>
#include <jitkit/ir/opcode.hpp>
#include <jitkit/ir/support/arena.hpp>
#include <jitkit/ir/support/index.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/ir/type.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

struct ValueTag;
using Value = Index<ValueTag>;
struct InstTag;
using Inst = Index<InstTag>;
struct BlockTag;
using Block = Index<BlockTag>;
struct EdgeTag;
using Edge = Index<EdgeTag>;
struct StackSlotTag;
using StackSlot = Index<StackSlotTag>;
struct ExitRefTag;
using ExitRef = Index<ExitRefTag>;

// A position in a source the IR was made from. The meaning of the number is the front end's; listings
// and line tables print it as a line. 0: none.
using SourcePos = u32;

constexpr u64 packed_what(Opcode op, Type t, u8 flags, u32 aux) {
  return static_cast<u64>(op) | u64{static_cast<u8>(t)} << 16 | u64{flags} << 24 | u64{aux} << 32;
}

struct InstData {
  Opcode op = Opcode::none;
  Type type = Type::none;  // T of the op's signature
  u8 flags = 0;            // MemFlags or Lane, by the op's Option
  u32 aux = 0;             // by the op's Option; native ops: first of their immediates
  u32 ops[2] = {0, 0};
  u16 operands = 0;        // up to two stand in ops[]; more: ops[0] is their place in the pool
  u8 results = 0;          // 0..8
  u8 reserved = 0;
  Value result;            // the first result
  Inst prev;
  Inst next;

  // What it does and ops[], each as one word, which is one load: for comparing.
  u64 what() const { return packed_what(op, type, flags, aux); }
  u64 with() const { return ops[0] | u64{ops[1]} << 32; }
};
static_assert(sizeof(InstData) == 32);

struct ValueData {
  enum class Kind : u8 { none, inst, param, constant };
  u32 def = 0;  // Inst, Block, or index of the constant
  u32 uses = 0;
  Type type = Type::none;
  Kind kind = Kind::none;
  u16 number = 0;  // which result or parameter
};
static_assert(sizeof(ValueData) == 12);

struct BlockData {
  Inst first;
  Inst last;
  u32 params = 0;  // first parameter Value, consecutive unless added late (then in the pool)
  u16 param_count = 0;
  bool params_in_pool = false;
  bool cold = false;
};

struct EdgeData {
  Block target;
  u32 args = 0;  // into the operand pool
  u16 arg_count = 0;
  u16 weight = 0;   // likelihood relative to the other edges; 0: unknown
  i64 case_value = 0;  // switch
};

struct ConstantData {
  u64 lo = 0;
  u64 hi = 0;  // i128, v128
};

struct StackSlotData {
  u32 size = 0;  // bytes
  u8 align_log2 = 0;
};

// A place control leaves the function other than by ret: fixed places for the operands of exit_.
struct ExitData {
  enum class Epilogue : u8 { full, none };
  Epilogue epilogue = Epilogue::full;
  SymbolRef target;   // where to branch; none: what stands behind the function, whose end the exit then is
  SigRef places;      // parameters: type and FixedPlace of each operand
};

struct TrapAccess {
  i32 offset = 0;
  FrameStateRef state;
};

// Registers of a target by their part in calls, where signatures fix places.
struct RegisterRoles {
  RegSet values[3];  // those a value may be in, by its bank
  PReg frame;        // the frame pointer, of functions that keep one
  RegSet link;       // what a call overwrites before the callee runs
  RegSet platform;   // nobody's unless a convention allocates them
};

// What the IR needs to know of a target to hold, check, print and parse native ops.
struct IsaInfo {
  const char* name;  // "arm64", "x86_64"
  u16 forms;         // form numbers are among 1 ... forms - 1
  FormName (*form_name)(u16 form);
  Effects (*form_effects)(u16 form);
  FormOperands (*form_operands)(u16 form);
  // Names of the registers by PReg, for signatures with fixed places; empty: written as numbers.
  Span<const char* const> registers = {};
  // Whether selection can do the core op without writing flags; null: it never can.
  bool (*flag_free)(Opcode op, Type type) = nullptr;
  // Which of the numbers are forms, and a quick way from a name to its number (0: none). Null: all are; none.
  bool (*is_form)(u16 form) = nullptr;
  u16 (*find_form)(std::string_view name) = nullptr;
  RegisterRoles roles = {};

  bool has(u16 form) const { return form != 0 && form < forms && (is_form == nullptr || is_form(form)); }
  u16 find(std::string_view form) const {
    if (find_form != nullptr) return find_form(form);
    for (u16 n = 1; n < forms; ++n)
      if (form_name(n).view() == form) return n;
    return 0;
  }
};

class FunctionData {
 public:
  explicit FunctionData(u64 memory_limit = ~u64{0}) : arena_(memory_limit) { clear(); }
  FunctionData(const FunctionData&) = delete;
  FunctionData& operator=(const FunctionData&) = delete;

  // Forgets everything, keeps the memory.
  void clear() {
    arena_.reset();
    insts.attach(arena_);
    values.attach(arena_);
    blocks.attach(arena_);
    edges.attach(arena_);
    pool.attach(arena_);
    constants.attach(arena_);
    immediates.attach(arena_);
    data.attach(arena_);
    slots.attach(arena_);
    exits.attach(arena_);
    traps.attach(arena_);
    frame_states.attach(arena_);
    frame_entries.attach(arena_);
    virtual_objects.attach(arena_);
    positions.attach(arena_);
    for (first_table_ = 64; first_table_ <= 2 * constant_count_;) first_table_ *= 2;
    constant_table_.attach(arena_);
    constant_count_ = 0;
    insts.push({});
    values.push({});
    blocks.push({});
    edges.push({});
    constants.push({});
    slots.push({});
    exits.push({});
    traps.push({});
    frame_states.push({});
    module = nullptr;
    symbol = {};
    signature = {};
    isa = nullptr;
    edits = 0;
    refused_ = {};
  }

  // Out of memory, or (unsupported, detail: the opcode) more operands than an instruction holds.
  Status status() const { return refused_.ok() ? arena_.status() : refused_; }
  Arena& arena() { return arena_; }

  Module* module = nullptr;
  SymbolRef symbol;
  SigRef signature;
  const IsaInfo* isa = nullptr;  // null: core ops only, any target
  u32 edits = 0;                 // changes of what was made, and what was made without the Builder (PassContext)

  Vec<InstData> insts;
  Vec<ValueData> values;
  Vec<BlockData> blocks;
  Vec<EdgeData> edges;
  Vec<u32> pool;  // operands, edge arguments, block parameters: Value ids
  Vec<ConstantData> constants;
  Vec<i64> immediates;
  Vec<u8> data;  // shuffle masks
  Vec<StackSlotData> slots;
  Vec<ExitData> exits;
  Vec<TrapAccess> traps;
  Vec<FrameState> frame_states;
  Vec<FrameEntry> frame_entries;
  Vec<VirtualObject> virtual_objects;
  Vec<SourcePos> positions;  // by Inst; empty if no instruction has one

  static Block entry() { return Block(1); }

  InstData& operator[](Inst i) { return insts[i.id]; }
  const InstData& operator[](Inst i) const { return insts[i.id]; }
  ValueData& operator[](Value v) { return values[v.id]; }
  const ValueData& operator[](Value v) const { return values[v.id]; }
  BlockData& operator[](Block b) { return blocks[b.id]; }
  const BlockData& operator[](Block b) const { return blocks[b.id]; }
  EdgeData& operator[](Edge e) { return edges[e.id]; }
  const EdgeData& operator[](Edge e) const { return edges[e.id]; }

  Type type(Value v) const { return values[v.id].type; }
  bool is_constant(Value v) const { return values[v.id].kind == ValueData::Kind::constant; }
  const ConstantData& constant(Value v) const { return constants[values[v.id].def]; }
  // The Inst that defines v; none for parameters and constants.
  Inst def(Value v) const {
    const ValueData& d = values[v.id];
    return d.kind == ValueData::Kind::inst ? Inst(d.def) : Inst();
  }
  Value result(Inst i, u32 n = 0) const { return Value(insts[i.id].result.id + n); }

  // The operands, as Value ids.
  Span<u32> operands(Inst i) {
    InstData& d = insts[i.id];
    return d.operands <= 2 ? Span<u32>(d.ops, d.operands) : pool.slice(d.ops[0], d.operands);
  }
  Span<const u32> operands(Inst i) const {
    const InstData& d = insts[i.id];
    return d.operands <= 2 ? Span<const u32>(d.ops, d.operands)
                           : pool.slice(d.ops[0], d.operands);
  }
  Value operand(Inst i, u32 n) const { return Value(operands(i)[n]); }

  Value param(Block b, u32 n) const {
    const BlockData& d = blocks[b.id];
    return Value(d.params_in_pool ? pool[d.params + n] : d.params + n);
  }
  Span<u32> args(Edge e) { return pool.slice(edges[e.id].args, edges[e.id].arg_count); }
  Span<const u32> args(Edge e) const {
    return pool.slice(edges[e.id].args, edges[e.id].arg_count);
  }
  // The edges out of a terminator.
  static constexpr u32 fixed_edges(Opcode op) {
    return op == Opcode::br ? 1U : op == Opcode::brif ? 2U : 0U;
  }
  // A terminator's first edge stands in aux; a switch has its number of edges in ops[1].
  u32 edge_count(Inst i) const {
    const InstData& d = insts[i.id];
    return d.op == Opcode::switch_ ? d.ops[1] : fixed_edges(d.op);
  }
  Edge edge(Inst terminator, u32 n) const { return Edge(insts[terminator.id].aux + n); }
  Inst terminator(Block b) const { return blocks[b.id].last; }

  // The effects of an op in this function: those of its row or of its form.
  u8 effects(const InstData& d) const {
    if (!is_native(d.op)) return info(d.op).effects;
    const Effects e = isa->form_effects(native_form(d.op));
    return static_cast<u8>(
        ((e & reads_memory) != 0 ? effect::read : 0) | ((e & writes_memory) != 0 ? effect::write : 0) |
        ((e & other_state) != 0 ? effect::read | effect::write : 0) |
        ((e & (may_trap)) != 0 ? effect::trap : 0) | ((e & control) != 0 ? effect::control : 0));
  }

  // --- Making things. Everything returns index 0 when out of memory.

  Block new_block() { return blocks.push({}) ? Block(blocks.size() - 1) : Block(); }
  // A parameter of b. Parameters added in one go are consecutive values; added late they move to the
  // pool.
  Value add_param(Block b, Type t);
  // The constant with those bits (truncated to the type), shared within the function.
  Value constant(Type t, u64 lo, u64 hi = 0);
  // An instruction, not yet in a block, with `results` new values of the given types.
  [[gnu::always_inline]] Inst new_inst(Opcode op, Type t, Span<const Value> operands,
                                       Span<const Type> results, u32 aux = 0, u8 flags = 0, Inst behind = {});
  // The same at the end of block b.
  [[gnu::always_inline]] Inst append_inst(Block b, Opcode op, Type t, Span<const Value> operands,
                                          Span<const Type> results, u32 aux, u8 flags) {
    BlockData& d = blocks[b.id];
    const Inst last = d.last, i = new_inst(op, t, operands, results, aux, flags, last);
    if (!i) return {};
    (last ? insts[last.id].next : d.first) = i;
    d.last = i;
    return i;
  }
  Edge new_edge(Block target, Span<const Value> arguments, u16 weight = 0,
                i64 case_value = 0);
  void append(Block b, Inst i);
  void insert_before(Block b, Inst at, Inst i);
  // Takes i out of its block; its operands keep their use counts until drop().
  void unlink(Block b, Inst i);
  // Takes i out of its block and releases its operands and edges. Its results must have no uses.
  void remove(Block b, Inst i);
  void set_operand(Inst i, u32 n, Value v) {
    u32& slot = operands(i)[n];
    --values[slot].uses;
    slot = v.id;
    ++values[v.id].uses;
  }

 private:
  static constexpr u32 most_operands = 65535;

  void use(Value v) { ++values[v.id].uses; }
  bool fits(usize operands, Opcode op) {
    if (operands > most_operands) refused_ = {Error::unsupported, insts.size(), static_cast<u64>(op)};
    return operands <= most_operands;
  }

  Arena arena_;
  Status refused_;
  Vec<u32> constant_table_;  // open addressing; Value ids, 0 is free
  u32 constant_count_ = 0;
  u32 first_table_ = 64;  // what the constants before clear() asked for
};

inline Value FunctionData::add_param(Block b, Type t) {
  BlockData& d = blocks[b.id];
  if (!fits(d.param_count + usize{1}, Opcode::br)) return {};
  if (!values.push({b.id, 0, t, ValueData::Kind::param, d.param_count})) return {};
  const u32 v = values.size() - 1;
  if (d.param_count == 0) {
    d.params = v;
  } else if (!d.params_in_pool && d.params + d.param_count != v) {
    const u32 first = pool.size();
    if (!pool.reserve(first + d.param_count + 1)) return {};
    for (u32 n = 0; n < d.param_count; ++n) pool.push(d.params + n);
    d.params = first;
    d.params_in_pool = true;
  }
  if (d.params_in_pool) {
    if (d.params + d.param_count != pool.size()) {  // move to the end, where it can grow
      const u32 first = pool.size();
      if (!pool.reserve(first + d.param_count + 1)) return {};
      for (u32 n = 0; n < d.param_count; ++n) pool.push(pool[d.params + n]);
      d.params = first;
    }
    if (!pool.push(v)) return {};
  }
  ++d.param_count;
  return Value(v);
}

inline Value FunctionData::constant(Type t, u64 lo, u64 hi) {
  if (bits(t) < 64) lo &= low_mask(bits(t));
  if (bits(t) <= 64) hi = 0;
  const auto hash = [](Type ty, u64 l, u64 h) {
    u64 x = (l ^ (h * 0x9e3779b97f4a7c15U)) + static_cast<u8>(ty);
    x *= 0x9e3779b97f4a7c15U;
    return static_cast<u32>(x >> 32);
  };
  if (constant_count_ * 2 >= constant_table_.size()) {
    const u32 n = constant_table_.empty() ? first_table_ : constant_table_.size() * 2;
    if (!constant_table_.assign(n, 0)) return {};
    for (u32 v = 1; v < values.size(); ++v) {
      if (values[v].kind != ValueData::Kind::constant) continue;
      const ConstantData& c = constants[values[v].def];
      u32 at = hash(values[v].type, c.lo, c.hi) & (n - 1);
      while (constant_table_[at] != 0) at = (at + 1) & (n - 1);
      constant_table_[at] = v;
    }
  }
  const u32 mask = constant_table_.size() - 1;
  u32 at = hash(t, lo, hi) & mask;
  for (; constant_table_[at] != 0; at = (at + 1) & mask) {
    const ValueData& v = values[constant_table_[at]];
    const ConstantData& c = constants[v.def];
    if (v.type == t && c.lo == lo && c.hi == hi) return Value(constant_table_[at]);
  }
  if (!constants.push({lo, hi})) return {};
  if (!values.push({constants.size() - 1, 0, t, ValueData::Kind::constant, 0})) return {};
  ++constant_count_;
  constant_table_[at] = values.size() - 1;
  return Value(values.size() - 1);
}

inline Inst FunctionData::new_inst(Opcode op, Type t, Span<const Value> operands,
                                   Span<const Type> results, u32 aux, u8 flags, Inst behind) {
  if (!fits(operands.size(), op)) return {};
  const u32 id = insts.size(), first_value = values.size(), first_pooled = pool.size();
  const u32 count = static_cast<u32>(operands.size()), made = static_cast<u32>(results.size());
  InstData* d = insts.extend(1);
  ValueData* v = values.extend(made);
  u32* to = count > 2 ? pool.extend(count) : d->ops;
  if (d == nullptr || (v == nullptr && made != 0) || to == nullptr) [[unlikely]] {
    insts.truncate(id);
    values.truncate(first_value);
    pool.truncate(first_pooled);
    return {};
  }
  *d = {op, t, flags, aux, {count > 2 ? first_pooled : 0, 0}, static_cast<u16>(count), static_cast<u8>(made), 0,
        Value(made != 0 ? first_value : 0), behind, {}};
  for (u32 n = 0; n < made; ++n) v[n] = {id, 0, results[n], ValueData::Kind::inst, static_cast<u16>(n)};
  ValueData* const used = values.data();
  for (u32 n = 0; n < count; ++n) {
    const u32 operand = operands[n].id;
    check(operand < values.size());
    to[n] = operand;
    ++used[operand].uses;
  }
  return Inst(id);
}

inline Edge FunctionData::new_edge(Block target, Span<const Value> arguments, u16 weight,
                                   i64 case_value) {
  if (!fits(arguments.size(), Opcode::br)) return {};
  EdgeData e;
  e.target = target;
  e.args = pool.size();
  e.arg_count = static_cast<u16>(arguments.size());
  e.weight = weight;
  e.case_value = case_value;
  for (const Value v : arguments) {
    if (!pool.push(v.id)) return {};
    use(v);
  }
  return edges.push(e) ? Edge(edges.size() - 1) : Edge();
}

inline void FunctionData::append(Block b, Inst i) {
  BlockData& d = blocks[b.id];
  insts[i.id].prev = d.last;
  insts[i.id].next = {};
  if (d.last)
    insts[d.last.id].next = i;
  else
    d.first = i;
  d.last = i;
}

inline void FunctionData::insert_before(Block b, Inst at, Inst i) {
  ++edits;
  const Inst before = insts[at.id].prev;
  insts[i.id].prev = before;
  insts[i.id].next = at;
  insts[at.id].prev = i;
  if (before)
    insts[before.id].next = i;
  else
    blocks[b.id].first = i;
}

inline void FunctionData::unlink(Block b, Inst i) {
  ++edits;
  const InstData& d = insts[i.id];
  if (d.prev)
    insts[d.prev.id].next = d.next;
  else
    blocks[b.id].first = d.next;
  if (d.next)
    insts[d.next.id].prev = d.prev;
  else
    blocks[b.id].last = d.prev;
  insts[i.id].prev = insts[i.id].next = {};
}

inline void FunctionData::remove(Block b, Inst i) {
  unlink(b, i);
  for (const u32 v : operands(i)) --values[v].uses;
  if (is_terminator(insts[i.id].op))
    for (u32 n = 0; n < edge_count(i); ++n)
      for (const u32 v : args(edge(i, n))) --values[v].uses;
  insts[i.id].op = Opcode::none;
}

// A function for one target: the same data, with the target's instructions as native ops.
template <class Isa>
class Function : public FunctionData {
 public:
  explicit Function(u64 memory_limit = ~u64{0}) : FunctionData(memory_limit) { isa = &Isa::isa_info(); }
  void clear() {
    FunctionData::clear();
    isa = &Isa::isa_info();
  }
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_FUNCTION_HPP
