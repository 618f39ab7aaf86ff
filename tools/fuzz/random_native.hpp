// Random sequences of one target's instructions as native ops: a function @f0 in which the allocator places
// them together, and a function @f1 in which each stands alone, its operands from memory and its results to
// memory. Both must leave the same in memory, on every CPU and emulator.
//
// Forms that touch memory, trap, branch or depend on other state are left out; so are instructions whose
// results the architecture leaves open.
#ifndef JITKIT_TOOLS_FUZZ_RANDOM_NATIVE_HPP
#define JITKIT_TOOLS_FUZZ_RANDOM_NATIVE_HPP

#include <compilers.hpp>
#include <jitkit/ir/printer.hpp>
#include <jitkit/ir/verifier.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "executor.hpp"
#include "program.hpp"

namespace jitkit::fuzz {

// Whether an instruction's results, or the flags it leaves, are what the architecture says and nothing else.
template <class Isa>
bool is_defined(std::string_view form, bool flags) {
  if constexpr (Isa::name[0] == 'a') return true;
  // Approximations; sources of all zeros leave bsf and bsr open, counts past 16 bits the double shifts.
  for (const std::string_view open : {"rcp", "vrcp", "rsqrt", "vrsqrt", "bsf", "bsr", "shld", "shrd"})
    if (form.starts_with(open)) return false;
  if (!flags) return true;
  for (const std::string_view whole :
       {"add_", "adc_", "sub_", "sbb_", "cmp_", "neg_", "and_", "or_", "xor_", "test_", "adcx", "adox"})
    if (form.starts_with(whole)) return true;
  return false;
}

template <class Isa>
class NativeForms {
 public:
  using FeatureSet = typename Isa::FeatureSet;
  using Feature = typename FeatureSet::Feature;

  // Of a family: a feature's name, or how names of forms start; those that code with `features` may use.
  NativeForms(std::string_view family, const FeatureSet& features) {
    const IsaInfo& isa = Isa::isa_info();
    for (u16 f = 1; f < isa.forms; ++f) {
      const std::string_view name = isa.form_name(f);
      if (!of_family(family, f, name) || !features.has(Isa::form_features(f))) continue;
      const NativeShape s = native_shape(isa, f);
      const Effects e = isa.form_effects(f);
      if ((e & (reads_memory | writes_memory | other_state | may_trap | control)) != 0 || s.labels) continue;
      if (!is_defined<Isa>(name, false) || !has_types(isa, f, s)) continue;
      if (s.defs != 0) forms.push_back(f);
      if (s.writes_flags && !s.reads_flags && is_defined<Isa>(name, true)) flag_forms.push_back(f);
    }
  }

  std::vector<u16> forms;       // that have results
  std::vector<u16> flag_forms;  // that make flags of which all are defined

 private:
  static bool of_family(std::string_view family, u16 f, std::string_view name) {
    const FeatureSet needs = Isa::form_features(f);
    FeatureSet wanted;
    if (family == "base") return FeatureSet().has(needs);
    if (!wanted.apply(family).empty()) return name.starts_with(family);
    for (u32 n = 1; n < feature_count(needs); ++n)
      if (needs.has(static_cast<Feature>(n)) && Isa::feature_name(n) == family) return true;
    return false;
  }
  static bool has_types(const IsaInfo& isa, u16 f, const NativeShape& s) {
    for (const FormOperand& o : isa.form_operands(f)) {
      if (o.kind != FormOperand::Kind::reg) continue;
      const bool plain = o.bank == Bank::gpr || o.bank == Bank::vec;
      if (!plain || o.width > 8 || (o.role & role_optional) != 0) return false;
      for (const u8 role : {role_use, role_def})  // an 8-bit part of a vector register has no type
        if ((o.role & role) != 0 && native_slot(o, role).implied == Type::none) return false;
    }
    return s.defs <= 4;
  }
};

// A sequence that can be printed with some of its steps left out.
template <class Isa>
class NativeSequence {
 public:
  static constexpr u32 steps = 60;
  using Lists = NativeForms<Isa>;

