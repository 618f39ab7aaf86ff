// A pointer and a size: elements that stand elsewhere.
//
// std::span without its constrained constructors, which cost a compiler some 35 million instructions for every
// element type. Whatever has data() and size() converts to a Span, std::span among it, and std::span takes a Span
// as it takes any contiguous range: who calls jitkit need not know this type, and finds std::span included.
#ifndef JITKIT_IR_SUPPORT_SPAN_HPP
#define JITKIT_IR_SUPPORT_SPAN_HPP

#include <jitkit/config.hpp>

#include <span>  // IWYU pragma: export
#include <type_traits>

namespace jitkit::inline JITKIT_ABI {

template <class T>
class Span {
  template <class C>
  using ElementOf = std::remove_pointer_t<decltype(static_cast<std::remove_reference_t<C>*>(nullptr)->data())>;
  template <class U>
  static constexpr bool is_same_element = std::is_same_v<T, U> || std::is_same_v<T, const U>;

 public:
  using element_type = T;
  using value_type = std::remove_cv_t<T>;

  constexpr Span() = default;
  constexpr Span(T* data, usize size) : data_(data), size_(size) {}
  template <usize n>
  constexpr Span(T (&array)[n]) : data_(array), size_(n) {}  // NOLINT(google-explicit-constructor)
  template <class C, class = std::enable_if_t<!std::is_same_v<C, Span&>>,  // a copy
            class = std::enable_if_t<is_same_element<ElementOf<C>>>>
  constexpr Span(C&& container) : data_(container.data()), size_(container.size()) {}  // NOLINT

  constexpr T* data() const { return data_; }
  constexpr usize size() const { return size_; }
  constexpr usize size_bytes() const { return size_ * sizeof(T); }
  constexpr bool empty() const { return size_ == 0; }
  constexpr T* begin() const { return data_; }
  constexpr T* end() const { return data_ + size_; }
  constexpr T& operator[](usize i) const {
    check(i < size_);
    return data_[i];
  }
  constexpr T& front() const { return (*this)[0]; }
  constexpr T& back() const { return (*this)[size_ - 1]; }
  constexpr Span first(usize count) const { return subspan(0, count); }
  constexpr Span last(usize count) const { return subspan(size_ - count, count); }
  constexpr Span subspan(usize from) const { return subspan(from, size_ - from); }
  constexpr Span subspan(usize from, usize count) const {
    check(from <= size_ && count <= size_ - from);
    return {data_ + from, count};
  }

 private:
  T* data_ = nullptr;
  usize size_ = 0;
};
template <class T, usize n>
Span(T (&)[n]) -> Span<T>;

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_IR_SUPPORT_SPAN_HPP
