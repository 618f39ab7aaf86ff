// Call frame information: rows that frame code records, and their form in .eh_frame, for object files
// and for code registered with the unwinder at run time.
//
// Invariants: rows stand in the order of their offsets; a row describes the state from its offset on.
// The state at offset 0 is that of the CIE: the stack pointer as the call left it.
// Sources: DWARF 4 6.4, LSB 10.6 (.eh_frame), System V ABI AMD64 fig. 3.36, DWARF for the Arm 64-bit
// Architecture 4.1.
#ifndef JITKIT_EMIT_CFI_HPP
#define JITKIT_EMIT_CFI_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/byte_writer.hpp>
#include <jitkit/ir/support/span.hpp>

namespace jitkit::inline JITKIT_ABI {

enum class Machine : u8 { x86_64, arm64 };

enum class CfiOp : u8 {
  def_cfa,           // the caller's frame starts at reg + value
  def_cfa_register,  // the same value, counted from reg
  def_cfa_offset,    // the same register, plus value
  offset,            // the caller's reg is saved at CFA + value (a multiple of 8)
  restore,           // reg is the caller's again
  same_value,        // reg was not touched
  remember,          // pushes the whole state
  restore_state,     // pops it
  negate_ra_state,   // AArch64: the return address is now signed, or no longer
};

struct CfiRow {
  u32 offset = 0;  // of the code from the start of the function
  CfiOp op = CfiOp::def_cfa;
  u8 reg = 0;  // DWARF number
  i32 value = 0;
};

// DWARF register numbers. AArch64: x0-x30 are 0-30, sp 31, v0-v31 64-95.
inline constexpr u8 dwarf_x86_gpr[16] = {0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};
inline constexpr u8 dwarf_x86_return_address = 16;
inline constexpr u8 dwarf_x86_xmm0 = 17;
inline constexpr u8 dwarf_a64_lr = 30;
inline constexpr u8 dwarf_a64_sp = 31;
inline constexpr u8 dwarf_a64_v0 = 64;

// How .eh_frame stores the address of a function.
enum class CfiPointer : u8 {
  relative32 = 0x1b,  // from the field, for object files
  absolute = 0x00,    // 8 bytes, for memory
};

class EhFrameWriter {
 public:
  EhFrameWriter(Vec<u8>& out, Machine machine, CfiPointer pointer)
      : out_(out), machine_(machine), pointer_(pointer) {}

  // A function of `size` bytes. Returns the offset of the field for its address, written as 0. The CIE
  // comes before the first one.
  u32 function(u32 size, Span<const CfiRow> rows) {
    if (out_.offset() == 0) cie();
    const u32 begin = out_.begin_length();
    out_.put32(begin);  // distance back to the CIE at 0
    const u32 field = out_.offset();
    address_sized(0);
    address_sized(size);
    out_.uleb(0);  // no augmentation data
    u32 at = 0;
    for (const CfiRow& row : rows) {
      advance(row.offset - at);
      at = row.offset;
      instruction(row);
    }
    end(begin);
    return field;
  }
  // What ends a table in memory.
  void terminate() { out_.put32(0); }

 private:
  static constexpr i32 data_align = -8;
  u32 code_align() const { return machine_ == Machine::arm64 ? 4 : 1; }

  void address_sized(u64 v) { pointer_ == CfiPointer::absolute ? out_.put64(v) : out_.put32(v); }
  void end(u32 begin) {
    out_.align(8, 0x00, begin - 4);  // DW_CFA_nop
    out_.end_length(begin);
  }

  void cie() {
    const u32 begin = out_.begin_length();
    out_.put32(0);
    out_.put8(1);        // version
    out_.string("zR");   // augmentation: the encoding of addresses follows
    out_.uleb(code_align());
    out_.sleb(data_align);
    if (machine_ == Machine::arm64) {
      out_.uleb(dwarf_a64_lr);
      out_.uleb(1);
      out_.put8(static_cast<u8>(pointer_));
      instruction({0, CfiOp::def_cfa, dwarf_a64_sp, 0});
    } else {
      out_.uleb(dwarf_x86_return_address);
      out_.uleb(1);
      out_.put8(static_cast<u8>(pointer_));
      instruction({0, CfiOp::def_cfa, dwarf_x86_gpr[4], 8});
      instruction({0, CfiOp::offset, dwarf_x86_return_address, -8});
    }
    end(begin);
  }

  void advance(u32 bytes) {
    const u32 units = bytes / code_align();
    if (units == 0) return;
    if (units < 0x40) {
      out_.put8(0x40 | units);  // DW_CFA_advance_loc
    } else if (units < 0x100) {
      out_.put8(0x02);
      out_.put8(units);
    } else if (units < 0x10000) {
      out_.put8(0x03);
      out_.put16(units);
    } else {
      out_.put8(0x04);
      out_.put32(units);
    }
  }

  void instruction(const CfiRow& r) {
    switch (r.op) {
      case CfiOp::def_cfa:
        out_.put8(0x0c);
        out_.uleb(r.reg);
        out_.uleb(static_cast<u32>(r.value));
        return;
      case CfiOp::def_cfa_register:
        out_.put8(0x0d);
        out_.uleb(r.reg);
        return;
      case CfiOp::def_cfa_offset:
        out_.put8(0x0e);
        out_.uleb(static_cast<u32>(r.value));
        return;
      case CfiOp::offset: saved_at(r.reg, r.value / data_align); return;
      case CfiOp::restore:
        if (r.reg < 0x40) {
          out_.put8(0xc0U | r.reg);
        } else {
          out_.put8(0x06);
          out_.uleb(r.reg);
        }
        return;
      case CfiOp::same_value:
        out_.put8(0x08);
        out_.uleb(r.reg);
        return;
      case CfiOp::remember: out_.put8(0x0a); return;
      case CfiOp::restore_state: out_.put8(0x0b); return;
      case CfiOp::negate_ra_state: out_.put8(0x2d); return;
    }
  }

  void saved_at(u8 reg, i32 factored) {
    if (factored < 0) {  // above the CFA
      out_.put8(0x11);   // DW_CFA_offset_extended_sf
      out_.uleb(reg);
      out_.sleb(factored);
      return;
    }
    if (reg < 0x40) {
      out_.put8(0x80U | reg);
    } else {
      out_.put8(0x05);
      out_.uleb(reg);
    }
    out_.uleb(static_cast<u32>(factored));
  }

  ByteWriter out_;
  Machine machine_;
  CfiPointer pointer_;
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_CFI_HPP
