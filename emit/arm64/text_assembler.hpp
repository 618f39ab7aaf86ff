// From assembler text to words: one instruction per line, standard syntax, any case.
//
// A line is split into tokens once (text_line.hpp); then the rows of its mnemonic are tried in table order, and the
// first whose operands all match is the instruction. Matching an operand reads tokens and adds field
// bits; it is the mirror image of OperandPrinter.
//
// Accepted is what both LLVM and GNU assemble to the same word. Refused beside what both refuse: forms
// whose register choice the architecture leaves unpredictable (writeback to a register that is loaded
// or stored, a store-exclusive's status equal to another operand, a pair loaded into one register).
#ifndef JITKIT_EMIT_ARM64_TEXT_ASSEMBLER_HPP
#define JITKIT_EMIT_ARM64_TEXT_ASSEMBLER_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/disassembler.hpp>
#include <jitkit/emit/arm64/features.hpp>
#include <jitkit/emit/arm64/formats.hpp>
#include <jitkit/emit/arm64/named_features.hpp>
#include <jitkit/emit/arm64/text_line.hpp>
#include <jitkit/ir/support/sink.hpp>

#include <bit>
#include <string_view>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

namespace detail {

// ---- matching ----

// Reads the operands of one line as those of one form.
class OperandMatcher {
 public:
  OperandMatcher(const Token* tokens, u32 bits) : next_(tokens), word_(bits) {}

  bool match(const OperandInfo& o);
  bool at_end() const { return next_->kind == Token::Kind::end; }
  u32 word() const { return word_; }
  const Token* position() const { return next_; }

 private:
  bool take(char mark) {
    if (!next_->is(mark)) return false;
    ++next_;
    return true;
  }
  // The comma before an operand that is not the first.
  bool separated() {
    if (first_) {
      first_ = false;
      return true;
    }
    return take(',');
  }
  bool take_name(std::string_view name) {
    if (next_->kind != Token::Kind::name || next_->text != name) return false;
    ++next_;
    return true;
  }
  bool integer(i64& v);
  // Of a shift or an extension, 0..63; without a sign, so -0 is none.
  bool shift_amount(i64& v) { return !next_->negative && next_->magnitude < 64 && integer(v); }
  bool add(const OperandInfo& o, i64 v) {
    const Encoded e = encode_imm(o.imm, v);
    if (e == refused) return false;
    word_ ^= static_cast<u32>(e);
    return true;
  }
  bool integer_operand(const OperandInfo& o) {
    i64 v = 0;
    return separated() && integer(v) && add(o, v);
  }
  bool reg(const OperandInfo& o, RegisterClass c, RegisterClass other = RegisterClass::none);
  bool element(const OperandInfo& o, u32 number);
  bool list(const OperandInfo& o);
  bool lane_number(const OperandInfo& o);
  bool addsub();
  bool shift(const OperandInfo& o);
  bool extend(const OperandInfo& o);
  bool index(const OperandInfo& o);
  bool condition(const OperandInfo& o, std::string_view name);
  bool floating(const OperandInfo& o);
  bool named(const OperandInfo& o);
  bool optional_number(const OperandInfo& o, std::string_view name, i64 absent);
  bool immediate(const OperandInfo& o);

