// CodeBuffer: the bytes of one piece of code while it is being written, with labels, fixups, literals
// and relocations. Of instructions it knows one: the AArch64 branch that islands are made of.
//
// Invariants:
//  - The first error is sticky: later calls stay memory-safe and change nothing that matters.
//  - A label is bound at most once. A fixup is written when its label is known; one that depends on
//    where the code will run becomes a relocation, and place() writes it.
//  - base_ <= cursor_ <= stop_ <= end_. Nothing is written across stop_ without make_room_slow, which
//    grows the memory and, when a waiting short-range branch is about to lose its last chance, puts an
//    island of veneers (and the waiting literals) in the way of the code. So code is never moved.
//  - What is rare is called through rare_, which the constructors set: a translation unit that is given
//    a buffer and only emits into it compiles none of it.
//  - Island order: shortest range first, so every veneer is in reach when its deadline forced the
//    island (island_margin counts what may stand before it).
//
// A fixup's offset must be taken after its bytes were written (offset() - 4), because writing them may
// put an island before them. Labels are bound to offset() and may be followed by an island: it begins
// with a branch around itself.
//
// Source of the idea of one check for both space and deadlines: Cranelift's MachBuffer documentation
// (machinst/buffer.rs). Labels and literals: emit/labels.hpp; veneers: emit/islands.hpp; place(),
// place_ending_at() and size_bound(): emit/placement.hpp.
#ifndef JITKIT_EMIT_CODE_BUFFER_HPP
#define JITKIT_EMIT_CODE_BUFFER_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/literal_pool.hpp>
#include <jitkit/emit/reloc.hpp>
#include <jitkit/ir/support/arena.hpp>
#include <jitkit/ir/support/bits.hpp>
#include <jitkit/ir/support/index.hpp>
#include <jitkit/ir/support/name_table.hpp>
#include <jitkit/ir/support/sink.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/status.hpp>

#include <cstring>
#include <string_view>

namespace jitkit::inline JITKIT_ABI {

struct LabelTag;
using Label = Index<LabelTag>;
struct SymbolTag;
using Symbol = Index<SymbolTag>;

// A field to be written when the code is placed, or by the linker. Symbol 0 is the code itself: the
// addend then is an offset into it.
struct Reloc {
  u32 offset;  // of the patched unit, in bytes from the start of the code
  FixupKind kind;
  Symbol symbol;
  i64 addend;
};

// Bytes [begin, end) of the code that are not instructions.
struct DataRange {
  u32 begin;
  u32 end;
};

// A remark on the code at an offset, kept for listings.
struct Note {
  u32 offset;
  u32 text;
  u32 length;
};

// Where place() gets the addresses of symbols that have none: false means unknown.
struct SymbolResolver {
  using Find = bool (*)(void* context, std::string_view name, u64& address);
  Find find = nullptr;
  void* context = nullptr;
};

class CodeBuffer {
 public:
  using RelocInfo = Reloc;  // for what is a template over the buffer

  // Growing memory from the heap, up to `limit` bytes of code and `table_limit` bytes for labels,
  // fixups and the like.
  explicit CodeBuffer(u64 limit = u64{1} << 31, u64 table_limit = ~u64{0})
      : rare_(rare_functions()), limit_(limit < most_bytes ? limit : most_bytes), arena_(table_limit) {
    init_tables();
  }
  // The caller's memory (also the writable view of an exec heap's block); never grows.
  explicit CodeBuffer(Span<u8> memory, u64 table_limit = ~u64{0})
      : rare_(rare_functions()), limit_(memory.size() < most_bytes ? memory.size() : most_bytes), owned_(false),
        arena_(table_limit) {
    init_tables();
    base_ = cursor_ = memory.data();
    end_ = base_ + limit_;
    stop_ = status_.ok() ? end_ : cursor_;
  }
  CodeBuffer(const CodeBuffer&) = delete;
  CodeBuffer& operator=(const CodeBuffer&) = delete;
  ~CodeBuffer() {
    if (owned_) std::free(base_);
  }

