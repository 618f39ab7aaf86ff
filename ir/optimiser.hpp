// The optimiser: the passes of passes.def in the order of `pipeline`, at one of two levels.
//
//   Optimiser optimiser(OptLevel::fast);
//   optimiser.run(f);            // f has passed the verifier, and would pass it again
//   compiler.compile(f, code);
//
// `fast` is what a JIT wants first: passes that cost little for each instruction they look at. `full`
// takes all. What each pass costs and gives stands in docs/optimiser.md. A unit as a whole gives the
// passes sight of the functions that calls lead to.
//
// Invariants: what a function does for given arguments and memory stays the same, exits and their frame
// states included; instructions with effects of their own stay in their order. An Optimiser keeps its
// memory, so that a warm one does not touch the heap; it is used by one thread at a time.
#ifndef JITKIT_IR_OPTIMISER_HPP
#define JITKIT_IR_OPTIMISER_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/dce.hpp>
#include <jitkit/ir/divide.hpp>
#include <jitkit/ir/gvn.hpp>
#include <jitkit/ir/inline.hpp>
#include <jitkit/ir/licm.hpp>
#include <jitkit/ir/loads.hpp>
#include <jitkit/ir/mem2reg.hpp>
#include <jitkit/ir/pass.hpp>
#include <jitkit/ir/rotate.hpp>
#include <jitkit/ir/sccp.hpp>
#include <jitkit/ir/simplify_cfg.hpp>
#include <jitkit/ir/strength.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/ir/unit.hpp>
#include <jitkit/status.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI::ir {

enum class OptLevel : u8 { none, fast, full };
inline constexpr const char* level_names[] = {"none", "fast", "full"};
// False if no level is called so.
constexpr bool level_named(std::string_view name, OptLevel& level) {
  for (u8 n = 0; n < sizeof level_names / sizeof level_names[0]; ++n)
    if (name == level_names[n]) {
      level = static_cast<OptLevel>(n);
      return true;
    }
  return false;
}

enum class Pass : u8 {
#define JITKIT_PASS(id, name, function, meaning) id,
#include <jitkit/ir/passes.def>
  count,
};
struct PassInfo {
  const char* name;
  const char* meaning;
};
inline constexpr PassInfo pass_infos[] = {
#define JITKIT_PASS(id, name, function, meaning) {name, meaning},
#include <jitkit/ir/passes.def>
};
inline constexpr u32 pass_count = static_cast<u32>(Pass::count);
constexpr const PassInfo& info(Pass p) { return pass_infos[static_cast<u8>(p)]; }

// A pass and the first level that runs it there.
struct Stage {
  Pass pass;
  OptLevel level;
};
inline constexpr Stage pipeline[] = {
    {Pass::inline_, OptLevel::full},
    {Pass::mem2reg, OptLevel::fast},
    {Pass::sccp, OptLevel::full},
    {Pass::divide, OptLevel::fast},
    {Pass::gvn, OptLevel::fast},
    {Pass::simplify_cfg, OptLevel::fast},
    {Pass::rotate, OptLevel::full},
    {Pass::loads, OptLevel::full},
    {Pass::licm, OptLevel::full},
    {Pass::strength, OptLevel::full},
    {Pass::gvn, OptLevel::full},
    {Pass::simplify_cfg, OptLevel::full},
    {Pass::dce, OptLevel::full},
};

// The passes to run: those of a level, or a list.
class PassList {
 public:
  static constexpr u32 most = 32;

  PassList() = default;
  explicit PassList(OptLevel level) {
    for (const Stage& s : pipeline)
      if (s.level <= level && level != OptLevel::none) add(s.pass);
  }
  // Names with commas between: exactly these passes, in this order; or, each with - before it, all but
  // these. Returns the first name that is no pass, or "too many"; empty if all is well.
  std::string_view apply(std::string_view list);

  bool add(Pass p) {
    if (count_ == most) return false;
    passes_[count_++] = p;
    return true;
  }
  void remove(Pass p) {
    u32 kept = 0;
    for (u32 n = 0; n < count_; ++n)
      if (passes_[n] != p) passes_[kept++] = passes_[n];
    count_ = kept;
  }
  Span<const Pass> passes() const { return {passes_, count_}; }
  bool empty() const { return count_ == 0; }

