// The function under construction as a random program sees it: the values in scope by type, the objects
// in memory it may touch, and the place where instructions go.
//
// Invariants:
//  - A NaN that arithmetic made has unspecified bits. Values that may be one are `dirty`: only what does
//    not look at bits may use them; anything else gets them through clean().
//  - Addresses differ from one executor to the next. They stand in objects_, never among the values;
//    values of type ptr and ref are just bits that nobody follows.
#ifndef JITKIT_TOOLS_FUZZ_RANDOM_VALUES_HPP
#define JITKIT_TOOLS_FUZZ_RANDOM_VALUES_HPP

#include <jitkit/ir/function.hpp>

#include <initializer_list>
#include <span>
#include <unordered_set>
#include <vector>

#include "random_source.hpp"

namespace jitkit::fuzz {

// Memory the function may touch: `size` bytes, aligned to 16, at `base`, which may be made again by the
// op `again` with `aux`.
struct RandomObject {
  Value base;
  u32 size = 0;
  bool writable = true;
  bool own = false;  // no other object of the function overlaps it
  Opcode again = Opcode::none;
  u32 aux = 0;
};

class RandomValues {
 public:
  RandomValues(FunctionData& f, RandomSource& random) : f_(f), r_(random) {}

 protected:
  // ---- instructions ----

  Inst put(Opcode op, Type t, std::span<const Value> operands, std::span<const Type> results, u32 aux = 0,
           u8 flags = 0) {
    const Inst i = f_.new_inst(op, t, operands, results, aux, flags);
    f_.append(block_, i);
    ++f_.edits;
    ++ops_;
    return i;
  }
  // One result, of type `t` unless `result` says otherwise.
  Value make(Opcode op, Type t, std::initializer_list<Value> operands, u32 aux = 0, u8 flags = 0,
             Type result = Type::none) {
    const Type type = result == Type::none ? t : result;
    return f_.result(put(op, t, {operands.begin(), operands.size()}, {&type, 1}, aux, flags));
  }
  Value constant(Type t, u64 lo, u64 hi = 0) { return f_.constant(t, lo, hi); }
  Value number(u64 n) { return constant(Type::i64, n); }
  Type type(Value v) const { return f_.type(v); }

  // ---- values in scope ----

  Value keep(Value v) {
    scope_.push_back(v);
    by_type_[static_cast<u8>(type(v))].push_back(v);
    return v;
  }
  Value keep_dirty(Value v) {
    dirty_.insert(v.id);
    return keep(v);
  }
  struct Mark {
    usize values, objects;
  };
  Mark mark() const { return {scope_.size(), objects_.size()}; }
  void forget(Mark m) {
    for (; scope_.size() > m.values; scope_.pop_back()) by_type_[static_cast<u8>(type(scope_.back()))].pop_back();
    objects_.resize(m.objects);
  }

  // A value of the type: in scope, or a constant. Recent ones more often.
  Value pick_dirty(Type t) {
    const std::vector<Value>& list = by_type_[static_cast<u8>(t)];
    if (list.empty() || r_.chance(constant_percent_)) {
      const Bits c = r_.constant(t);
      return constant(t, c.lo, c.hi);
    }
    const usize size = list.size();
    return r_.chance(50) && size > 6 ? list[size - 1 - r_.below(6)] : list[r_.below(size)];
  }
  Value pick(Type t) { return clean(pick_dirty(t)); }
  // Not a constant, if there is any in scope.
  Value pick_variable(Type t) {
    const std::vector<Value>& list = by_type_[static_cast<u8>(t)];
    return list.empty() ? pick(t) : clean(list[r_.below(list.size())]);
  }
  bool dirty(Value v) const { return dirty_.contains(v.id); }
  // v, or one quiet NaN with known bits if v is any NaN.
  Value clean(Value v) {
    if (!dirty(v)) return v;
    const Type t = type(v);
    return keep(make(Opcode::select, t, {is_nan(v), quiet_nan(t), v}));
  }
  // v if it is no NaN, else 1.
  Value not_nan(Value v) {
    const Type t = type(v);
    return make(Opcode::select, t, {is_nan(v), constant(t, t == Type::f32 ? 0x3f800000 : u64{0x3ff} << 52), v});
  }

