// From words to forms and from forms to text.
//
// decode(word) finds the form; decode_operand() reads its operands; disassemble() writes the assembler
// text, in lower case, as both LLVM and GNU assemble it back to the same word.
//
// Invariant: a word has at most one form: of the rows whose fixed bits match and whose operands decode,
// the one with the most fixed bits, then the first in the table.
#ifndef JITKIT_EMIT_ARM64_DISASSEMBLER_HPP
#define JITKIT_EMIT_ARM64_DISASSEMBLER_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/formats.hpp>
#include <jitkit/emit/arm64/system_names.hpp>
#include <jitkit/ir/support/sink.hpp>

#include <bit>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

namespace detail {

// Forms by the top 11 bits of the word, in order of preference.
class DecodeIndex {
 public:
  DecodeIndex() {
    u32 count[buckets + 1] = {};
    for (unsigned f = 1; f < form_count; ++f)
      for_each_bucket(static_cast<Form>(f), [&](unsigned b) { ++count[b + 1]; });
    for (unsigned b = 0; b < buckets; ++b) count[b + 1] += count[b];
    for (unsigned b = 0; b <= buckets; ++b) start_[b] = count[b];
    check(start_[buckets] <= capacity);
    for (int fixed = 33; fixed >= 0; --fixed)
      for (unsigned f = 1; f < form_count; ++f) {
        const Form form = static_cast<Form>(f);
        if (preference(form) != fixed) continue;
        for_each_bucket(form, [&](unsigned b) { entries_[count[b]++] = static_cast<u16>(f); });
      }
  }

  // The forms that may match, best first: f(Form) until it returns true.
  template <class F>
  void find(u32 word, F f) const {
    const unsigned b = word >> shift;
    for (u32 i = start_[b]; i < start_[b + 1]; ++i)
      if (f(static_cast<Form>(entries_[i]))) return;
  }

 private:
  static constexpr unsigned shift = 21;
  static constexpr unsigned buckets = 1U << (32 - shift);
  static constexpr unsigned capacity = 1U << 16;

  static int preference(Form form) {
    if ((row_of(form).effects & effect::first) != 0) return 33;
    return std::popcount(form_mask(form));
  }
  template <class F>
  static void for_each_bucket(Form form, F f) {
    if ((row_of(form).effects & effect::asm_only) != 0) return;
    const u32 fixed = form_mask(form) >> shift;
    const u32 bits = form_bits(form) >> shift & fixed;
    const u32 open = ~fixed & (buckets - 1);
    u32 choice = 0;
    do {
      f(bits | choice);
      choice = (choice - open) & open;  // the next subset of the open bits
    } while (choice != 0);
  }

