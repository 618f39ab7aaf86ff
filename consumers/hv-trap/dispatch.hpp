// Tells keys apart, and proves nothing: what it ends at has to be compared.
//
// A test of one bit (tbz, tbnz) is one instruction and needs no constant. A comparison with one key before the others costs that
// key nothing and the others two to four instructions; a branch through a table of the lowest bits costs five. What takes least
// in the mean over the weights is chosen for each set of keys (make_plan). A hash costs nine (two constants, multiply, shift, add,
// the table): more than any tree whose misses take 22 instructions has levels, so there is none.
// Idea of the tree: D. R. Morrison, PATRICIA, J. ACM 15 (1968).
//
// Invariant: every key ends at its own leaf; any other value ends at some leaf.
#ifndef JITKIT_CONSUMERS_HV_TRAP_DISPATCH_HPP
#define JITKIT_CONSUMERS_HV_TRAP_DISPATCH_HPP

#include <jitkit/emit/arm64/macro_assembler.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace jitkit::hv {

struct Key {
  u64 bits;
  u32 weight;
  u32 entry;
  u64 care = ~u64{0};  // bits that count
  unsigned extra = 0;  // how many levels less deep it has to be than others
};

inline std::array<std::vector<Key>, 2> split(const std::vector<Key>& keys, unsigned bit) {
  std::array<std::vector<Key>, 2> half;
  for (const Key& k : keys) half[k.bits >> bit & 1].push_back(k);
  return half;
}

// The bits (below `width`) that split the keys and count for all, from the one that does it most evenly by weight on.
inline std::vector<unsigned> splitting_bits(const std::vector<Key>& keys, unsigned width) {
  std::vector<std::pair<u64, unsigned>> found;
  for (unsigned bit = 0; bit < width; ++bit) {
    u64 weight[2] = {0, 0}, count[2] = {0, 0};
    bool counts = true;
    for (const Key& k : keys) {
      weight[k.bits >> bit & 1] += k.weight;
      ++count[k.bits >> bit & 1];
      counts = counts && (k.care >> bit & 1) != 0;
    }
    if (!counts || count[0] == 0 || count[1] == 0) continue;
    found.emplace_back(std::max(weight[0], weight[1]) * 1000 + std::max(count[0], count[1]), bit);
  }
  std::sort(found.begin(), found.end());
  std::vector<unsigned> bits;
  for (const auto& [heavier, bit] : found) bits.push_back(bit);
  return bits;
}

// Two of the keys that no tree tells apart, if there are such: their entries.
inline std::optional<std::pair<u32, u32>> confused(const std::vector<Key>& keys, unsigned width) {
  if (keys.size() < 2) return {};
  const std::vector<unsigned> bits = splitting_bits(keys, width);
  if (bits.empty()) return std::pair{keys[0].entry, keys[1].entry};
  const auto half = split(keys, bits[0]);
  const auto found = confused(half[0], width);
  return found ? found : confused(half[1], width);
}

constexpr unsigned any_depth = 64;
// Whether there is a tree that has each key at most `depth` deep, less its extra. False too if `steps` are not enough to know.
inline bool fits(const std::vector<Key>& keys, unsigned width, unsigned depth, u32& steps) {
  if (depth == any_depth) return true;
  u64 leaves = 0;
  for (const Key& k : keys) leaves += k.extra <= depth ? u64{1} << k.extra : u64{2} << depth;
  if (leaves > u64{1} << depth) return false;
  if (keys.size() == 1) return true;
  for (const unsigned bit : splitting_bits(keys, width)) {
    if (steps == 0) return false;
    --steps;
    const auto half = split(keys, bit);
    if (fits(half[0], width, depth - 1, steps) && fits(half[1], width, depth - 1, steps)) return true;
  }
  return false;
}
constexpr u32 most_steps = 500;
// The least depth that fits, of those that are found soon.
inline unsigned least_depth(const std::vector<Key>& keys, unsigned width) {
  for (unsigned depth = 0; depth < 12; ++depth)
    if (u32 steps = most_steps; fits(keys, width, depth, steps)) return depth;
  return any_depth;
}

// What keys cost to tell apart, in instructions, where they are.
struct Costs {
  unsigned compare = 0;     // of comparing with one key and going on; 0: that can't be gone on from
  unsigned table_bits = 0;  // how many of the lowest bits can choose a place in a table
  static constexpr unsigned table = 5;  // adr, bfi, br, bti, b
};

// How they are told apart: by one bit, by comparing with the one that is most frequent first, or by a table of the lowest bits,
// whichever has the least mean over the weights.
struct Plan {
  enum class Kind : u8 { leaf, bit, first, table };
  Kind kind = Kind::leaf;
  unsigned bit = 0;   // of a table: how many bits
  u64 cost = 0;       // instructions, times the weights
  Key key = {};       // of a leaf, and what is compared first
  std::vector<Plan> then = {};

  u32 count(Kind k) const {
    u32 n = kind == k;
    for (const Plan& p : then) n += p.count(k);
    return n;
  }
};

