// Memory of one compiler: an Arena hands out bytes and is reset, never freed piecemeal, so a warmed-up
// compiler does not touch the heap. Vec is the growing array on top of it.
//
// Invariants: a refusal (the limit, or malloc) is sticky in the Arena, with the bytes that were
// missing; Vec drops what does not fit and stays in range, so code may run on to the next check of
// failed(). Element types are trivially copyable.
#ifndef JITKIT_IR_SUPPORT_ARENA_HPP
#define JITKIT_IR_SUPPORT_ARENA_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/status.hpp>

#include <cstdlib>
#include <cstring>
#include <type_traits>

namespace jitkit::inline JITKIT_ABI {

class Arena {
 public:
  // `limit`: bytes the arena may take from the heap in all.
  explicit Arena(u64 limit = ~u64{0}) : limit_(limit) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() {
    for (Chunk* c = first_; c != nullptr;) {
      Chunk* next = c->next;
      std::free(c);
      c = next;
    }
  }

  // `bytes` bytes aligned to 16, or nullptr (sticky: failed() is true from then on).
  void* allocate(u64 bytes) {
    bytes = (bytes + 15) & ~u64{15};
    if (bytes > left_) return allocate_slow(bytes);
    u8* p = top_;
    top_ += bytes;
    left_ -= bytes;
    return p;
  }

  // Gives all memory back to the arena (not to the heap) and clears the error.
  void reset() {
    missing_ = 0;
    current_ = first_;
    open(current_);
  }

  // Whether `bytes` can be had without asking the heap.
  bool has(u64 bytes) const {
    if (bytes + 15 <= left_) return true;
    for (const Chunk* c = current_ != nullptr ? current_->next : nullptr; c != nullptr; c = c->next)
      if (bytes + 15 <= c->bytes) return true;
    return false;
  }

  bool failed() const { return missing_ != 0; }
  Status status() const {
    return failed() ? Status{Error::out_of_memory, 0, missing_} : Status{};
  }
  // Makes the arena fail as if `bytes` had been refused.
  void fail(u64 bytes) {
    if (missing_ == 0) missing_ = bytes != 0 ? bytes : 1;
  }
  u64 heap_bytes() const { return heap_; }
  u32 heap_calls() const { return calls_; }

 private:
  struct Chunk {
    Chunk* next;
    u64 bytes;
  };
  static_assert(sizeof(Chunk) == 16);

  void open(Chunk* c) {
    top_ = c != nullptr ? reinterpret_cast<u8*>(c + 1) : nullptr;
    left_ = c != nullptr ? c->bytes : 0;
  }

  [[gnu::cold, gnu::noinline]] void* allocate_slow(u64 bytes) {
    while (current_ != nullptr && current_->next != nullptr) {
      current_ = current_->next;
      open(current_);
      if (bytes <= left_) return allocate(bytes);
    }
    u64 size = heap_ < 64 * 1024 ? 64 * 1024 : heap_;
    if (size < bytes) size = bytes;
    if (size + heap_ > limit_) size = bytes;
    Chunk* c = nullptr;
    if (bytes <= limit_ && heap_ <= limit_ - bytes)
      c = static_cast<Chunk*>(std::malloc(size + sizeof(Chunk)));
    if (c == nullptr) {
      fail(bytes);
      return nullptr;
    }
    ++calls_;
    heap_ += size;
    c->next = nullptr;
    c->bytes = size;
    (current_ != nullptr ? current_->next : first_) = c;
    current_ = c;
    open(c);
    return allocate(bytes);
  }

  u8* top_ = nullptr;
  u64 left_ = 0;
  Chunk* first_ = nullptr;
  Chunk* current_ = nullptr;
  u64 limit_;
  u64 heap_ = 0;
  u64 missing_ = 0;
  u32 calls_ = 0;
};

// A growing array in an Arena. Growing moves it and leaves the old bytes to the next reset, so size
// big ones up front with reserve().
template <class T>
class Vec {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 16);

 public:
  Vec() = default;
  explicit Vec(Arena& a) : arena_(&a) {}