  // Forgets contents, labels, relocations and the error; keeps the memory.
  void reset();
  // Times memory was asked of the heap.
  u32 heap_calls() const { return arena_.heap_calls() + growths_; }

  // --- bytes ---------------------------------------------------------------------------------------
  u32 offset() const { return static_cast<u32>(cursor_ - base_); }
  u8* data() { return base_; }
  Span<const u8> bytes() const { return {base_, static_cast<usize>(cursor_ - base_)}; }

  void put8(u8 v) {
    if (make_room(1)) *cursor_++ = v;
  }
  void put16(u16 v) { put_raw(&v, 2); }
  // An instruction word. Nothing of the caller has to survive the rare case, so it saves nothing.
  [[gnu::always_inline]] void put32(u32 v) {
    if (!has_room(4)) [[unlikely]] return rare_->put32(*this, v);
    store_code(cursor_, v);
    cursor_ += 4;
  }
  void put64(u64 v) { put_raw(&v, 8); }
  // n bytes that stay together: no island falls between them.
  void put_raw(const void* p, usize n) {
    if (make_room(n)) {
      std::memcpy(cursor_, p, n);
      cursor_ += n;
    }
  }
  // An instruction word whose field of `kind` refers to l. Inline, because `kind` is a constant: the
  // field of a branch back is a few instructions.
  [[gnu::always_inline]] void put32(u32 word, Label l, FixupKind kind, i64 addend = 0) {
    if (!make_room(4, kind)) return;
    const u32 at = offset();
    const u32 target = labels_[l.id].offset;
    const i64 distance = i64{target} + addend - i64{at};
    const FixupField& field = fixup_field(kind);
    const bool now = target != unbound && field.form == FixupForm::distance && fixup_reaches(field, distance);
    if (now) word = insert_fixup(field, word, distance);
    store_code(cursor_, word);
    cursor_ += 4;
    if (target == unbound)
      wait_for(l, kind, at, addend);
    else if (!now)
      use_label(l, kind, at, addend);
  }
  // Room for n bytes at the cursor, to be filled by the caller, who then calls advance() with at most
  // n; nullptr when there is none.
  u8* reserve(usize n) { return make_room(n) ? cursor_ : nullptr; }
  // Whether there is room for n bytes at cursor() without asking reserve().
  bool has_room(usize n) const {
    return reinterpret_cast<std::uintptr_t>(cursor_) + n <= reinterpret_cast<std::uintptr_t>(stop_);
  }
  u8* cursor() { return cursor_; }
  void advance(usize n) { cursor_ += n; }

  // Pads with `fill` up to a multiple of the power of two `to`; the code must then be placed at one.
  void align(u32 to, u8 fill = 0);
  // Pads with `fill` up to offset `at`. If the code is already longer: Error::too_long with the excess.
  void seek(u32 at, u8 fill = 0);
  // Marks [begin, offset()) as data: literals and tables amid the code.
  void mark_data(u32 begin);
  Span<const DataRange> data_ranges() const { return {data_.data(), data_.size()}; }

  // --- scopes --------------------------------------------------------------------------------------
  // Checks on destruction what was written since construction.
  class [[nodiscard]] Scope {
   public:
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() { code_.end_scope(start_, bytes_, exact_); }

   private:
    friend class CodeBuffer;
    Scope(CodeBuffer& code, u32 bytes, bool exact)
        : code_(code), start_(code.offset()), bytes_(bytes), exact_(exact) {}
    CodeBuffer& code_;
    u32 start_;
    u32 bytes_;
    bool exact_;
  };
  // Exactly `bytes` bytes will be written, with neither island nor pool among them.
  Scope exact(u32 bytes) {
    begin_exact(bytes);
    return {*this, bytes, true};
  }
  // At most `bytes` bytes will be written, or Error::too_long with the excess.
  Scope limited(u32 bytes) { return {*this, bytes, false}; }
  // A function at a fixed offset with a size limit: seek() and limited().
  Scope fixed(u32 at, u32 bytes, u8 fill = 0) {
    seek(at, fill);
    return {*this, bytes, false};
  }

