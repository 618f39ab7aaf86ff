// CodeBuffer: the bytes of one piece of code while it is being written, with labels, fixups and
// relocations. It knows nothing about instructions.
//
// Invariants:
//  - The first error is sticky: later calls stay memory-safe and change nothing that matters.
//  - A label is bound at most once; a fixup whose label is bound is written at once, any other when
//    its label is bound. finish() reports labels that were used and never bound.
//  - Where bytes are written (data()) has nothing to do with where they will run: nothing absolute is
//    written before place(address).
// Source of the idea of one check for both space and island deadlines: Cranelift's MachBuffer
// documentation (machinst/buffer.rs).
#ifndef JITKIT_EMIT_CODE_BUFFER_HPP
#define JITKIT_EMIT_CODE_BUFFER_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/reloc.hpp>
#include <jitkit/ir/support/arena.hpp>
#include <jitkit/ir/support/index.hpp>
#include <jitkit/status.hpp>

#include <cstring>
#include <span>
#include <string_view>

namespace jitkit::inline JITKIT_ABI {

struct LabelTag;
using Label = Index<LabelTag>;
struct SymbolTag;
using Symbol = Index<SymbolTag>;

// A reference to a symbol, to be written when the code is placed or by the linker.
struct Reloc {
  u32 offset;  // of the patched field, in bytes from the start of the code
  FixupKind kind;
  Symbol symbol;
  i64 addend;
};

class CodeBuffer {
 public:
  // Growing memory from the heap, up to `limit` bytes of code.
  explicit CodeBuffer(u64 limit = u64{1} << 31) : limit_(limit) { init_tables(); }
  // The caller's memory; never grows.
  explicit CodeBuffer(std::span<u8> memory) : limit_(memory.size()), owned_(false) {
    init_tables();
    base_ = cursor_ = memory.data();
    stop_ = end_ = base_ + memory.size();
  }
  CodeBuffer(const CodeBuffer&) = delete;
  CodeBuffer& operator=(const CodeBuffer&) = delete;
  ~CodeBuffer() {
    if (owned_) std::free(base_);
  }

  // Forgets contents, labels, relocations and the error; keeps the memory.
  void reset() {
    cursor_ = base_;
    stop_ = end_;
    arena_.reset();
    status_ = {};
    init_tables();
  }

  u32 offset() const { return static_cast<u32>(cursor_ - base_); }
  u8* data() { return base_; }
  std::span<const u8> bytes() const { return {base_, static_cast<usize>(cursor_ - base_)}; }

  void put8(u8 v) {
    if (make_room(1)) *cursor_++ = v;
  }
  void put16(u16 v) { put_raw(&v, 2); }
  void put32(u32 v) { put_raw(&v, 4); }
  void put64(u64 v) { put_raw(&v, 8); }
  void put_raw(const void* p, usize n) {
    if (make_room(n)) {
      std::memcpy(cursor_, p, n);
      cursor_ += n;
    }
  }
  // Room for n bytes at the cursor, to be filled by the caller, who then calls advance(); nullptr when
  // there is none.
  u8* reserve(usize n) { return make_room(n) ? cursor_ : nullptr; }
  void advance(usize n) { cursor_ += n; }
  void align(u32 to, u8 fill = 0) {
    while ((offset() & (to - 1)) != 0 && status_.ok()) put8(fill);
  }

  Label new_label() {
    labels_.push({});
    if (arena_.failed()) fail(arena_.status());
    return Label(labels_.size() - 1);
  }
  bool is_bound(Label l) const { return labels_[l.id].offset != unbound; }
  u32 offset_of(Label l) const { return labels_[l.id].offset; }
  void bind(Label l) { bind_at(l, offset()); }
  void bind_at(Label l, u32 at);

  // The field of `kind` at offset `at` shall hold the distance to (or, absolute kinds, the address of)
  // l + addend. For x86 kinds the distance counts from `at` + field size.
  void use_label(Label l, FixupKind kind, u32 at, i64 addend = 0);
  // A 32-bit distance base -> l, at the cursor (jump tables).
  void put_label_difference(Label l, Label base);

  // The symbol of that name, made if new. The name is copied.
  Symbol symbol(std::string_view name);
  std::string_view symbol_name(Symbol s) const {
    return {names_.data() + symbols_[s.id].name, symbols_[s.id].length};
  }
  u32 symbol_count() const { return symbols_.size(); }
  void use_symbol(Symbol s, FixupKind kind, u32 at, i64 addend = 0) {
    relocs_.push({at, kind, s, addend});
    if (arena_.failed()) fail(arena_.status());
  }
  std::span<const Reloc> relocs() const { return {relocs_.data(), relocs_.size()}; }

