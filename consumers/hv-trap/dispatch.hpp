// A tree of bit tests that tells keys apart, and proves nothing: what it ends at has to be compared.
//
// One instruction (tbz, tbnz) per level and no constant to make, so it beats a chain of compares (three or
// four instructions per key) from two keys on, and hashing (mask, multiply, load, branch) up to some 32.
// Idea: D. R. Morrison, PATRICIA, J. ACM 15 (1968).
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

// Emits the tests of the bits of `in`; `leaf(entry, depth)` emits what follows, and never runs on. No two are confused.
// Where it can be known, no key is deeper than `most` less its extra.
template <class Leaf>
void emit_tree(arm64::MacroAssembler& m, arm64::XReg in, const std::vector<Key>& keys, unsigned width, const Leaf& leaf, unsigned most = any_depth, unsigned depth = 0) {
  const std::vector<unsigned> bits = keys.size() > 1 ? splitting_bits(keys, width) : std::vector<unsigned>();
  if (bits.empty()) return leaf(keys.front().entry, depth);
  const unsigned below = most == any_depth || most == 0 ? any_depth : most - 1;
  const auto good = [&](unsigned bit) {
    const auto half = split(keys, bit);
    u32 steps[2] = {most_steps, most_steps};
    return fits(half[0], width, below, steps[0]) && fits(half[1], width, below, steps[1]);
  };
  const auto found = std::find_if(bits.begin(), bits.end(), good);
  const unsigned bit = found != bits.end() ? *found : bits[0];
  const auto half = split(keys, bit);
  const Label one = m.buffer().new_label();
  m.tbnz(in, *arm64::arg::Xbit::make(bit), one);
  emit_tree(m, in, half[0], width, leaf, below, depth + 1);
  m.buffer().bind(one);
  emit_tree(m, in, half[1], width, leaf, below, depth + 1);
}

}  // namespace jitkit::hv

#endif  // JITKIT_CONSUMERS_HV_TRAP_DISPATCH_HPP