  // ---- memory ----

  // A place in memory that holds `bytes`, with what is known of its alignment.
  struct Place {
    Value address;
    i32 offset = 0;
    u32 align = 1;
    bool valid = false;
  };
  static constexpr u32 smallest_object = 64;

  Value base_of(const RandomObject& o) {
    if (o.again == Opcode::none || r_.chance(50)) return o.base;
    return make(o.again, Type::none, {}, o.aux, 0, Type::ptr);
  }
  // `aligned`: to the size itself, as atomics need.
  Place place(const RandomObject& o, u32 bytes, bool aligned) {
    Place p;
    p.valid = true;
    const u32 room = o.size - bytes;
    const u32 unit = aligned || r_.chance(60) ? bytes : 1;
    p.address = base_of(o);
    p.align = unit;
    if (r_.chance(55)) {
      const u32 at = r_.below(room / unit + 1) * unit;
      const i64 moved = r_.chance(30) ? r_.one_of({8, 16, -16, 4096, 70000, -100000}) : 0;
      if (moved != 0)
        p.address = make(Opcode::ptr_add, Type::none, {p.address, number(static_cast<u64>(moved))}, 0, 0, Type::ptr);
      p.offset = static_cast<i32>(static_cast<i64>(at) - moved);
      return p;
    }
    const u32 most = room / unit;  // of the index
    const u32 mask = most == 0 ? 0 : (u32{1} << log2_floor(most + 1)) - 1;
    Value index = scaled_index(mask, unit);
    p.address = make(Opcode::ptr_add, Type::none, {p.address, index}, 0, 0, Type::ptr);
    p.offset = static_cast<i32>(r_.below((room - mask * unit) / unit + 1) * unit);
    return p;
  }
  Place any_place(u32 bytes, bool aligned, bool write) {
    for (u32 tries = 0; tries < 8 && !objects_.empty(); ++tries) {
      const RandomObject o = r_.any(objects_);
      if (o.size >= bytes && (o.writable || !write)) return place(o, bytes, aligned);
    }
    return {};
  }

  FunctionData& f_;
  RandomSource& r_;
  Block block_;
  std::vector<RandomObject> objects_;
  std::vector<Value> scope_;
  u32 constant_percent_ = 15;
  u32 ops_ = 0;

 private:
  Value is_nan(Value v) { return make(Opcode::fcmp, type(v), {v, v}, static_cast<u32>(FCond::uno), 0, Type::i1); }
  Value quiet_nan(Type t) { return constant(t, t == Type::f32 ? 0x7fc00000 : u64{0x7ff8} << 48); }

  // (x & mask) * unit, in one of the shapes that addressing modes match.
  Value scaled_index(u32 mask, u32 unit) {
    Value x;
    if (r_.chance(50)) {
      x = make(Opcode::and_, Type::i64, {pick_variable(Type::i64), number(mask)});
    } else {
      const Value narrow = make(Opcode::and_, Type::i32, {pick_variable(Type::i32), constant(Type::i32, mask)});
      x = make(r_.chance(50) ? Opcode::zext : Opcode::sext, Type::i64, {narrow});
    }
    if (unit == 1) return x;
    if (r_.chance(80)) return make(Opcode::shl, Type::i64, {x, number(log2_floor(unit))});
    return make(Opcode::mul, Type::i64, {x, number(unit)});
  }

  std::vector<Value> by_type_[type_count];
  std::unordered_set<u32> dirty_;
};

}  // namespace jitkit::fuzz

#endif  // JITKIT_TOOLS_FUZZ_RANDOM_VALUES_HPP
