// Where every value is at every point of an allocated function: which register or slot holds it, from which
// instruction to which. It is read off the allocator's result (operands, moves between instructions, moves on
// edges), so it shows what was decided and not what was meant.
//
// A place holds a value as long as something still reads it from there: that is liveness of pairs (place,
// value), computed backwards to a fixed point. A value that is split shows as stretches in several places, one
// that is spilled as a stretch of a slot.
//
// Invariants: rows are instructions in program order, numbered from 0 over the whole layout; a stretch covers
// the rows [begin, end] whose instruction sees the value there before or after it. Stretches of one place do
// not overlap but at their ends.
#ifndef JITKIT_TOOLS_EXPLORE_OCCUPANCY_HPP
#define JITKIT_TOOLS_EXPLORE_OCCUPANCY_HPP

#include <jitkit/ir/machine.hpp>

#include <map>
#include <vector>

namespace jitkit::tools {

struct Stretch {
  ir::Allocation place;
  ir::VReg value;
  u32 begin = 0;
  u32 end = 0;
};

class Occupancy {
 public:
  explicit Occupancy(const ir::MachFunction& mf)
      : mf_(mf), first_edit_(mf.insts.size() + 1, 0), at_start_(mf.blocks.size()) {
    for (u32 n = mf.edits.size(); n-- > 0;) first_edit_[mf.edits[n].at] = n + 1;
    solve();
    for (u32 k = 0; k < mf.blocks.size(); ++k) walk(k, true);
  }

  const std::vector<Stretch>& stretches() const { return stretches_; }
  // The row of insts[i].
  u32 row(u32 i) const { return mf_.insts.size() - 1 - i; }

 private:
  // By place: the value that something behind this point reads from there.
  using State = std::map<u32, u32>;

  static bool holds(ir::Allocation a) { return a.is_reg() || a.kind() == ir::Allocation::Kind::slot; }
  static u32 key(ir::Allocation a) { return a.bits; }

  void solve() {
    for (bool changed = true; changed;) {
      changed = false;
      for (u32 k = mf_.blocks.size(); k-- > 0;) {
        State s = walk(k, false);
        if (s == at_start_[k]) continue;
        at_start_[k] = std::move(s);
        changed = true;
      }
    }
  }

  static void before_move(State& s, const ir::Move& m) {
    const auto to = s.find(key(m.to));
    if (m.swap) {
      const auto from = s.find(key(m.from));
      const u32 a = to != s.end() ? to->second : 0, b = from != s.end() ? from->second : 0;
      set(s, m.from, a);
      set(s, m.to, b);
      return;
    }
    if (to == s.end()) return;
    const u32 value = to->second;
    s.erase(to);
    if (holds(m.from)) s[key(m.from)] = value;
  }
  static void set(State& s, ir::Allocation a, u32 value) {
    if (value != 0)
      s[key(a)] = value;
    else
      s.erase(key(a));
  }

  // What the end of block k must hold for its successors.
  State at_end(u32 k) const {
    const ir::MachBlock& b = mf_.blocks[k];
    State all;
    for (u32 n = 0; n < b.edges; ++n) {
      const ir::MachEdge& e = mf_.edges[b.first_edge + n];
      State s = at_start_[e.to];
      for (u32 m = e.moves; m-- > 0;) before_move(s, mf_.edge_moves[e.first_move + m]);
      const u32 first = mf_.blocks[e.to].first_param;
      for (auto& [place, value] : s)
        for (u32 a = 0; a < e.args; ++a)
          if (mf_.params[first + a] == value) {
            value = mf_.args[e.first_arg + a];
            break;
          }
      all.insert(s.begin(), s.end());
    }
    return all;
  }

  State walk(u32 k, bool note) {
    const ir::MachBlock& b = mf_.blocks[k];
    State s = at_end(k);
    open_.clear();
    if (note)
      for (const auto& [place, value] : s) open_[place] = {value, row(b.bottom)};
    for (u32 i = b.bottom; i < b.top; ++i) {
      const ir::MachInst& m = mf_.insts[i];
      for (const ir::Operand& o : mf_.operands_of(m))
        if (o.is_def() && o.vreg && holds(o.alloc)) {
          if (note && !s.contains(key(o.alloc))) stretches_.push_back({o.alloc, o.vreg, row(i), row(i)});
          s.erase(key(o.alloc));
        }
      if (note) close(s, row(i));
      for (const ir::Operand& o : mf_.operands_of(m))
        if (o.is_use() && o.vreg && holds(o.alloc)) s[key(o.alloc)] = o.vreg.id;
      if (note) open(s, row(i));
      for_each_edit_before(i, [&](const ir::Move& move) { before_move(s, move); });
      if (note && i + 1 < b.top) {
        close(s, row(i));
        open(s, row(i + 1));
      }
    }
    if (note) close({}, b.top != b.bottom ? row(b.top - 1) : row(b.bottom));
    return s;
  }

  // Last first.
  template <class F>
  void for_each_edit_before(u32 i, F f) {
    const u32 first = first_edit_[i];
    if (first == 0) return;
    u32 end = first - 1;
    while (end < mf_.edits.size() && mf_.edits[end].at == i) ++end;
    while (end-- > first - 1) f(mf_.edits[end].move);
  }

  struct Open {
    u32 value = 0;
    u32 last = 0;
  };
  void open(const State& s, u32 r) {
    for (const auto& [place, value] : s)
      if (const auto found = open_.find(place); found == open_.end() || found->second.value != value) {
        if (found != open_.end()) finish(place, found->second, r);
        open_[place] = {value, r};
      }
  }
  // Ends at row r, its first, what does not reach further up.
  void close(const State& s, u32 r) {
    for (auto at = open_.begin(); at != open_.end();) {
      const auto found = s.find(at->first);
      if (found != s.end() && found->second == at->second.value) {
        ++at;
        continue;
      }
      finish(at->first, at->second, r);
      at = open_.erase(at);
    }
  }
  void finish(u32 place, const Open& o, u32 first) {
    ir::Allocation a;
    a.bits = place;
    stretches_.push_back({a, ir::VReg(o.value), first, o.last < first ? first : o.last});
  }

  const ir::MachFunction& mf_;
  std::vector<u32> first_edit_;  // by instruction: 1 + its first edit
  std::vector<State> at_start_;  // by block
  std::map<u32, Open> open_;
  std::vector<Stretch> stretches_;
};

}  // namespace jitkit::tools

#endif  // JITKIT_TOOLS_EXPLORE_OCCUPANCY_HPP
