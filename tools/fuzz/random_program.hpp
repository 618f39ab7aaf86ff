// A random program: a module with globals and functions that always passes the verifier, always ends, and
// gives the same results and memory whoever executes it. The first function takes and returns plain
// values; the last, @memory, gives a number that depends on every byte of the globals.
#ifndef JITKIT_TOOLS_FUZZ_RANDOM_PROGRAM_HPP
#define JITKIT_TOOLS_FUZZ_RANDOM_PROGRAM_HPP

#include <jitkit/ir/builder.hpp>
#include <jitkit/ir/unit.hpp>

#include <string>

#include "random_body.hpp"

namespace jitkit::fuzz {

// A function @memory: h = rotl(h, 5) + word, over all globals.
inline void add_memory_hash(Unit& unit) {
  Module& m = unit.module;
  Param result;
  result.type = Type::i64;
  const SymbolRef s = m.declare_function("memory", m.add_signature({}, {&result, 1}));
  m.symbol(s).linkage = Linkage::exported;
  Builder b(*unit.add_function(s));
  b.entry();
  Value hash = b.i64(1);
  for (u32 g = 1; g < m.symbol_count(); ++g) {
    const SymbolInfo& i = m.symbol(SymbolRef(g));
    if (i.kind == SymbolKind::function) continue;
    const Value base = b.symbol_addr(SymbolRef(g));
    const Block loop = b.new_block(), next = b.new_block();
    b.br({loop, {b.i64(0), hash}});
    b.at(loop);
    const Value at = b.add_param(loop, Type::i64), h = b.add_param(loop, Type::i64);
    const Value mixed = b.add(b.rotl(h, b.i64(5)), b.load(Type::i64, b.ptr_add(base, at)));
    const Value on = b.add(at, b.i64(8));
    b.brif(b.icmp(ICond::ult, on, b.i64(static_cast<i64>(i.size))), {loop, {on, mixed}}, {next, {mixed}});
    b.at(next);
    hash = b.add_param(next, Type::i64);
  }
  b.ret({hash});
}

class RandomProgram {
 public:
  static constexpr u32 most_arguments = 20;  // of the first function

  // `first`: what the first choices are (random_source.hpp).
  RandomProgram(u64 seed, Unit& unit, std::span<const u8> first = {}) : r_(seed, first), unit_(unit), m_(unit.module) {}

  void build() {
    globals();
    const u32 count = 1 + r_.below(5);
    std::vector<RandomFunctionInfo> infos(count);
    for (u32 n = 0; n < count; ++n) declare(infos[n], n);
    std::vector<FunctionData*> functions;
    for (const RandomFunctionInfo& i : infos) functions.push_back(unit_.add_function(i.symbol));
    for (u32 n = count; n-- > 0;) {
      RandomBody body(*functions[n], r_, std::span(infos).subspan(n + 1), infos[n].by_address);
      infos[n].cost = body.fill(n == 0 ? r_.between(20, 150) : r_.between(5, 60));
    }
    add_memory_hash(unit_);
  }

  // Arguments for a call of the first function.
  std::vector<Bits> arguments() {
    std::vector<Bits> list;
    for (const Param& p : m_.params(m_.symbol(m_.find("f0")).signature)) list.push_back(r_.constant(p.type));
    return list;
  }

 private:
  void globals() {
    for (u32 n = r_.below(4); n > 0; --n) {
      const SymbolKind kind = r_.one_of({SymbolKind::data, SymbolKind::bss, SymbolKind::rodata});
      std::vector<u8> bytes(kind == SymbolKind::bss ? 0 : 64 * r_.between(1, 3));
      for (u8& b : bytes) b = static_cast<u8>(r_.bits());
      const std::string name = "g" + std::to_string(n);
      const u64 size = kind == SymbolKind::bss ? 64 * r_.between(1, 4) : bytes.size();
      m_.add_global(name, kind, r_.chance(50) ? Linkage::internal : Linkage::exported, bytes, size, 4);
    }
  }

  void declare(RandomFunctionInfo& info, u32 n) {
    std::vector<Param> params, results;
    const bool inner = n != 0;
    const CallConv conv = inner && r_.chance(20) ? CallConv::custom0 : CallConv::c;
    const bool many = r_.chance(30);
    if (inner && r_.chance(10)) add_address(params, info, ParamAttr::sret, 0);
    for (u32 k = r_.below(many ? most_arguments : 6); k > 0 && params.size() + 4 <= most_arguments; --k) {
      if (inner && r_.chance(10))
        add_address(params, info, ParamAttr::none, 0);
      else if (inner && r_.chance(8) && conv == CallConv::c)
        add_address(params, info, ParamAttr::byval, r_.one_of({24U, 40U, 64U, 96U}));
      else if (r_.chance(12))
        add_group(params, info.by_address);
      else
        add_value(params, info.by_address);
    }
    std::vector<bool> unused;
    for (u32 k = r_.below(5); k > 0; --k) add_value(results, unused);
    if (results.empty() && !inner) results.push_back(value_of(Type::i64));
    const bool variadic = inner && conv == CallConv::c && !params.empty() && r_.chance(10);
    info.signature = m_.add_signature(params, results, conv, variadic, static_cast<u16>(params.size()));
    info.symbol = m_.declare_function("f" + std::to_string(n), info.signature);
    m_.symbol(info.symbol).linkage = inner && r_.chance(70) ? Linkage::internal : Linkage::exported;
  }

  static Param value_of(Type t) {
    Param p;
    p.type = t;
    return p;
  }
  Type any_type() {
    static constexpr Type often[] = {Type::i64, Type::i64, Type::i32, Type::f64, Type::f32, Type::i128, Type::v128};
    static constexpr Type rarely[] = {Type::i1, Type::i8, Type::i16, Type::ptr, Type::ref, Type::f16, Type::v64};
    return r_.chance(70) ? r_.one_of(often) : r_.one_of(rarely);
  }
  void add_value(std::vector<Param>& list, std::vector<bool>& by_address) {
    Param p = value_of(any_type());
    if (contains(set_of(Type::i1, Type::i8, Type::i16, Type::i32), p.type) && r_.chance(40))
      p.attr = r_.chance(50) || p.type == Type::i1 ? ParamAttr::zext : ParamAttr::sext;
    list.push_back(p);
    by_address.push_back(false);
  }
  void add_address(std::vector<Param>& list, RandomFunctionInfo& info, u8 attr, u32 size) {
    Param p = value_of(Type::ptr);
    p.attr = attr;
    p.size = size;
    p.align_log2 = size != 0 ? 4 : 0;
    list.push_back(p);
    info.by_address.push_back(true);
  }
  // An aggregate: floats or vectors of one type, or two integers.
  void add_group(std::vector<Param>& list, std::vector<bool>& by_address) {
    const Type t = r_.one_of({Type::f32, Type::f64, Type::v128, Type::i64});
    const u32 count = t == Type::i64 ? 2 : r_.between(2, 4);
    for (u32 n = 0; n < count; ++n) {
      Param p = value_of(t);
      p.group = n == 0 ? static_cast<u8>(count) : 0;
      list.push_back(p);
      by_address.push_back(false);
    }
  }

  RandomSource r_;
  Unit& unit_;
  Module& m_;
};

}  // namespace jitkit::fuzz

#endif  // JITKIT_TOOLS_FUZZ_RANDOM_PROGRAM_HPP