  const Token* next_;
  u32 word_;
  bool first_ = true;
};

inline bool OperandMatcher::integer(i64& v) {
  if (next_->kind != Token::Kind::number || next_->is_decimal_fraction) return false;
  if (next_->negative && next_->magnitude > u64{1} << 63) return false;
  v = static_cast<i64>(next_->negative ? ~next_->magnitude + 1 : next_->magnitude);
  ++next_;
  return true;
}

inline bool OperandMatcher::reg(const OperandInfo& o, RegisterClass c, RegisterClass other) {
  for (u32 i = 0; i < o.regs; ++i) {
    if (!separated()) return false;
    if (next_->reg != c && (other == RegisterClass::none || next_->reg != other)) return false;
    const u32 id = next_->id;
    // Where sp is meant, number 31 of class x is xzr.
    if (other != RegisterClass::none && id == 31 && next_->reg == c) return false;
    if (o.form.bank == Bank::none && id != 31) return false;
    if (is_below_31(o.text) && id == 31) return false;
    if (i == 0) {
      if (o.regs > 1 && o.form.bank == Bank::gpr && !is_run_start(id, o.regs)) return false;
      word_ ^= id << o.lsb;
      if (o.lsb2 != no_lsb) word_ ^= id << o.lsb2;
    } else if (id != (word_ >> o.lsb & 31) + i) {
      return false;
    }
    ++next_;
  }
  return true;
}

// A register with the operand's arrangement; `number`: which it has to be, above 31: any.
inline bool OperandMatcher::element(const OperandInfo& o, u32 number) {
  if (next_->reg != RegisterClass::v || next_->suffix != arrangement_name(o.arr)) return false;
  if (number > 31 ? next_->id >> o.reg_bits != 0 : next_->id != number) return false;
  ++next_;
  return true;
}

inline bool OperandMatcher::lane_number(const OperandInfo& o) {
  i64 v = 0;
  return take('[') && integer(v) && add(o, v) && take(']');
}

// { v0.16b, v1.16b } or { v0.16b - v1.16b }; a lane's number follows it.
inline bool OperandMatcher::list(const OperandInfo& o) {
  if (!separated() || !take('{')) return false;
  const u32 first = next_->id;
  if (!element(o, 32)) return false;
  word_ ^= first << o.lsb;
  if (o.regs > 1 && take('-')) {
    if (!element(o, (first + o.regs - 1U) % 32)) return false;
  } else {
    for (u32 i = 1; i < o.regs; ++i)
      if (!take(',') || !element(o, (first + i) % 32)) return false;
  }
  return take('}') && (o.text == Text::list || lane_number(o));
}

// #imm, with an optional lsl #0 or lsl #12 that then decides.
inline bool OperandMatcher::addsub() {
  i64 v = 0;
  if (!separated() || !integer(v)) return false;
  if (!next_->is(',')) return add(operand_info(OperandKind::addsub), v);
  ++next_;
  i64 amount = 0;
  if (!take_name("lsl") || !shift_amount(amount) || (amount != 0 && amount != 12)) return false;
  if (v > 0xfff || v < -0xfff) return false;
  if (!add(operand_info(OperandKind::addsub), v)) return false;
  word_ ^= amount != 0 ? 1U << 22 : 0;
  return true;
}

inline bool OperandMatcher::shift(const OperandInfo& o) {
  if (at_end()) return true;
  if (!separated()) return false;
  for (unsigned kind = 0; kind < 4; ++kind) {
    if (!take_name(shift_names[kind])) continue;
    i64 amount = 0;
    return shift_amount(amount) && add(o, pack_shift(static_cast<ShiftKind>(kind), amount));
  }
  return false;
}

// The kind of extension a name means for operands of kind o: lsl is uxtx, or uxtw of a W form.
inline i64 extend_kind(const OperandInfo& o, std::string_view name) {
  for (unsigned kind = 0; kind < 8; ++kind)
    if (name == extend_names[kind]) return kind;
  if (name == "lsl") return o.imm.width == 64 ? 3 : 2;
  return -1;
}

inline bool OperandMatcher::extend(const OperandInfo& o) {
  const bool may_be_absent = o.imm.scale != 0;
  if (at_end() && may_be_absent) return add(o, (o.imm.width == 64 ? i64{3} : i64{2}) << 8);
  if (!separated()) return false;
  const bool is_lsl = next_->text == "lsl";
  const i64 kind = extend_kind(o, next_->text);
  if (kind < 0 || (is_lsl && !may_be_absent)) return false;
  ++next_;
  i64 amount = 0;
  if (next_->kind == Token::Kind::number ? !shift_amount(amount) : is_lsl) return false;
  return amount <= 4 && add(o, kind << 8 | amount);
}

// The rest of [base, index]: an extension, then the closing bracket.
inline bool OperandMatcher::index(const OperandInfo& o) {
  if (take(']')) return o.imm.width == 64 && add(o, i64{3} << 8);
  if (!take(',')) return false;
  const bool is_lsl = next_->text == "lsl";
  const i64 kind = extend_kind(o, next_->text);
  if (kind < 0 || (is_lsl && o.imm.width == 32) || (kind == 3 && !is_lsl)) return false;
  ++next_;
  i64 amount = 0;
  const bool written = next_->kind == Token::Kind::number;
  if (written ? !shift_amount(amount) || amount > 4 : is_lsl) return false;
  return take(']') && add(o, kind << 8 | (written ? amount_written | amount : 0));
}

inline bool OperandMatcher::condition(const OperandInfo& o, std::string_view name) {
  if (next_->kind != Token::Kind::name) return false;
  ++next_;
  if (name == "cs") name = "hs";
  if (name == "cc") name = "lo";
  for (unsigned c = 0; c < 16; ++c)
    if (name == cond_names[c]) return add(o, c);
  return false;
}

inline bool OperandMatcher::floating(const OperandInfo& o) {
  if (!separated() || next_->kind != Token::Kind::number) return false;
  const double v = next_->real;
  ++next_;
  return add(o, std::bit_cast<i64>(v));
}

// A name of the operand's table, or its number where numbers may stand.
inline bool OperandMatcher::named(const OperandInfo& o) {
  if (!separated()) return false;
  if (next_->kind == Token::Kind::number) {
    i64 v = 0;
    if (is_name_only(o.text) || o.text == Text::rctx || o.text == Text::csync || !integer(v)) return false;
    if (o.text == Text::nxs) v = v >= 16 && v <= 28 && v % 4 == 0 ? v / 4 - 4 : -1;
    return add(o, v);
  }
  if (next_->kind != Token::Kind::name) return false;
  const i64 v = value_of_name(o.text, next_->text);
  ++next_;
  return v >= 0 && add(o, v);
}

inline bool OperandMatcher::optional_number(const OperandInfo& o, std::string_view name, i64 absent) {
  if (at_end()) return add(o, absent);
  if (!separated()) return false;
  if (!name.empty() && take_name(name)) return add(o, absent);
  i64 v = 0;
  return integer(v) && add(o, v);
}

inline bool OperandMatcher::immediate(const OperandInfo& o) {
  i64 v = 0;
  i64 w = 0;
  switch (o.text) {
    case Text::addsub: return addsub();
    case Text::shift: return shift(o);
    case Text::extend: return extend(o);
    case Text::index:
    case Text::windex: return index(o);
    case Text::lsl:
      if (at_end()) return true;
      return separated() && take_name("lsl") && shift_amount(v) && add(o, v);
    case Text::msl: return separated() && take_name("msl") && shift_amount(v) && add(o, v);
    case Text::field:
      return separated() && integer(v) && separated() && integer(w) && v >= 0 && v < 64 && w > 0 && w <= 64 &&
             add(o, pack_field(v, w));
    case Text::off:
      if (take(']')) return add(o, 0);
      return take(',') && integer(v) && take(']') && add(o, v);
    case Text::pre: return take(',') && integer(v) && take(']') && take('!') && add(o, v);
    case Text::pre_step: return take(',') && integer(v) && take(']') && take('!') && add(o, -v);
    case Text::landing:
      if (at_end()) return true;
      if (!separated()) return false;
      for (v = 1; v < 4 && next_->text != landing_names[v]; ++v) {
      }
      ++next_;
      return v < 4 && add(o, v);
    case Text::post: return take(']') && take(',') && integer(v) && add(o, v);
    case Text::dot_cond:
      first_ = false;
      if (next_->kind != Token::Kind::name || next_->text.size() != 3 || next_->text[0] != '.') return false;
      if (!condition(o, next_->text.substr(1))) return false;
      first_ = true;
      return true;
    case Text::cond: return separated() && condition(o, next_->text);
    case Text::fpimm: return floating(o);
    case Text::fpzero:
      if (!separated() || next_->kind != Token::Kind::number || next_->negative || next_->magnitude != 0) return false;
      ++next_;  // "#0" too, as LLVM and GNU as take it
      return true;
    case Text::isb: return optional_number(o, "sy", 15);
    case Text::clrex: return optional_number(o, {}, 15);
    case Text::optional_imm: return optional_number(o, {}, 0);
    case Text::control:
      if (!separated() || next_->text.size() < 2 || next_->text[0] != 'c') return false;
      v = parse_number(next_->text.substr(1), 15);
      ++next_;
      return v >= 0 && add(o, v);
    case Text::sysreg:
      if (!separated() || next_->kind != Token::Kind::name) return false;
      v = find_system_register(next_->text, (word_ >> 21 & 1) != 0 ? access_r : access_w);
      ++next_;
      return v >= 0 && add(o, v);
    case Text::prefetch:
    case Text::barrier:
    case Text::nxs:
    case Text::pstate:
    case Text::pstate_mask:
    case Text::rctx:
    case Text::csync:
    case Text::at_op:
    case Text::dc_op:
    case Text::ic_op:
    case Text::ic_op_reg:
    case Text::tlbi_op:
    case Text::tlbi_op_reg: return named(o);
    default: return integer_operand(o);
  }
}

inline bool OperandMatcher::match(const OperandInfo& o) {
  switch (o.text) {
    case Text::w: return reg(o, RegisterClass::w);
    case Text::x: return reg(o, RegisterClass::x);
    case Text::w_sp: return reg(o, RegisterClass::w, RegisterClass::w_sp);
    case Text::x_sp: return reg(o, RegisterClass::x, RegisterClass::x_sp);
    case Text::xret:
      if (!at_end()) return reg(o, RegisterClass::x);
      word_ ^= 30U << o.lsb;
      return true;
    case Text::x_low: return reg(o, RegisterClass::x);
    case Text::x_opt:
      if (!at_end()) return reg(o, RegisterClass::x);
      word_ ^= 31U << o.lsb;
      return true;
    case Text::x_first: {  // the first of the run stands for all
      const u32 id = next_[first_ ? 0 : 1].id;
      if (!separated() || next_->reg != RegisterClass::x || !is_run_start(id, o.regs)) return false;
      word_ ^= id << o.lsb;
      ++next_;
      return true;
    }
    case Text::post_reg: return take(']') && reg(o, RegisterClass::x);
    case Text::mops_at:
      if (!separated() || !take('[')) return false;
      first_ = true;
      return reg(o, RegisterClass::x) && take(']') && take('!');
    case Text::mops_size: return reg(o, RegisterClass::x) && take('!');
    case Text::lane: {
      const u32 id = next_[first_ ? 0 : 1].id;
      if (!separated() || !element(o, 32)) return false;
      word_ ^= id << o.lsb;
      return lane_number(o);
    }
    case Text::list:
    case Text::lane_list: return list(o);
    case Text::b: return reg(o, RegisterClass::b);
    case Text::h: return reg(o, RegisterClass::h);
    case Text::s: return reg(o, RegisterClass::s);
    case Text::d: return reg(o, RegisterClass::d);
    case Text::q: return reg(o, RegisterClass::q);
    case Text::base:
    case Text::mem:
    case Text::bare_mem: {
      if (!separated() || !take('[')) return false;
      first_ = true;
      if (!reg(o, RegisterClass::x, RegisterClass::x_sp)) return false;
      if (o.text == Text::base) return true;
      i64 zero = 0;
      if (o.text == Text::mem && take(',') && (!integer(zero) || zero != 0)) return false;
      return take(']');
    }
    default:
      if (const char* arrangement = arrangement_name(o.text)) {
        const Token* t = next_ + (first_ ? 0 : 1);
        return t->suffix == arrangement && reg(o, RegisterClass::v);
      }
      return immediate(o);
  }
}

// ---- forms of a mnemonic ----

// Forms by mnemonic, each chain in table order.
class MnemonicIndex {
 public:
  MnemonicIndex() {
    for (unsigned f = form_count - 1; f > 0; --f) {
      u16& head = heads_[hash(form_mnemonic(static_cast<Form>(f)))];
      next_[f] = head;
      head = static_cast<u16>(f);
    }
  }
  // Calls f(Form) for the mnemonic's forms until it returns true.
  template <class F>
  void find(std::string_view mnemonic, F f) const {
    for (unsigned i = heads_[hash(mnemonic)]; i != 0; i = next_[i])
      if (mnemonic == form_mnemonic(static_cast<Form>(i)) && f(static_cast<Form>(i))) return;
  }

