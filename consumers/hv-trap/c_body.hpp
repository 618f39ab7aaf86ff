// An IR body as a C function: a label per block, a variable per value, each result cut to its width.
//
// Invariant: what has no row here is said to have none (`missing`), and nothing is written that means something else.
#ifndef JITKIT_CONSUMERS_HV_TRAP_C_BODY_HPP
#define JITKIT_CONSUMERS_HV_TRAP_C_BODY_HPP

#include <jitkit/ir/function.hpp>

#include <ostream>
#include <sstream>
#include <string>

namespace jitkit::hv {

class CBody {
 public:
  std::string missing;  // the op that has no C

  explicit CBody(const ir::FunctionData& f) : f_(f) {}

  // uint64_t body_NAME(uint8_t *vcpu, uint64_t x1, uint64_t x2, uint64_t x3), whatever of them the function takes.
  bool write(const std::string& name, std::ostream& out) {
    std::ostringstream text;
    text << "static uint64_t body_" << name << "(uint8_t *vcpu, uint64_t x1, uint64_t x2, uint64_t x3) {\n";
    for (u32 n = 1; n < f_.values.size(); ++n)
      if (f_.values[n].kind != ir::ValueData::Kind::constant && f_.values[n].uses != 0) text << "  uint64_t v" << n << " = 0;\n";
    text << "  (void)vcpu, (void)x1, (void)x2, (void)x3;\n";
    static constexpr const char* params[] = {"(uintptr_t)vcpu", "x1", "x2", "x3"};
    for (u32 n = 0; n < f_.blocks[1].param_count; ++n) text << "  " << assigned(f_.param(ir::FunctionData::entry(), n).id, params[n]) << "\n";
    text << "  goto b1;\n";
    for (u32 b = 1; b < f_.blocks.size(); ++b) {
      if (!f_.blocks[b].first) continue;
      text << "b" << b << ": __attribute__((unused));\n";
      for (ir::Inst i = f_.blocks[b].first; i; i = f_[i].next) {
        text << "  ";
        inst(i, text);
        text << "\n";
      }
    }
    text << "}\n";
    if (missing.empty()) out << text.str();
    return missing.empty();
  }

