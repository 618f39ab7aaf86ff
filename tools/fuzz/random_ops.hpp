// Random instructions: any row of ops.def that has a fixed signature, with any legal type, lane and
// option. What a row leaves unspecified (float conversions out of range, the sign of a zero minimum) is
// kept out by the operands that are made for it.
#ifndef JITKIT_TOOLS_FUZZ_RANDOM_OPS_HPP
#define JITKIT_TOOLS_FUZZ_RANDOM_OPS_HPP

#include <jitkit/ir/op_signature.hpp>

#include "random_values.hpp"

namespace jitkit::fuzz {

class RandomOps : public RandomValues {
 public:
  using RandomValues::RandomValues;

  static constexpr TypeSet portable = types::value & ~(types::wide_vector | set_of(Type::mask));

  Type type_of(TypeSet set) {
    set &= portable;
    u32 n = r_.below(static_cast<u32>(std::popcount(set)));
    for (unsigned i = 1; i < type_count; ++i)
      if (contains(set, static_cast<Type>(i)) && n-- == 0) return static_cast<Type>(i);
    return Type::i64;
  }

  // Some instruction; its results come into scope.
  void any_op() {
    const Opcode op = r_.chance(35) ? r_.one_of(common) : static_cast<Opcode>(1 + r_.below(core_op_count - 1));
    op_of(op, common_type(op));
  }

 protected:
  void op_of(Opcode op, Type t) {
    const OpSignature& s = signature_of(op);
    if (s.any || is_terminator(op) || (has_type(op) && !contains(portable, t))) return;
    switch (info(op).option) {
      case Option::mem:
      case Option::atomic: return memory_op(op, t);
      case Option::order: {
        put(op, Type::none, {}, {}, 0, MemFlags::make(1, false, order(op)).bits);
        return;
      }
      case Option::none:
      case Option::icond:
      case Option::fcond:
      case Option::lane:
      case Option::lanes:
      case Option::shuffle: break;
      case Option::imm:
        if (op == Opcode::clmul) break;
        return;
      default: return;  // slots, symbols, frame states: made on purpose elsewhere
    }
    switch (op) {
      case Opcode::memcopy:
      case Opcode::memmove:
      case Opcode::memset: return bulk(op);
      case Opcode::va_start:
      case Opcode::region_begin:
      case Opcode::region_end: return;
      case Opcode::fptosi:
      case Opcode::fptoui:
      case Opcode::fmin_native:
      case Opcode::fmax_native: return ranged(op, t);
      case Opcode::sdiv_trap:
      case Opcode::udiv_trap:
      case Opcode::srem_trap:
      case Opcode::urem_trap: {
        if (!r_.chance(3)) {
          const Value divisor =
              make(Opcode::or_, t, {make(Opcode::and_, t, {pick(t), constant(t, 0x7f >> 1)}), constant(t, 1)});
          keep(make(op, t, {pick(t), divisor}));
          return;
        }
        break;
      }
      default: break;
    }
    regular(op, t);
  }

 private:
  // What programs are made of.
  static constexpr Opcode common[] = {
      Opcode::add,  Opcode::sub,  Opcode::mul,  Opcode::and_, Opcode::or_,  Opcode::xor_,  Opcode::shl,
      Opcode::lshr, Opcode::ashr, Opcode::icmp, Opcode::load, Opcode::load, Opcode::store, Opcode::select,
      Opcode::zext, Opcode::sext, Opcode::trunc, Opcode::fadd, Opcode::fmul, Opcode::fsub,  Opcode::fcmp};

  Type common_type(Opcode op) {
    const TypeSet set = info(op).types & portable;
    if (set == 0) return Type::none;
    const TypeSet words = set & types::wide_int;
    return words != 0 && r_.chance(40) ? type_of(words) : type_of(set);
  }

