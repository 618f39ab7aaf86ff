// va_start for the interpreter: the va_list and the argument areas it points to, as the target's C
// convention lays them out, so that IR which walks a va_list means the same as when compiled.
//
// Sources: System V ABI for AMD64, section 3.5.7; Procedure Call Standard for AArch64, appendix B.
#ifndef JITKIT_IR_INTERPRETER_VARARGS_HPP
#define JITKIT_IR_INTERPRETER_VARARGS_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/interpreter_memory.hpp>
#include <jitkit/ir/module.hpp>
#include <jitkit/ir/support/bits.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/ir/type.hpp>

#include <cstring>

namespace jitkit::inline JITKIT_ABI::ir {

enum class VaListAbi : u8 { none, sysv, aapcs64 };

constexpr u64 va_list_bytes(VaListAbi abi) {
  return abi == VaListAbi::sysv ? 24 : abi == VaListAbi::aapcs64 ? 32 : 0;
}

// Registers of one kind for arguments, and where their images stand in a save area.
struct VaRegisters {
  u64 image = 0;  // bytes of one register's image
  u32 count = 0;
  u32 used = 0;

  u64 bytes() const { return image * count; }
  u64 left() const { return image * (count - used); }
};

// Places arguments as the convention does; the images of those after the named ones are written.
class VaArea {
 public:
  // `area` has room for area_bytes(abi, arguments) and is aligned to 16.
  VaArea(VaListAbi abi, u8* area) : abi_(abi), area_(area) {
    gpr_ = {8, abi == VaListAbi::sysv ? 6U : 8U, 0};
    vec_ = {16, 8, 0};
  }
  static u64 area_bytes(usize arguments) { return 8 * 8 + 8 * 16 + 16 * (arguments + 1); }

  // The next named value, or aggregate of several. False if the convention passes such values in a way
  // not modelled here.
  bool named(Span<const Param> group) {
    const Param& first = group.front();
    if ((first.attr & ParamAttr::byval) != 0) return true;  // on the stack, before the unnamed ones
    if ((first.attr & ParamAttr::sret) != 0 && abi_ == VaListAbi::aapcs64) return true;  // x8
    u32 gprs = 0, vecs = 0;
    for (const Param& p : group) {
      if (!passable(p.type)) return false;
      if (bank(p.type) == Bank::vec)
        ++vecs;
      else
        gprs += p.type == Type::i128 ? 2 : 1;
    }
    take(gprs, vecs, first.type == Type::i128 || first.align_log2 == 4);
    return true;
  }
  bool unnamed(Type t, const Datum& d) {
    if (!passable(t)) return false;
    const bool vec = bank(t) == Bank::vec;
    const u32 need = t == Type::i128 ? 2 : 1;
    u64 where = 0;
    if (take(vec ? 0 : need, vec ? need : 0, t == Type::i128)) {
      where = vec ? gpr_.bytes() + vec_.image * (vec_.used - need) : gpr_.image * (gpr_.used - need);
    } else {
      if (bytes(t) == 16) stack_ = align_up(stack_, 16);
      where = stack_area() + stack_;
      stack_ += bytes(t) == 16 ? 16 : 8;
    }
    std::memcpy(area_ + where, &d, bytes(t));
    return true;
  }

  // Writes the va_list; called between the last named and the first unnamed argument.
  void start(u64 list) const {
    const u64 base = address_of(area_);
    if (abi_ == VaListAbi::sysv) {
      put<u32>(list, static_cast<u32>(gpr_.image * gpr_.used));
      put<u32>(list + 4, static_cast<u32>(gpr_.bytes() + vec_.image * vec_.used));
      put<u64>(list + 8, base + stack_area());
      put<u64>(list + 16, base);
    } else {
      put<u64>(list, base + stack_area());
      put<u64>(list + 8, base + gpr_.bytes());
      put<u64>(list + 16, base + gpr_.bytes() + vec_.bytes());
      put<u32>(list + 24, static_cast<u32>(0 - gpr_.left()));
      put<u32>(list + 28, static_cast<u32>(0 - vec_.left()));
    }
  }

 private:
  template <class T>
  static void put(u64 address, T v) {
    std::memcpy(pointer_to(address), &v, sizeof v);
  }
  u64 stack_area() const { return align_up(gpr_.bytes() + vec_.bytes(), 16); }

  static bool passable(Type t) { return bytes(t) <= 16 && bank(t) != Bank::mask; }

  // Takes registers for a value, all or none of them; false if it goes to the stack.
  bool take(u32 gprs, u32 vecs, bool even) {
    if (even && abi_ == VaListAbi::aapcs64) gpr_.used += gpr_.used & 1;
    if (gpr_.used + gprs <= gpr_.count && vec_.used + vecs <= vec_.count) {
      gpr_.used += gprs;
      vec_.used += vecs;
      return true;
    }
    if (abi_ == VaListAbi::aapcs64) {  // nothing later fills the gap
      if (gprs != 0) gpr_.used = gpr_.count;
      if (vecs != 0) vec_.used = vec_.count;
    }
    return false;
  }

  VaListAbi abi_;
  u8* area_;
  VaRegisters gpr_;
  VaRegisters vec_;
  u64 stack_ = 0;
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_INTERPRETER_VARARGS_HPP