  NativeSequence(u64 seed, const Lists& lists, const typename Isa::Options& options)
      : r_(seed), lists_(lists), options_(options) {
    for (u32 n = 0; n < steps; ++n) add();
    const std::vector<Param> params = parameters();
    for (u32 n = 0; n < Program::calls; ++n) {
      std::vector<Datum>& a = arguments_.emplace_back();
      for (const Param& p : params) a.push_back({r_.constant(p.type)});
    }
    for (u64& w : data_) w = r_.integer(64);
  }

  usize size() const { return list_.size(); }

  // `kept`: by step. @f0 and @f1 with @memory, which tells what they left there.
  std::string text(const std::vector<bool>& kept) const {
    Unit u;
    Module& m = u.module;
    std::vector<u8> bytes(sizeof data_);
    std::memcpy(bytes.data(), data_, sizeof data_);
    m.add_global("in", SymbolKind::data, Linkage::exported, bytes, sizeof data_, 6);
    m.add_global("out", SymbolKind::bss, Linkage::exported, {}, 64 * (results() + 1), 6);
    const std::vector<Param> params = parameters();
    for (const bool alone : {false, true}) {
      const SymbolRef s = m.declare_function(alone ? "f1" : "f0", m.add_signature(params, {}));
      m.symbol(s).linkage = Linkage::exported;
      write(*u.add_function(s, &Isa::isa_info()), kept, alone);
    }
    add_memory_hash(u);
    std::string text;
    StringSink out(text);
    print(u, out);
    return text;
  }
  // Of the calls of @f0 and @f1; the memory after each.
  std::vector<Case> cases() const {
    std::vector<Case> list;
    for (const std::vector<Datum>& a : arguments_)
      for (const char* f : {"f0", "f1"}) {
        list.push_back({f, a});
        list.push_back({"memory"});
      }
    return list;
  }

 private:
  static constexpr u32 words = 32;

  struct Use {
    i32 step = -1;  // whose result; -1: what stands in memory at `at`
    u32 at = 0;
    Type type = Type::none;
  };
  struct Step {
    u16 form = 0;
    bool makes_flags = false;  // for the next step
    std::vector<Use> uses = {};
    std::vector<i64> immediates = {};
    std::vector<Type> types = {};  // of the results
    u32 first_result = 0;
  };

  static std::vector<Param> parameters() {
    std::vector<Param> list(10);
    for (u32 n = 0; n < 10; ++n) list[n].type = n < 6 ? Type::i64 : Type::v128;
    return list;
  }
  u32 results() const {
    return list_.empty() ? 0 : list_.back().first_result + static_cast<u32>(list_.back().types.size());
  }

  // A step, with one that makes its flags before it if it reads them.
  void add() {
    if (lists_.forms.empty()) return;
    const u16 f = lists_.forms[r_.below(lists_.forms.size())];
    const bool reads = native_shape(Isa::isa_info(), f).reads_flags;
    if (reads && lists_.flag_forms.empty()) return;
    const usize before = list_.size();
    if (reads) list_.push_back(step(lists_.flag_forms[r_.below(lists_.flag_forms.size())], true));
    list_.push_back(step(f, false));
    for (u32 tries = 0; tries < 12; ++tries) {
      for (usize n = before; n < list_.size(); ++n) choose_immediates(list_[n]);
      if (compiles(before)) return;
    }
    list_.resize(before);
  }
  Step step(u16 f, bool makes_flags) {
    const IsaInfo& isa = Isa::isa_info();
    Step s{f, makes_flags};
    s.first_result = results();
    const NativeShape shape = native_shape(isa, f);
    for (u32 n = 0; n + (shape.reads_flags ? 1 : 0) < shape.uses; ++n)
      s.uses.push_back(use(native_slot(*native_operand(isa, f, role_use, n), role_use).implied));
    for (u32 n = 0; n < shape.defs; ++n)
      s.types.push_back(native_slot(*native_operand(isa, f, role_def, n), role_def).implied);
    s.immediates.resize(shape.immediates);
    return s;
  }
  Use use(Type t) {
    Use u{-1, r_.below((words * 8 - bytes(t)) / bytes(t) + 1) * bytes(t), t};
    for (u32 tries = 0; tries < 6 && !list_.empty() && r_.chance(80); ++tries) {
      const u32 n = r_.below(list_.size());
      for (u32 k = 0; k < list_[n].types.size(); ++k)
        if (list_[n].types[k] == t) return {static_cast<i32>(n), k, t};
    }
    return u;
  }
  void choose_immediates(Step& s) {
    for (i64& v : s.immediates) {
      switch (r_.below(5)) {
        case 0: v = r_.below(2); break;
        case 1: v = r_.below(16); break;
        case 2: v = r_.below(64); break;
        case 3: v = r_.below(256); break;
        default: v = static_cast<i64>(r_.integer(r_.one_of({12U, 32U, 64U}))); break;
      }
    }
  }
  // Whether the steps from `first` on are accepted by verifier and compiler.
  bool compiles(usize first) {
    Unit u;
    u.module.add_global("in", SymbolKind::bss, Linkage::exported, {}, sizeof data_, 6);
    u.module.add_global("out", SymbolKind::bss, Linkage::exported, {}, 64 * (results() + 1), 6);
    const std::vector<Param> params = parameters();
    const SymbolRef s = u.module.declare_function("f", u.module.add_signature(params, {}));
    std::vector<bool> kept(list_.size(), false);
    for (usize n = first; n < kept.size(); ++n) kept[n] = true;
    FunctionData& f = *u.add_function(s, &Isa::isa_info());
    write(f, kept, false);
    Diagnostics errors;
    if (!verify(u, errors)) return false;
    Compiler<Isa> c(options_);
    CodeBuffer code;
    return c.compile(f, code).ok();
  }