  // Whether the results do not depend on the bits of a NaN among the operands, and may be one.
  static constexpr bool is_arithmetic(Opcode op) {
    return (op >= Opcode::fadd && op <= Opcode::fnearest && op != Opcode::fcopysign) || op == Opcode::fpext ||
           op == Opcode::fptrunc;
  }
  static constexpr bool reads_dirty(Opcode op) {
    return is_arithmetic(op) || op == Opcode::fcmp || op == Opcode::fptosi_sat || op == Opcode::fptoui_sat;
  }

  void regular(Opcode op, Type t) {
    const OpSignature& s = signature_of(op);
    Lane lane = Lane::i8;
    if (has_lane(op)) lane = any_lane(op);
    Value operands[3];
    for (u32 n = 0; n < s.operands; ++n) {
      const Type want = s.operand[n] == 'S'   ? type_of(source_types(op, t))
                        : s.operand[n] == 'a' ? type_of(types::address)
                                              : letter_type(s.operand[n], t, lane);
      if (s.operand[n] == 'S' && (source_types(op, t) & portable) == 0) return;
      operands[n] = reads_dirty(op) ? pick_dirty(want) : pick(want);
      if (op == Opcode::fptrunc && t == Type::f16) operands[n] = not_nan(operands[n]);
      if (is_float_lane(op, lane)) operands[n] = moderate(operands[n], lane);
    }
    Type results[2];
    for (u32 n = 0; n < s.results; ++n) results[n] = letter_type(s.result[n], t, lane);
    const u8 flags = has_lane(op) ? static_cast<u8>(lane) : 0;
    const Inst i = put(op, has_type(op) ? t : Type::none, {operands, s.operands}, {results, s.results},
                       option(op, t, lane), flags);
    for (u32 n = 0; n < s.results; ++n) {
      const Value v = f_.result(i, n);
      if (is_arithmetic(op) && t != Type::f16)
        keep_dirty(v);
      else
        keep(v);
    }
  }

  u32 option(Opcode op, Type t, Lane lane) {
    switch (info(op).option) {
      case Option::icond: return r_.below(icond_count);
      case Option::fcond: return r_.below(fcond_count);
      case Option::lane: {
        const bool shift = signature_of(op).operands == 1 && signature_of(op).result[0] == 'T';
        return r_.below(shift ? lane_bits(lane) : lanes(t, lane));
      }
      case Option::shuffle: return mask(bytes(t));
      case Option::imm: return r_.one_of({0U, 1U, 16U, 17U});
      default: return 0;
    }
  }
  // Any bytes, or one of the regular patterns that have instructions of their own.
  u32 mask(u32 n) {
    const u32 first = f_.data.size();
    const u32 kind = r_.below(5), step = u32{1} << r_.below(4), from = r_.below(n);
    for (u32 k = 0; k < n; ++k) {
      u32 byte = r_.below(2 * n);
      if (kind == 1) byte = (k + from) % (2 * n);                                // a slice
      if (kind == 2) byte = (k / step / 2 * step + k % step) + (k / step % 2) * n;  // interleaved
      if (kind == 3) byte = k ^ (step - 1);                                      // reversed groups
      if (kind == 4) byte = from / step * step + k % step;                       // one lane everywhere
      f_.data.push(static_cast<u8>(byte % (2 * n)));
    }
    return first;
  }

  Lane any_lane(Opcode op) {
    for (;;) {
      const Lane l = static_cast<Lane>(r_.below(lane_count_kinds));
      if ((legal_lanes(op) >> static_cast<u8>(l) & 1) != 0) return l;
    }
  }
  static constexpr bool is_float_lane(Opcode op, Lane l) {
    const bool computes = op == Opcode::vadd || op == Opcode::vsub || op == Opcode::vmul || op == Opcode::vfdiv;
    return computes && (l == Lane::f32 || l == Lane::f64);
  }
  // Lanes between 2^-63 (2^-511) and 2: no arithmetic on them makes a NaN.
  Value moderate(Value v, Lane l) {
    const u64 clear = l == Lane::f32 ? 0xbfffffffbfffffff : 0xbfffffffffffffff;
    const u64 set = l == Lane::f32 ? 0x2000000020000000 : 0x2000000000000000;
    const Type t = type(v);
    return make(Opcode::vor, t, {make(Opcode::vand, t, {v, constant(t, clear, clear)}), constant(t, set, set)});
  }

