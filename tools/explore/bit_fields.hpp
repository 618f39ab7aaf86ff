// One instruction taken apart: the fields of its word or bytes, from the highest bit down (AArch64) or byte by
// byte (x86-64).
#ifndef JITKIT_TOOLS_EXPLORE_BIT_FIELDS_HPP
#define JITKIT_TOOLS_EXPLORE_BIT_FIELDS_HPP

#include <jitkit/config.hpp>

#include <span>
#include <string>
#include <vector>

namespace jitkit::tools {

struct BitField {
  std::string name;
  unsigned byte = 0;  // x86-64: which one; AArch64: 0
  unsigned high = 0;  // bits of that byte or word
  unsigned low = 0;
  u64 value = 0;
};

// Empty if the word is no instruction; `form` is its name in insts.def.
std::vector<BitField> bit_fields_arm64(u32 word, std::string& form);
std::vector<BitField> bit_fields_x86_64(std::span<const u8> bytes, std::string& form);

}  // namespace jitkit::tools

#endif  // JITKIT_TOOLS_EXPLORE_BIT_FIELDS_HPP
