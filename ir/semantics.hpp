// The meaning of every core op that computes on values alone: bit patterns in, bit patterns out. The
// interpreter executes through evaluate(), and folding uses the same function, so that a folded
// constant cannot differ from an executed one.
//
// Invariants: a Bits holds a value of its type with the bits above the type's width clear, going in
// and coming out. evaluate() depends on nothing but its arguments (not on the host's rounding mode, as
// far as the default one is in force, nor on its NaN patterns: a NaN made by arithmetic is the positive
// quiet NaN without payload). What an op leaves unspecified is given the value that is documented here,
// one of those allowed.
#ifndef JITKIT_IR_SEMANTICS_HPP
#define JITKIT_IR_SEMANTICS_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/opcode.hpp>
#include <jitkit/ir/semantics_float.hpp>
#include <jitkit/ir/semantics_vector.hpp>
#include <jitkit/ir/support/bits.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/ir/support/wide.hpp>
#include <jitkit/ir/type.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

// What the meaning of an instruction depends on beside its operands.
struct PureOp {
  Opcode op = Opcode::none;
  Type type = Type::none;
  Type source = Type::none;    // of the first operand; needed where the signature has an S
  u8 flags = 0;                // InstData::flags
  u32 aux = 0;                 // InstData::aux
  Span<const u8> mask{};  // vshuffle: its mask bytes
};

enum class Outcome : u8 {
  value,    // the results are there
  trap,     // the op traps on these operands
  unknown,  // not an op on values alone (memory, control, addresses, native), or wider than 128 bits
};

