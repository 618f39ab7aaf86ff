// Names to small numbers: symbols and labels of a CodeBuffer, string tables of objects, names in .jk.
//
// Invariants: ids count from 1 in the order of first mention, so the same input gives the same ids;
// the text of a name is kept, NUL-terminated, in the arena. Ids without a name count with the others.
#ifndef JITKIT_IR_SUPPORT_NAME_TABLE_HPP
#define JITKIT_IR_SUPPORT_NAME_TABLE_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/arena.hpp>
#include <jitkit/ir/support/span.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI {

class NameTable {
 public:
  // Forgets everything; the storage belongs to `a` from now on.
  void attach(Arena& a) {
    text_.attach(a);
    entries_.attach(a);
    slots_.attach(a);
  }

  // Number of names; their ids are 1 .. size().
  u32 size() const { return entries_.size(); }
  std::string_view name(u32 id) const {
    return id == 0 || id > size() ? std::string_view()
                                  : std::string_view(text_.data() + entries_[id - 1].at, entries_[id - 1].length);
  }
  // Offset of the name in text().
  u32 offset(u32 id) const { return entries_[id - 1].at; }
  Span<const char> text() const { return {text_.data(), text_.size()}; }

  // The id of `name`, 0 if it was never added.
  u32 find(std::string_view name) const {
    if (slots_.empty()) return 0;
    return slots_[slot(name, hash(name))];
  }
  // The id of `name`, added if new; 0 if the arena has no memory.
  u32 intern(std::string_view name) {
    if ((size() + 1) * 2 > slots_.size() && !rehash()) return 0;
    const u32 h = hash(name);
    const u32 s = slot(name, h);
    if (slots_[s] != 0) return slots_[s];
    const Entry e{text_.size(), static_cast<u32>(name.size()), h};
    if (!text_.append({name.data(), name.size()}) || !text_.push('\0') || !entries_.push(e)) return 0;
    return slots_[s] = size();
  }
  // An id without a name, which nothing finds; 0 if the arena has no memory.
  u32 add_nameless() { return entries_.push({0, 0, 0}) ? size() : 0; }

 private:
  struct Entry {
    u32 at;
    u32 length;
    u32 hash;
  };

  static u32 hash(std::string_view s) {  // FNV-1a
    u32 h = 2166136261U;
    for (const char c : s) h = (h ^ static_cast<u8>(c)) * 16777619U;
    return h;
  }
  // The slot that holds `name`, or the empty one where it belongs.
  u32 slot(std::string_view wanted, u32 h) const {
    const u32 mask = slots_.size() - 1;
    u32 s = h & mask;
    while (slots_[s] != 0 && (entries_[slots_[s] - 1].hash != h || name(slots_[s]) != wanted))
      s = (s + 1) & mask;
    return s;
  }
  bool rehash() {
    const u32 n = slots_.empty() ? 16 : slots_.size() * 2;
    if (!slots_.assign(n, 0)) return false;
    for (u32 id = 1; id <= size(); ++id) {
      if (entries_[id - 1].length == 0 && entries_[id - 1].hash == 0) continue;  // nameless: the empty name's hash is not 0
      u32 s = entries_[id - 1].hash & (n - 1);
      while (slots_[s] != 0) s = (s + 1) & (n - 1);
      slots_[s] = id;
    }
    return true;
  }

  Vec<char> text_;
  Vec<Entry> entries_;
  Vec<u32> slots_;  // open addressing; a power of two, at most half full
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_IR_SUPPORT_NAME_TABLE_HPP
