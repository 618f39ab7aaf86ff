// Small trees of instructions that selection turns into one: shifted and extended operands, fields of
// bits, multiply-add, load and operate, compare and branch. Single operations picked at random hardly
// ever meet in these shapes.
#ifndef JITKIT_TOOLS_FUZZ_RANDOM_PATTERNS_HPP
#define JITKIT_TOOLS_FUZZ_RANDOM_PATTERNS_HPP

#include "random_ops.hpp"

namespace jitkit::fuzz {

class RandomPatterns : public RandomOps {
 public:
  using RandomOps::RandomOps;

  void any_pattern() {
    const Type t = r_.chance(50) ? Type::i64 : r_.chance(70) ? Type::i32 : type_of(types::small_int);
    switch (r_.below(14)) {
      case 0: return shifted_operand(t);
      case 1: return field(t);
      case 2: return multiply_add(t);
      case 3: return wide_multiply();
      case 4: return immediate(t);
      case 5: return load_operate(t);
      case 6: return operate_store(t);
      case 7: return rotation(t);
      case 8: return choice(t);
      case 9: return carry_chain();
      case 10: return float_tree();
      case 11: return swapped_memory();
      case 12: return wide_value();
      default: return neighbours(t);
    }
  }

  // A truth value in a shape that branches and selects take in.
  Value condition() {
    const Type t = type_of(types::wide_int);
    switch (r_.below(8)) {
      case 0: return compare(t, pick_variable(t), constant_of(t));
      case 1:
        return compare(t, make(Opcode::and_, t, {pick_variable(t), constant(t, u64{1} << r_.below(ir::bits(t)))}),
                       constant(t, 0), true);
      case 2: return compare(t, pick_variable(t), constant(t, 0));
      case 3: return compare(t, make(Opcode::and_, t, {pick(t), pick(t)}), constant(t, 0), true);
      case 4: {
        const Type f = type_of(types::fp);
        return make(Opcode::fcmp, f, {pick_dirty(f), pick_dirty(f)}, r_.below(fcond_count), 0, Type::i1);
      }
      case 5: {
        const Type any = type_of(types::int_or_bool | types::address);
        return compare(any, pick_variable(any), pick(any));
      }
      case 6: {
        const Type any = type_of(types::small_int);
        return overflow(r_.one_of(overflows), any, pick_variable(any), pick(any));
      }
      default: return pick(Type::i1);
    }
  }

 protected:
  Value constant_of(Type t) {
    const Bits c = r_.constant(t);
    return constant(t, c.lo, c.hi);
  }
  // Whether the op on x and y overflows; its first result is kept.
  Value overflow(Opcode op, Type t, Value x, Value y) {
    const Value operands[] = {x, y};
    const Type results[] = {t, Type::i1};
    const Inst i = put(op, t, operands, results);
    keep(f_.result(i, 0));
    return f_.result(i, 1);
  }
  Value amount(Type t) { return constant(t, r_.below(ir::bits(t))); }
  Value compare(Type t, Value x, Value y, bool equality = false) {
    return make(Opcode::icmp, t, {x, y}, r_.below(equality ? 2 : icond_count), 0, Type::i1);
  }

 private:
  static constexpr Opcode shifts[] = {Opcode::shl, Opcode::lshr, Opcode::ashr};
  static constexpr Opcode overflows[] = {Opcode::sadd_ov, Opcode::ssub_ov, Opcode::smul_ov,
                                         Opcode::uadd_ov, Opcode::usub_ov, Opcode::umul_ov};
  static constexpr Opcode plain[] = {Opcode::add, Opcode::sub, Opcode::and_, Opcode::or_, Opcode::xor_};

  void shifted_operand(Type t) {
    Value y = make(r_.one_of(shifts), t, {pick(t), amount(t)});
    if (r_.chance(40) && ir::bits(t) > 8) {
      const Type narrow = t == Type::i16 ? Type::i8 : r_.one_of({Type::i8, Type::i16});
      y = make(r_.chance(50) ? Opcode::sext : Opcode::zext, t, {pick(narrow)});
      if (r_.chance(50)) y = make(Opcode::shl, t, {y, constant(t, r_.below(5))});
    }
    if (r_.chance(20)) y = make(Opcode::not_, t, {y});
    const Value x = pick(t);
    const Opcode op = r_.one_of(plain);
    keep(r_.chance(70) ? make(op, t, {x, y}) : make(op, t, {y, x}));
  }