  // Control does not reach this point: a good place for an island due within `ahead` bytes.
  void offer_island(u32 ahead = 4096) {
    if (static_cast<usize>(stop_ - cursor_) < ahead) offer_island_slow(ahead);
  }

  // --- labels --------------------------------------------------------------------------------------
  Label new_label() {
    if (!labels_.push({})) [[unlikely]] {
      fail(arena_.status());
      return {};
    }
    return Label(labels_.size() - 1);
  }
  // The label of that name, made if new.
  Label label(std::string_view name);
  std::string_view label_name(Label l) const {
    const u32 name = info(l).name;
    return label_names_.name(name == no_name_literal ? 0 : name);
  }
  u32 label_count() const { return labels_.size(); }  // ids are 1 .. label_count() - 1
  bool is_bound(Label l) const { return offset_of(l) != unbound; }
  // The largest number if it is not bound.
  u32 offset_of(Label l) const { return l.id < labels_.size() ? labels_[l.id].offset : unbound; }
  void bind(Label l) { bind_at(l, offset()); }
  void bind_at(Label l, u32 at) {
    if (!status_.ok()) return;  // there may be no table
    LabelInfo& info = labels_[l.id];
    if ((info.fixups | (info.offset + 1)) != 0 || log_ != nullptr) return bind_slow(l, at);
    info.offset = at;
  }

  // The field of `kind` at offset `at` shall refer to l + addend. Offsets of AArch64 branches and
  // literal loads are given in the order they were written.
  void use_label(Label l, FixupKind kind, u32 at, i64 addend = 0);
  // The same, for who seldom does it: see rare_.
  void use_label_rarely(Label l, FixupKind kind, u32 at, i64 addend = 0) {
    rare_->use_label(*this, l, kind, at, addend);
  }
  // A 32-bit distance base -> l, at the cursor; base is bound.
  void put_label_difference(Label l, Label base);
  // Binds `table` to a table of distances table -> target, 4 bytes each, marked as data.
  void jump_table(Label table, Span<const Label> targets);

  // A label on a constant of 4, 8 or 16 bytes that will stand behind the code, or in an island. Equal
  // constants share one; `kind` is the field that will refer to it.
  Label literal(FixupKind kind, u32 bytes, u64 low, u64 high = 0);
  // Writes the waiting literals here. finish() does it at the end.
  void flush_literals();

  // --- symbols -------------------------------------------------------------------------------------
  // The symbol of that name, made if new. The name is copied.
  Symbol symbol(std::string_view name);
  // The same, at a known address.
  Symbol symbol(std::string_view name, u64 address) {
    const Symbol s = symbol(name);
    if (status_.ok()) {
      symbols_[s.id].address = address;
      symbols_[s.id].known = true;
    }
    return s;
  }
  // A symbol without a name, for code that is placed: whoever writes an object asks for names.
  Symbol symbol_at(u64 address);
  std::string_view symbol_name(Symbol s) const { return symbol_names_.name(s.id); }
  u32 symbol_count() const { return symbols_.size(); }  // ids are 1 .. symbol_count() - 1
  // As use_label. Calls and jumps use branch kinds, which placement may lead through a veneer (on
  // AArch64 it uses x16).
  void use_symbol(Symbol s, FixupKind kind, u32 at, i64 addend = 0) {
    rare_->use_symbol(*this, s, kind, at, addend);
  }
  void put32(u32 word, Symbol s, FixupKind kind, i64 addend = 0) {
    put32(word);
    use_symbol(s, kind, offset() - 4, addend);
  }
  Span<const Reloc> relocs() const { return {relocs_.data(), relocs_.size()}; }