  u32 start_[buckets + 1];
  u16 entries_[capacity];
};

inline const DecodeIndex& decode_index() {
  static const DecodeIndex index;
  return index;
}

constexpr const char* arrangement_name(Arr a) {
  constexpr const char* names[] = {"8b", "16b", "4h", "8h", "2s", "4s", "1d", "2d", "1q", "b", "h", "s", "d", "q", "4b", "2h"};
  return names[static_cast<u8>(a)];
}
// The arrangement a vector register is written with; nullptr for other operands.
constexpr const char* arrangement_name(Text t) {
  if (t < Text::v_b8 || t > Text::v_h2) return nullptr;
  if (t == Text::v_h2) return arrangement_name(Arr::h2);
  return arrangement_name(static_cast<Arr>(static_cast<u8>(t) - static_cast<u8>(Text::v_b8)));
}

// The system operations a kind of text names.
struct OperationSet {
  SystemClass cls;
  bool takes_register;
};
inline constexpr OperationSet operation_sets[] = {
    {SystemClass::at, true}, {SystemClass::dc, true},    {SystemClass::ic, false},
    {SystemClass::ic, true}, {SystemClass::tlbi, false}, {SystemClass::tlbi, true},
};
constexpr const OperationSet* operation_set(Text t) {
  if (t < Text::at_op || t > Text::tlbi_op_reg) return nullptr;
  return &operation_sets[static_cast<u8>(t) - static_cast<u8>(Text::at_op)];
}
// Values without a name are other instructions.
constexpr bool is_name_only(Text t) { return t == Text::pstate || t == Text::pstate_mask || operation_set(t) != nullptr; }

// The name of a value, nullptr if it is written as a number.
constexpr const char* name_of_value(Text t, i64 v) {
  if (const OperationSet* set = operation_set(t)) {
    const SystemOperation* o = find_operation(set->cls, set->takes_register, v);
    return o != nullptr ? o->name : nullptr;
  }
  switch (t) {
    case Text::barrier: return name_of(barrier_names, v);
    case Text::nxs: return name_of(nxs_names, v);
    case Text::pstate: return name_of(pstate_names, v);
    case Text::pstate_mask: return name_of(pstate_mask_names, v);
    case Text::rctx: return "rctx";
    case Text::csync: return "csync";
    default: return nullptr;
  }
}

// The value a name stands for; -1 if it is none of the operand's.
constexpr i64 value_of_name(Text t, std::string_view name) {
  if (const OperationSet* set = operation_set(t)) {
    const SystemOperation* o = find_operation(set->cls, set->takes_register, name);
    return o != nullptr ? o->bits : -1;
  }
  switch (t) {
    case Text::barrier: return number_of(barrier_names, name);
    case Text::nxs: return number_of(nxs_names, name);
    case Text::pstate: return number_of(pstate_names, name);
    case Text::pstate_mask: return number_of(pstate_mask_names, name);
    case Text::prefetch: return prefetch_number(name);
    case Text::rctx: return name == "rctx" ? 0 : -1;
    case Text::csync: return name == "csync" ? 0 : -1;
    default: return -1;
  }
}

inline constexpr const char* landing_names[] = {"", "c", "j", "jc"};

// Registers that are never number 31.
constexpr bool is_below_31(Text t) {
  return t == Text::x_low || t == Text::post_reg || t == Text::mops_at || t == Text::mops_size;
}

inline u32 register_field(const OperandInfo& o, u32 word) { return word >> o.lsb & static_cast<u32>(low_mask(o.reg_bits)); }

// True if the operand's fields of `word` are legal.
inline bool operand_decodes(const OperandInfo& o, u32 word) {
  if (o.regs != 0) {
    const u32 number = register_field(o, word);
    if (is_below_31(o.text) && number == 31) return false;
    if (o.lsb2 != no_lsb && (word >> o.lsb2 & 31) != number) return false;
    if (o.form.bank == Bank::none && number != 31) return false;  // the stack pointer itself
    if (o.form.bank == Bank::gpr && o.regs > 1 && !is_run_start(number, o.regs)) return false;
  }
  i64 v = 0;
  if (o.has_imm && !decode_imm(o.imm, word, v)) return false;
  return !is_name_only(o.text) || name_of_value(o.text, v) != nullptr;
}

}  // namespace detail

namespace detail {

// A bit mask moved to register 31 goes to the stack pointer, a number of movz and movn to nowhere: such words
// are mov_sp_imm's.
inline bool is_mov_to_sp(Form f, u32 word) {
  return (f == Form::mov_imm_w || f == Form::mov_imm_x) && (word & 31) == 31 && (word >> 23 & 63) == 36;
}

}  // namespace detail

// The form of a word; none if there is none.
inline Form decode(u32 word) {
  Form found = Form::none;
  detail::decode_index().find(word, [&](Form f) {
    const u32 mask = form_mask(f);
    if ((word & mask) != (form_bits(f) & mask) || detail::is_mov_to_sp(f, word)) return false;
    for (OperandKind k : row_of(f).operands)
      if (k != OperandKind::none && !detail::operand_decodes(operand_info(k), word)) return false;
    found = f;
    return true;
  });
  return found;
}

// Operand i of a word: the number in a register field (31 is sp or zr), or an immediate's value as
// encode_imm() takes it.
inline i64 decode_operand(const DetailedOperands& operands, unsigned i, u32 word) {
  const FormOperand& o = operands[i];
  const OperandInfo& info = operand_info(operands.detail(i).kind);
  if (o.kind == FormOperand::Kind::reg)
    return (detail::register_field(info, word) + o.arg * (info.regs > 1 ? 1U : 0U)) % 32;
  i64 v = 0;
  decode_imm(info.imm, word, v);
  return v;
}

