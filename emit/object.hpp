// ObjectWriter: relocatable ELF64 objects for both machines, with unwind tables, line tables, notes on
// hardening and on the stack.
//
// Invariants: the first error is sticky. Everything is kept in the caller's arena; write() makes the
// file. Symbols are known by name, unique in the object; a name that is referred to and never defined
// is undefined there, for the linker to find. The same input gives the same bytes.
// Sources: System V gABI 4.1 chapter 4, the psABIs of AMD64 and Arm 64-bit, Linux extensions to gABI
// (.note.gnu.property).
#ifndef JITKIT_EMIT_OBJECT_HPP
#define JITKIT_EMIT_OBJECT_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/byte_writer.hpp>
#include <jitkit/emit/cfi.hpp>
#include <jitkit/emit/code_buffer.hpp>
#include <jitkit/emit/dwarf.hpp>
#include <jitkit/emit/elf.hpp>
#include <jitkit/emit/placement.hpp>
#include <jitkit/ir/support/name_table.hpp>
#include <jitkit/ir/support/span.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI {

enum class Binding : u8 { local, global, weak, hidden };

struct ObjectOptions {
  // Not 0: the file describes code that runs at this address already, for a debugger. Relocations are
  // applied; .text comes by add_image().
  u64 image_address = 0;
};

// An address stored in data.
struct ObjectReloc {
  u32 offset;  // from the start of the datum
  std::string_view symbol;
  i64 addend;
};

struct ObjectFunction {
  std::string_view name;
  Binding binding = Binding::global;
  u32 align = 16;
  bool unwind = true;  // has a row in .eh_frame, from `cfi`
  // What the code does; the object's property note says what all its functions do.
  bool landing_pads = false;    // every indirect target has one: BTI; IBT, and SHSTK with it
  bool return_signing = false;  // AArch64: return addresses in memory are signed (PAC)
  Span<const CfiRow> cfi = {};
  Span<const LineRow> lines = {};
};

struct ObjectData {
  enum class Kind : u8 { data, rodata, bss };
  std::string_view name;
  Binding binding = Binding::global;
  Kind kind = Kind::data;
  u32 align = 8;
  Span<const u8> bytes = {};  // zeros follow, up to size
  u64 size = 0;               // 0: that of bytes
  Span<const ObjectReloc> relocs = {};
};

class ObjectWriter {
 public:
  // For what is a template over the writer.
  using FunctionInfo = ObjectFunction;
  using DataInfo = ObjectData;
  using LineInfo = LineRow;
  using RelocInfo = ObjectReloc;

  ObjectWriter(Arena& arena, Machine machine, ObjectOptions options = {})
      : arena_(arena),
        machine_(machine),
        options_(options),
        eh_frame_(section(Id::eh_frame).bytes, machine,
                  options.image_address != 0 ? CfiPointer::absolute : CfiPointer::relative32),
        lines_(section(Id::debug_line).bytes) {
    for (Section& s : sections_) {
      s.bytes.attach(arena);
      s.relas.attach(arena);
    }
    symbols_.attach(arena);
    functions_.attach(arena);
    names_.attach(arena);
    by_name_.attach(arena);
    files_.attach(arena);
    names_.intern("");  // string 0 of the table
    by_name_.resize(2, 0);
    symbols_.push({});
  }

  // The source files that LineRow::file counts from 1; before the first function with lines.
  void sources(std::string_view directory, Span<const std::string_view> files);
  // A whole CodeBuffer as one function.
  Status add_function(CodeBuffer& code, const ObjectFunction& f) {
    const u32 at = add_code(code, f.align);
    return define_function(at, code.offset(), f);
  }
  // The same in steps, for a buffer with several functions: the code goes to the returned offset of
  // .text, functions are defined as parts of .text.
  u32 add_code(CodeBuffer& code, u32 align = 16);
  // The code of an image, once: what stands at image_address.
  void add_image(Span<const u8> code) { ByteWriter(section(Id::text).bytes).bytes(code); }
  Status define_function(u32 at, u32 size, const ObjectFunction& f);
  Status add_data(const ObjectData& d);

  Status status() const { return !status_.ok() ? status_ : arena_.status(); }
  // Completes the object and appends the file to `out`. Once.
  Status write(Vec<u8>& out);

 private:
  using Id = ElfSectionId;
  struct Rela {
    u64 offset;
    u32 symbol;  // index into symbols_, or section_bit | Id
    u32 type;
    i64 addend;
  };
  struct Section {
    Vec<u8> bytes;
    Vec<Rela> relas;
    u64 zeros = 0;  // .bss: its size
    u32 align = 1;
    u16 index = 0;       // in the file
    u32 symbol = 0;      // index of its section symbol in the file
    bool used = false;   // a relocation refers to it
  };
  struct Symbol {
    u32 name = 0;
    u8 type = 0;
    Binding binding = Binding::global;
    Id section = Id::none;
    u64 value = 0;
    u64 size = 0;
    u32 index = 0;  // in the file
  };
  struct Function {
    u32 symbol;
    u32 at;
    u32 size;
  };
  static constexpr u32 section_bit = 1U << 31;

