// The shortest and longest path through emitted code, in instructions, found in the words themselves.
//
// Paths end at an eret or at a branch out of the code; those that miss are not counted. A loop has no longest.
#ifndef JITKIT_CONSUMERS_HV_TRAP_PATHS_HPP
#define JITKIT_CONSUMERS_HV_TRAP_PATHS_HPP

#include <cstring>
#include <map>

#include <jitkit/consumers/hv-trap/generator.hpp>

namespace jitkit::hv {

struct Range {
  u32 least = ~0U, most = 0;
  bool ends() const { return least != ~0U; }
};

class Paths {
 public:
  static constexpr u32 unbounded = 1U << 20;

  explicit Paths(const Generator& g) : g_(g) {}

  Range from(u32 at) {
    if (at == g_.miss_at) return watch_ ? Range{2, 2} : Range{};  // ldp, b
    const auto [known, fresh] = memo_.insert({at, {1, unbounded}});  // found again on the way: a loop
    if (!fresh) return known->second;
    u32 word = 0;
    std::memcpy(&word, g_.code.bytes().data() + at, 4);
    Range r;
    const auto add = [&](Range n) {
      if (!n.ends()) return;
      r.least = std::min(r.least, n.least + 1);
      r.most = std::max(r.most, n.most + 1);
    };
    const auto distance = [&](unsigned bits, unsigned lsb) { return static_cast<u32>(static_cast<i32>(word << (32 - bits - lsb)) >> (32 - bits)) * 4; };
    if (word == 0xd69f03e0) {
      r = {1, 1};
    } else if ((word & 0xfc000000) == 0x14000000) {
      add(from(at + distance(26, 0)));
    } else if ((word & 0x7e000000) == 0x36000000) {
      add(from(at + 4));
      add(from(at + distance(14, 5)));
    } else if ((word & 0xff000010) == 0x54000000 || (word & 0x7e000000) == 0x34000000) {
      add(from(at + 4));
      add(from(at + distance(19, 5)));
    } else if ((word & 0xfffffc1f) == 0xd61f0000) {
      for (const Indirect& i : g_.indirect)
        for (u32 n = 0; i.at == at && n < 32; ++n) add(from(i.first + 32 * n));
    } else {
      add(from(at + 4));
    }
    return memo_[at] = r;
  }
  // Of a leaf, from the vector's entry; of one that only watches, to the slow path.
  Range of(const LeafInfo& leaf) {
    memo_.clear();
    watch_ = false;
    Range r = from(leaf.begin);
    if (!r.ends()) {
      memo_.clear();
      watch_ = true;
      r = from(leaf.begin);
    }
    return {r.least + leaf.before, r.most + leaf.before};
  }

 private:
  const Generator& g_;
  std::map<u32, Range> memo_;
  bool watch_ = false;
};

}  // namespace jitkit::hv

#endif  // JITKIT_CONSUMERS_HV_TRAP_PATHS_HPP
