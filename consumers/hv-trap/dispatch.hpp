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
#include <optional>
#include <utility>
#include <vector>

namespace jitkit::hv {

struct Key {
  u64 bits;
  u32 weight;
  u32 entry;
  u64 care = ~u64{0};  // bits that count
};

// The bit (below `width`) that splits the keys most evenly by weight; width if there is none that counts for all.
inline unsigned best_bit(const std::vector<Key>& keys, unsigned width) {
  unsigned best = width;
  u64 least = ~u64{0};
  for (unsigned bit = 0; bit < width; ++bit) {
    u64 weight[2] = {0, 0}, count[2] = {0, 0};
    bool counts = true;
    for (const Key& k : keys) {
      weight[k.bits >> bit & 1] += k.weight;
      ++count[k.bits >> bit & 1];
      counts = counts && (k.care >> bit & 1) != 0;
    }
    if (!counts || count[0] == 0 || count[1] == 0) continue;
    const u64 heavier = std::max(weight[0], weight[1]) * 1000 + std::max(count[0], count[1]);
    if (heavier < least) {
      least = heavier;
      best = bit;
    }
  }
  return best;
}

// Two of the keys that no tree tells apart, if there are such: their entries.
inline std::optional<std::pair<u32, u32>> confused(const std::vector<Key>& keys, unsigned width) {
  if (keys.size() < 2) return {};
  const unsigned bit = best_bit(keys, width);
  if (bit == width) return std::pair{keys[0].entry, keys[1].entry};
  std::vector<Key> half[2];
  for (const Key& k : keys) half[k.bits >> bit & 1].push_back(k);
  const auto found = confused(half[0], width);
  return found ? found : confused(half[1], width);
}

// Emits the tests of the bits of `in`; `leaf(entry, depth)` emits what follows, and never runs on. No two are confused.
template <class Leaf>
void emit_tree(arm64::MacroAssembler& m, arm64::XReg in, const std::vector<Key>& keys, unsigned width, const Leaf& leaf, unsigned depth = 0) {
  const unsigned bit = keys.size() > 1 ? best_bit(keys, width) : width;
  if (bit == width) return leaf(keys.front().entry, depth);
  std::vector<Key> half[2];
  for (const Key& k : keys) half[k.bits >> bit & 1].push_back(k);
  const Label one = m.buffer().new_label();
  m.tbnz(in, *arm64::arg::Xbit::make(bit), one);
  emit_tree(m, in, half[0], width, leaf, depth + 1);
  m.buffer().bind(one);
  emit_tree(m, in, half[1], width, leaf, depth + 1);
}

}  // namespace jitkit::hv

#endif  // JITKIT_CONSUMERS_HV_TRAP_DISPATCH_HPP
