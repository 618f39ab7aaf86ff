// The working part of the Builder: the place where instructions go, folding and common subexpressions.
// The Builder (builder.hpp) is this with a name for every row of ops.def.
//
// Common subexpressions are found in a small direct-mapped table of recent pure instructions. Each entry
// carries the scope it was made in; a scope is one stay in a block, its parent the stay above it that
// dominates. An entry counts if its scope is the current one or an ancestor.
#ifndef JITKIT_IR_BUILDER_CORE_HPP
#define JITKIT_IR_BUILDER_CORE_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/builder_shape.hpp>
#include <jitkit/ir/fold.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/operand_type.hpp>
#include <jitkit/ir/support/span.hpp>

#include <initializer_list>

namespace jitkit::inline JITKIT_ABI::ir {

// Operands as a list in braces, an array or a span. Good for the duration of a call.
struct Values {
  Span<const Value> list;
  Values(std::initializer_list<Value> v) : list(v.begin(), v.size()) {}
  template <class V, class = std::enable_if_t<std::is_convertible_v<V, Span<const Value>>>>
  Values(V&& v) : list(v) {}  // NOLINT(google-explicit-constructor)
};

// The results of ops that report overflow or a carry.
struct WithFlag {
  Value value;
  Value flag;
};

class BuilderCore {
 public:
  explicit BuilderCore(FunctionData& f) : f_(f), fold_(f) { attach(); }
  BuilderCore(const BuilderCore&) = delete;
  BuilderCore& operator=(const BuilderCore&) = delete;

  FunctionData& function() { return f_; }

  // Begins again on the function, which was cleared. Cheaper than another Builder: what the table below has
  // of before is told by its scopes.
  void restart() {
    const u64 next = u64{first_scope_} + scope_parent_.size();
    if (next > 1U << 31)
      for (Entry& e : table_) e = {};
    first_scope_ = next > 1U << 31 ? 0 : static_cast<u32>(next);
    scope_ = 0;
    block_ = {};
    before_ = {};
    position_ = 0;
    attach();
  }

  // --- Where: at the end of a block, or before an instruction of it.

  // A block that was left may be entered again.
  void at(Block b) { enter(b, scope_of(b)); }
  // b has one predecessor and will have no other, so what was made there and above may be reused.
  void at(Block b, Block only_predecessor) { enter(b, scope_of(only_predecessor)); }
  void before(Block b, Inst i) {
    block_ = b;
    before_ = i;
    open_scope(0);
  }
  Block block() const { return block_; }
  // The source position of what is made from here on; 0: none.
  void position(SourcePos p) { position_ = p; }

  Block new_block() { return failed() ? Block() : f_.new_block(); }
  Value add_param(Block b, Type t) { return failed() ? Value() : f_.add_param(b, t); }
  Value param(Block b, u32 n) const { return failed() ? Value() : f_.param(b, n); }
  // Goes to the entry block, a function's first; made, with the parameters of the signature, where there is none yet.
  Block entry() {
    if (f_.blocks.size() > FunctionData::entry().id) {
      at(FunctionData::entry());
      return FunctionData::entry();
    }
    const Block b = new_block();
    if (!b) return b;
    if (f_.module != nullptr)
      for (const Param& p : f_.module->params(f_.signature)) f_.add_param(b, p.type);
    at(b);
    return b;
  }
  // Result n of an instruction.
  Value result(Inst i, u32 n = 0) const { return i ? f_.result(i, n) : Value(); }

  // --- Making. One overload per shape; T is the type of the first T operand.