  Section& section(Id id) { return sections_[static_cast<u8>(id)]; }
  u32 elf_type(FixupKind kind) const {
    const FixupField& f = fixup_field(kind);
    return machine_ == Machine::arm64 ? f.elf_a64 : f.elf_x86;
  }
  void fail(Status s) {
    if (status_.ok()) status_ = s;
  }
  u32 symbol(std::string_view name);
  void define(const Symbol& s, std::string_view name);
  void mark(std::string_view name, u32 at) {  // AArch64 mapping symbols
    symbols_.push({names_.intern(name), elf::stt_notype, Binding::local, Id::text, at, 0, 0});
  }
  void relocate(Id where, u64 offset, u32 target, FixupKind kind, i64 addend);
  void relocate_to_text(Id where, u64 offset, FixupKind kind, i64 addend) {
    relocate(where, offset, section_bit | static_cast<u32>(Id::text), kind, addend);
  }

  void write_debug_info();
  void write_property_note();
  void apply_relocations();
  void number_sections();
  void number_symbols();
  void write_symbols(ByteWriter& out);
  void write_section(ElfFile& file, Id id, u32 symbol_table);
  void write_symbol(ByteWriter& out, const Symbol& s, u32 name, u16 index);

  Arena& arena_;
  Machine machine_;
  ObjectOptions options_;
  Status status_;
  bool all_landing_pads_ = true, all_return_signing_ = true;  // of the functions so far
  Section sections_[elf_section_count];
  Vec<Symbol> symbols_;  // 0 is the null symbol
  Vec<Function> functions_;
  NameTable names_;    // .strtab
  Vec<u32> by_name_;   // name id -> symbol
  Vec<char> files_;    // directory, then source files
  EhFrameWriter eh_frame_;
  LineTableWriter lines_;
  u16 section_count_ = 0;
  u32 local_count_ = 0;
  u32 symbol_count_ = 0;
};

// --- contents --------------------------------------------------------------------------------------

inline u32 ObjectWriter::symbol(std::string_view name) {
  const u32 id = names_.intern(name);
  if (id == 0 || (id >= by_name_.size() && !by_name_.resize(id + 1, 0))) return 0;
  if (by_name_[id] == 0 && symbols_.push({id, elf::stt_notype, Binding::global, Id::none, 0, 0, 0}))
    by_name_[id] = symbols_.size() - 1;
  return by_name_[id];
}

inline void ObjectWriter::define(const Symbol& s, std::string_view name) {
  const u32 i = symbol(name);
  if (i == 0) return;
  if (symbols_[i].section != Id::none) fail({Error::symbol_redefined, i, 0});
  const u32 text = symbols_[i].name;
  symbols_[i] = s;
  symbols_[i].name = text;
}

inline void ObjectWriter::relocate(Id where, u64 offset, u32 target, FixupKind kind, i64 addend) {
  const FixupField& field = fixup_field(kind);
  const u32 type = elf_type(kind);
  if (type == 0) {
    fail({Error::unsupported, static_cast<u32>(offset), static_cast<u64>(kind)});
    return;
  }
  if (field.form == FixupForm::end_distance) addend -= field.bytes;  // ELF counts from the field
  if ((target & section_bit) != 0) section(static_cast<Id>(target & 0xff)).used = true;
  section(where).relas.push({offset, target, type, addend});
}

inline u32 ObjectWriter::add_code(CodeBuffer& code, u32 align) {
  code.unplace();
  if (const Status s = code.finish(); !s) {
    fail(s);
    return 0;
  }
  Section& text = section(Id::text);
  if (code.alignment() > align) align = code.alignment();
  if (align > text.align) text.align = align;
  ByteWriter out(text.bytes);
  out.align(align, machine_ == Machine::x86_64 ? 0xcc : 0);
  const u32 at = out.offset();
  out.bytes(code.bytes());
  for (const Reloc& r : code.relocs()) {
    FixupKind kind = r.kind;
    const u32 target = r.symbol ? symbol(code.symbol_name(r.symbol)) : section_bit | static_cast<u32>(Id::text);
    relocate(Id::text, at + u64{r.offset}, target, kind, r.symbol ? r.addend : r.addend + at);
    const bool is_bl = (kind == FixupKind::a64_branch26 || kind == FixupKind::a64_branch26_direct) && (code.bytes()[r.offset + 3] & 0x80) != 0;
    if (is_bl && status().ok()) text.relas.back().type = elf::r_aarch64_call26;
  }
  if (machine_ == Machine::arm64) {
    mark("$x", at);
    for (const DataRange& d : code.data_ranges()) {
      mark("$d", at + d.begin);
      if (d.end < code.offset()) mark("$x", at + d.end);
    }
  }
  return at;
}

