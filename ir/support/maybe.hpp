// A value or none, for what may be refused at run time: an operand out of range.
//
// Why not std::optional: its value stands in a union, which g++ 12 keeps in memory and tests there. Here
// both members are plain, so an operand that is made and used at once stays in registers.
// Invariant: without a value, the one inside is some T that nobody reads.
#ifndef JITKIT_IR_SUPPORT_MAYBE_HPP
#define JITKIT_IR_SUPPORT_MAYBE_HPP

#include <jitkit/config.hpp>

namespace jitkit::inline JITKIT_ABI {

template <class T>
class [[nodiscard]] Maybe {
 public:
  constexpr Maybe(T value, bool has) : value_(value), has_(has) {}

  constexpr bool has_value() const { return has_; }
  constexpr explicit operator bool() const { return has_; }
  constexpr const T& operator*() const {
    check(has_);
    return value_;
  }
  // The one inside, also without a value.
  constexpr const T& any() const { return value_; }
  constexpr const T* operator->() const { return &**this; }
  constexpr const T& value() const { return **this; }

 private:
  T value_;
  bool has_;
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_IR_SUPPORT_MAYBE_HPP