 private:
  static constexpr unsigned size = 2048;
  static constexpr unsigned hash(std::string_view s) {
    u32 h = 2166136261U;
    for (char c : s) h = (h ^ static_cast<u8>(c)) * 16777619U;
    return (h ^ h >> 15) % size;
  }
  u16 heads_[size] = {};
  u16 next_[form_count] = {};
};

inline const MnemonicIndex& mnemonic_index() {
  static const MnemonicIndex index;
  return index;
}

// True if the word's registers are a choice the architecture leaves unpredictable.
inline bool registers_conflict(Form f, u32 word) {
  const DetailedOperands operands(f);
  for (unsigned i = 0; i < operands.size(); ++i) {
    const FormOperand& a = operands[i];
    if ((a.role & role_def) == 0) continue;
    const bool is_sp = operand_info(operands.detail(i).kind).text == Text::base && decode_operand(operands, i, word) == 31;
    if (is_sp) continue;
    for (unsigned j = 0; j < operands.size(); ++j) {
      const FormOperand& b = operands[j];
      if (i == j || b.kind != FormOperand::Kind::reg || a.bank != b.bank) continue;
      // ldxp into one register is unpredictable too, but assemblers take it. (Of loads that authenticate or
      // acquire, the base that moves is read as well.)
      const bool moves_base = ((a.role | b.role) & role_use) != 0;
      const bool two_results = (b.role & role_def) != 0 && ((form_effects(f) & other_state) == 0 || moves_base);
      const bool apart = two_results || (a.role & role_early_def) != 0;
      const Text text = operand_info(operands.detail(j).kind).text;
      const bool other_is_sp = (text == Text::base || text == Text::mem || text == Text::bare_mem) && decode_operand(operands, j, word) == 31;
      if (apart && !other_is_sp && decode_operand(operands, i, word) == decode_operand(operands, j, word)) return true;
    }
  }
  return false;
}

}  // namespace detail