  template <Opcode op>
    requires(shape_of(op) == Shape::unary)
  Value make(Value x) {
    const Type t = type(x);
    return pure({op, t, 0, 1, 0, {x, {}, {}}}, t);
  }
  template <Opcode op>
    requires(shape_of(op) == Shape::binary)
  Value make(Value x, Value y) {
    const Type t = type(x);
    return pure({op, t, 0, 2, 0, {x, y, {}}}, t);
  }
  template <Opcode op>
    requires(shape_of(op) == Shape::ternary)
  Value make(Value x, Value y, Value z) {
    const Type t = type(x);
    return pure({op, t, 0, 3, 0, {x, y, z}}, t);
  }
  template <Opcode op>
    requires(shape_of(op) == Shape::overflow)
  WithFlag make(Value x, Value y) {
    return pure_with_flag({op, type(x), 0, 2, 0, {x, y, {}}});
  }
  template <Opcode op>
    requires(shape_of(op) == Shape::carry)
  WithFlag make(Value x, Value y, Value carry) {
    return pure_with_flag({op, type(x), 0, 3, 0, {x, y, carry}});
  }
  template <Opcode op>
    requires(shape_of(op) == Shape::icompare)
  Value make(ICond c, Value x, Value y) {
    return pure({op, type(x), 0, 2, static_cast<u32>(c), {x, y, {}}}, Type::i1);
  }
  template <Opcode op>
    requires(shape_of(op) == Shape::fcompare)
  Value make(FCond c, Value x, Value y) {
    return pure({op, type(x), 0, 2, static_cast<u32>(c), {x, y, {}}}, Type::i1);
  }
  template <Opcode op>
    requires(shape_of(op) == Shape::select)
  Value make(Value condition, Value x, Value y) {
    const Type t = type(x);
    return pure({op, t, 0, 3, 0, {condition, x, y}}, t);
  }
  // A conversion to the type x has is x.
  template <Opcode op>
    requires(shape_of(op) == Shape::convert)
  Value make(Type to, Value x) {
    return type(x) == to ? x : pure({op, to, 0, 1, 0, {x, {}, {}}}, to);
  }
  template <Opcode op>
    requires(shape_of(op) == Shape::splat)
  Value make(Type to, Lane l, Value x) {
    return pure({op, to, static_cast<u8>(l), 1, 0, {x, {}, {}}}, to);
  }
  template <Opcode op>
    requires(shape_of(op) == Shape::extract)
  Value make(Lane l, Value x, u32 number) {
    return pure({op, type(x), static_cast<u8>(l), 1, number, {x, {}, {}}}, lane_type(l));
  }
  template <Opcode op>
    requires(shape_of(op) == Shape::insert)
  Value make(Lane l, Value x, Value y, u32 number) {
    return pure({op, type(x), static_cast<u8>(l), 2, number, {x, y, {}}}, type(x));
  }
  template <Opcode op>
    requires(shape_of(op) == Shape::lane_binary)
  Value make(Lane l, Value x, Value y) {
    return pure({op, type(x), static_cast<u8>(l), 2, 0, {x, y, {}}}, type(x));
  }
  template <Opcode op>
    requires(shape_of(op) == Shape::lane_shift)
  Value make(Lane l, Value x, u32 count) {
    return pure({op, type(x), static_cast<u8>(l), 1, count, {x, {}, {}}}, type(x));
  }
  template <Opcode op>
    requires(shape_of(op) == Shape::shuffle)
  Value make(Value x, Value y, Span<const u8> mask) {
    if (failed()) return {};
    check(mask.size() == bytes(type(x)));
    const u32 at = f_.data.size();
    if (!f_.data.append(mask)) return {};
    return pure({op, type(x), 0, 2, at, {x, y, {}}}, type(x));
  }
  template <Opcode op>
    requires(shape_of(op) == Shape::numbered)
  Value make(Value x, Value y, u32 number) {
    return pure({op, type(x), 0, 2, number, {x, y, {}}}, type(x));
  }
  template <Opcode op>
    requires(shape_of(op) == Shape::crc)
  Value make(Value state, Value x) {
    return pure({op, type(x), 0, 2, 0, {state, x, {}}}, Type::i32);
  }
  template <Opcode op>
    requires(shape_of(op) == Shape::load)
  Value make(Type t, Value address, i32 offset = 0, MemFlags flags = {}) {
    fold_address(address, offset);
    return result(emit(op, t, {address}, {t}, static_cast<u32>(offset), flags.bits));
  }
  template <Opcode op>
    requires(shape_of(op) == Shape::store)
  Inst make(Value address, Value x, i32 offset = 0, MemFlags flags = {}) {
    fold_address(address, offset);
    return emit(op, type(x), {address, x}, {}, static_cast<u32>(offset), flags.bits);
  }
  template <Opcode op>
    requires(shape_of(op) == Shape::atomic_load)
  Value make(Type t, Value address, Order o, i32 offset = 0, MemFlags flags = {}) {
    fold_address(address, offset);
    return result(emit(op, t, {address}, {t}, static_cast<u32>(offset), ordered(flags, o)));
  }
  // A read-modify-write gives what stood there; a store gives none.
  template <Opcode op>
    requires(shape_of(op) == Shape::atomic_store)
  Value make(Value address, Value x, Order o, i32 offset = 0, MemFlags flags = {}) {
    fold_address(address, offset);
    const Type t = type(x);
    const Span<const Type> results(&t, signature_of(op).results);
    return result(emit(op, t, {address, x}, results, static_cast<u32>(offset), ordered(flags, o)));
  }
  template <Opcode op>
    requires(shape_of(op) == Shape::atomic_cas)
  Value make(Value address, Value expected, Value x, Order o, i32 offset = 0, MemFlags flags = {}) {
    fold_address(address, offset);
    const Type t = type(x);
    return result(emit(op, t, {address, expected, x}, {&t, 1}, static_cast<u32>(offset), ordered(flags, o)));
  }
  template <Opcode op, class... V>
    requires(shape_of(op) == Shape::plain && sizeof...(V) == signature_of(op).operands)
  auto make(V... operands) {
    constexpr OpSignature s = signature_of(op);
    if constexpr (info(op).effects == effect::pure)
      return pure({op, Type::none, 0, sizeof...(V), 0, {operands...}}, letter_type(s.result[0], Type::none, Lane::i8));
    else
      return emit(op, Type::none, {operands...}, {}, 0, 0);
  }