  const Status& status() const { return status_; }
  void fail(Status s) {
    if (status_.ok()) {
      status_ = s;
      stop_ = cursor_;
    }
  }
  // ok, or the first error, or the first label that was used and never bound.
  Status finish();

 private:
  static constexpr u32 unbound = ~u32{0};
  struct LabelInfo {
    u32 offset = unbound;
    u32 fixups = 0;  // head of the list of pending fixups
  };
  struct Fixup {
    u32 at;
    FixupKind kind;
    u32 next;
    i64 addend;  // diff32: the base label's id
  };
  struct SymbolInfo {
    u32 name;
    u32 length;
  };

  void init_tables() {
    labels_.attach(arena_);
    fixups_.attach(arena_);
    relocs_.attach(arena_);
    symbols_.attach(arena_);
    names_.attach(arena_);
    labels_.push({});
    fixups_.push({});
    symbols_.push({});
  }
  bool make_room(usize n) {
    return static_cast<usize>(stop_ - cursor_) >= n || make_room_slow(n);
  }
  [[gnu::cold]] bool make_room_slow(usize n);
  void resolve(const Fixup& f, u32 target);

  u8* cursor_ = nullptr;
  u8* stop_ = nullptr;  // space ends here, or something has to be done before more is written
  u8* base_ = nullptr;
  u8* end_ = nullptr;
  u64 limit_;
  bool owned_ = true;
  Status status_;
  Arena arena_;
  Vec<LabelInfo> labels_;
  Vec<Fixup> fixups_;
  Vec<Reloc> relocs_;
  Vec<SymbolInfo> symbols_;
  Vec<char> names_;
};

inline bool CodeBuffer::make_room_slow(usize n) {
  if (!status_.ok()) return false;
  const u64 used = offset();
  if (used + n > limit_ || !owned_) {
    fail({Error::out_of_code_space, static_cast<u32>(used), used + n});
    return false;
  }
  u64 size = used < 2048 ? 4096 : used * 2;
  if (size < used + n) size = used + n;
  if (size > limit_) size = limit_;
  auto* p = static_cast<u8*>(std::realloc(base_, size));
  if (p == nullptr) {
    fail({Error::out_of_memory, static_cast<u32>(used), size});
    return false;
  }
  base_ = p;
  cursor_ = p + used;
  stop_ = end_ = p + size;
  return true;
}

inline void CodeBuffer::resolve(const Fixup& f, u32 target) {
  const FixupField& field = fixup_field(f.kind);
  if (f.at + field.bytes > offset()) return;  // the field was dropped by an earlier error
  i64 value = i64{target};
  if (f.kind == FixupKind::diff32) {
    value -= i64{offset_of(Label(static_cast<u32>(f.addend)))};
  } else {
    value += f.addend - i64{f.at};
    if (f.kind == FixupKind::x86_rel8 || f.kind == FixupKind::x86_rel32) value -= field.bytes;
    if (!fixup_fits(f.kind, value)) {
      fail({Error::fixup_range, f.at, static_cast<u64>(value)});
      return;
    }
  }
  write_fixup(f.kind, base_ + f.at, value);
}

inline void CodeBuffer::bind_at(Label l, u32 at) {
  LabelInfo& info = labels_[l.id];
  if (info.offset != unbound) {
    fail({Error::label_rebound, l.id, info.offset});
    return;
  }
  info.offset = at;
  for (u32 i = info.fixups; i != 0; i = fixups_[i].next) resolve(fixups_[i], at);
  info.fixups = 0;
}

inline void CodeBuffer::use_label(Label l, FixupKind kind, u32 at, i64 addend) {
  LabelInfo& info = labels_[l.id];
  const Fixup f{at, kind, info.fixups, addend};
  if (info.offset != unbound) {
    resolve(f, info.offset);
    return;
  }
  if (fixups_.push(f))
    info.fixups = fixups_.size() - 1;
  else
    fail(arena_.status());
}

inline void CodeBuffer::put_label_difference(Label l, Label base) {
  const u32 at = offset();
  put32(0);
  check(is_bound(base));
  use_label(l, FixupKind::diff32, at, i64{base.id});
}

inline Symbol CodeBuffer::symbol(std::string_view name) {
  for (u32 i = 1; i < symbols_.size(); ++i)
    if (symbol_name(Symbol(i)) == name) return Symbol(i);
  const u32 at = names_.size();
  names_.append({name.data(), name.size()});
  symbols_.push({at, static_cast<u32>(name.size())});
  if (arena_.failed()) fail(arena_.status());
  return Symbol(symbols_.size() - 1);
}

inline Status CodeBuffer::finish() {
  for (u32 i = 1; i < labels_.size() && status_.ok(); ++i)
    if (labels_[i].fixups != 0) fail({Error::label_unbound, i, fixups_[labels_[i].fixups].at});
  return status_;
}

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_CODE_BUFFER_HPP
