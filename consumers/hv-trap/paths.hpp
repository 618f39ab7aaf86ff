// The shortest and longest path through emitted code, in instructions, found in the words themselves.
//
// A path is handled if it ends at an eret or where a watch goes on to the slow path; it is a miss if it ends at the
// generator's `miss_at`. Through a loop there is no longest path; the shortest is right for loops that are entered at
// one place.
#ifndef JITKIT_CONSUMERS_HV_TRAP_PATHS_HPP
#define JITKIT_CONSUMERS_HV_TRAP_PATHS_HPP

#include <algorithm>
#include <cstring>
#include <map>

#include <jitkit/consumers/hv-trap/generator.hpp>

namespace jitkit::hv {

struct Range {
  static constexpr u32 none = ~0U;
  u32 least = none, most = none;  // both none: no path; most alone: no longest
  bool ends() const { return least != none; }
  Range operator+(u32 more) const { return {ends() ? least + more : none, most != none ? most + more : none}; }
};

class Paths {
 public:
  explicit Paths(const Generator& g) : g_(g) {}

  // All from the vector's entry.
  Range of(const LeafInfo& leaf) { return all(leaf, End::handled) + leaf.before; }
  Range miss(const LeafInfo& leaf) { return all(leaf, End::miss) + leaf.before; }
  // Of exception classes that the policy does not list.
  Range class_miss() { return all({"", g_.entry_at}, End::unlisted) + g_.before_entry(); }

 private:
  enum class End : u8 { handled, miss, unlisted };

  Range all(const LeafInfo& leaf, End end) {
    memo_.clear();
    loop_ = false;
    end_ = end;
    choice_ = leaf.choice;
    taken_ = leaf.taken;
    const Range r = from(leaf.begin);
    return {r.least, loop_ ? Range::none : r.most};
  }
  static bool has(const std::vector<u32>& places, u32 at) { return std::find(places.begin(), places.end(), at) != places.end(); }

  Range from(u32 at) {
    constexpr Range two{2, 2};  // ldp, b
    if (at == g_.aarch32_at) return {};
    if (at == g_.miss_at) return end_ != End::handled ? two : Range{};
    for (const Label l : g_.nexts)
      if (end_ == End::handled && g_.code.offset_of(l) == at) return {};
    if (has(g_.watched, at)) return end_ == End::handled ? two : Range{};
    if (end_ == End::unlisted && has(g_.keyed, at)) return {};
    const auto [known, fresh] = memo_.insert({at, {Range{}, true}});
    if (!fresh) {
      loop_ = loop_ || known->second.second;  // found again on the way
      return known->second.first;
    }
    const u32 word = g_.word(at);
    Range r;
    const auto add = [&](Range n) {
      if (!n.ends()) return;
      r = r.ends() ? Range{std::min(r.least, n.least + 1), std::max(r.most, n.most + 1)} : n + 1;
    };
    const auto distance = [&](unsigned bits, unsigned lsb) { return static_cast<u32>(static_cast<i32>(word << (32 - bits - lsb)) >> (32 - bits)) * 4; };
    if (word == 0xd69f03e0) {
      if (end_ == End::handled) r = {1, 1};
    } else if ((word & 0xfc000000) == 0x14000000) {
      add(from(at + distance(26, 0)));
    } else if ((word & 0x7e000000) == 0x36000000) {
      if (at != choice_ || !taken_) add(from(at + 4));
      if (at != choice_ || taken_) add(from(at + distance(14, 5)));
    } else if ((word & 0xff000010) == 0x54000000 || (word & 0x7e000000) == 0x34000000) {
      add(from(at + 4));
      add(from(at + distance(19, 5)));
    } else if ((word & 0xfffffc1f) == 0xd61f0000) {
      for (const Indirect& i : g_.indirect)
        for (u32 n = 0; i.at == at && n < i.count; ++n) add(from(i.first + i.apart * n));
    } else {
      add(from(at + 4));
    }
    memo_[at] = {r, false};
    return r;
  }

  const Generator& g_;
  std::map<u32, std::pair<Range, bool>> memo_;  // true: being walked
  End end_ = End::handled;
  u32 choice_ = ~0U;
  bool taken_ = false, loop_ = false;
};

}  // namespace jitkit::hv

#endif  // JITKIT_CONSUMERS_HV_TRAP_PATHS_HPP