// Assembles one line into `word`. If it cannot, says why in `error` and returns false.
inline bool assemble_line(std::string_view source, const FeatureSet& features, u32& word, Sink& error) {
  detail::Line line;
  if (!line.scan(source)) {
    error << "column ";
    error.udec(line.at() + 1) << ": not a token of an instruction";
    return false;
  }
  enum class Outcome : u8 { unknown, operands, registers, feature, done } outcome = Outcome::unknown;
  const detail::Token* furthest = line.tokens();
  Feature missing = Feature::base;
  const auto attempt = [&](Form f) {
    if (outcome == Outcome::unknown) outcome = Outcome::operands;
    detail::OperandMatcher m(line.tokens(), form_bits(f));
    bool matched = true;
    for (OperandKind k : row_of(f).operands)
      if (k != OperandKind::none && matched) matched = m.match(operand_info(k));
    if (m.position() > furthest) furthest = m.position();
    if (!matched || !m.at_end()) return false;
    if (detail::is_mov_to_sp(f, m.word())) return false;
    if (detail::registers_conflict(f, m.word())) {
      outcome = Outcome::registers;
      return false;
    }
    for (const Feature needed : {form_feature(f), named_feature(f, m.word())}) {
      if (features.has(needed)) continue;
      outcome = Outcome::feature;
      missing = needed;
      return false;
    }
    word = m.word();
    outcome = Outcome::done;
    return true;
  };
  detail::mnemonic_index().find(line.complement_immediate(), attempt);
  switch (outcome) {
    case Outcome::done: return true;
    case Outcome::unknown: error << "unknown mnemonic '" << line.mnemonic() << "'"; return false;
    case Outcome::registers: error << "unpredictable choice of registers"; return false;
    case Outcome::feature: error << "needs feature " << feature_name(missing); return false;
    case Outcome::operands: break;
  }
  error << "no form of '" << line.mnemonic() << "' takes these operands";
  if (furthest->kind == detail::Token::Kind::name) error << ", at '" << furthest->text << "'";
  return false;
}

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_TEXT_ASSEMBLER_HPP