  // --- remarks -------------------------------------------------------------------------------------
  // Writes labels, comments, islands and the first error to `log` as they happen; nullptr: off.
  void set_log(Sink* log) { log_ = log; }
  // Keeps comments for a listing. Off: comment() costs a test and stores nothing.
  void keep_notes(bool on) { keep_notes_ = on; }
  void comment(std::string_view text) {
    if (keep_notes_ || log_ != nullptr) comment_slow(text);
  }
  Span<const Note> notes() const { return {notes_.data(), notes_.size()}; }
  std::string_view note_text(const Note& n) const { return {note_text_.data() + n.text, n.length}; }

  // --- the end -------------------------------------------------------------------------------------
  const Status& status() const { return status_; }
  [[gnu::cold]] void fail(Status s) { rare_->fail(*this, s); }
  // Writes waiting literals. ok, or the first error, or the first label used and never bound.
  Status finish();

  // A size the placed code cannot exceed, wherever it is placed. To end at an address that is no multiple of
  // alignment(), it may take up to alignment() - 1 bytes more.
  u64 size_bound() const;
  // Writes everything that depends on the address. The code may be placed again elsewhere; a failure
  // leaves it as it was.
  Status place(u64 address, SymbolResolver resolver = {});
  // The same for code whose last byte is end - 1. address() is where it starts.
  Status place_ending_at(u64 end, SymbolResolver resolver = {});
  u64 address() const { return address_; }
  // Takes a placement back: what it appended is gone, the code is movable.
  void unplace();
  // The alignment its address needs.
  u32 alignment() const { return alignment_; }

 private:
  static constexpr u32 unbound = ~u32{0};
  static constexpr u64 most_bytes = unbound;  // offsets have 32 bits
  // Ranges a waiting branch can run out of. Kinds that no veneer helps count as no_range.
  enum Range : u8 { range_32k, range_1m, range_128m, no_range };
  static constexpr i64 reach[3] = {fixup_reach(FixupKind::a64_branch14),
                                   fixup_reach(FixupKind::a64_branch19),
                                   fixup_reach(FixupKind::a64_branch26)};

  struct LabelInfo {
    u32 offset = unbound;
    u32 fixups = 0;        // head of the list of waiting fixups
    u32 veneer = unbound;  // offset of the last veneer that leads here
    u32 name = 0;          // or no_name_literal
  };
  struct Fixup {
    u32 at = 0;
    u32 next = 0;
    Label label;
    FixupKind kind = FixupKind::none;  // none: done
    Range range = no_range;
    i64 addend = 0;  // diff32: the base label's id
  };
  struct SymbolInfo {
    u64 address = 0;
    bool known = false;     // address was given
    bool resolved = false;  // address was found by the resolver of this placement
    u8 counted = 0;         // in stub_bound_: 1 a veneer, 2 a slot
    u32 stubs = 0;          // head of the list of its veneers and slots in this placement
  };
  struct Stub {  // made by place()
    i64 addend;
    u32 offset;
    u32 next;
    bool slot;
  };

  static constexpr u32 no_name_literal = ~u32{0};

  struct Rare {
    bool (*make_room)(CodeBuffer&, usize n, FixupKind kind);
    void (*put32)(CodeBuffer&, u32 word);
    void (*fail)(CodeBuffer&, Status s);
    void (*use_label)(CodeBuffer&, Label l, FixupKind kind, u32 at, i64 addend);
    void (*use_symbol)(CodeBuffer&, Symbol s, FixupKind kind, u32 at, i64 addend);
  };
  static const Rare* rare_functions();