  void field(Type t) {
    const Value x = pick_variable(t);
    const Value ones = constant(t, (u64{1} << r_.below(ir::bits(t))) - 1);
    switch (r_.below(5)) {
      case 0: keep(make(Opcode::and_, t, {make(Opcode::lshr, t, {x, amount(t)}), ones})); return;
      case 1: keep(make(Opcode::shl, t, {make(Opcode::and_, t, {x, ones}), amount(t)})); return;
      case 2: keep(make(Opcode::ashr, t, {make(Opcode::shl, t, {x, amount(t)}), amount(t)})); return;
      case 3: keep(make(Opcode::lshr, t, {make(Opcode::shl, t, {x, amount(t)}), amount(t)})); return;
      default: {
        const Value cleared = make(Opcode::and_, t, {pick(t), make(Opcode::not_, t, {ones})});
        keep(make(Opcode::or_, t, {cleared, make(Opcode::and_, t, {x, ones})}));
      }
    }
  }

  void multiply_add(Type t) {
    Value product = make(Opcode::mul, t, {pick(t), r_.chance(30) ? constant_of(t) : pick(t)});
    if (r_.chance(20)) product = make(Opcode::neg, t, {product});
    keep(make(r_.chance(60) ? Opcode::add : Opcode::sub, t, {pick(t), product}));
  }

  void wide_multiply() {
    const Opcode extend = r_.chance(50) ? Opcode::sext : Opcode::zext;
    const Value x = make(extend, Type::i64, {pick(Type::i32)}), y = make(extend, Type::i64, {pick(Type::i32)});
    Value p = make(Opcode::mul, Type::i64, {x, y});
    if (r_.chance(40)) p = make(Opcode::add, Type::i64, {p, pick(Type::i64)});
    keep(p);
    if (r_.chance(40)) {
      const Value a = make(extend, Type::i128, {pick(Type::i64)}), b = make(extend, Type::i128, {pick(Type::i64)});
      const Value wide = make(Opcode::mul, Type::i128, {a, b});
      keep(make(Opcode::trunc, Type::i64, {make(Opcode::lshr, Type::i128, {wide, constant(Type::i128, 64)})}));
    }
  }

  void immediate(Type t) {
    static constexpr u64 edges[] = {
        0xfff,      0x1000,     0xfff000, 0x1001, 0x7fffffff, 0x80000000,       0xff00ff00ff00ff00, 0x5555555555555555,
        0xffff0000, 0xffffffff, 0x80,     0x7f,   0xffffff80, 0x123456789abcdef};
    u64 v = r_.one_of(edges);
    if (r_.chance(40)) v = 0 - v;
    keep(make(r_.one_of(plain), t, {pick_variable(t), constant(t, v)}));
  }

  void load_operate(Type t) {
    const Place p = any_place(bytes(t), false, false);
    if (!p.valid) return;
    Value v = make(Opcode::load, t, {p.address}, static_cast<u32>(p.offset), MemFlags::make(p.align).bits);
    if (r_.chance(30) && ir::bits(t) < 64) v = make(r_.chance(50) ? Opcode::sext : Opcode::zext, Type::i64, {v});
    const Type u = type(v);
    keep(r_.chance(70) ? make(r_.one_of(plain), u, {pick(u), v})
                       : compare(u, v, r_.chance(50) ? pick(u) : constant_of(u)));
  }

  void operate_store(Type t) {
    const Place p = any_place(bytes(t), false, true);
    if (!p.valid) return;
    const u8 flags = MemFlags::make(p.align).bits;
    const Value old = make(Opcode::load, t, {p.address}, static_cast<u32>(p.offset), flags);
    const Value v = r_.chance(70) ? make(r_.one_of(plain), t, {old, r_.chance(50) ? constant_of(t) : pick(t)})
                                  : make(r_.one_of(shifts), t, {old, amount(t)});
    const Value operands[] = {p.address, v};
    put(Opcode::store, t, operands, {}, static_cast<u32>(p.offset), flags);
    if (r_.chance(20)) keep(old);
  }

  void rotation(Type t) {
    const u32 n = r_.below(ir::bits(t));
    const Value x = pick_variable(t), y = r_.chance(70) ? x : pick(t);
    const Value high = make(Opcode::shl, t, {x, constant(t, n)});
    const Value low = make(Opcode::lshr, t, {y, constant(t, (ir::bits(t) - n) % ir::bits(t))});
    keep(make(r_.chance(60) ? Opcode::or_ : Opcode::add, t, {high, low}));
  }

  // select of a comparison, with the increments and constants that conditional selects know.
  void choice(Type t) {
    const Value c = condition();
    const Value x = pick(t);
    Value y = pick(t);
    switch (r_.below(5)) {
      case 0: y = make(Opcode::add, t, {y, constant(t, 1)}); break;
      case 1: y = make(Opcode::not_, t, {y}); break;
      case 2: y = make(Opcode::neg, t, {y}); break;
      case 3: y = constant(t, r_.chance(50) ? 0 : ~u64{0}); break;
      default: break;
    }
    if (r_.chance(20)) {
      keep(make(Opcode::zext, t, {c}));
      return;
    }
    keep(r_.chance(50) ? make(Opcode::select, t, {c, x, y}) : make(Opcode::select, t, {c, y, x}));
  }

