// From instructions to text: Intel syntax as both LLVM and GNU as assemble it back to the same bytes.
//
// print() writes an Instruction; disassemble() bytes. Invariant: what disassemble() writes assembles to
// the bytes it was given. Bytes that are another spelling of the instruction than the assembler's are
// written as `.byte` with the instruction as a comment, except direct branches, whose text says no
// length.
#ifndef JITKIT_EMIT_X86_64_DISASSEMBLER_HPP
#define JITKIT_EMIT_X86_64_DISASSEMBLER_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/decoder.hpp>
#include <jitkit/emit/x86_64/mnemonics.hpp>
#include <jitkit/emit/x86_64/register_names.hpp>
#include <jitkit/ir/support/sink.hpp>
#include <jitkit/ir/support/span.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

namespace detail {

inline void print_memory(Sink& out, const OperandValue& v) {
  for (const NamedSize& s : memory_sizes)
    if (s.bits == v.bits) out << s.name << " ptr ";
  const Mem& m = v.mem;
  if (m.segment != 0) out << segment_names[m.segment - 1] << ":";
  out.put('[');
  bool first = true;
  if (m.kind == Mem::Kind::rip) {
    out << (m.addr32 ? "eip" : "rip");
    first = false;
  }
  if (m.base != Mem::none) {
    print_general(out, m.addr32 ? 32 : 64, m.base);
    first = false;
  }
  if (m.index != Mem::none) {
    if (!first) out << " + ";
    if (v.index_bits != 0)
      print_register(out, OpClass::vec, v.index_bits, m.index & 31U);
    else
      print_general(out, m.addr32 ? 32 : 64, m.index);
    out.put('*').udec(u64{1} << m.scale);
    first = false;
  }
  if (first)
    out.dec(v.imm);
  else if (v.imm != 0)
    (out << (v.imm < 0 ? " - " : " + ")).udec(v.imm < 0 ? 0 - static_cast<u64>(v.imm) : static_cast<u64>(v.imm));
  out.put(']');
  if (v.broadcast != 0) out << "{1to", out.udec(u64{1} << v.broadcast), out << "}";
}

constexpr bool same_bytes(const Encoded& code, Span<const u8> bytes) {
  if (code.size != bytes.size()) return false;
  for (usize i = 0; i < bytes.size(); ++i)
    if (code.bytes[i] != bytes[i]) return false;
  return true;
}

constexpr bool is_direct_branch(const Instruction& in) {
  return in.count == 1 && operand_of(row_of(in.form), 0).cls == OpClass::rel;
}

// LLVM exchanges the sources of instructions that commute where that saves the third byte of the VEX
// prefix, unless told otherwise.
constexpr bool may_be_commuted(const Instruction& in) {
  if (!in.vex3 || row_of(in.form).format != Format::RVM || in.operand[2].cls != OpClass::vec) return false;
  const Enc e = row_of(in.form).enc;
  return (e >> 44 & 7U) == 1 && !wide(e) && in.operand[1].code < 8 && in.operand[2].code >= 8;
}

}  // namespace detail

// The directive for bytes that are no instruction: `.byte 0x06, 0x07`.
inline void print_bytes(Span<const u8> bytes, Sink& out) {
  out << ".byte";
  for (usize i = 0; i < bytes.size(); ++i) (out << (i == 0 ? " 0x" : ", 0x")).hex(bytes[i], 2);
}

// The text of an instruction that decode() or the text assembler made.
inline void print(const Instruction& in, Sink& out) {
  if (in.vex3) out << "{vex3} ";
  if (in.evex) out << "{evex} ";
  out << row_of(in.form).text;
  for (unsigned i = 0; i < in.count; ++i) {
    const OperandValue& v = in.operand[i];
    out << (i == 0 ? " " : ", ");
    switch (v.cls) {
      case OpClass::mem: detail::print_memory(out, v); break;
      case OpClass::imm: out.dec(v.imm); break;
      default: detail::print_register(out, v.cls, v.bits, v.code);
    }
    if (i == 0 && in.mask != 0) out << "{k", out.udec(in.mask), out << "}" << (in.zero ? "{z}" : "");
    if (in.rounding != Rounding::none && i == detail::rounding_place(in))
      out << ", {" << detail::rounding_names[static_cast<u8>(in.rounding)] << "}";
  }
}

// True if the assembler writes exactly these bytes for the instruction they hold. Sets in.vex3 to
// whether the text must say so.
constexpr bool is_exact(Instruction& in, Span<const u8> bytes) {
  const bool was_vex3 = in.vex3;
  const char* mnemonic = row_of(in.form).text;
  if (is_evex(in.form)) {
    if (detail::same_bytes(encode_shortest(mnemonic, in, FeatureSet::all()).code, bytes)) return true;
    in.evex = true;
    if (detail::same_bytes(encode_shortest(mnemonic, in, FeatureSet::all()).code, bytes)) return true;
    in.evex = false;
    return false;
  }
  in.vex3 = detail::may_be_commuted(in);
  if (detail::same_bytes(encode_shortest(mnemonic, in, FeatureSet::all()).code, bytes)) return true;
  if (!was_vex3 || in.vex3) return false;
  in.vex3 = true;
  if (detail::same_bytes(encode_shortest(mnemonic, in, FeatureSet::all()).code, bytes)) return true;
  in.vex3 = false;
  return false;
}

// Writes the text of the instruction that the bytes start with and returns its length; 0, and nothing
// written, if they start with none.
inline usize disassemble(Span<const u8> bytes, Sink& out) {
  Instruction in = decode(bytes);
  if (in.form == Form::none) return 0;
  const Span<const u8> own = bytes.first(in.length);
  if (!is_exact(in, own) && !detail::is_direct_branch(in)) {
    print_bytes(own, out);
    out << "  # ";
  }
  print(in, out);
  return in.length;
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_DISASSEMBLER_HPP