inline u64 weight_of(const std::vector<Key>& keys) {
  u64 sum = 0;
  for (const Key& k : keys) sum += k.weight;
  return sum;
}
// Bits that a table of all keys needs; 0: there is none, or it would be mostly empty.
inline unsigned table_bits(const std::vector<Key>& keys, unsigned most) {
  for (unsigned n = 1; n <= std::min(most, 8U) && u64{1} << n <= 4 * keys.size(); ++n) {
    std::vector<u64> places;
    for (const Key& k : keys) places.push_back(k.bits & low_mask(n));
    std::sort(places.begin(), places.end());
    if (std::adjacent_find(places.begin(), places.end()) == places.end()) return n;
  }
  return 0;
}

// No two of the keys are confused. Where it can be known, none is more than `most` instructions deep, less its extra.
inline Plan make_plan(const std::vector<Key>& keys, unsigned width, const Costs& costs, unsigned most) {
  if (keys.size() == 1) return {.key = keys[0]};
  const auto less = [&](unsigned n) { return most == any_depth ? most : most - std::min(n, most); };
  const auto good = [&](unsigned bit) {
    const auto half = split(keys, bit);
    u32 steps[2] = {most_steps, most_steps};
    return most != 0 && fits(half[0], width, less(1), steps[0]) && fits(half[1], width, less(1), steps[1]);
  };
  const std::vector<unsigned> bits = splitting_bits(keys, width);
  const auto found = std::find_if(bits.begin(), bits.end(), good);
  const auto half = split(keys, found != bits.end() ? *found : bits[0]);
  const unsigned below = found != bits.end() ? less(1) : any_depth;
  Plan best{.kind = Plan::Kind::bit, .bit = found != bits.end() ? *found : bits[0], .cost = weight_of(keys)};
  for (const auto& h : half) {
    best.then.push_back(make_plan(h, width, costs, below));
    best.cost += best.then.back().cost;
  }
  if (const unsigned n = table_bits(keys, costs.table_bits); n != 0 && most >= Costs::table && Costs::table * weight_of(keys) < best.cost) {
    best = {.kind = Plan::Kind::table, .bit = n, .cost = Costs::table * weight_of(keys)};
    for (const Key& k : keys) best.then.push_back({.key = k});
  }
  // Others pay for what is compared first, so that it pays only for half of the weight or more.
  std::vector<Key> rest = keys;
  const auto heavy = std::max_element(rest.begin(), rest.end(), [](const Key& a, const Key& b) { return a.weight < b.weight; });
  Plan first{.kind = Plan::Kind::first, .key = *heavy};
  rest.erase(heavy);
  if (u32 steps = most_steps; costs.compare == 0 || first.key.weight < weight_of(rest) || most < costs.compare || !fits(rest, width, less(costs.compare), steps)) return best;
  first.then.push_back(make_plan(rest, width, costs, less(costs.compare)));
  first.cost = costs.compare * weight_of(rest) + first.then[0].cost;
  return first.cost < best.cost ? first : best;
}

// At the table of `bytes` that an indirect branch goes into, which runs from here on: no island of veneers parts the label and the
// entries, or the entries. (exact() looks 9 ahead.)
inline CodeBuffer::Scope begin_table(CodeBuffer& code, Label table, u32 bytes, u32 align) {
  code.offer_island(10 * bytes + align);
  code.align(align);
  code.bind(table);
  return code.exact(bytes);
}

// Emits the tests of `in`; x1 is free. `leaf(entry, depth, other)` emits what follows, never runs on, and goes to `other` with all
// as it was if the key is another. `go(at, first, count, apart)` is told where a table's branch and entries are.
template <class Leaf, class Go>
void emit_plan(arm64::MacroAssembler& m, arm64::XReg in, const Plan& plan, const Label other, const Leaf& leaf, const Costs& costs, const Go& go, unsigned depth = 0) {
  CodeBuffer& code = m.buffer();
  const Label one = code.new_label();
  switch (plan.kind) {
    case Plan::Kind::leaf: return leaf(plan.key.entry, depth, other);
    case Plan::Kind::bit:
      m.tbnz(in, *arm64::arg::Xbit::make(plan.bit), one);
      emit_plan(m, in, plan.then[0], other, leaf, costs, go, depth + 1);
      code.bind(one);
      return emit_plan(m, in, plan.then[1], other, leaf, costs, go, depth + 1);
    case Plan::Kind::first:
      leaf(plan.key.entry, depth, one);
      code.bind(one);
      return emit_plan(m, in, plan.then[0], other, leaf, costs, go, depth + costs.compare);
    case Plan::Kind::table: break;
  }
  std::vector<Label> places(usize{1} << plan.bit, other);
  for (const Plan& p : plan.then) places[p.key.bits & low_mask(plan.bit)] = code.new_label();
  const u32 bytes = u32{8} << plan.bit;
  code.put32(0x10000001, one, FixupKind::a64_adr21, 0);  // adr x1
  m.bfi(arm64::x1, in, *arm64::arg::Xinsert::make(arm64::field(3, plan.bit)));
  const u32 at = code.offset();
  m.br(arm64::x1);
  {
    const auto table = begin_table(code, one, bytes, bytes);
    go(at, code.offset_of(one), u32{1} << plan.bit, u32{8});
    for (const Label place : places) {
      m.bti(arm64::Landing::j);
      m.b(place);
    }
  }
  for (const Plan& p : plan.then) {
    code.bind(places[p.key.bits & low_mask(plan.bit)]);
    leaf(p.key.entry, depth + Costs::table, other);
  }
}

}  // namespace jitkit::hv

#endif  // JITKIT_CONSUMERS_HV_TRAP_DISPATCH_HPP
