// The names of registers and memory sizes in assembler text, both ways.
//
// Invariant: print_register() writes what parse_register() reads back to the same register.
#ifndef JITKIT_EMIT_X86_64_REGISTER_NAMES_HPP
#define JITKIT_EMIT_X86_64_REGISTER_NAMES_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/instruction.hpp>
#include <jitkit/ir/support/sink.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI::x86_64::detail {

struct NamedSize {
  std::string_view name;
  u16 bits;
};
inline constexpr NamedSize memory_sizes[] = {
    {"byte", 8},      {"word", 16},      {"dword", 32},     {"qword", 64},
    {"xmmword", 128}, {"ymmword", 256},  {"zmmword", 512},
};

// By Rounding.
inline constexpr std::string_view rounding_names[] = {"", "sae", "rn-sae", "rd-sae", "ru-sae", "rz-sae"};

// Of the 16-bit registers 0..7; their 32- and 64-bit names have an e or r in front.
inline constexpr std::string_view word_names[] = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"};
inline constexpr std::string_view low_names[] = {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil"};
inline constexpr std::string_view high_names[] = {"ah", "ch", "dh", "bh"};
inline constexpr std::string_view segment_names[] = {"es", "cs", "ss", "ds", "fs", "gs"};

struct RegisterFamily {
  std::string_view prefix;
  OpClass cls;
  u16 bits;
  u8 count;
};
inline constexpr RegisterFamily register_families[] = {
    {"xmm", OpClass::vec, 128, 32}, {"ymm", OpClass::vec, 256, 32},    {"zmm", OpClass::vec, 512, 32},
    {"k", OpClass::mask, 64, 8},    {"cr", OpClass::control, 64, 16},  {"dr", OpClass::debug, 64, 16},
};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The number after `prefix` in `s` (xmm12, cr4); -1 if s is something else.
constexpr int numbered(std::string_view s, std::string_view prefix, int limit) {
  if (!s.starts_with(prefix)) return -1;
  s.remove_prefix(prefix.size());
  if (s.empty() || s.size() > 2 || (s.size() == 2 && s[0] == '0')) return -1;
  int n = 0;
  for (const char c : s) {
    if (!is_digit(c)) return -1;
    n = n * 10 + (c - '0');
  }
  return n < limit ? n : -1;
}

constexpr OperandValue register_value(OpClass cls, u16 bits, unsigned code) {
  OperandValue v;
  v.cls = cls;
  v.bits = bits;
  v.code = static_cast<u8>(code);
  return v;
}

// The register of that (lower-case) name; cls none if there is none.
constexpr OperandValue parse_register(std::string_view s) {
  for (unsigned i = 0; i < 8; ++i) {
    if (s == low_names[i]) return register_value(OpClass::gpr, 8, byte_code(i));
    if (!s.ends_with(word_names[i])) continue;
    if (s.size() == 2) return register_value(OpClass::gpr, 16, i);
    if (s.size() == 3 && s[0] == 'e') return register_value(OpClass::gpr, 32, i);
    if (s.size() == 3 && s[0] == 'r') return register_value(OpClass::gpr, 64, i);
  }
  for (unsigned i = 0; i < 4; ++i)
    if (s == high_names[i]) return register_value(OpClass::gpr, 8, Gp8::high_byte(i).code);
  for (unsigned i = 0; i < 6; ++i)
    if (s == segment_names[i]) return register_value(OpClass::segment, 16, i);
  if (s.size() >= 2 && s[0] == 'r' && is_digit(s[1])) {
    u16 bits = 64;
    std::string_view digits = s;
    if (const char last = s.back(); !is_digit(last)) {
      bits = last == 'd' ? 32 : last == 'w' ? 16 : last == 'b' ? 8 : 0;
      digits.remove_suffix(1);
    }
    const int n = numbered(digits, "r", 16);
    if (n >= 8 && bits != 0) return register_value(OpClass::gpr, bits, static_cast<unsigned>(n));
    return {};
  }
  for (const RegisterFamily& f : register_families)
    if (const int n = numbered(s, f.prefix, f.count); n >= 0)
      return register_value(f.cls, f.bits, static_cast<unsigned>(n));
  return {};
}

inline void print_general(Sink& out, unsigned bits, u8 code) {
  const unsigned n = code & 15U;
  if (n >= 8) {
    out.put('r').udec(n);
    if (bits != 64) out.put(bits == 32 ? 'd' : bits == 16 ? 'w' : 'b');
    return;
  }
  if (bits == 8) {
    out << ((code & code_forbids_rex) != 0 ? high_names[n - 4] : low_names[n]);
    return;
  }
  if (bits != 16) out.put(bits == 32 ? 'e' : 'r');
  out << word_names[n];
}

inline void print_register(Sink& out, OpClass cls, unsigned bits, u8 code) {
  if (cls == OpClass::gpr) return print_general(out, bits, code);
  if (cls == OpClass::segment) {
    out << segment_names[code];
    return;
  }
  for (const RegisterFamily& f : register_families)
    if (f.cls == cls && (cls != OpClass::vec || f.bits == bits)) out << f.prefix;
  out.udec(code);
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64::detail

#endif  // JITKIT_EMIT_X86_64_REGISTER_NAMES_HPP
