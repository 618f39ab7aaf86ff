// The numbers of ELF64 that the object writer uses, the table of its sections, and the frame of a file.
//
// Invariant: the order of ElfSectionId is that of elf_sections and of the sections in a file.
// Source: System V gABI 4.1, chapters 4 and 5; ELF for the Arm 64-bit Architecture 5.7.
#ifndef JITKIT_EMIT_ELF_HPP
#define JITKIT_EMIT_ELF_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/byte_writer.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI {

namespace elf {
inline constexpr u32 sht_progbits = 1;
inline constexpr u32 sht_symtab = 2;
inline constexpr u32 sht_strtab = 3;
inline constexpr u32 sht_rela = 4;
inline constexpr u32 sht_note = 7;
inline constexpr u32 sht_nobits = 8;
inline constexpr u32 sht_x86_64_unwind = 0x70000001;
inline constexpr u64 shf_write = 1;
inline constexpr u64 shf_alloc = 2;
inline constexpr u64 shf_exec = 4;
inline constexpr u64 shf_info_link = 0x40;
inline constexpr u8 stt_notype = 0;
inline constexpr u8 stt_object = 1;
inline constexpr u8 stt_func = 2;
inline constexpr u8 stt_section = 3;
inline constexpr u16 et_rel = 1;
inline constexpr u16 et_exec = 2;
inline constexpr u16 em_x86_64 = 62;
inline constexpr u16 em_aarch64 = 183;
inline constexpr u32 header_bytes = 64;
inline constexpr u32 section_header_bytes = 64;
inline constexpr u32 symbol_bytes = 24;
inline constexpr u32 rela_bytes = 24;
inline constexpr u32 r_aarch64_call26 = 283;
}  // namespace elf

enum class ElfSectionId : u8 {
  text,
  rodata,
  relro,
  data,
  bss,
  eh_frame,
  debug_info,
  debug_abbrev,
  debug_line,
  note_property,
  note_stack,
  none,
};
inline constexpr unsigned elf_section_count = static_cast<unsigned>(ElfSectionId::none);

struct ElfSectionRow {
  std::string_view name;  // with .rela before it: that of its relocations
  u32 type;
  u64 flags;
};
inline constexpr ElfSectionRow elf_sections[] = {
    {".rela.text", elf::sht_progbits, elf::shf_alloc | elf::shf_exec},
    {".rela.rodata", elf::sht_progbits, elf::shf_alloc},
    {".rela.data.rel.ro", elf::sht_progbits, elf::shf_alloc | elf::shf_write},
    {".rela.data", elf::sht_progbits, elf::shf_alloc | elf::shf_write},
    {".rela.bss", elf::sht_nobits, elf::shf_alloc | elf::shf_write},
    {".rela.eh_frame", elf::sht_progbits, elf::shf_alloc},
    {".rela.debug_info", elf::sht_progbits, 0},
    {".rela.debug_abbrev", elf::sht_progbits, 0},
    {".rela.debug_line", elf::sht_progbits, 0},
    {".rela.note.gnu.property", elf::sht_note, elf::shf_alloc},
    {".rela.note.GNU-stack", elf::sht_progbits, 0},
};
static_assert(sizeof elf_sections / sizeof elf_sections[0] == elf_section_count);
inline constexpr u32 rela_prefix = 5;  // ".rela"

// A file in the making: contents are written to `out` one section after another; section headers are
// collected beside them and follow.
class ElfFile {
 public:
  struct Header {
    u32 name = 0;  // from name()
    u32 type = 0;
    u64 flags = 0;
    u64 size = 0;
    u32 link = 0;
    u32 info = 0;
    u32 align = 1;
    u32 entry_bytes = 0;
    u64 address = 0;
  };

  ElfFile(Arena& arena, Vec<u8>& file)
      : out(file), file_(file), start_(file.size()), headers_(arena), names_(arena) {
    file.resize(start_ + elf::header_bytes, 0);
    headers_.resize(elf::section_header_bytes, 0);
    names_.push(0);
  }

  void align(u32 to) { out.align(to, 0, start_); }
  u32 name(std::string_view text) {
    const u32 at = names_.size();
    ByteWriter(names_).string(text);
    return at;
  }
  // Of the section whose contents come next.
  void section(const Header& h) {
    ByteWriter heads(headers_);
    heads.put32(h.name);
    heads.put32(h.type);
    heads.put64(h.flags);
    heads.put64(h.address);
    heads.put64(out.offset() - start_);
    heads.put64(h.size);
    heads.put32(h.link);
    heads.put32(h.info);
    heads.put64(h.align);
    heads.put64(h.entry_bytes);
    ++count_;
  }

  // Section names, section headers and the file header.
  void finish(u16 machine, u16 file_type = elf::et_rel) {
    const u32 text = name(".shstrtab");
    section({text, elf::sht_strtab, 0, names_.size()});
    out.bytes({names_.data(), names_.size()});
    align(8);
    const u64 headers = out.offset() - start_;
    out.bytes({headers_.data(), headers_.size()});

    Vec<u8>& first = names_;  // no longer needed
    first.clear();
    ByteWriter head(first);
    head.put64(0x00010102464c457f);  // magic, 64 bits, little endian, version 1
    head.put64(0);
    head.put16(file_type);
    head.put16(machine);
    head.put32(1);
    head.put64(0);  // entry
    head.put64(0);  // program headers
    head.put64(headers);
    head.put32(0);
    head.put16(elf::header_bytes);
    head.put32(0);  // program headers: none
    head.put16(elf::section_header_bytes);
    head.put16(count_);
    head.put16(count_ - 1U);  // .shstrtab
    for (u32 i = 0; i < first.size() && start_ + i < file_.size(); ++i) file_[start_ + i] = first[i];
  }

  ByteWriter out;

 private:
  Vec<u8>& file_;
  u32 start_;
  u16 count_ = 1;  // the null section
  Vec<u8> headers_;
  Vec<u8> names_;
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ELF_HPP