 private:
  Pass passes_[most] = {};
  u32 count_ = 0;
};
static_assert(sizeof pipeline / sizeof pipeline[0] <= PassList::most);

// The pass of that name, or Pass::count.
constexpr Pass pass_named(std::string_view name) {
  for (u32 p = 0; p < pass_count; ++p)
    if (name == pass_infos[p].name) return static_cast<Pass>(p);
  return Pass::count;
}

inline std::string_view PassList::apply(std::string_view list) {
  const bool leave_out = list.substr(0, 1) == "-";
  if (!leave_out && !list.empty()) count_ = 0;
  while (!list.empty()) {
    const usize comma = list.find(',');
    const std::string_view word = list.substr(0, comma);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    const bool minus = word.substr(0, 1) == "-";
    const Pass p = pass_named(word.substr(minus ? 1 : 0));
    if (p == Pass::count || minus != leave_out) return word;
    if (leave_out)
      remove(p);
    else if (!add(p))
      return "too many";
  }
  return {};
}

class Optimiser {
 public:
  explicit Optimiser(const PassList& passes, u64 memory_limit = ~u64{0}) : passes_(passes), context_(memory_limit) {}
  explicit Optimiser(OptLevel level, u64 memory_limit = ~u64{0}) : Optimiser(PassList(level), memory_limit) {}

  // On failure f is of no more use. `after(pass)` is called behind each pass.
  template <class After>
  Status run(FunctionData& f, After after) {
    constexpr u32 never = ~u32{0}, few = 64;  // one change in so many instructions
    u32 left_at[pass_count];  // f.edits when the pass had run: it runs again if enough has changed since
    for (u32& edits : left_at) edits = never;
    context_.start(f);
    for (const Pass p : passes_.passes()) {
      context_.start_pass();
      u32& left = left_at[static_cast<u8>(p)];
      if (left == never || (f.edits - left) * u64{few} > f.insts.size()) {
        if (const Status s = run_pass(p); !s.ok()) return s;
        left = f.edits;
      }
      after(p);
    }
    return f.status();
  }
  Status run(FunctionData& f) {
    return run(f, [](Pass) {});
  }
  // The control flow of the function that was optimised last, for Compiler::compile(), until the next or until it
  // is changed; null if it is not known.
  const Cfg* cfg() const { return context_.known_cfg(); }
  // All functions of a unit, callees before their callers where that can be; `after(function, pass)`.
  template <class After>
  Status run(Unit& unit, After after) {
    context_.know(&unit);
    Status s = run_callees_first(unit, [&](FunctionData& f) { return run(f, [&](Pass p) { after(f, p); }); });
    context_.know(nullptr);
    return s;
  }
  Status run(Unit& unit) {
    return run(unit, [](const FunctionData&, Pass) {});
  }

 private:
  // A depth-first walk over the calls.
  template <class Visit>
  Status run_callees_first(Unit& unit, Visit visit) {
    struct Open {
      FunctionData* f;
      u32 next;  // instruction to look at
    };
    Arena arena;
    Vec<Open> path(arena);
    Vec<bool> seen(arena);
    Vec<FunctionData*> bodies(arena), roots(arena);
    if (!seen.assign(unit.module.symbol_count(), false) || !bodies.resize_zero(unit.module.symbol_count())) return arena.status();
    unit.for_each([&](FunctionData& f, TextMap&) {
      bodies[f.symbol.id] = &f;
      roots.push(&f);
    });
    const auto open = [&](FunctionData* f) {
      if (f == nullptr || seen[f->symbol.id]) return;
      seen[f->symbol.id] = true;
      path.push({f, 0});
    };
    for (FunctionData* root : roots) {
      open(root);
      while (!path.empty()) {
        Open& top = path.back();
        if (top.next == top.f->insts.size()) {
          FunctionData& f = *top.f;
          path.pop_back();
          if (const Status s = visit(f); !s.ok()) return s;
        } else if (const InstData& d = top.f->insts[top.next++]; d.op == Opcode::call) {
          open(bodies[d.aux]);
        }
      }
    }
    return arena.status();
  }

  Status run_pass(Pass p) {
    switch (p) {
#define JITKIT_PASS(id, name, function, meaning) \
  case Pass::id: return function(context_);
#include <jitkit/ir/passes.def>
      case Pass::count: break;
    }
    return {};
  }

  PassList passes_;
  PassContext context_;
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_OPTIMISER_HPP
