// Sets of a target's CPU features, and the text form in which users write them.
//
// Invariants: feature 0 (`base`) is the target's baseline and in every set. A set made by enable, disable
// and apply is closed: it has what its members need. A target gives the table: for each feature its name
// and up to two features that it needs (base: none).
#ifndef JITKIT_IR_SUPPORT_FEATURE_SET_HPP
#define JITKIT_IR_SUPPORT_FEATURE_SET_HPP

#include <jitkit/config.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI {

// T::Feature       an enum whose base is 0
// T::count         the number of features, at most 128
// T::needs(f, n)   the n-th feature (0, 1) that f needs
// T::find(name)    the feature of that name; base if there is none
template <class T>
class FeatureSetOf {
 public:
  using Feature = typename T::Feature;
  static_assert(T::count <= 128);

  constexpr FeatureSetOf() = default;  // base alone

  static constexpr FeatureSetOf all() {
    FeatureSetOf s;
    for (unsigned i = 0; i < T::count; ++i) s.put(i, true);
    return s;
  }
  // Exactly these, not closed: what one instruction asks for.
  static constexpr FeatureSetOf of(Feature a, Feature b = Feature::base, Feature c = Feature::base) {
    FeatureSetOf s;
    for (const Feature f : {a, b, c}) s.put(static_cast<unsigned>(f), true);
    return s;
  }

  constexpr bool has(Feature f) const { return get(static_cast<unsigned>(f)); }
  constexpr bool has(const FeatureSetOf& s) const { return first_missing(s) == Feature::base; }
  // The first feature of `wanted` that is missing here; base if none is.
  constexpr Feature first_missing(const FeatureSetOf& wanted) const {
    for (unsigned w = 0; w < 2; ++w) {
      const u64 lacking = wanted.words_[w] & ~words_[w];
      if (lacking != 0) return static_cast<Feature>(64 * w + static_cast<unsigned>(__builtin_ctzll(lacking)));
    }
    return Feature::base;
  }

  // With f and all it needs.
  constexpr FeatureSetOf& enable(Feature f) {
    put(static_cast<unsigned>(f), true);
    for (unsigned n = 0; n < 2; ++n)
      if (const Feature needed = T::needs(f, n); !has(needed)) enable(needed);
    return *this;
  }
  // With the members of `s` and all they need.
  constexpr FeatureSetOf& enable_all(const FeatureSetOf& s) {
    for (unsigned i = 1; i < T::count; ++i)
      if (s.get(i)) enable(static_cast<Feature>(i));
    return *this;
  }
  // Without f and all that needs it. The baseline stays.
  constexpr FeatureSetOf& disable(Feature f) {
    if (f == Feature::base) return *this;
    put(static_cast<unsigned>(f), false);
    for (unsigned i = 1; i < T::count; ++i) {
      const auto other = static_cast<Feature>(i);
      if (get(i) && (T::needs(other, 0) == f || T::needs(other, 1) == f)) disable(other);
    }
    return *this;
  }

  // Those of the members that have all they need: a closed set out of any.
  constexpr FeatureSetOf usable() const {
    FeatureSetOf s;
    for (unsigned i = 1; i < T::count; ++i) {
      FeatureSetOf with_needs;
      with_needs.enable(static_cast<Feature>(i));
      if (has(with_needs)) s.put(i, true);
    }
    return s;
  }

  // Applies a list such as "+avx2,-sha,adx" in order (no sign: enable; "all" and "none" set the start).
  // Returns the first name that is not a feature, or an empty view when the whole list was applied; in
  // the first case the set is unchanged.
  constexpr std::string_view apply(std::string_view list) {
    FeatureSetOf result = *this;
    while (!list.empty()) {
      const usize comma = list.find(',');
      std::string_view item = list.substr(0, comma);
      list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
      while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
      while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
      if (item.empty()) continue;
      const std::string_view whole = item;
      const bool off = item.front() == '-';
      if (off || item.front() == '+') item.remove_prefix(1);
      if (item == "all" || item == "none") {
        result = (item == "all") != off ? all() : FeatureSetOf();
        continue;
      }
      const Feature f = T::find(item);
      if (f == Feature::base && item != "base") return item.empty() ? whole : item;
      off ? result.disable(f) : result.enable(f);
    }
    *this = result;
    return {};
  }

  friend constexpr bool operator==(const FeatureSetOf&, const FeatureSetOf&) = default;
  friend constexpr FeatureSetOf operator|(FeatureSetOf a, const FeatureSetOf& b) {
    for (unsigned w = 0; w < 2; ++w) a.words_[w] |= b.words_[w];
    return a;
  }
  friend constexpr FeatureSetOf operator&(FeatureSetOf a, const FeatureSetOf& b) {
    for (unsigned w = 0; w < 2; ++w) a.words_[w] &= b.words_[w];
    return a;
  }

 private:
  constexpr bool get(unsigned i) const { return (words_[i / 64] >> (i % 64) & 1) != 0; }
  constexpr void put(unsigned i, bool on) {
    const u64 bit = u64{1} << (i % 64);
    words_[i / 64] = on ? words_[i / 64] | bit : words_[i / 64] & ~bit;
  }

  u64 words_[2] = {1, 0};
};

// The index of `name` among the names of `infos`, in any case; 0 if it is not there or is the first.
template <class Infos>
constexpr unsigned find_feature_name(const Infos& infos, unsigned count, std::string_view name) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  for (unsigned i = 0; i < count; ++i) {
    const std::string_view candidate = infos[i].name;
    bool same = candidate.size() == name.size();
    for (usize k = 0; same && k < name.size(); ++k) same = lower(name[k]) == candidate[k];
    if (same) return i;
  }
  return 0;
}

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_IR_SUPPORT_FEATURE_SET_HPP