  void write(FunctionData& f, const std::vector<bool>& kept, bool alone) const {
    Builder b(f);
    b.entry();
    const Value in = b.symbol_addr(f.module->find("in")), out = b.symbol_addr(f.module->find("out"));
    for (u32 n = 0; n < 10; ++n)
      b.store(in, b.param(b.block(), n), static_cast<i32>(n < 6 ? 8 * n : 48 + 16 * (n - 6)));
    std::vector<std::vector<Value>> values(list_.size());
    const auto place = [&](usize n, u32 k) { return static_cast<i32>(64 * (list_[n].first_result + k)); };
    std::vector<usize> waiting;  // steps whose results are still to be stored
    std::vector<bool> stored(list_.size(), false);
    const auto store_results = [&] {
      for (const usize w : waiting) {
        for (u32 k = 0; k < values[w].size(); ++k) b.store(out, values[w][k], place(w, k));
        stored[w] = true;
      }
      waiting.clear();
    };
    Value flags;
    for (usize n = 0; n < list_.size(); ++n) {
      const Step& s = list_[n];
      const bool reads = native_shape(Isa::isa_info(), s.form).reads_flags;
      if (!kept[n] || (reads && !flags)) continue;
      if (s.makes_flags && (n + 1 >= kept.size() || !kept[n + 1])) continue;
      std::vector<Value> operands;
      for (const Use& u : s.uses) {
        if (u.step < 0 || values[static_cast<usize>(u.step)].empty())
          operands.push_back(b.load(u.type, in, static_cast<i32>(u.step < 0 ? u.at : 0)));
        else if (alone && stored[static_cast<usize>(u.step)])
          operands.push_back(b.load(u.type, out, place(static_cast<usize>(u.step), u.at)));
        else
          operands.push_back(values[static_cast<usize>(u.step)][u.at]);
      }
      if (reads) operands.push_back(flags);
      std::vector<Type> types = s.types;
      if (s.makes_flags) types.push_back(Type::flags);
      const Inst i = b.native(s.form, std::span<const Value>(operands), s.immediates, types);
      for (u32 k = 0; k < s.types.size(); ++k) values[n].push_back(b.result(i, k));
      flags = s.makes_flags ? b.result(i, static_cast<u32>(s.types.size())) : Value();
      waiting.push_back(n);
      if (alone && !s.makes_flags) store_results();
    }
    store_results();
    b.ret();
  }

  RandomSource r_;
  const Lists& lists_;
  const typename Isa::Options& options_;
  std::vector<Step> list_;
  std::vector<std::vector<Datum>> arguments_;
  u64 data_[words] = {};
};

}  // namespace jitkit::fuzz

#endif  // JITKIT_TOOLS_FUZZ_RANDOM_NATIVE_HPP