 protected:
  bool failed() const { return f_.arena().failed(); }
  Type type(Value v) const { return failed() ? Type::none : f_.type(v); }
  static u8 ordered(MemFlags m, Order o) { return MemFlags::make(m.align(), m.is_volatile(), o).bits; }

  // An instruction that is made in any case.
  Inst emit(Opcode op, Type t, Values operands, Span<const Type> results, u32 aux, u8 flags) {
    return failed() ? Inst() : made(op, t, operands.list, results, aux, flags);
  }
  Inst emit(Opcode op, Type t, Values operands, std::initializer_list<Type> results, u32 aux, u8 flags) {
    return emit(op, t, operands, Span<const Type>(results.begin(), results.size()), aux, flags);
  }

  Value pure(PureInst i, Type result);
  WithFlag pure_with_flag(PureInst i);
  // Moves constants added to an address into the offset.
  void fold_address(Value& address, i32& offset) const;

  FunctionData& f_;

 private:
  static constexpr u32 table_bits = 10;
  struct Entry {
    Inst inst;
    u32 scope = 0;
  };

  void attach() {
    scope_parent_.attach(f_.arena());
    scope_of_.attach(f_.arena());
    scope_parent_.push(0);
  }
  u32 scope_of(Block b) const { return b.id < scope_of_.size() ? scope_of_[b.id] : 0; }
  void open_scope(u32 parent) {
    if (scope_parent_.push(parent)) scope_ = first_scope_ + scope_parent_.size() - 1;
  }
  void enter(Block b, u32 parent) {
    block_ = b;
    before_ = {};
    open_scope(parent);
    if (b.id < scope_of_.size() || scope_of_.resize(b.id + 8)) scope_of_[b.id] = scope_;
  }
  bool in_scope(u32 scope) const {
    u32 s = scope_;
    for (int steps = 0; s > scope && steps < 16; ++steps) s = scope_parent_[s - first_scope_];
    return s == scope;
  }