  void init_tables();
  // kind: of the reference to a label that shall stand there.
  bool make_room(usize n, FixupKind kind = FixupKind::none) {
    if (has_room(n)) [[likely]] return true;
    return rare_->make_room(*this, n, kind);
  }
  [[gnu::cold]] bool make_room_slow(usize n, FixupKind kind = FixupKind::none);
  void need(u64 n);
  [[gnu::cold]] void need_veneer(FixupKind kind);
  [[gnu::cold]] void fail_first(Status s);
  void add_symbol_use(Symbol s, FixupKind kind, u32 at, i64 addend);
  bool grow(usize n);
  [[gnu::cold]] void log_line(const char* what, std::string_view text);
  [[gnu::cold]] void comment_slow(std::string_view text);

  void begin_exact(u32 bytes);
  void end_scope(u32 start, u32 bytes, bool exact);

  void bind_slow(Label l, u32 at);
  LabelInfo info(Label l) const { return l.id < labels_.size() ? labels_[l.id] : LabelInfo{}; }
  Range range_of(FixupKind kind, Label l, i64 addend) const;
  void wait_for(Label l, FixupKind kind, u32 at, i64 addend);
  bool resolve(FixupKind kind, u32 at, u32 target, i64 addend);
  [[gnu::cold]] bool resolve_other(FixupKind kind, u32 at, u32 target, i64 addend);
  [[gnu::cold]] void fail_range(FixupKind kind, u32 at, i64 target);
  void done(u32 fixup);

  // Islands (emit/islands.hpp).
  void offer_island_slow(u32 ahead);
  void emit_due_island(u64 ahead, bool branch_around);
  u64 veneer_bytes() const;
  u64 waiting_bound() const;
  u64 island_margin(Range r) const;
  u64 stop_offset();
  void lower_stop(i64 due, i64 bytes);
  void update_stop(usize n);
  void emit_island(u64 ahead, bool branch_around);
  void emit_veneer(u32 fixup, u32 island);
  void write_literals();

  // Placement (emit/placement.hpp).
  static constexpr u32 max_stub_bytes = 24;  // 16, and up to 7 of padding
  static constexpr u32 max_literal_padding = 16;  // before the first of them, which aligns the others
  static constexpr u32 late_bytes = 4 + 16 + max_literal_padding;  // a branch around; a veneer, or a literal
  Status place_once(u64 address, SymbolResolver resolver);
  Status address_of(Symbol s, SymbolResolver resolver, u64& address);
  Status apply(const Reloc& r, u64 target);
  u32 stub_for(const Reloc& r, u64 target);

