// What the operands and results of an instruction may be: of core ops by their row in ops.def, of calls
// by the signature, of native ops by their form. The parser and printer (types of constants), the
// verifier and the builder all ask here.
//
// Invariant: a slot's implied type is legal, and is what a constant or result without a written type is.
#ifndef JITKIT_IR_OPERAND_TYPE_HPP
#define JITKIT_IR_OPERAND_TYPE_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/op_signature.hpp>

#include <optional>

namespace jitkit::inline JITKIT_ABI::ir {

struct SlotType {
  TypeSet legal = 0;
  Type implied = Type::none;  // none: text must say it

  static constexpr SlotType one(Type t) { return {set_of(t), t}; }
  static constexpr SlotType any() { return {types::value, Type::none}; }
};

// How a form looks as a native op.
struct NativeShape {
  u16 uses = 0;  // with the flags, if it reads them
  u16 defs = 0;  // without the flags; an op that writes them may have one more result
  u16 immediates = 0;
  bool reads_flags = false;
  bool writes_flags = false;
  bool labels = false;  // such a form cannot be a native op
};

inline NativeShape native_shape(const IsaInfo& isa, u16 form) {
  NativeShape s;
  for (const FormOperand& o : isa.form_operands(form)) {
    if (o.kind == FormOperand::Kind::imm) ++s.immediates;
    if (o.kind == FormOperand::Kind::label) s.labels = true;
    if (o.kind != FormOperand::Kind::reg) continue;
    if ((o.role & role_use) != 0) ++s.uses;
    if ((o.role & role_def) != 0) ++s.defs;
  }
  const Effects effects = isa.form_effects(form);
  s.reads_flags = (effects & reads_flags) != 0;
  s.writes_flags = (effects & writes_flags) != 0;
  if (s.reads_flags) ++s.uses;
  return s;
}

// The n-th register operand with the role (role_use or role_def); none if there are fewer.
inline std::optional<FormOperand> native_operand(const IsaInfo& isa, u16 form, u8 role, u32 n) {
  for (const FormOperand& o : isa.form_operands(form))
    if (o.kind == FormOperand::Kind::reg && (o.role & role) != 0 && n-- == 0) return o;
  return std::nullopt;
}

// A use reads the low bits of a value at least as wide; a def gives a value at most as wide. An i1 is
// no register's content, an i128 is two registers.
constexpr SlotType native_slot(const FormOperand& o, u8 role) {
  const unsigned width = 1U << o.width;
  SlotType s;
  for (unsigned i = 1; i < type_count; ++i) {
    const Type t = static_cast<Type>(i);
    if (bank(t) != o.bank || t == Type::i1 || t == Type::i128) continue;
    if (role == role_use ? bits(t) < width : bits(t) > width) continue;
    s.legal |= set_of(t);
    const bool odd_one = t == Type::ptr || t == Type::ref || t == Type::v64;
    if (bits(t) == width && !odd_one) s.implied = t;
  }
  if (o.bank == Bank::mask || o.bank == Bank::flags)
    return SlotType::one(o.bank == Bank::mask ? Type::mask : Type::flags);
  return s;
}

namespace detail {

inline SlotType param_slot(const FunctionData& f, SigRef sig, u32 n) {
  if (f.module == nullptr || n >= f.module->signature(sig).params) return SlotType::any();
  return SlotType::one(f.module->params(sig)[n].type);
}
inline SlotType result_of(const FunctionData& f, SigRef sig, u32 n) {
  if (f.module == nullptr || n >= f.module->signature(sig).results) return SlotType::any();
  return SlotType::one(f.module->results(sig)[n].type);
}

// A letter of the signature column.
constexpr SlotType letter_slot(char letter, const InstData& d) {
  if (letter == 'a') return {types::address, Type::ptr};
  if (letter == 'S') return {source_types(d.op, d.type), Type::none};
  return SlotType::one(letter_type(letter, d.type, lane_of(d.flags)));
}

}  // namespace detail

// The signature an instruction calls, or none.
inline SigRef called_signature(const FunctionData& f, const InstData& d) {
  if (is_native(d.op) || f.module == nullptr) return {};
  const Option o = info(d.op).option;
  if (o == Option::signature) return SigRef(d.aux < f.module->signature_count() ? d.aux : 0);
  if (o == Option::symbol && d.op != Opcode::symbol_addr && d.aux < f.module->symbol_count())
    return f.module->symbol(SymbolRef(d.aux)).signature;
  return {};
}
constexpr bool is_call(Opcode op) {
  return op == Opcode::call || op == Opcode::call_indirect || op == Opcode::tail_call ||
         op == Opcode::tail_call_indirect;
}
constexpr bool is_indirect_call(Opcode op) {
  return op == Opcode::call_indirect || op == Opcode::tail_call_indirect;
}

// What operand n of d may be. d needs op, type, flags and aux; its operands need not be there yet.
inline SlotType operand_slot(const FunctionData& f, const InstData& d, u32 n) {
  if (is_native(d.op)) {
    const u16 form = native_form(d.op);
    if (const auto o = native_operand(*f.isa, form, role_use, n)) return native_slot(*o, role_use);
    return SlotType::one(Type::flags);
  }
  const OpSignature& s = signature_of(d.op);
  if (!s.any) return n < s.operands ? detail::letter_slot(s.operand[n], d) : SlotType{};
  if (is_call(d.op)) {
    if (is_indirect_call(d.op)) {
      if (n == 0) return SlotType::one(Type::ptr);
      --n;
    }
    return detail::param_slot(f, called_signature(f, d), n);
  }
  if (d.op == Opcode::ret) return detail::result_of(f, f.signature, n);
  if (d.op == Opcode::exit_ && d.aux < f.exits.size())
    return detail::param_slot(f, f.exits[d.aux].places, n);
  return SlotType::any();
}

// What result n of d may be.
inline SlotType result_slot(const FunctionData& f, const InstData& d, u32 n) {
  if (is_native(d.op)) {
    const u16 form = native_form(d.op);
    if (const auto o = native_operand(*f.isa, form, role_def, n)) return native_slot(*o, role_def);
    return SlotType::one(Type::flags);
  }
  const OpSignature& s = signature_of(d.op);
  if (!s.any) return n < s.results ? detail::letter_slot(s.result[n], d) : SlotType{};
  if (is_call(d.op)) return detail::result_of(f, called_signature(f, d), n);
  return SlotType::any();
}

// Results of a core op as its row or signature says; patch points have as many as the text says.
inline u32 result_count(const FunctionData& f, const InstData& d) {
  const OpSignature& s = signature_of(d.op);
  if (!s.any) return s.results;
  const bool gives = is_call(d.op) && !is_terminator(d.op) && f.module != nullptr;
  return gives ? f.module->signature(called_signature(f, d)).results : 0U;
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_OPERAND_TYPE_HPP