  // Forgets the contents and the storage; call it after Arena::reset(). The size it had is remembered:
  // the first growth takes as much at once if the arena has it.
  void attach(Arena& a) {
    arena_ = &a;
    data_ = nullptr;
    last_size_ = size_;
    size_ = capacity_ = 0;
  }

  u32 size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](u32 i) {
    check(i < size_);
    return data_[i];
  }
  const T& operator[](u32 i) const {
    check(i < size_);
    return data_[i];
  }
  T& back() { return (*this)[size_ - 1]; }
  const T& back() const { return (*this)[size_ - 1]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  Span<T> slice(u32 first, u32 count) {
    check(first + count <= size_);
    return {data_ + first, count};
  }
  Span<const T> slice(u32 first, u32 count) const {
    check(first + count <= size_);
    return {data_ + first, count};
  }

  void clear() { size_ = 0; }
  void pop_back() {
    check(size_ != 0);
    --size_;
  }
  void truncate(u32 n) {
    check(n <= size_);
    size_ = n;
  }

  // False, and nothing changed, if there is no memory.
  bool reserve(u64 n) { return n <= capacity_ || grow(n); }
  [[gnu::always_inline]] bool push(const T& v) {
    if (size_ == capacity_) [[unlikely]] {
      const T copy = v;
      if (!grow(u64{size_} + 1)) return false;
      data_[size_++] = copy;
      return true;
    }
    data_[size_++] = v;
    return true;
  }
  bool append(Span<const T> v) {
    if (!reserve(size_ + u64{v.size()})) return false;
    if (!v.empty()) std::memcpy(static_cast<void*>(data_ + size_), v.data(), v.size() * sizeof(T));
    size_ += static_cast<u32>(v.size());
    return true;
  }
  // Room for n more elements behind the last, which they become; null if there is no memory.
  [[gnu::always_inline]] T* extend(u32 n) {
    if (n > capacity_ - size_ && !grow(u64{size_} + n)) return nullptr;
    T* first = data_ + size_;
    size_ += n;
    return first;
  }
  // Grows or shrinks to n elements; new ones are copies of `fill`.
  bool resize(u32 n, const T& fill = T{}) {
    const T copy = fill;
    if (!reserve(n)) return false;
    for (u32 i = size_; i < n; ++i) data_[i] = copy;
    size_ = n;
    return true;
  }
  // The same for elements whose bytes are all zero when they are new.
  bool resize_zero(u32 n) {
    if (!reserve(n)) return false;
    if (n > size_) std::memset(static_cast<void*>(data_ + size_), 0, (n - size_) * sizeof(T));
    size_ = n;
    return true;
  }
  // n elements with any contents: for arrays that are written before they are read.
  bool resize_raw(u32 n) {
    if (!reserve(n)) return false;
    size_ = n;
    return true;
  }
  // n elements, all equal to `fill`.
  bool assign(u32 n, const T& fill) {
    size_ = 0;
    return resize(n, fill);
  }

 private:
  static constexpr u64 most = ~u32{0};  // elements

  // Out of line, so that push() stays small where it is inlined; not cold, because what follows a first
  // growth would count as cold too.
  [[gnu::noinline]] bool grow(u64 need) {
    if (arena_ == nullptr) return false;
    if (need > most) return arena_->fail(need * sizeof(T)), false;
    u64 n = capacity_ < 8 ? 16 : u64{capacity_} * 2;
    if (n > most) n = most;
    if (capacity_ == 0 && n < last_size_ && arena_->has(u64{last_size_} * sizeof(T))) n = last_size_;
    if (n < need) n = need;
    void* p = arena_->allocate(n * sizeof(T));
    if (p == nullptr) return false;
    if (size_ != 0) std::memcpy(p, static_cast<const void*>(data_), size_ * sizeof(T));
    data_ = static_cast<T*>(p);
    capacity_ = static_cast<u32>(n);
    return true;
  }

  Arena* arena_ = nullptr;
  T* data_ = nullptr;
  u32 size_ = 0;
  u32 capacity_ = 0;
  u32 last_size_ = 0;
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_IR_SUPPORT_ARENA_HPP
