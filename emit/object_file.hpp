// The file of an ObjectWriter: numbering of sections and symbols, layout, headers. Part of
// ObjectWriter, which includes it.
//
// Invariants: a section that is empty and that nothing refers to is left out (.text and
// .note.GNU-stack never are). Relocations of a section follow it. Local symbols come first: sections,
// then the others in the order of their definition.
#ifndef JITKIT_EMIT_OBJECT_FILE_HPP
#define JITKIT_EMIT_OBJECT_FILE_HPP

#include <jitkit/emit/object.hpp>

namespace jitkit::inline JITKIT_ABI {

// An image's: each section but .text counts from 0, as its debugger has it.
inline void ObjectWriter::apply_relocations() {
  for (Section& s : sections_) {
    for (const Rela& r : s.relas) {
      const bool wide = r.type == elf_type(FixupKind::abs64);
      const u32 id = r.symbol & ~section_bit;
      if ((r.symbol & section_bit) == 0 || (!wide && r.type != elf_type(FixupKind::abs32)) ||
          r.offset + (wide ? 8 : 4) > s.bytes.size())
        return fail({Error::unsupported, static_cast<u32>(r.offset), r.type});
      const u64 base = static_cast<Id>(id) == Id::text ? options_.image_address : 0;
      const u64 value = base + static_cast<u64>(r.addend);
      for (u32 k = 0; k < (wide ? 8U : 4U); ++k)
        s.bytes[static_cast<u32>(r.offset) + k] = static_cast<u8>(value >> (8 * k));
    }
    s.relas.clear();
    s.used = false;
  }
}

inline void ObjectWriter::number_sections() {
  u16 n = 1;  // 0 is the null section
  for (unsigned i = 0; i < elf_section_count; ++i) {
    Section& s = sections_[i];
    const Id id = static_cast<Id>(i);
    const bool kept = !s.bytes.empty() || s.zeros != 0 || s.used || id == Id::text || id == Id::note_stack;
    if (!kept) continue;
    s.index = n++;
    if (!s.relas.empty()) ++n;
  }
  section_count_ = static_cast<u16>(n + 3);  // .symtab, .strtab, .shstrtab
}

inline void ObjectWriter::number_symbols() {
  u32 n = 1;
  for (Section& s : sections_)
    if (s.used) s.symbol = n++;
  for (const bool local : {true, false}) {
    if (!local) local_count_ = n;
    for (u32 i = 1; i < symbols_.size(); ++i) {
      Symbol& s = symbols_[i];
      const bool is_local = s.binding == Binding::local && s.section != Id::none;
      if (is_local == local) s.index = n++;
    }
  }
  symbol_count_ = n;
}

inline void ObjectWriter::write_symbol(ByteWriter& out, const Symbol& s, u32 name, u16 index) {
  const bool local = s.binding == Binding::local && index != 0;
  const unsigned bind = local ? 0U : s.binding == Binding::weak ? 2U : 1U;
  out.put32(name);
  out.put8(bind << 4 | s.type);
  out.put8(s.binding == Binding::hidden ? 2 : 0);
  out.put16(index);
  out.put64(s.value + (s.section == Id::text ? options_.image_address : 0));
  out.put64(s.size);
}

inline void ObjectWriter::write_symbols(ByteWriter& out) {
  for (u32 i = 0; i < elf::symbol_bytes; i += 8) out.put64(0);
  for (unsigned i = 0; i < elf_section_count; ++i)
    if (sections_[i].used)
      write_symbol(out, {0, elf::stt_section, Binding::local, static_cast<Id>(i), 0, 0, 0}, 0, sections_[i].index);
  for (const bool local : {true, false}) {
    for (u32 i = 1; i < symbols_.size(); ++i) {
      const Symbol& s = symbols_[i];
      if ((s.index < local_count_) != local) continue;
      const u16 index = s.section == Id::none ? u16{0} : section(s.section).index;
      write_symbol(out, s, names_.offset(s.name), index);
    }
  }
}

inline void ObjectWriter::write_section(ElfFile& file, Id id, u32 symbol_table) {
  const Section& s = section(id);
  if (s.index == 0) return;
  const ElfSectionRow& row = elf_sections[static_cast<u8>(id)];
  const bool unwind = machine_ == Machine::x86_64 && id == Id::eh_frame;
  const u64 size = row.type == elf::sht_nobits ? s.zeros : s.bytes.size();
  const u32 name = file.name(row.name);
  file.align(s.align);
  const u64 address = id == Id::text ? options_.image_address : 0;
  file.section({name + rela_prefix, unwind ? elf::sht_x86_64_unwind : row.type, row.flags, size, 0, 0, s.align, 0,
                address});
  file.out.bytes({s.bytes.data(), s.bytes.size()});
  if (s.relas.empty()) return;
  file.align(8);
  file.section({name, elf::sht_rela, elf::shf_info_link, u64{s.relas.size()} * elf::rela_bytes,
                symbol_table, s.index, 8, elf::rela_bytes});
  for (const Rela& r : s.relas) {
    const bool to_section = (r.symbol & section_bit) != 0;
    const u32 symbol = to_section ? sections_[r.symbol & 0xff].symbol : symbols_[r.symbol].index;
    file.out.put64(r.offset);
    file.out.put64(u64{symbol} << 32 | r.type);
    file.out.put64(static_cast<u64>(r.addend));
  }
}

inline Status ObjectWriter::write(Vec<u8>& out) {
  write_debug_info();
  write_property_note();
  if (options_.image_address != 0) apply_relocations();
  number_sections();
  number_symbols();
  if (!status().ok()) return status();
  const u32 symbol_table = section_count_ - 3U;
  ElfFile file(arena_, out);
  for (unsigned i = 0; i < elf_section_count; ++i) write_section(file, static_cast<Id>(i), symbol_table);
  file.align(8);
  file.section({file.name(".symtab"), elf::sht_symtab, 0, u64{symbol_count_} * elf::symbol_bytes,
                symbol_table + 1, local_count_, 8, elf::symbol_bytes});
  write_symbols(file.out);
  const Span<const char> text = names_.text();
  file.section({file.name(".strtab"), elf::sht_strtab, 0, text.size()});
  file.out.bytes({reinterpret_cast<const u8*>(text.data()), text.size()});
  file.finish(machine_ == Machine::arm64 ? elf::em_aarch64 : elf::em_x86_64,
              options_.image_address != 0 ? elf::et_exec : elf::et_rel);
  return status();
}

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_OBJECT_FILE_HPP