namespace semantics {

constexpr i128 as_signed(u128 v, unsigned n) {
  return static_cast<i128>(v << (128 - n)) >> (128 - n);
}
constexpr u128 low_bits(u128 v, unsigned n) { return n >= 128 ? v : v & ((u128{1} << n) - 1); }
constexpr Bits bits_of(u128 v, unsigned n) { return Bits::of(low_bits(v, n)); }

constexpr unsigned leading_zeros(u128 v, unsigned n) {
  const u64 hi = static_cast<u64>(v >> 64);
  const int zeros = hi != 0 ? std::countl_zero(hi) : 64 + std::countl_zero(static_cast<u64>(v));
  return static_cast<unsigned>(zeros) - (128 - n);
}
constexpr u64 reverse_bits(u64 v, unsigned n) {
  u64 r = 0;
  for (unsigned i = 0; i < n; ++i) r |= (v >> i & 1) << (n - 1 - i);
  return r;
}
constexpr u128 reverse_bytes(u128 v, unsigned n) {
  u128 r = 0;
  for (unsigned i = 0; i < n; i += 8) r |= (v >> i & 0xff) << (n - 8 - i);
  return r;
}

// n: bits of the operands, which are clear above them.
constexpr bool compare(ICond c, u128 x, u128 y, unsigned n) {
  const i128 sx = as_signed(x, n), sy = as_signed(y, n);
  switch (c) {
    case ICond::eq: return x == y;
    case ICond::ne: return x != y;
    case ICond::slt: return sx < sy;
    case ICond::sge: return sx >= sy;
    case ICond::sgt: return sx > sy;
    case ICond::sle: return sx <= sy;
    case ICond::ult: return x < y;
    case ICond::uge: return x >= y;
    case ICond::ugt: return x > y;
    case ICond::ule: return x <= y;
  }
  return false;
}

// Quotients and remainders of the ops that do not trap.
constexpr u128 divide(Opcode op, u128 x, u128 y, unsigned n) {
  const bool is_signed = op == Opcode::sdiv || op == Opcode::srem;
  const bool quotient = op == Opcode::sdiv || op == Opcode::udiv;
  if (y == 0) return quotient ? 0 : x;
  if (!is_signed) return quotient ? x / y : x % y;
  // On magnitudes: the least number has one too, so nothing overflows here.
  const bool nx = as_signed(x, n) < 0, ny = as_signed(y, n) < 0;
  const u128 mx = nx ? low_bits(0 - x, n) : x, my = ny ? low_bits(0 - y, n) : y;
  if (quotient) return nx != ny ? 0 - mx / my : mx / my;
  return nx ? 0 - mx % my : mx % my;
}

// The op that does not trap, or none if `op` is not a trapping division.
constexpr Opcode without_trap(Opcode op) {
  switch (op) {
    case Opcode::sdiv_trap: return Opcode::sdiv;
    case Opcode::udiv_trap: return Opcode::udiv;
    case Opcode::srem_trap: return Opcode::srem;
    case Opcode::urem_trap: return Opcode::urem;
    default: return Opcode::none;
  }
}
constexpr bool division_traps(Opcode op, u128 x, u128 y, unsigned n) {
  const u128 least = u128{1} << (n - 1);
  return y == 0 || (op == Opcode::sdiv_trap && x == least && y == low_bits(~u128{0}, n));
}

// The low n bits of the result and whether it overflowed (n at most 64, so 128 bits hold any result).
constexpr void with_overflow(Opcode op, u128 x, u128 y, unsigned n, Bits* r) {
  const i128 sx = as_signed(x, n), sy = as_signed(y, n);
  i128 s = 0;
  u128 u = 0;
  bool is_signed = true;
  switch (op) {
    case Opcode::sadd_ov: s = sx + sy; break;
    case Opcode::ssub_ov: s = sx - sy; break;
    case Opcode::smul_ov: s = sx * sy; break;
    case Opcode::uadd_ov: u = x + y, is_signed = false; break;
    case Opcode::usub_ov: u = x - y, is_signed = false; break;
    case Opcode::umul_ov: u = x * y, is_signed = false; break;
    default: check(false);
  }
  const u128 all = is_signed ? static_cast<u128>(s) : u;
  r[0] = bits_of(all, n);
  r[1] = Bits::of(is_signed ? as_signed(all, n) != s : low_bits(u, n) != u);
}

// An op of two integers of n bits with one result of n bits.
constexpr Bits integer_op(Opcode op, u128 x, u128 y, unsigned n) {
  const i128 sx = as_signed(x, n), sy = as_signed(y, n);
  const unsigned count = static_cast<unsigned>(y) & (n - 1);
  const unsigned back = (n - count) & (n - 1);
  u128 r = 0;
  switch (op) {
    case Opcode::add: r = x + y; break;
    case Opcode::sub: r = x - y; break;
    case Opcode::mul: r = x * y; break;
    case Opcode::smulhi: r = static_cast<u128>((sx * sy) >> n); break;
    case Opcode::umulhi: r = (x * y) >> n; break;
    case Opcode::smin: r = sx < sy ? x : y; break;
    case Opcode::smax: r = sx < sy ? y : x; break;
    case Opcode::umin: r = x < y ? x : y; break;
    case Opcode::umax: r = x < y ? y : x; break;
    case Opcode::and_: r = x & y; break;
    case Opcode::or_: r = x | y; break;
    case Opcode::xor_: r = x ^ y; break;
    case Opcode::shl: r = x << count; break;
    case Opcode::lshr: r = x >> count; break;
    case Opcode::ashr: r = static_cast<u128>(sx >> count); break;
    case Opcode::rotl: r = x << count | x >> back; break;
    case Opcode::rotr: r = x >> count | x << back; break;
    case Opcode::sdiv:
    case Opcode::udiv:
    case Opcode::srem:
    case Opcode::urem: r = divide(op, x, y, n); break;
    default: check(false);
  }
  return bits_of(r, n);
}

// An op of one integer of n bits.
constexpr Bits integer_op(Opcode op, u128 x, unsigned n) {
  const u64 low = static_cast<u64>(x);
  switch (op) {
    case Opcode::neg: return bits_of(0 - x, n);
    case Opcode::not_: return bits_of(~x, n);
    case Opcode::iabs: return bits_of(as_signed(x, n) < 0 ? 0 - x : x, n);
    case Opcode::clz: return Bits::of(leading_zeros(x, n));
    case Opcode::ctz: return Bits::of(x == 0 ? n : ctz(low));
    case Opcode::popcnt: return Bits::of(static_cast<unsigned>(std::popcount(low)));
    case Opcode::bswap: return Bits::of(reverse_bytes(x, n));
    case Opcode::bitrev: return Bits::of(reverse_bits(low, n));
    default: check(false); return {};
  }
}

}  // namespace semantics