inline Status ObjectWriter::define_function(u32 at, u32 size, const ObjectFunction& f) {
  all_landing_pads_ = all_landing_pads_ && f.landing_pads;
  all_return_signing_ = all_return_signing_ && f.return_signing;
  if (!status().ok()) return status();
  define({0, elf::stt_func, f.binding, Id::text, at, size, 0}, f.name);
  functions_.push({symbol(f.name), at, size});
  if (f.unwind) {
    Section& frames = section(Id::eh_frame);
    frames.align = 8;
    const u32 field = eh_frame_.function(size, f.cfi);
    relocate_to_text(Id::eh_frame, field, options_.image_address != 0 ? FixupKind::abs64 : FixupKind::rel32, at);
  }
  if (!f.lines.empty()) {
    if (files_.empty()) sources({}, {});
    relocate_to_text(Id::debug_line, lines_.function(size, f.lines), FixupKind::abs64, at);
  }
  return status();
}

inline Status ObjectWriter::add_data(const ObjectData& d) {
  Id id = d.kind == ObjectData::Kind::data ? Id::data : Id::bss;
  // Read-only data that holds addresses is written once more, by the dynamic linker.
  if (d.kind == ObjectData::Kind::rodata) id = d.relocs.empty() ? Id::rodata : Id::relro;
  Section& s = section(id);
  if (d.align > s.align) s.align = d.align;
  const u64 size = d.size != 0 ? d.size : d.bytes.size();
  if (size < d.bytes.size() || (id == Id::bss && !d.bytes.empty())) fail({Error::operand_range, symbol(d.name), size});
  u64 at = align_up(id == Id::bss ? s.zeros : s.bytes.size(), d.align);
  if (at + size < size || (id != Id::bss && at + size > ~u32{0})) fail({Error::out_of_memory, symbol(d.name), size});
  if (!status().ok()) return status();
  if (id == Id::bss) {
    s.zeros = at + size;
  } else {
    ByteWriter out(s.bytes);
    out.align(d.align);
    at = out.offset();
    out.bytes(d.bytes);
    s.bytes.resize(static_cast<u32>(at + size), 0);
  }
  define({0, elf::stt_object, d.binding, id, at, size, 0}, d.name);
  for (const ObjectReloc& r : d.relocs) relocate(id, at + r.offset, symbol(r.symbol), FixupKind::abs64, r.addend);
  return status();
}

inline void ObjectWriter::sources(std::string_view directory, Span<const std::string_view> files) {
  const auto add = [this](std::string_view name) {
    files_.append({name.data(), name.size()});
    files_.push('\0');
  };
  add(directory);
  for (const std::string_view name : files) add(name);
  if (files.empty()) add("?");
  if (!status().ok()) return;
  lines_.begin({files_.data() + directory.size() + 1, files_.size() - directory.size() - 1});
}

inline void ObjectWriter::write_debug_info() {
  if (files_.empty() || !status().ok()) return;
  lines_.end();
  UnitWriter::write_abbrev(section(Id::debug_abbrev).bytes);
  UnitWriter unit(section(Id::debug_info).bytes);
  const std::string_view directory(files_.data());
  const std::string_view file(files_.data() + directory.size() + 1);
  const UnitWriter::Fields f = unit.begin(file, directory, section(Id::text).bytes.size());
  const auto to_section = [](Id id) { return section_bit | static_cast<u32>(id); };
  relocate(Id::debug_info, f.abbrev, to_section(Id::debug_abbrev), FixupKind::abs32, 0);
  relocate(Id::debug_info, f.lines, to_section(Id::debug_line), FixupKind::abs32, 0);
  relocate_to_text(Id::debug_info, f.address, FixupKind::abs64, 0);
  for (const Function& fn : functions_) {
    const Symbol& s = symbols_[fn.symbol];
    const u32 field = unit.function(names_.name(s.name), s.binding != Binding::local, fn.size);
    relocate_to_text(Id::debug_info, field, FixupKind::abs64, fn.at);
  }
  unit.end();
}

inline void ObjectWriter::write_property_note() {
  if (functions_.empty()) return;
  u32 features = 0;
  if (all_landing_pads_) features |= machine_ == Machine::arm64 ? 1 : 3;        // BTI; IBT and SHSTK
  if (all_return_signing_ && machine_ == Machine::arm64) features |= 2;  // PAC
  if (features == 0) return;
  section(Id::note_property).align = 8;
  ByteWriter out(section(Id::note_property).bytes);
  out.put32(4);
  out.put32(16);
  out.put32(5);  // NT_GNU_PROPERTY_TYPE_0
  out.string("GNU");
  out.put32(machine_ == Machine::arm64 ? 0xc0000000 : 0xc0000002);  // FEATURE_1_AND
  out.put32(4);
  out.put32(features);
  out.put32(0);
}

}  // namespace jitkit::inline JITKIT_ABI

#include <jitkit/emit/object_file.hpp>

#endif  // JITKIT_EMIT_OBJECT_HPP
