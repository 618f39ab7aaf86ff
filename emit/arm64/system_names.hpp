// Names of system registers, system operations, barriers, prefetches and PSTATE fields: both ways.
// SysReg values by name at compile time: mrs(x0, sys_reg("tpidr_el0")).
#ifndef JITKIT_EMIT_ARM64_SYSTEM_NAMES_HPP
#define JITKIT_EMIT_ARM64_SYSTEM_NAMES_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/operands.hpp>
#include <jitkit/ir/support/sink.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

namespace detail {

struct SystemRegister {
  const char* name;
  u16 bits;
  u8 access;
};
inline constexpr u8 access_r = 1;
inline constexpr u8 access_w = 2;
inline constexpr u8 access_rw = 3;
inline constexpr SystemRegister system_registers[] = {
#define JITKIT_A64_SYSTEM_REGISTER(name, op0, op1, crn, crm, op2, access) \
  {#name, SysReg::of(op0, op1, crn, crm, op2).bits, access_##access},
#include <jitkit/emit/arm64/system_names.def>
};

enum class SystemClass : u8 { at, dc, ic, tlbi, cfp, dvp, cpp, cosp };
struct SystemOperation {
  const char* name;
  u16 bits;
  SystemClass cls;
  bool takes_register;
};
inline constexpr bool takes_reg = true;
inline constexpr bool takes_none = false;
inline constexpr SystemOperation system_operations[] = {
#define JITKIT_A64_SYSTEM_OPERATION(mnemonic, name, op1, crn, crm, op2, reg) \
  {#name, SysOp::of(op1, crn, crm, op2).bits, SystemClass::mnemonic, takes_##reg},
#include <jitkit/emit/arm64/system_names.def>
};

struct NumberName {
  u8 number;
  const char* name;
};
inline constexpr NumberName barrier_names[] = {
    {1, "oshld"}, {2, "oshst"}, {3, "osh"},  {5, "nshld"}, {6, "nshst"}, {7, "nsh"},
    {9, "ishld"}, {10, "ishst"}, {11, "ish"}, {13, "ld"},   {14, "st"},   {15, "sy"},
};
inline constexpr NumberName nxs_names[] = {{0, "oshnxs"}, {1, "nshnxs"}, {2, "ishnxs"}, {3, "synxs"}};
inline constexpr NumberName pstate_names[] = {
    {3, "uao"}, {4, "pan"}, {5, "spsel"}, {8, "allint"}, {25, "ssbs"}, {26, "dit"}, {28, "tco"},
};
inline constexpr NumberName pstate_mask_names[] = {{30, "daifset"}, {31, "daifclr"}};

template <usize N>
constexpr const char* name_of(const NumberName (&table)[N], i64 number) {
  for (const NumberName& e : table)
    if (e.number == number) return e.name;
  return nullptr;
}
// The number of that name, or -1.
template <usize N>
constexpr i64 number_of(const NumberName (&table)[N], std::string_view name) {
  for (const NumberName& e : table)
    if (name == e.name) return e.number;
  return -1;
}

// A prefetch is pld, pli or pst, level 1 to 3 or slc, keep or strm.
struct PrefetchName {
  char text[11];
};
constexpr bool prefetch_name(i64 number, PrefetchName& out) {
  if (number < 0 || number >= 24) return false;
  constexpr const char* what[] = {"pld", "pli", "pst"};
  constexpr const char* where[] = {"l1", "l2", "l3", "slc"};
  constexpr const char* how[] = {"keep", "strm"};
  unsigned n = 0;
  for (const char* part : {what[number >> 3], where[number >> 1 & 3], how[number & 1]})
    for (; *part != 0; ++part) out.text[n++] = *part;
  out.text[n] = 0;
  return true;
}
constexpr i64 prefetch_number(std::string_view name) {
  PrefetchName candidate{};
  for (i64 i = 0; prefetch_name(i, candidate); ++i)
    if (name == candidate.text) return i;
  return -1;
}

constexpr const SystemOperation* find_operation(SystemClass cls, bool takes_register, i64 bits) {
  for (const SystemOperation& o : system_operations)
    if (o.bits == bits && o.cls == cls && o.takes_register == takes_register) return &o;
  return nullptr;
}
constexpr const SystemOperation* find_operation(SystemClass cls, bool takes_register, std::string_view name) {
  for (const SystemOperation& o : system_operations)
    if (name == o.name && o.cls == cls && o.takes_register == takes_register) return &o;
  return nullptr;
}

// s<op0>_<op1>_c<n>_c<m>_<op2>, as an encoding; -1 if the text is something else.
constexpr i64 parse_generic_register(std::string_view s) {
  constexpr u8 limits[] = {3, 7, 15, 15, 7};
  constexpr u8 widths[] = {2, 3, 4, 4, 3};
  i64 bits = 0;
  usize at = 0;
  for (unsigned field = 0; field < 5; ++field) {
    if (field == 0 ? at >= s.size() || s[at++] != 's' : at >= s.size() || s[at++] != '_') return -1;
    if ((field == 2 || field == 3) && (at >= s.size() || s[at++] != 'c')) return -1;
    unsigned v = 0;
    const usize start = at;
    for (; at < s.size() && s[at] >= '0' && s[at] <= '9' && at - start < 2; ++at) v = v * 10 + static_cast<unsigned>(s[at] - '0');
    if (at == start || v > limits[field]) return -1;
    bits = bits << widths[field] | v;
  }
  return at == s.size() ? bits : -1;
}

inline void print_system_register(i64 bits, u8 access, Sink& out) {
  for (const SystemRegister& r : system_registers)
    if (r.bits == bits && (r.access & access) == access) {
      out << r.name;
      return;
    }
  const u64 b = static_cast<u64>(bits);
  out.put('s').udec(b >> 14).put('_').udec(b >> 11 & 7) << "_c";
  out.udec(b >> 7 & 15) << "_c";
  out.udec(b >> 3 & 15).put('_').udec(b & 7);
}

// The encoding of a register name that allows the access; -1 if there is none.
constexpr i64 find_system_register(std::string_view name, u8 access) {
  for (const SystemRegister& r : system_registers)
    if (name == r.name && (r.access & access) == access) return r.bits;
  return parse_generic_register(name);
}

}  // namespace detail

consteval SysReg sys_reg(std::string_view name) {
  i64 bits = -1;
  for (const detail::SystemRegister& r : detail::system_registers)
    if (name == r.name) bits = r.bits;
  if (bits < 0) bits = detail::parse_generic_register(name);
  check(bits >= 0);
  if (bits < 0) __builtin_trap();
  return {static_cast<u16>(bits)};
}
// Of at, dc, ic or tlbi: tlbi(sys_op("vae1"), x0). Names are unique but for rctx.
consteval SysOp sys_op(std::string_view name) {
  for (const detail::SystemOperation& o : detail::system_operations)
    if (name == o.name) return {o.bits};
  __builtin_trap();
}

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_SYSTEM_NAMES_HPP
