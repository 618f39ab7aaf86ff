// A function's statements as C, for reading and for models: a label per block, a variable per value, each result cut to
// its width.
//
// The C reaches memory by get(address, bytes) and set(address, value, bytes), and returns what the function's exit has,
// or 0. Whoever writes the head defines them.
//
// Invariant: what has no row here is said to have none (`missing`); then what was written is no function.
#ifndef JITKIT_IR_C_FUNCTION_HPP
#define JITKIT_IR_C_FUNCTION_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/opcode.hpp>
#include <jitkit/ir/support/sink.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/ir/type.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI::ir {

class CFunction {
 public:
  std::string_view missing;  // the op that has no C

  CFunction(const FunctionData& f, Sink& out) : f_(f), out_(out) {}

  // False if there is no C. `arguments`: expressions for the parameters.
  bool write(Span<const std::string_view> arguments) {
    for (u32 n = 1; n < f_.values.size(); ++n)
      if (f_.values[n].kind != ValueData::Kind::constant && f_.values[n].uses != 0) put("  uint64_t v", n, " = 0;\n");
    for (u32 n = 0; n < f_.blocks[1].param_count; ++n) {
      put("  ");
      assign(f_.param(FunctionData::entry(), n).id, arguments[n]);
      put("\n");
    }
    put("  goto b1;\n");
    for (u32 b = 1; b < f_.blocks.size(); ++b) {
      if (!f_.blocks[b].first) continue;
      put("b", b, ": __attribute__((unused));\n");
      for (Inst i = f_.blocks[b].first; i; i = f_[i].next) {
        put("  ");
        inst(i);
        put("\n");
      }
    }
    return missing.empty();
  }

 private:
  // A value, and one as a signed number of its width.
  struct Of {
    u32 id;
  };
  struct Signed {
    u32 id;
  };
  static u32 width(Type t) { return t == Type::ptr ? 64 : bits(t); }
  u32 width(u32 id) const { return width(f_.type(Value(id))); }

  void one(std::string_view s) { out_ << s; }
  void one(u64 n) { out_.udec(n); }
  void one(u32 n) { out_.udec(n); }
  void one(Of v) {
    if (f_.is_constant(Value(v.id)))
      put(f_.constant(Value(v.id)).lo, "ULL");
    else
      put("v", v.id);
  }
  void one(Signed v) {
    if (width(v.id) == 1)
      put("-(int64_t)(", Of{v.id}, ")");
    else
      put("(int", width(v.id), "_t)", Of{v.id});
  }
  template <class... Parts>
  void put(const Parts&... parts) {
    (one(parts), ...);
  }
  template <class... Parts>
  void assign(u32 id, const Parts&... parts) {
    if (f_.values[id].uses != 0)
      put("v", id, " = ", parts..., ";");
    else
      put("(void)(", parts..., ");");
  }
  // Cut to the width of the result.
  template <class... Parts>
  void result(const InstData& d, const Parts&... parts) {
    const u32 own = width(d.result.id);
    if (own == 1)
      assign(d.result.id, "(", parts..., ") & 1");
    else
      assign(d.result.id, "(uint", own, "_t)(", parts..., ")");
  }
  void go(Edge e) {
    const auto args = f_.args(e);
    put("{ ");
    for (u32 n = 0; n < args.size(); ++n) put("const uint64_t t", n, " = ", Of{args[n]}, "; ");
    for (u32 n = 0; n < args.size(); ++n) {
      assign(f_.param(f_[e].target, n).id, "t", n);
      put(" ");
    }
    put("goto b", f_[e].target.id, "; }");
  }
  u64 displacement(const InstData& d) const { return static_cast<u64>(static_cast<i64>(static_cast<i32>(d.aux))); }
  void load(const InstData& d, u32 address, u32 loaded, bool sign = false) {
    const u64 at = displacement(d);
    if (sign)
      result(d, "(int", loaded, "_t)get(", Of{address}, " + ", at, "ULL, ", loaded / 8, ")");
    else
      result(d, "get(", Of{address}, " + ", at, "ULL, ", loaded / 8, ")");
  }
  void store(const InstData& d, u32 address, u32 value, u32 stored) {
    put("set(", Of{address}, " + ", displacement(d), "ULL, ", Of{value}, ", ", stored / 8, ");");
  }
  void select_edge(Inst i) {
    const u32 last = f_.edge_count(i) - 1, on = f_[i].ops[0];
    for (u32 n = 0; n < last; ++n) {
      const u64 is = static_cast<u64>(f_[f_.edge(i, n)].case_value);
      put("if (", Of{on}, " == (uint", width(on), "_t)", is, "ULL) ");
      go(f_.edge(i, n));
      put(" ");
    }
    go(f_.edge(i, last));
  }
  void compare(const InstData& d, u32 a, u32 b) {
    static constexpr std::string_view symbols[] = {" == ", " != ", " < ",  " >= ", " > ",
                                                   " <= ", " < ",  " >= ", " > ",  " <= "};
    if (d.aux >= 2 && d.aux < 6)
      assign(d.result.id, Signed{a}, symbols[d.aux], Signed{b});
    else
      assign(d.result.id, Of{a}, symbols[d.aux], Of{b});
  }