// Computes `op` on the operands `x`. Unless the outcome is `value` the results are not written.
constexpr Outcome evaluate(const PureOp& op, Span<const Bits> x, Bits* results) {
  using namespace semantics;
  const unsigned n = bits(op.type);
  const u128 a = !x.empty() ? x[0].value() : 0;
  const u128 b = x.size() > 1 ? x[1].value() : 0;
  Bits& r = results[0];
  switch (op.op) {
    case Opcode::add:
    case Opcode::sub:
    case Opcode::mul:
    case Opcode::smulhi:
    case Opcode::umulhi:
    case Opcode::sdiv:
    case Opcode::udiv:
    case Opcode::srem:
    case Opcode::urem:
    case Opcode::smin:
    case Opcode::smax:
    case Opcode::umin:
    case Opcode::umax:
    case Opcode::and_:
    case Opcode::or_:
    case Opcode::xor_:
    case Opcode::shl:
    case Opcode::lshr:
    case Opcode::ashr:
    case Opcode::rotl:
    case Opcode::rotr: r = integer_op(op.op, a, b, n); return Outcome::value;
    case Opcode::sdiv_trap:
    case Opcode::udiv_trap:
    case Opcode::srem_trap:
    case Opcode::urem_trap:
      if (division_traps(op.op, a, b, n)) return Outcome::trap;
      r = integer_op(without_trap(op.op), a, b, n);
      return Outcome::value;
    case Opcode::neg:
    case Opcode::iabs:
    case Opcode::not_:
    case Opcode::clz:
    case Opcode::ctz:
    case Opcode::popcnt:
    case Opcode::bswap:
    case Opcode::bitrev: r = integer_op(op.op, a, n); return Outcome::value;
    case Opcode::sadd_ov:
    case Opcode::ssub_ov:
    case Opcode::smul_ov:
    case Opcode::uadd_ov:
    case Opcode::usub_ov:
    case Opcode::umul_ov: with_overflow(op.op, a, b, n, results); return Outcome::value;
    case Opcode::add_carry: {
      const u128 sum = a + b + x[2].lo;
      results[0] = bits_of(sum, n);
      results[1] = Bits::of(sum >> n & 1);
      return Outcome::value;
    }
    case Opcode::sub_borrow: {
      const u128 difference = a - b - x[2].lo;
      results[0] = bits_of(difference, n);
      results[1] = Bits::of(difference >> n & 1);
      return Outcome::value;
    }
    case Opcode::icmp:
      r = Bits::of(compare(static_cast<ICond>(op.aux), a, b, n));
      return Outcome::value;
    case Opcode::ptr_add: r = bits_of(a + b, 64); return Outcome::value;
    case Opcode::select:
      if (n > 128) return Outcome::unknown;
      r = x[0].lo != 0 ? x[1] : x[2];
      return Outcome::value;
    case Opcode::freeze:
    case Opcode::bitcast:
      if (n > 128) return Outcome::unknown;
      [[fallthrough]];
    case Opcode::zext: r = x[0]; return Outcome::value;
    case Opcode::sext:
      r = bits_of(static_cast<u128>(as_signed(a, bits(op.source))), n);
      return Outcome::value;
    case Opcode::trunc: r = bits_of(a, n); return Outcome::value;

    case Opcode::fcmp:
      r = Bits::of(compare_float(static_cast<FCond>(op.aux), x[0].lo, x[1].lo, n));
      return Outcome::value;
    case Opcode::fpext:
    case Opcode::fptrunc:
      r = Bits::of(convert_float(x[0].lo, format_of(op.source), format_of(op.type)));
      return Outcome::value;
    case Opcode::sitofp:
    case Opcode::uitofp:
      r = Bits::of(float_of_integer(x[0].lo, bits(op.source), op.op == Opcode::sitofp,
                                    format_of(op.type)));
      return Outcome::value;
    case Opcode::fptosi:  // out of range: as the saturating form
    case Opcode::fptosi_sat:
      r = Bits::of(integer_of_float(x[0].lo, format_of(op.source), n, true));
      return Outcome::value;
    case Opcode::fptoui:
    case Opcode::fptoui_sat:
      r = Bits::of(integer_of_float(x[0].lo, format_of(op.source), n, false));
      return Outcome::value;
    case Opcode::fadd:
    case Opcode::fsub:
    case Opcode::fmul:
    case Opcode::fdiv:
    case Opcode::fcopysign:
    case Opcode::fmin:
    case Opcode::fmax:
    case Opcode::fmin_native:  // unspecified cases: as fmin and fmax
    case Opcode::fmax_native: r = Bits::of(float_op(op.op, x[0].lo, x[1].lo, n)); return Outcome::value;
    case Opcode::fsqrt:
    case Opcode::fneg:
    case Opcode::fabs:
    case Opcode::ffloor:
    case Opcode::fceil:
    case Opcode::ftrunc:
    case Opcode::fnearest: r = Bits::of(float_op(op.op, x[0].lo, n)); return Outcome::value;
    case Opcode::fma: r = Bits::of(fused(x[0].lo, x[1].lo, x[2].lo, n)); return Outcome::value;

    case Opcode::vsplat:
    case Opcode::vextract:
    case Opcode::vinsert:
    case Opcode::vadd:
    case Opcode::vsub:
    case Opcode::vmul:
    case Opcode::vfdiv:
    case Opcode::vsmin:
    case Opcode::vsmax:
    case Opcode::vumin:
    case Opcode::vumax:
    case Opcode::vcmpeq:
    case Opcode::vcmpgt:
    case Opcode::vshl_imm:
    case Opcode::vlshr_imm:
    case Opcode::vashr_imm: {
      const Bits y = x.size() > 1 ? x[1] : Bits{};
      r = lane_op(op.op, bytes(op.type), static_cast<Lane>(op.flags), op.aux, x[0], y);
      return Outcome::value;
    }
    case Opcode::vand: r = bits_of(a & b, n); return Outcome::value;
    case Opcode::vor: r = bits_of(a | b, n); return Outcome::value;
    case Opcode::vxor: r = bits_of(a ^ b, n); return Outcome::value;
    case Opcode::vbic: r = bits_of(a & ~b, n); return Outcome::value;
    case Opcode::vnot: r = bits_of(~a, n); return Outcome::value;
    case Opcode::vshuffle: r = shuffle(x[0], x[1], op.mask); return Outcome::value;
    case Opcode::vtable: r = table_lookup(x[0], x[1], bytes(op.type)); return Outcome::value;
    case Opcode::aes_enc:
    case Opcode::aes_enclast:
    case Opcode::aes_dec:
    case Opcode::aes_declast: r = aes_round(op.op, x[0], x[1]); return Outcome::value;
    case Opcode::aes_imc: r = aes_mix_columns(x[0], aes_inverse_mix); return Outcome::value;
    case Opcode::clmul:
      r = carryless_product((op.aux & 1) != 0 ? x[0].hi : x[0].lo,
                            (op.aux & 16) != 0 ? x[1].hi : x[1].lo);
      return Outcome::value;
    case Opcode::crc32c:
      r = Bits::of(crc32c_step(static_cast<u32>(x[0].lo), x[1].lo, n));
      return Outcome::value;

    case Opcode::none:
    case Opcode::load:
    case Opcode::uload8:
    case Opcode::uload16:
    case Opcode::uload32:
    case Opcode::sload8:
    case Opcode::sload16:
    case Opcode::sload32:
    case Opcode::store:
    case Opcode::store8:
    case Opcode::store16:
    case Opcode::store32:
    case Opcode::atomic_load:
    case Opcode::atomic_store:
    case Opcode::atomic_xchg:
    case Opcode::atomic_add:
    case Opcode::atomic_sub:
    case Opcode::atomic_and:
    case Opcode::atomic_or:
    case Opcode::atomic_xor:
    case Opcode::atomic_smin:
    case Opcode::atomic_smax:
    case Opcode::atomic_umin:
    case Opcode::atomic_umax:
    case Opcode::atomic_cas:
    case Opcode::fence:
    case Opcode::memcopy:
    case Opcode::memmove:
    case Opcode::memset:
    case Opcode::stack_addr:
    case Opcode::alloca_:
    case Opcode::symbol_addr:
    case Opcode::va_start:
    case Opcode::region_begin:
    case Opcode::region_end:
    case Opcode::call:
    case Opcode::call_indirect:
    case Opcode::guard:
    case Opcode::guard_not:
    case Opcode::load_trap:
    case Opcode::patch_point:
    case Opcode::safepoint:
    case Opcode::br:
    case Opcode::brif:
    case Opcode::switch_:
    case Opcode::ret:
    case Opcode::tail_call:
    case Opcode::tail_call_indirect:
    case Opcode::exit_:
    case Opcode::trap:
    case Opcode::unreachable:
    case Opcode::core_count:
    case Opcode::first_native: return Outcome::unknown;
  }
  return Outcome::unknown;  // a native op
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_SEMANTICS_HPP
