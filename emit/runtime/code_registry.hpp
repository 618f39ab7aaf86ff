// CodeRegistry: from a pc to the piece of code it lies in. Thread-safe; lookups take no lock and call
// nothing, so a signal handler may make them.
//
// Invariants:
//  - Entries are sorted by address and do not overlap.
//  - Readers see an immutable table. A writer (under the mutex) builds the next one and publishes it
//    with one store; an old table is freed when no reader can still be in it: every reader counts
//    itself into the current one of two counters, and a writer turns to the other and waits for the
//    old one to drain (read-copy-update with two epochs).
//  - A writer never waits inside a signal handler, and a handler only reads: so a reader that a signal
//    interrupts cannot deadlock with it.
#ifndef JITKIT_EMIT_RUNTIME_CODE_REGISTRY_HPP
#define JITKIT_EMIT_RUNTIME_CODE_REGISTRY_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/runtime/sync.hpp>
#include <jitkit/status.hpp>

#include <sched.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

namespace jitkit::inline JITKIT_ABI {

struct CodeEntry {
  u64 address = 0;
  u64 size = 0;
  const char* name = nullptr;  // NUL-terminated; the owner keeps it until after remove()
  void* user = nullptr;
};

class CodeRegistry {
 public:
  CodeRegistry() = default;
  CodeRegistry(const CodeRegistry&) = delete;
  CodeRegistry& operator=(const CodeRegistry&) = delete;
  ~CodeRegistry() { std::free(table_.load(MemoryOrder::relaxed)); }

  // Error::policy if the range overlaps another entry's.
  Status add(const CodeEntry& entry) {
    if (entry.size == 0) return {Error::operand_range, 0, entry.size};
    const Lock lock(mutex_);
    const Table* old = table_.load(MemoryOrder::relaxed);
    const u64 count = old != nullptr ? old->count : 0;
    const u64 at = old != nullptr ? upper_bound(*old, entry.address) : 0;
    const bool hits_left = at > 0 && end(old->entries()[at - 1]) > entry.address;
    const bool hits_right = at < count && end(entry) > old->entries()[at].address;
    if (hits_left || hits_right) return {Error::policy, 0, entry.address};
    Table* next = make(count + 1);
    if (next == nullptr) return {Error::out_of_memory, 0, bytes(count + 1)};
    copy(next, 0, old, 0, at);
    next->entries()[at] = entry;
    copy(next, at + 1, old, at, count - at);
    replace(next);
    return {};
  }

  // Forgets the entry that starts at `address`. When it returns no lookup can still deliver it.
  // Error::operand_range: there is none.
  Status remove(u64 address) {
    const Lock lock(mutex_);
    const Table* old = table_.load(MemoryOrder::relaxed);
    const u64 at = old != nullptr ? upper_bound(*old, address) : 0;
    if (at == 0 || old->entries()[at - 1].address != address) return {Error::operand_range, 0, address};
    Table* next = make(old->count - 1);
    if (next == nullptr) return {Error::out_of_memory, 0, bytes(old->count - 1)};
    copy(next, 0, old, 0, at - 1);
    copy(next, at - 1, old, at, old->count - at);
    replace(next);
    return {};
  }

  // The entry whose range holds `pc`. False if there is none.
  bool find(u64 pc, CodeEntry& entry) const {
    const Reader reader(*this);
    const Table* t = table_.load(MemoryOrder::seq_cst);
    if (t == nullptr) return false;
    const u64 at = upper_bound(*t, pc);
    if (at == 0 || pc >= end(t->entries()[at - 1])) return false;
    entry = t->entries()[at - 1];
    return true;
  }

  // Calls visit(entry) for each entry in the order of addresses. It must not add or remove.
  template <class Visit>
  void for_each(Visit visit) const {
    const Reader reader(*this);
    const Table* t = table_.load(MemoryOrder::seq_cst);
    for (u64 i = 0; t != nullptr && i < t->count; ++i) visit(t->entries()[i]);
  }

  u64 size() const {
    const Reader reader(*this);
    const Table* t = table_.load(MemoryOrder::seq_cst);
    return t != nullptr ? t->count : 0;
  }

 private:
  struct Table {  // followed by its entries
    u64 count;
    CodeEntry* entries() { return reinterpret_cast<CodeEntry*>(this + 1); }
    const CodeEntry* entries() const { return reinterpret_cast<const CodeEntry*>(this + 1); }
  };
  static_assert(sizeof(Table) % alignof(CodeEntry) == 0);

  // Counts itself into an epoch while it lives.
  class Reader {
   public:
    explicit Reader(const CodeRegistry& r) {
      for (;;) {
        const u32 epoch = r.epoch_.load(MemoryOrder::seq_cst);
        counter_ = &r.readers_[epoch & 1];
        counter_->fetch_add(1, MemoryOrder::seq_cst);
        if (r.epoch_.load(MemoryOrder::seq_cst) == epoch) return;
        counter_->fetch_sub(1, MemoryOrder::seq_cst);  // a writer turned meanwhile
      }
    }
    ~Reader() { counter_->fetch_sub(1, MemoryOrder::seq_cst); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

   private:
    Atomic<u32>* counter_;
  };

  static u64 bytes(u64 count) { return sizeof(Table) + count * sizeof(CodeEntry); }
  static u64 end(const CodeEntry& e) { return e.address + e.size; }
  // The index of the first entry after pc.
  static u64 upper_bound(const Table& t, u64 pc) {
    u64 low = 0;
    u64 high = t.count;
    while (low < high) {
      const u64 middle = (low + high) / 2;
      if (t.entries()[middle].address <= pc)
        low = middle + 1;
      else
        high = middle;
    }
    return low;
  }
  static Table* make(u64 count) {
    auto* t = static_cast<Table*>(std::malloc(bytes(count)));
    if (t != nullptr) t->count = count;
    return t;
  }
  static void copy(Table* to, u64 at, const Table* from, u64 first, u64 count) {
    if (count != 0) std::memcpy(to->entries() + at, from->entries() + first, count * sizeof(CodeEntry));
  }

  // Publishes `next` and frees the old table once nobody reads it.
  void replace(Table* next) {
    Table* old = table_.exchange(next, MemoryOrder::seq_cst);
    const u32 epoch = epoch_.fetch_add(1, MemoryOrder::seq_cst);
    while (readers_[epoch & 1].load(MemoryOrder::seq_cst) != 0) ::sched_yield();
    std::free(old);
  }

  Atomic<Table*> table_ = nullptr;
  mutable Atomic<u32> epoch_ = 0;
  mutable Atomic<u32> readers_[2] = {};
  Mutex mutex_;
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_RUNTIME_CODE_REGISTRY_HPP
