// DWARF 4 source positions: .debug_line, and as much of .debug_info and .debug_abbrev as debuggers need
// to find it: one compile unit with its functions.
//
// Invariants: the address of a function is a field that the object writer relocates; rows of a
// function stand in the order of their offsets. Files count from 1.
// Source: DWARF 4, 6.2 and 7.5.
#ifndef JITKIT_EMIT_DWARF_HPP
#define JITKIT_EMIT_DWARF_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/byte_writer.hpp>
#include <jitkit/ir/support/span.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI {

// The code from `offset` on comes from this position.
struct LineRow {
  u32 offset;
  u32 line;
  u16 column;
  u16 file;
};

class LineTableWriter {
 public:
  explicit LineTableWriter(Vec<u8>& out) : out_(out) {}

  // Once, before the functions. `files`: NUL-terminated names one after another.
  void begin(Span<const char> files) {
    unit_ = out_.begin_length();
    out_.put16(4);
    const u32 header = out_.begin_length();
    out_.put8(1);  // smallest instruction
    out_.put8(1);  // operations per instruction
    out_.put8(1);  // rows begin statements
    out_.put8(static_cast<u8>(line_base));
    out_.put8(line_range);
    out_.put8(opcode_base);
    constexpr u8 operands[] = {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1};  // of the standard opcodes
    out_.bytes(operands);
    out_.put8(0);  // no directories beside the unit's own
    for (usize i = 0; i < files.size();) {
      const std::string_view name(files.data() + i);
      out_.string(name);
      for (int k = 0; k < 3; ++k) out_.uleb(0);  // directory, time, length
      i += name.size() + 1;
    }
    out_.put8(0);
    out_.end_length(header);
  }
  void end() { out_.end_length(unit_); }

  // Returns the offset of the 8-byte field for the function's address.
  u32 function(u32 size, Span<const LineRow> rows) {
    out_.put8(0);  // extended: DW_LNE_set_address
    out_.uleb(9);
    out_.put8(2);
    const u32 field = out_.offset();
    out_.put64(0);
    LineRow at{0, 1, 0, 1};
    for (const LineRow& row : rows) {
      if (row.file != at.file) standard(4, row.file);
      if (row.column != at.column) standard(5, row.column);
      emit_row(row.offset - at.offset, i64{row.line} - i64{at.line});
      at = row;
    }
    standard(2, size - at.offset);
    out_.put8(0);  // DW_LNE_end_sequence
    out_.uleb(1);
    out_.put8(1);
    return field;
  }

 private:
  static constexpr i8 line_base = -5;
  static constexpr u8 line_range = 14;
  static constexpr u8 opcode_base = 13;

  void standard(u8 opcode, u64 operand) {
    out_.put8(opcode);
    out_.uleb(operand);
  }
  void emit_row(u32 advance, i64 lines) {
    if (lines < line_base || lines >= line_base + line_range) {
      out_.put8(3);  // DW_LNS_advance_line
      out_.sleb(lines);
      lines = 0;
    }
    const u64 special = static_cast<u64>(lines - line_base) + u64{line_range} * advance + opcode_base;
    if (special <= 255) {
      out_.put8(special);
      return;
    }
    standard(2, advance);  // DW_LNS_advance_pc
    out_.put8(static_cast<u64>(lines - line_base) + opcode_base);
  }

  ByteWriter out_;
  u32 unit_ = 0;
};

// One compile unit. The caller relocates: the fields named in Fields against .debug_abbrev,
// .debug_line and the code.
class UnitWriter {
 public:
  explicit UnitWriter(Vec<u8>& out) : out_(out) {}

  struct Fields {
    u32 abbrev;   // 4 bytes: offset in .debug_abbrev
    u32 lines;    // 4 bytes: offset in .debug_line
    u32 address;  // 8 bytes: start of the code
  };

  static void write_abbrev(Vec<u8>& to) {
    ByteWriter out(to);
    const auto row = [&out](u64 attribute, u64 form) {
      out.uleb(attribute);
      out.uleb(form);
    };
    out.uleb(1);
    out.uleb(0x11);  // DW_TAG_compile_unit
    out.put8(1);     // has children
    row(0x25, 0x08);  // producer, string
    row(0x13, 0x05);  // language, data2
    row(0x03, 0x08);  // name
    row(0x1b, 0x08);  // comp_dir
    row(0x10, 0x17);  // stmt_list, sec_offset
    row(0x11, 0x01);  // low_pc, addr
    row(0x12, 0x07);  // high_pc, data8: the size
    row(0, 0);
    out.uleb(2);
    out.uleb(0x2e);  // DW_TAG_subprogram
    out.put8(0);
    row(0x03, 0x08);
    row(0x3f, 0x0c);  // external, flag
    row(0x11, 0x01);
    row(0x12, 0x07);
    row(0, 0);
    out.put8(0);
  }

  Fields begin(std::string_view file, std::string_view directory, u64 code_size) {
    Fields f{};
    unit_ = out_.begin_length();
    out_.put16(4);
    f.abbrev = out_.offset();
    out_.put32(0);
    out_.put8(8);  // bytes of an address
    out_.uleb(1);
    out_.string("jitkit");
    out_.put16(0x8001);  // assembler
    out_.string(file);
    out_.string(directory);
    f.lines = out_.offset();
    out_.put32(0);
    f.address = out_.offset();
    out_.put64(0);
    out_.put64(code_size);
    return f;
  }
  // Returns the offset of the 8-byte field for the function's address.
  u32 function(std::string_view name, bool external, u64 size) {
    out_.uleb(2);
    out_.string(name);
    out_.put8(external ? 1 : 0);
    const u32 field = out_.offset();
    out_.put64(0);
    out_.put64(size);
    return field;
  }
  void end() {
    out_.put8(0);  // no more children
    out_.end_length(unit_);
  }

 private:
  ByteWriter out_;
  u32 unit_ = 0;
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_DWARF_HPP