  u8* cursor_ = nullptr;
  u8* stop_ = nullptr;  // space ends here, or an island is due
  u8* base_ = nullptr;
  const Rare* rare_;
  u8* end_ = nullptr;
  u64 limit_;
  bool owned_ = true;
  bool keep_notes_ = false;
  u8 exact_depth_ = 0;
  u32 growths_ = 0;
  Status status_;
  u32 late_[3] = {};  // uses of labels since space ran out, and those that waited then
  Sink* log_ = nullptr;
  Arena arena_;
  Vec<LabelInfo> labels_;
  Vec<Fixup> fixups_;
  u32 heads_[3] = {};    // first fixup of each range that may still wait
  u32 waiting_[3] = {};  // number of them
  Vec<Reloc> relocs_;
  Vec<SymbolInfo> symbols_;
  NameTable symbol_names_;
  NameTable label_names_;
  Vec<u32> named_labels_;  // by name id
  LiteralPool pool_;
  Vec<DataRange> data_;
  Vec<Note> notes_;
  Vec<char> note_text_;
  u32 alignment_ = 1;
  u32 stub_bound_ = 0;  // stubs a placement may need
  u64 address_ = 0;
  u32 size_unplaced_ = unbound;  // not unbound: placed, with stubs from here on
  Vec<Stub> stubs_;
};

inline const CodeBuffer::Rare* CodeBuffer::rare_functions() {
  static constexpr Rare functions = {
      [](CodeBuffer& b, usize n, FixupKind kind) { return b.make_room_slow(n, kind); },
      [](CodeBuffer& b, u32 word) { b.put_raw(&word, 4); },
      [](CodeBuffer& b, Status s) { b.fail_first(s); },
      [](CodeBuffer& b, Label l, FixupKind kind, u32 at, i64 addend) { b.use_label(l, kind, at, addend); },
      [](CodeBuffer& b, Symbol s, FixupKind kind, u32 at, i64 addend) { b.add_symbol_use(s, kind, at, addend); },
  };
  return &functions;
}

// --- memory ----------------------------------------------------------------------------------------

inline void CodeBuffer::init_tables() {
  labels_.attach(arena_);
  fixups_.attach(arena_);
  relocs_.attach(arena_);
  symbols_.attach(arena_);
  symbol_names_.attach(arena_);
  label_names_.attach(arena_);
  named_labels_.attach(arena_);
  pool_.attach(arena_);
  data_.attach(arena_);
  notes_.attach(arena_);
  note_text_.attach(arena_);
  stubs_.attach(arena_);
  labels_.push({});
  fixups_.push({});
  symbols_.push({});
  named_labels_.push(0);
  if (arena_.failed()) fail(arena_.status());
}

inline void CodeBuffer::reset() {
  cursor_ = base_;
  stop_ = end_;
  arena_.reset();
  status_ = {};
  for (u32& h : heads_) h = 0;
  for (u32& w : waiting_) w = 0;
  exact_depth_ = 0;
  alignment_ = 1;
  stub_bound_ = 0;
  address_ = 0;
  size_unplaced_ = unbound;
  init_tables();
}

inline void CodeBuffer::fail_first(Status s) {
  if (!status_.ok()) return;
  status_ = s;
  stop_ = cursor_;
  if (log_ != nullptr) log_line("error", describe(s.error));
}

// Memory for n more bytes at the cursor.
inline bool CodeBuffer::grow(usize n) {
  const u64 used = offset();
  if (used + n <= static_cast<u64>(end_ - base_)) return true;
  if (used + n > limit_ || !owned_) {
    fail({Error::out_of_code_space, static_cast<u32>(used), 0});
    for (const Range r : {range_32k, range_1m, range_128m}) late_[r] = waiting_[r];
    need(used + n + waiting_bound());
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
  end_ = p + size;
  ++growths_;
  return true;
}

// Counts on where there was no room, to say how much was needed in all.
inline void CodeBuffer::need(u64 n) {
  if (status_.error != Error::out_of_code_space) return;
  const u64 before = status_.detail;
  status_.detail += n;
  for (const Range r : {range_32k, range_1m, range_128m})  // from there on islands are needed
    if (before < static_cast<u64>(reach[r]) && status_.detail >= static_cast<u64>(reach[r]))
      status_.detail += u64{late_[r]} * late_bytes;
}

// A use of a label where there was no room: once the code is longer than its reach it may take a veneer (or a
// literal of its own) in an island of its own, and one more for every half of the longest reach.
inline void CodeBuffer::need_veneer(FixupKind kind) {
  const Range r = kind == FixupKind::a64_load19 ? range_1m : range_of(kind, {}, 0);
  if (r == no_range || status_.error != Error::out_of_code_space) return;
  ++late_[r];
  if (status_.detail >= static_cast<u64>(reach[r])) need(late_bytes * (1 + (status_.detail >> 26)));
}

inline bool CodeBuffer::make_room_slow(usize n, FixupKind kind) {
  emit_due_island(n, true);
  if (!status_.ok()) {
    need(n);
  } else if (grow(n)) {
    update_stop(n);
    return true;
  }
  need_veneer(kind);
  return false;
}

// Sets stop_ to the next event, with at least n bytes before it.
inline void CodeBuffer::update_stop(usize n) {
  const u64 room = static_cast<u64>(end_ - base_);
  u64 stop = exact_depth_ != 0 ? room : stop_offset();
  if (stop < offset() + n) stop = offset() + n;
  stop_ = base_ + (stop < room ? stop : room);
}

inline void CodeBuffer::align(u32 to, u8 fill) {
  if (to > alignment_) alignment_ = to;
  if (!status_.ok()) return need(to - 1);  // where it would have been is not known
  usize n = 0;
  do {  // again if making room put an island here
    n = (0U - offset()) & (to - 1);
    if (!make_room(n)) return;
  } while (n != ((0U - offset()) & (to - 1)));
  if (n != 0) std::memset(cursor_, fill, n);
  cursor_ += n;
}

inline void CodeBuffer::seek(u32 at, u8 fill) {
  if (at > offset() && !make_room(at - offset())) return;
  if (at < offset()) {
    fail({Error::too_long, at, offset() - at});
    return;
  }
  const usize n = at - offset();
  if (n != 0) std::memset(cursor_, fill, n);
  cursor_ += n;
}

inline void CodeBuffer::mark_data(u32 begin) {
  const u32 end = offset();
  if (begin >= end || !status_.ok()) return;
  if (!data_.empty() && data_.back().end == begin)
    data_.back().end = end;
  else if (!data_.push({begin, end}))
    fail(arena_.status());
}

inline void CodeBuffer::begin_exact(u32 bytes) {
  // Each 4 bytes may add a waiting branch and a literal, which bring a deadline nearer.
  const u64 ahead = u64{bytes} * 9;
  emit_due_island(ahead, true);
  ++exact_depth_;
  if (status_.ok() && grow(bytes)) update_stop(bytes);
}

inline void CodeBuffer::end_scope(u32 start, u32 bytes, bool exact) {
  if (exact) --exact_depth_;
  if (!status_.ok()) return;
  const u32 written = offset() - start;
  if (exact && written != bytes) fail({Error::exact_scope, start, written});
  if (!exact && written > bytes) fail({Error::too_long, start, written - bytes});
  if (exact && status_.ok()) update_stop(0);
}

// --- symbols and remarks ---------------------------------------------------------------------------

inline Symbol CodeBuffer::symbol(std::string_view name) {
  const u32 id = symbol_names_.intern(name);
  if (id == 0 || (id == symbols_.size() && !symbols_.push({}))) {
    fail(arena_.status());
    return {};
  }
  return Symbol(id);
}

inline Symbol CodeBuffer::symbol_at(u64 address) {
  const u32 id = symbol_names_.add_nameless();
  if (id == 0 || !symbols_.push({address, true, false, 0, 0})) {
    fail(arena_.status());
    return {};
  }
  return Symbol(id);
}

inline void CodeBuffer::add_symbol_use(Symbol s, FixupKind kind, u32 at, i64 addend) {
  if (!status_.ok() && status_.error != Error::out_of_code_space) return;
  const FixupField& field = fixup_field(kind);
  if (field.branch || field.got) {
    SymbolInfo& info = symbols_[s.id];
    const u8 bit = field.got ? 2 : 1;
    if (addend != 0 || (info.counted & bit) == 0) {
      ++stub_bound_;
      need(max_stub_bytes);
    }
    if (addend == 0) info.counted |= bit;
  }
  if (!status_.ok()) return;
  if (!relocs_.push({at, kind, s, addend})) fail(arena_.status());
}

inline void CodeBuffer::log_line(const char* what, std::string_view text) {
  (log_->hex(offset(), 8) << ": " << what);
  if (!text.empty()) *log_ << " " << text;
  log_->put('\n');
}

inline void CodeBuffer::comment_slow(std::string_view text) {
  if (log_ != nullptr) log_line(";", text);
  if (!keep_notes_) return;
  const Note n{offset(), note_text_.size(), static_cast<u32>(text.size())};
  if (!note_text_.append({text.data(), text.size()}) || !notes_.push(n)) fail(arena_.status());
}

}  // namespace jitkit::inline JITKIT_ABI

#include <jitkit/emit/islands.hpp>
#include <jitkit/emit/labels.hpp>

#endif  // JITKIT_EMIT_CODE_BUFFER_HPP