  void carry_chain() {
    const Type t = type_of(types::wide_int);
    const bool adds = r_.chance(50);
    Value carry = r_.chance(60) ? constant(Type::i1, 0) : pick(Type::i1);
    if (r_.chance(30)) carry = overflow(adds ? Opcode::uadd_ov : Opcode::usub_ov, t, pick(t), pick(t));
    const u32 words = r_.between(2, 5);
    for (u32 n = 0; n < words; ++n) {
      const Value operands[] = {pick(t), pick(t), carry};
      const Type results[] = {t, Type::i1};
      const Inst i = put(adds ? Opcode::add_carry : Opcode::sub_borrow, t, operands, results);
      keep(f_.result(i, 0));
      carry = f_.result(i, 1);
      // What may stand between without an end of the chain.
      if (r_.chance(20))
        keep(make(r_.one_of({Opcode::add, Opcode::sub}), t, {pick(t), r_.chance(50) ? pick(t) : constant_of(t)}));
      if (r_.chance(10)) neighbours(t);
    }
    if (r_.chance(50)) keep(carry);
  }

  void float_tree() {
    const Type t = type_of(types::fp);
    const auto x = [&] { return pick_dirty(t); };
    Value v;
    switch (r_.below(5)) {
      case 0: v = make(Opcode::fadd, t, {make(Opcode::fmul, t, {x(), x()}), x()}); break;  // no contraction
      case 1: v = make(Opcode::fma, t, {make(Opcode::fneg, t, {x()}), x(), make(Opcode::fneg, t, {x()})}); break;
      case 2: v = make(Opcode::fneg, t, {make(Opcode::fmul, t, {x(), x()})}); break;
      case 3: v = make(Opcode::select, t, {condition(), pick(t), pick(t)}); break;
      default: {
        const Value n = make(r_.chance(50) ? Opcode::fptosi_sat : Opcode::fptoui_sat, type_of(types::wide_int), {x()});
        v = make(r_.chance(50) ? Opcode::sitofp : Opcode::uitofp, t, {n});
      }
    }
    keep_dirty(v);
  }

  void swapped_memory() {
    const Type t = r_.one_of({Type::i16, Type::i32, Type::i64});
    const Place p = any_place(bytes(t), false, true);
    if (!p.valid) return;
    const u8 flags = MemFlags::make(p.align).bits;
    if (r_.chance(50)) {
      keep(make(Opcode::bswap, t, {make(Opcode::load, t, {p.address}, static_cast<u32>(p.offset), flags)}));
      return;
    }
    const Value operands[] = {p.address, make(Opcode::bswap, t, {pick(t)})};
    put(Opcode::store, t, operands, {}, static_cast<u32>(p.offset), flags);
  }

  void wide_value() {
    const Value low = make(Opcode::zext, Type::i128, {pick(Type::i64)});
    const Value high =
        make(Opcode::shl, Type::i128, {make(Opcode::zext, Type::i128, {pick(Type::i64)}), constant(Type::i128, 64)});
    const Value v = keep(make(Opcode::or_, Type::i128, {low, high}));
    const Value s = make(r_.one_of(shifts), Type::i128,
                         {v, r_.chance(50) ? constant(Type::i128, r_.below(128)) : pick(Type::i128)});
    keep(make(Opcode::trunc, Type::i64, {s}));
  }

  // Accesses to places that follow each other, which may become pairs.
  void neighbours(Type t) {
    if (objects_.empty()) return;
    const RandomObject o = r_.any(objects_);
    const u32 size = bytes(t), count = r_.between(2, 4);
    if (o.size < size * count) return;
    const u32 first = r_.below(o.size / size - count + 1) * size;
    const Value base = base_of(o);
    const u8 flags = MemFlags::make(size).bits;
    const bool store = o.writable && r_.chance(50);
    for (u32 n = 0; n < count; ++n) {
      const u32 at = first + (r_.chance(85) ? n : r_.below(count)) * size;
      const Value operands[] = {base, store ? pick(t) : Value()};
      const Inst i =
          put(store ? Opcode::store : Opcode::load, t, {operands, store ? 2U : 1U}, {&t, store ? 0U : 1U}, at, flags);
      if (!store) keep(f_.result(i));
    }
  }
};

}  // namespace jitkit::fuzz

#endif  // JITKIT_TOOLS_FUZZ_RANDOM_PATTERNS_HPP