namespace detail {

inline constexpr const char* cond_names[] = {"eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc",
                                             "hi", "ls", "ge", "lt", "gt", "le", "al", "nv"};
inline constexpr const char* shift_names[] = {"lsl", "lsr", "asr", "ror"};
inline constexpr const char* extend_names[] = {"uxtb", "uxth", "uxtw", "uxtx", "sxtb", "sxth", "sxtw", "sxtx"};

// Writes the operands of one word.
class OperandPrinter {
 public:
  OperandPrinter(Sink& out, u32 word) : out_(out), word_(word) {}

  void print(const OperandInfo& o);

 private:
  void separate() {
    out_ << (first_ ? " " : ", ");
    first_ = false;
  }
  void general(char letter, u32 number, bool sp) {
    if (number != 31)
      out_.put(letter).udec(number);
    else if (sp)
      out_ << (letter == 'w' ? "wsp" : "sp");
    else
      out_.put(letter) << "zr";
  }
  void registers(const OperandInfo& o, char letter, bool sp);
  void list(const OperandInfo& o);
  void number(i64 v) { out_.put('#').dec(v); }
  void floating(i64 bits);
  void immediate(const OperandInfo& o, i64 v);
  void shift_or_extend(const OperandInfo& o, i64 v);
  void named(const char* name, i64 v) {
    separate();
    if (name != nullptr)
      out_ << name;
    else
      number(v);
  }

