// A Status of the compiler in words: what is missing or wrong, how much of it, and by which name.
#ifndef JITKIT_IR_STATUS_TEXT_HPP
#define JITKIT_IR_STATUS_TEXT_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/argument_place.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/opcode.hpp>
#include <jitkit/ir/support/sink.hpp>
#include <jitkit/ir/target.hpp>
#include <jitkit/status.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

// Of PlaceFault.
inline constexpr const char* place_faults[] = {
    "", "the register holds no values of its type", "something else needs the register there",
    "another value is there", "the slot is not 0 to 1048575"};

// The instruction that a Status of compiling fn blames; none if it is the function as a whole.
inline Inst blamed(const FunctionData& fn, Status s) {
  switch (s.error) {
    case Error::feature_missing:
    case Error::no_register:
    case Error::too_many_slots:
    case Error::invalid_ir:
    case Error::place:
    case Error::unsupported: return s.where < fn.insts.size() ? Inst(s.where) : Inst();
    default: return {};
  }
}

namespace detail {

inline void print_unsupported(const FunctionData& fn, Status s, Sink& out) {
  const Inst i = blamed(fn, s);
  const bool of_type = (s.detail & unsupported_type) != 0 && (s.detail & 0xff) < type_count;
  if (of_type) out << ": values of type " << name(static_cast<Type>(s.detail & 0xff)) << (i ? " in " : " in the signature");
  if (i) {
    if (!of_type) out << ": ";
    if (is_native(fn[i].op))
      out << fn.isa->name << "." << fn.isa->form_name(native_form(fn[i].op));
    else
      out << name(fn[i].op);
    if (!is_native(fn[i].op) && fn[i].type != Type::none) out << " of " << name(fn[i].type);
    if ((fn[i].op == Opcode::call || fn[i].op == Opcode::tail_call) && fn.module != nullptr)
      out << " @" << fn.module->symbol_name(SymbolRef(fn[i].aux));
  } else if (of_type) {
  } else if (s.detail >= static_cast<u64>(CallConv::custom0)) {
    (out << ": convention custom").udec(s.detail - static_cast<u64>(CallConv::custom0));
  }
}

}  // namespace detail

// What needs no function: the error and its amount.
inline void print_status(Status s, Sink& out) {
  out << describe(s.error);
  switch (s.error) {
    case Error::out_of_memory: (out << ": ").udec(s.detail) << " bytes were needed"; break;
    case Error::out_of_code_space: (out << ": ").udec(s.detail) << " bytes are needed"; break;
    case Error::no_register:
    case Error::too_many_slots: (out << ": ").udec(s.detail) << " missing"; break;
    case Error::too_long: (out << ": by ").udec(s.detail) << " bytes"; break;
    case Error::fixup_range: (out << ": ").dec(static_cast<i64>(s.detail)) << " bytes away"; break;
    case Error::operand_range: (out << ": ").dec(static_cast<i64>(s.detail)); break;
    case Error::place:
      if (const u64 number = s.detail >> 8; number != 0)
        (out << ": value ").udec(number) << ": " << place_faults[s.detail & 0xff];
      else
        out << ": the frame pointer's register";
      break;
    default: break;
  }
}

template <Target T>
void print_status(const FunctionData& fn, Status s, Sink& out) {
  print_status(s, out);
  switch (s.error) {
    case Error::feature_missing: out << ": " << T::feature_name(s.detail); break;
    case Error::register_kept:
      if (s.detail < T::isa_info().registers.size()) out << ": " << T::isa_info().registers[s.detail];
      break;
    case Error::unsupported: detail::print_unsupported(fn, s, out); break;
    default: break;
  }
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_STATUS_TEXT_HPP