  [[gnu::always_inline]] Inst made(Opcode op, Type t, Span<const Value> operands, Span<const Type> results,
                                   u32 aux, u8 flags) {
    if (!before_ && position_ == 0) [[likely]] return f_.append_inst(block_, op, t, operands, results, aux, flags);
    const Inst i = f_.new_inst(op, t, operands, results, aux, flags);
    if (i) place(i);
    return i;
  }
  [[gnu::noinline]] void place(Inst i) {
    if (before_)
      f_.insert_before(block_, before_, i);
    else
      f_.append(block_, i);
    if (position_ != 0 && f_.positions.resize(i.id + 1)) f_.positions[i.id] = position_;
  }

  static u32 slot_of(const PureInst& i);
  bool same(const InstData& d, const PureInst& i) const;
  [[gnu::always_inline]] Inst shared(const PureInst& i, Span<const Type> results);

  Folder fold_;
  Block block_;
  Inst before_;
  SourcePos position_ = 0;
  u32 scope_ = 0;
  u32 first_scope_ = 0;    // what was made before restart() has smaller ones
  Vec<u32> scope_parent_;  // by scope - first_scope_; a parent's number is smaller
  Vec<u32> scope_of_;      // by Block: its last scope
  Entry table_[1U << table_bits] = {};
};

inline u32 BuilderCore::slot_of(const PureInst& i) {
  const u64 h = (i.what() ^ (i.with() * 0x9e3779b97f4a7c15U) ^ (u64{i.x[2].id} << 17)) * 0xd6e8feb86659fd93U;
  return static_cast<u32>(h >> (64 - table_bits));
}

inline bool BuilderCore::same(const InstData& d, const PureInst& i) const {
  if (d.what() != i.what()) return false;
  if (i.operands <= 2) return d.with() == i.with();
  const u32* ops = &f_.pool[d.ops[0]];
  return ops[0] == i.x[0].id && ops[1] == i.x[1].id && ops[2] == i.x[2].id;
}

// The instruction itself, or one made before that is equal.
inline Inst BuilderCore::shared(const PureInst& i, Span<const Type> results) {
  Entry& e = table_[slot_of(i)];
  if (e.inst && e.scope >= first_scope_ && same(f_[e.inst], i) && in_scope(e.scope)) return e.inst;
  const Inst fresh = made(i.op, i.type, {i.x, i.operands}, results, i.aux, i.flags);
  if (fresh) e = {fresh, scope_};
  return fresh;
}

inline Value BuilderCore::pure(PureInst i, Type result_type) {
  if (failed()) return {};
  if (Folder::applies(f_, i)) {
    Value v;
    if (fold_.evaluated(i, &v, &result_type, 1)) return v;
    if ((fold_traits_of(i.op) & fold_traits::commutes) != 0 && f_.is_constant(i.x[0]) && !f_.is_constant(i.x[1]))
      Folder::swap_operands(i);
    v = fold_.simplified(i);
    if (v) return v;
  }
  return result(shared(i, {&result_type, 1}));
}

inline WithFlag BuilderCore::pure_with_flag(PureInst i) {
  if (failed()) return {};
  const Type types[] = {i.type, Type::i1};
  if (Folder::applies(f_, i)) {
    Value v[2];
    if (fold_.evaluated(i, v, types, 2)) return {v[0], v[1]};
    if ((fold_traits_of(i.op) & fold_traits::commutes) != 0 && f_.is_constant(i.x[0]) && !f_.is_constant(i.x[1]))
      Folder::swap_operands(i);
  }
  const Inst made = shared(i, types);
  return {result(made, 0), result(made, 1)};
}

inline void BuilderCore::fold_address(Value& address, i32& offset) const {
  if (failed()) return;
  for (;;) {
    const Inst d = f_.def(address);
    if (!d || f_[d].op != Opcode::ptr_add || !f_.is_constant(Value(f_[d].ops[1]))) return;
    const i64 more = static_cast<i64>(f_.constant(Value(f_[d].ops[1])).lo);
    if (!fits_signed(more, 32) || !fits_signed(more + offset, 32)) return;
    offset = static_cast<i32>(more + offset);
    address = Value(f_[d].ops[0]);
  }
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_BUILDER_CORE_HPP
