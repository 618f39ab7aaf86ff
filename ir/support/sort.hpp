// Sorting without <algorithm>, which costs every includer.
//
// Source: heapsort, Williams and Floyd; n log n at worst, in place, not stable.
#ifndef JITKIT_IR_SUPPORT_SORT_HPP
#define JITKIT_IR_SUPPORT_SORT_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/span.hpp>

namespace jitkit::inline JITKIT_ABI {

// Sorts so that less(a[i + 1], a[i]) is false everywhere. T is trivially copyable.
template <class T, class Less>
constexpr void sort(Span<T> a, Less less) {
  const auto sift = [&](usize root, usize count) {
    const T moved = a[root];
    for (usize child = 2 * root + 1; child < count; child = 2 * root + 1) {
      if (child + 1 < count && less(a[child], a[child + 1])) ++child;
      if (!less(moved, a[child])) break;
      a[root] = a[child];
      root = child;
    }
    a[root] = moved;
  };
  for (usize n = a.size() / 2; n-- > 0;) sift(n, a.size());
  for (usize n = a.size(); n-- > 1;) {
    const T last = a[n];
    a[n] = a[0];
    a[0] = last;
    sift(0, n);
  }
}

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_IR_SUPPORT_SORT_HPP