  // Conversions in range; minima of numbers that are no NaN and not -0.
  void ranged(Opcode op, Type t) {
    const auto small = [&](Type to) {
      const Value x = make(Opcode::lshr, Type::i64, {pick(Type::i64), number(40 + r_.below(20))});
      const Value y = make(Opcode::sub, Type::i64, {x, number(op == Opcode::fptoui ? 0 : r_.below(5000))});
      return make(Opcode::sitofp, to, {y});
    };
    if (op == Opcode::fmin_native || op == Opcode::fmax_native) {
      keep(make(op, t, {small(t), small(t)}));
      return;
    }
    const Type from = type_of(types::fp);
    Value x = small(from);
    if (r_.chance(50))
      x = make(Opcode::fmul, from, {x, constant(from, from == Type::f32 ? 0x3e800000 : u64{0x3fd} << 52)});
    keep(make(op, t, {x}));
  }

  Order order(Opcode op) {
    for (;;) {
      const Order o = static_cast<Order>(r_.below(5));
      if (op == Opcode::atomic_load && (o == Order::release || o == Order::acq_rel)) continue;
      if (op == Opcode::atomic_store && (o == Order::acquire || o == Order::acq_rel)) continue;
      if (op == Opcode::fence && o == Order::relaxed) continue;
      return o;
    }
  }
  static constexpr u32 access_bytes(Opcode op, Type t) {
    switch (op) {
      case Opcode::uload8:
      case Opcode::sload8:
      case Opcode::store8: return 1;
      case Opcode::uload16:
      case Opcode::sload16:
      case Opcode::store16: return 2;
      case Opcode::uload32:
      case Opcode::sload32:
      case Opcode::store32: return 4;
      default: return bytes(t);
    }
  }

  void memory_op(Opcode op, Type t) {
    const OpSignature& s = signature_of(op);
    const bool atomic = info(op).option == Option::atomic;
    const Place p = any_place(access_bytes(op, t), atomic, (info(op).effects & effect::write) != 0);
    if (!p.valid) return;
    Value operands[3] = {p.address};
    for (u32 n = 1; n < s.operands; ++n) operands[n] = pick(t);
    const u32 align = atomic ? p.align : r_.chance(60) ? p.align : 1;
    const MemFlags flags = MemFlags::make(align, r_.chance(5), atomic ? order(op) : Order::relaxed);
    const Inst i = put(op, t, {operands, s.operands}, {&t, s.results}, static_cast<u32>(p.offset), flags.bits);
    if (s.results != 0) keep(f_.result(i));
  }

  void bulk(Opcode op) {
    if (objects_.empty()) return;
    const RandomObject to = r_.any(objects_), from = r_.any(objects_);
    if (!to.writable || to.size < smallest_object || from.size < smallest_object) return;
    if (op == Opcode::memcopy && (!(to.own || from.own) || to.base == from.base)) return;
    const u32 most = r_.chance(20) ? smallest_object : r_.one_of({0U, 1U, 7U, 8U, 15U, 16U, 31U, 63U});
    Value count = number(r_.below(most + 1));
    if (r_.chance(40) && is_pow2(most + 1))
      count = make(Opcode::and_, Type::i64, {pick_variable(Type::i64), number(most)});
    const Value second = op == Opcode::memset ? pick(Type::i32) : base_of(from);
    const Value operands[] = {base_of(to), second, count};
    put(op, Type::none, operands, {});
  }
};

}  // namespace jitkit::fuzz

#endif  // JITKIT_TOOLS_FUZZ_RANDOM_OPS_HPP