  Sink& out_;
  u32 word_;
  bool first_ = true;
};

inline void OperandPrinter::registers(const OperandInfo& o, char letter, bool sp) {
  for (u32 i = 0; i < o.regs; ++i) {
    separate();
    const u32 id = (word_ >> o.lsb & 31) + i;
    if (o.form.bank == Bank::vec)
      out_.put(letter).udec(id);
    else
      general(letter, id, sp);
  }
}

// { v0.16b, v1.16b }, { v0.b, v1.b }[3] or v0.b[3].
inline void OperandPrinter::list(const OperandInfo& o) {
  separate();
  const bool braces = o.text != Text::lane;
  if (braces) out_ << "{ ";
  for (u32 i = 0; i < o.regs; ++i) {
    if (i != 0) out_ << ", ";
    out_.put('v').udec((register_field(o, word_) + i) % 32).put('.') << arrangement_name(o.arr);
  }
  if (braces) out_ << " }";
  if (o.text == Text::list) return;
  i64 v = 0;
  decode_imm(o.imm, word_, v);
  out_.put('[').dec(v).put(']');
}

// The shortest decimal of an 8-bit FP immediate: n / 128 for an integer n.
inline void OperandPrinter::floating(i64 bits) {
  const double v = std::bit_cast<double>(bits);
  const double m = v < 0 ? -v : v;
  u64 n = static_cast<u64>(m * 128.0);
  out_ << (v < 0 ? "#-" : "#");
  out_.udec(n / 128).put('.');
  n %= 128;
  do {
    n *= 10;
    out_.udec(n / 128);
    n %= 128;
  } while (n != 0);
}

inline void OperandPrinter::shift_or_extend(const OperandInfo& o, i64 v) {
  const i64 amount = v & 0x7f;
  const i64 kind = v >> 8;
  if (o.text == Text::shift) {
    if (v == 0) return;
    out_ << ", " << shift_names[kind] << " #";
    out_.dec(amount);
    return;
  }
  const bool index = o.text == Text::index || o.text == Text::windex;
  const bool shown = (v & amount_written) != 0;
  if (index && kind == 3) {
    if (shown) {
      out_ << ", lsl #";
      out_.dec(amount);
    }
    return;
  }
  out_ << ", " << extend_names[kind];
  if (index ? shown : amount != 0) {
    out_ << " #";
    out_.dec(amount);
  }
}

inline void OperandPrinter::immediate(const OperandInfo& o, i64 v) {
  switch (o.text) {
    case Text::lsl:
      if (v != 0) {
        out_ << ", lsl ";
        number(v);
      }
      return;
    case Text::msl:
      out_ << ", msl ";
      return number(v);
    case Text::shift:
    case Text::extend: return shift_or_extend(o, v);
    case Text::index:
    case Text::windex: shift_or_extend(o, v); out_ << "]"; return;
    case Text::field:
      separate();
      number(v & 0xff);
      separate();
      number(v >> 8);
      return;
    case Text::off:
      if (v != 0) {
        separate();
        number(v);
      }
      out_ << "]";
      return;
    case Text::pre:
    case Text::pre_step:
      separate();
      number(o.text == Text::pre ? v : -v);
      out_ << "]!";
      return;
    case Text::post:
      out_ << "]";
      separate();
      number(v);
      return;
    case Text::dot_cond: out_.put('.') << cond_names[v]; return;
    case Text::cond: return named(cond_names[v], v);
    case Text::prefetch: {
      PrefetchName name{};
      return named(prefetch_name(v, name) ? name.text : nullptr, v);
    }
    case Text::control: separate(); out_.put('c').dec(v); return;
    case Text::isb:
    case Text::clrex:
      if (v != 15) named(nullptr, v);
      return;
    case Text::landing:
      if (v != 0) named(landing_names[v], v);
      return;
    case Text::optional_imm:
      if (v != 0) named(nullptr, v);
      return;
    case Text::sysreg: separate(); print_system_register(v, (word_ >> 21 & 1) != 0 ? access_r : access_w, out_); return;
    case Text::addsub:
      separate();
      number(word_ >> 10 & 0xfff);
      if ((word_ >> 22 & 1) != 0) out_ << ", lsl #12";
      return;
    case Text::fpimm: separate(); return floating(v);
    case Text::fpzero: separate(); out_ << "#0.0"; return;
    case Text::hex:
      separate();
      out_ << "#0x";
      out_.hex(static_cast<u64>(v));
      return;
    default: return named(name_of_value(o.text, v), v);
  }
}

inline void OperandPrinter::print(const OperandInfo& o) {
  switch (o.text) {
    case Text::w: return registers(o, 'w', false);
    case Text::x: return registers(o, 'x', false);
    case Text::w_sp: return registers(o, 'w', true);
    case Text::x_sp: return registers(o, 'x', true);
    case Text::xret:
      if ((word_ >> o.lsb & 31) != 30) registers(o, 'x', false);
      return;
    case Text::x_low: return registers(o, 'x', false);
    case Text::x_opt:
      if ((word_ >> o.lsb & 31) != 31) registers(o, 'x', false);
      return;
    case Text::x_first: separate(); return general('x', word_ >> o.lsb & 31, false);
    case Text::post_reg: out_ << "]"; return registers(o, 'x', false);
    case Text::mops_at:
    case Text::mops_size:
      separate();
      out_ << (o.text == Text::mops_at ? "[" : "");
      general('x', word_ >> o.lsb & 31, false);
      out_ << (o.text == Text::mops_at ? "]!" : "!");
      return;
    case Text::lane:
    case Text::list:
    case Text::lane_list: return list(o);
    case Text::b: return registers(o, 'b', false);
    case Text::h: return registers(o, 'h', false);
    case Text::s: return registers(o, 's', false);
    case Text::d: return registers(o, 'd', false);
    case Text::q: return registers(o, 'q', false);
    case Text::base:
    case Text::mem:
    case Text::bare_mem:
      separate();
      out_ << "[";
      general('x', word_ >> o.lsb & 31, true);
      if (o.text != Text::base) out_ << "]";
      return;
    default: {
      if (const char* arrangement = arrangement_name(o.text)) {
        registers(o, 'v', false);
        out_.put('.') << arrangement;
        return;
      }
      i64 v = 0;
      decode_imm(o.imm, word_, v);
      immediate(o, v);
    }
  }
}

}  // namespace detail

// Writes a word as an instruction of form f: of an alias, its own text.
inline void disassemble_as(Form f, u32 word, Sink& out) {
  out << form_mnemonic(f);
  detail::OperandPrinter printer(out, word);
  for (OperandKind k : row_of(f).operands)
    if (k != OperandKind::none) printer.print(operand_info(k));
}

// Writes the text of a word; false (and nothing written) if the word has no form.
inline bool disassemble(u32 word, Sink& out) {
  const Form f = decode(word);
  if (f == Form::none) return false;
  disassemble_as(f, word, out);
  return true;
}

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_DISASSEMBLER_HPP