 private:
  std::string value(u32 id) const {
    if (!f_.is_constant(ir::Value(id))) return "v" + std::to_string(id);
    return std::to_string(f_.constant(ir::Value(id)).lo) + "ULL";
  }
  std::string assigned(u32 id, const std::string& e) const {
    return f_.values[id].uses != 0 ? "v" + std::to_string(id) + " = " + e + ";" : "(void)(" + e + ");";
  }
  static std::string cut(unsigned bits, const std::string& e) {
    if (bits == 1) return "(" + e + ") & 1";
    return "(uint" + std::to_string(bits) + "_t)(" + e + ")";
  }
  static std::string as_signed(unsigned bits, const std::string& e) {
    return bits == 1 ? "-(int64_t)(" + e + ")" : "(int" + std::to_string(bits) + "_t)" + e;
  }
  void go(ir::Edge e, std::ostream& out) const {
    const auto args = f_.args(e);
    out << "{ ";
    for (u32 n = 0; n < args.size(); ++n) out << "const uint64_t t" << n << " = " << value(args[n]) << "; ";
    for (u32 n = 0; n < args.size(); ++n) out << assigned(f_.param(f_[e].target, n).id, "t" + std::to_string(n)) << " ";
    out << "goto b" << f_[e].target.id << "; }";
  }
  void inst(ir::Inst i, std::ostream& out) {
    using ir::Opcode;
    const ir::InstData& d = f_[i];
    const auto ops = f_.operands(i);
    const unsigned width = ir::bits(d.type);
    const auto op = [&](u32 n) { return value(ops[n]); };
    const auto bits = [&](u32 n) { return static_cast<unsigned>(ir::bits(f_.type(ir::Value(ops[n])))); };
    const auto result = [&](const std::string& e) { out << assigned(d.result.id, cut(width, e)); };
    const auto place = [&] { return op(0) + " + " + std::to_string(static_cast<u64>(static_cast<i64>(static_cast<i32>(d.aux)))) + "ULL"; };
    const auto load = [&](unsigned n, bool sign) {
      const std::string e = "get(" + place() + ", " + std::to_string(n / 8) + ")";
      result(sign ? as_signed(n, e) : e);
    };
    const auto store = [&](unsigned n) { out << "set(" << place() << ", " << op(1) << ", " << n / 8 << ");"; };
    const std::string amount = ops.size() == 2 && width != 0 ? " (" + op(1) + " & " + std::to_string(width - 1) + ")" : "";
    if (width > 64) return none(d);
    switch (d.op) {
      case Opcode::add: case Opcode::ptr_add: return result(op(0) + " + " + op(1));
      case Opcode::sub: return result(op(0) + " - " + op(1));
      case Opcode::mul: return result(op(0) + " * " + op(1));
      case Opcode::neg: return result("0 - " + op(0));
      case Opcode::and_: return result(op(0) + " & " + op(1));
      case Opcode::or_: return result(op(0) + " | " + op(1));
      case Opcode::xor_: return result(op(0) + " ^ " + op(1));
      case Opcode::not_: return result("~" + op(0));
      case Opcode::shl: return result(op(0) + " <<" + amount);
      case Opcode::lshr: return result(op(0) + " >>" + amount);
      case Opcode::ashr: return result(as_signed(width, op(0)) + " >>" + amount);
      case Opcode::zext: case Opcode::trunc: case Opcode::freeze: return result(op(0));
      case Opcode::sext: return result("(uint64_t)(int64_t)" + as_signed(bits(0), op(0)));
      case Opcode::select: return result(op(0) + " ? " + op(1) + " : " + op(2));
      case Opcode::icmp: {
        static constexpr const char* symbols[] = {"==", "!=", "<", ">=", ">", "<=", "<", ">=", ">", "<="};
        const bool sign = d.aux >= 2 && d.aux < 6;
        const auto side = [&](u32 n) { return sign ? as_signed(bits(n), op(n)) : op(n); };
        out << assigned(d.result.id, side(0) + " " + symbols[d.aux] + " " + side(1));
        return;
      }
      case Opcode::load: return load(width == 1 ? 8 : width, false);
      case Opcode::uload8: return load(8, false);
      case Opcode::uload16: return load(16, false);
      case Opcode::uload32: return load(32, false);
      case Opcode::sload8: return load(8, true);
      case Opcode::sload16: return load(16, true);
      case Opcode::sload32: return load(32, true);
      case Opcode::store: return store(width == 1 ? 8 : width);
      case Opcode::store8: return store(8);
      case Opcode::store16: return store(16);
      case Opcode::store32: return store(32);
      case Opcode::br: return go(f_.edge(i, 0), out);
      case Opcode::brif:
        out << "if (" << op(0) << ") ";
        go(f_.edge(i, 0), out);
        out << " else ";
        return go(f_.edge(i, 1), out);
      case Opcode::switch_: {
        const u32 last = f_.edge_count(i) - 1;
        for (u32 n = 0; n < last; ++n) {
          out << "if (" << value(d.ops[0]) << " == " << cut(width, std::to_string(static_cast<u64>(f_[f_.edge(i, n)].case_value)) + "ULL") << ") ";
          go(f_.edge(i, n), out);
          out << " ";
        }
        return go(f_.edge(i, last), out);
      }
      case Opcode::exit_:
        out << "return " << (ops.empty() ? "0" : op(0)) << ";";
        return;
      default: return none(d);
    }
  }
  void none(const ir::InstData& d) { missing = ir::is_native(d.op) ? "a native op" : ir::name(d.op); }

  const ir::FunctionData& f_;
};

}  // namespace jitkit::hv

#endif  // JITKIT_CONSUMERS_HV_TRAP_C_BODY_HPP