  void inst(Inst i) {
    const InstData& d = f_[i];
    const auto ops = f_.operands(i);
    const Of a{ops.size() > 0 ? ops[0] : 0}, b{ops.size() > 1 ? ops[1] : 0};
    const u32 own = d.result ? width(d.result.id) : width(d.type);  // ptr_add has no type of its own
    if (own > 64) return none(d);
    for (const u32 v : ops)
      if (width(v) > 64) return none(d);
    const auto binary = [&](std::string_view symbol) { result(d, a, symbol, b); };
    const auto shift = [&](std::string_view symbol) { result(d, a, symbol, "(", b, " & ", own - 1, ")"); };
    switch (d.op) {
      case Opcode::add:
      case Opcode::ptr_add: return binary(" + ");
      case Opcode::sub: return binary(" - ");
      case Opcode::mul: return binary(" * ");
      case Opcode::neg: return result(d, "0 - ", a);
      case Opcode::and_: return binary(" & ");
      case Opcode::or_: return binary(" | ");
      case Opcode::xor_: return binary(" ^ ");
      case Opcode::not_: return result(d, "~", a);
      case Opcode::shl: return shift(" << ");
      case Opcode::lshr: return shift(" >> ");
      case Opcode::ashr: return result(d, Signed{a.id}, " >> (", b, " & ", own - 1, ")");
      case Opcode::zext:
      case Opcode::trunc:
      case Opcode::freeze: return result(d, a);
      case Opcode::sext: return result(d, Signed{a.id});
      case Opcode::select: return result(d, a, " ? ", b, " : ", Of{ops[2]});
      case Opcode::icmp: return compare(d, a.id, b.id);
      case Opcode::load: return load(d, a.id, own == 1 ? 8 : own);
      case Opcode::uload8: return load(d, a.id, 8);
      case Opcode::uload16: return load(d, a.id, 16);
      case Opcode::uload32: return load(d, a.id, 32);
      case Opcode::sload8: return load(d, a.id, 8, true);
      case Opcode::sload16: return load(d, a.id, 16, true);
      case Opcode::sload32: return load(d, a.id, 32, true);
      case Opcode::store: return store(d, a.id, b.id, own == 1 ? 8 : own);
      case Opcode::store8: return store(d, a.id, b.id, 8);
      case Opcode::store16: return store(d, a.id, b.id, 16);
      case Opcode::store32: return store(d, a.id, b.id, 32);
      case Opcode::br: return go(f_.edge(i, 0));
      case Opcode::brif:
        put("if (", a, ") ");
        go(f_.edge(i, 0));
        put(" else ");
        return go(f_.edge(i, 1));
      case Opcode::switch_: return select_edge(i);
      case Opcode::exit_: return ops.empty() ? put("return 0;") : put("return ", a, ";");
      default: return none(d);
    }
  }
  void none(const InstData& d) { missing = is_native(d.op) ? std::string_view("a native op") : name(d.op); }

  const FunctionData& f_;
  Sink& out_;
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_C_FUNCTION_HPP
