// The forms of a mnemonic, and the shortest bytes of an instruction that is known by its mnemonic and
// operands: what an assembler answers for its text.
#ifndef JITKIT_EMIT_X86_64_MNEMONICS_HPP
#define JITKIT_EMIT_X86_64_MNEMONICS_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/features.hpp>
#include <jitkit/emit/x86_64/instruction.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI::x86_64 {

struct Encoded {
  u8 bytes[16] = {};
  u8 size = 0;
};

namespace detail {

// FNV-1a.
constexpr u32 text_hash(std::string_view s) {
  u32 h = 2166136261U;
  for (const char c : s) h = (h ^ static_cast<u8>(c)) * 16777619U;
  return h;
}

// Forms by the hash of their mnemonic, chained in table order.
class MnemonicIndex {
 public:
  constexpr MnemonicIndex() {
    u16 last[buckets] = {};
    for (u16 i = 1; i < form_count; ++i) {
      const u32 b = text_hash(inst_row_of(static_cast<Form>(i)).text) % buckets;
      (last[b] == 0 ? first_[b] : next_[last[b]]) = i;
      last[b] = i;
    }
    u16 last_evex[buckets] = {};
    for (u16 i = 0; i < evex_count; ++i) {
      const u32 b = text_hash(evex_rows[i].text) % buckets;
      const auto row = static_cast<u16>(i + 1);
      (last_evex[b] == 0 ? first_evex_[b] : next_evex_[last_evex[b]]) = row;
      last_evex[b] = row;
    }
  }
  constexpr bool has(std::string_view mnemonic) const {
    bool found = false;
    for_each(mnemonic, [&](Form) { found = true; });
    for_each_evex(mnemonic, [&](EvexId) { found = true; });
    return found;
  }
  // f(form) for each form that is written so, in table order.
  template <class F>
  constexpr void for_each(std::string_view mnemonic, F f) const {
    for (u16 i = first_[text_hash(mnemonic) % buckets]; i != 0; i = next_[i])
      if (inst_row_of(static_cast<Form>(i)).text == mnemonic) f(static_cast<Form>(i));
  }

  // f(row) for each EVEX row that is written so.
  template <class F>
  constexpr void for_each_evex(std::string_view mnemonic, F f) const {
    for (u16 i = first_evex_[text_hash(mnemonic) % buckets]; i != 0; i = next_evex_[i])
      if (evex_rows[i - 1].text == mnemonic) f(static_cast<EvexId>(i - 1));
  }

 private:
  static constexpr usize buckets = 1024;
  u16 first_[buckets] = {};
  u16 next_[form_count] = {};
  // Rows by their number plus one.
  u16 first_evex_[buckets] = {};
  u16 next_evex_[evex_count + 1] = {};
};
inline constexpr MnemonicIndex mnemonic_index;

// Adds the last operand of a form where text may leave it out: a rotation by one, cl of double shifts,
// xmm0. False if the form has one more operand and it is not such.
constexpr bool add_implied(Instruction& in) {
  const FormRow row = row_of(in.form);
  if (in.count + 1 != row.kinds.count) return in.count == row.kinds.count;
  const Opd last = row.kinds.kind[in.count];
  OperandValue v;
  if (last == Opd::k_one) {
    v.cls = OpClass::imm;
    v.imm = 1;
  } else if (last == Opd::k_xmm0 || (last == Opd::k_cl && in.count == 2)) {
    const OperandDesc d = operand_of(row, in.count);
    v.cls = d.cls;
    v.bits = d.bits;
    v.code = d.fixed_number;
  } else {
    return false;
  }
  in.operand[in.count++] = v;
  return true;
}

constexpr EvexVariant variant_of(const Instruction& in) {
  if (in.rounding != Rounding::none) return EvexVariant::rounding;
  for (unsigned i = 0; i < in.count; ++i)
    if (in.operand[i].cls == OpClass::mem)
      return in.operand[i].broadcast != 0 ? EvexVariant::broadcast : EvexVariant::memory;
  return EvexVariant::plain;
}

}  // namespace detail

struct Assembled {
  Encoded code;  // size 0: no form takes these operands
  bool known = false;               // there is such a mnemonic
  Feature missing = Feature::base;  // a form that fits asks for this
};

// The shortest encoding of `given` (whose form is ignored) among the forms of the mnemonic; on a
// tie the first in the table, alternates last. EVEX only where nothing else takes the operands, as LLVM and
// GNU as have it: a displacement that would be shorter there does not count.
constexpr Assembled encode_shortest(std::string_view mnemonic, const Instruction& given, const FeatureSet& features) {
  Assembled out;
  bool is_alternate = false;
  const auto attempt = [&](Form f) {
    out.known = true;
    Instruction in = given;
    in.form = f;
    if (!detail::add_implied(in) || !matches(in)) return;
    if (const Feature lacks = features.first_missing(required_features(f)); lacks != Feature::base) {
      out.missing = lacks;
      return;
    }
    Encoded e;
    e.size = encode(in, e.bytes);
    const bool alternate = row_of(f).alternate;
    if (e.size == 0 || (out.code.size != 0 && e.size > out.code.size)) return;
    if (e.size == out.code.size && !(is_alternate && !alternate)) return;
    out.code = e;
    is_alternate = alternate;
  };
  detail::mnemonic_index.for_each(mnemonic, attempt);
  if (out.code.size != 0) return out;
  EvexParts parts;
  parts.masking = given.mask == 0 ? Masking::none : given.zero ? Masking::zero : Masking::merge;
  parts.variant = detail::variant_of(given);
  detail::mnemonic_index.for_each_evex(mnemonic, [&](EvexId id) {
    out.known = true;
    parts.id = id;
    // Memory without a size must not fit two lengths.
    Form fitting = Form::none;
    bool ambiguous = false;
    for (parts.length = 0; parts.length < 3; ++parts.length) {
      if (!detail::is_evex_form(parts)) continue;
      Instruction in = given;
      in.form = evex_form(parts);
      if (!matches(in)) continue;
      ambiguous = fitting != Form::none;
      fitting = in.form;
    }
    if (fitting != Form::none && !ambiguous) attempt(fitting);
  });
  return out;
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_MNEMONICS_HPP
