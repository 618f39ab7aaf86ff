// HotSpot's stub conventions as data: a parameter is a role, and the role says its type, where verify
// finds input for it and how it is had from others. Stubs are leaf functions of the target's C
// convention: no safepoint, raw addresses into Java arrays.
//
// Invariants: addresses have the alignment of the elements at most (8 bytes for states); of an i32
// argument only the low 32 bits count. An i32 on the stack has 4 bytes there: HotSpot keeps a value of its own in the
// upper half of the word, so a kernel may not be given one by a tail call, which would write the whole.
#ifndef JITKIT_CONSUMERS_JVM_CONVENTION_HPP
#define JITKIT_CONSUMERS_JVM_CONVENTION_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/type.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI::hotspot {

// role, its type, meaning.
#define JITKIT_JVM_ROLES(X)                                                          \
  X(data, ptr, "bytes to read")                                                      \
  X(state, ptr, "the hash's words, in memory order")                                 \
  X(offset, i32, "of `data` in its array; as a result, of what was not read")        \
  X(limit, i32, "a block is read while its offset is not above this")                \
  X(blocks, i64, "how many blocks follow each other at `data`; one at least")        \
  X(rate, i32, "bytes of a block of SHA-3; in some builds of HotSpot those of its digest")  \
  X(block_size, i64, "bytes of a block of SHA-3")                                    \
  X(words, ptr, "a magnitude: the most significant word of 32 bits comes first")     \
  X(words2, ptr, "another")                                                          \
  X(length, i32, "words of `words`")                                                 \
  X(length2, i32, "words of `words2`")                                               \
  X(product, ptr, "what is written: as many words as its factors have together")     \
  X(total, i32, "how many these are")                                                \
  X(sum, ptr, "words that are added to")                                             \
  X(place, i32, "where in `sum` the lowest word's end is")                           \
  X(factor, i32, "one word")                                                         \
  X(carry, i32, "what has no room in `sum`")                                         \
  X(modulus, ptr, "an odd number")                                                   \
  X(even, i32, "words of `words` and `modulus`, an even number")                     \
  X(inverse, i64, "-1 / `modulus` modulo 2^64")                                      \
  X(residue, ptr, "as many words that are written")                                  \
  X(shifted, ptr, "words that are written")                                          \
  X(index, i32, "the first of them")                                                 \
  X(shift, i32, "by 1 to 31 bits")                                                   \
  X(count, i32, "words to write; one more is read")                                  \
  X(twin, ptr, "bytes to compare with `data`")                                       \
  X(elements, i32, "how many elements are compared")                                 \
  X(scale, i32, "an element has 2 to that many bytes")                               \
  X(mismatch, i32, "the first element that differs, or -1")                          \
  X(checksum, i32, "of the bytes before; as a result, with them")                    \
  X(sums, i32, "Adler-32's two sums, both below 65521: Java has no others")          \
  X(bytes, i32, "how many bytes are at `data`")                                      \
  X(size, i64, "how many bytes are at `data`")                                       \
  X(crc_table, ptr, "not used")                                                      \
  X(in, ptr, "text to encipher or decipher")                                         \
  X(out, ptr, "where it goes; may be `in`")                                          \
  X(key, ptr, "a schedule in Java's order, behind its length in words")              \
  X(iv, ptr, "the block before; becomes the last one")                               \
  X(whole, i32, "bytes of text, in whole blocks")                                    \
  X(some, i32, "bytes of text")                                                      \
  X(counter, ptr, "the next block's number of 128 bits, big-endian")                 \
  X(saved, ptr, "the last block of key stream")                                      \
  X(used, ptr, "an int: how many bytes of it are used")                              \
  X(hash, ptr, "16 bytes, as two longs")                                             \
  X(hash_key, ptr, "the same, and room for HotSpot's powers of it")                  \
  X(hashed, i32, "blocks of 16 bytes at `data`; one at least")                       \
  X(start, i32, "where in `data` to begin")                                          \
  X(end, i32, "where in `data` to end")                                              \
  X(text, ptr, "characters that are written")                                        \
  X(at, i32, "where in `text` to begin")                                             \
  X(flag, i32, "0 or 1")                                                             \
  X(characters, ptr, "Base64, and anything else")                                    \
  X(decoded_bytes, ptr, "what is written")                                           \
  X(mime, i32, "0 or 1: whether other characters may stand between")                 \
  X(decoded, i32, "how many bytes are written")                                      \
  X(from, ptr, "elements to copy")                                                   \
  X(to, ptr, "where they go; may overlap")                                           \
  X(apart, ptr, "where they go; does not overlap")                                   \
  X(value, i32, "the element to write")                                              \
  X(n, i64, "how many elements are written")                                         \
  X(cell, ptr, "an aligned word that other threads change too")                      \
  X(addend, i64, "what is added; of it, as of those that follow, the cell's bytes count")  \
  X(expected, i64, "what has to stand there")                                        \
  X(desired, i64, "what is stored, if something has to stand there only then")       \
  X(old, i64, "what stood there; nothing is moved over this, in either direction")   \
  X(old_acq_rel, i64, "what stood there; acquires and releases")                     \
  X(old_release, i64, "what stood there; releases")                                  \
  X(old_relaxed, i64, "what stood there; orders nothing else")

enum class Role : u8 {
  none,
#define JITKIT_JVM_ROLE(name, type, meaning) name,
  JITKIT_JVM_ROLES(JITKIT_JVM_ROLE)
#undef JITKIT_JVM_ROLE
};

constexpr ir::Type type_of(Role r) {
  switch (r) {
#define JITKIT_JVM_ROLE(name, type, meaning) \
  case Role::name: return ir::Type::type;
    JITKIT_JVM_ROLES(JITKIT_JVM_ROLE)
#undef JITKIT_JVM_ROLE
    case Role::none: break;
  }
  return ir::Type::none;
}

// The role of that name; a wrong name does not compile where this is a constant.
constexpr Role find_role(std::string_view name) {
#define JITKIT_JVM_ROLE(role, type, meaning) \
  if (name == #role) return Role::role;
  JITKIT_JVM_ROLES(JITKIT_JVM_ROLE)
#undef JITKIT_JVM_ROLE
  check(false);
  return Role::none;
}
#undef JITKIT_JVM_ROLES

struct Convention {
  static constexpr unsigned most = 8;
  Role params[most] = {};
  unsigned count = 0;
  Role result = Role::none;

  constexpr int find(Role r) const {
    for (unsigned n = 0; n < count; ++n)
      if (params[n] == r) return static_cast<int>(n);
    return -1;
  }
  constexpr bool has(Role r) const { return find(r) >= 0; }
};

// "data state offset limit : offset"
consteval Convention parse_convention(std::string_view text) {
  Convention c;
  bool result = false;
  while (!text.empty()) {
    const usize space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    text = space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
    if (word == ":")
      result = true;
    else if (result)
      c.result = find_role(word);
    else
      c.params[c.count++] = find_role(word);
  }
  return c;
}

struct Kernel {
  std::string_view group;
  u32 block_bytes;
  u32 state_bytes;
  Convention convention;
};
inline constexpr Kernel kernels[] = {
#define JITKIT_JVM_KERNEL(group, block, state, text) {#group, block, state, parse_convention(text)},
#define JITKIT_JVM_STUB(name, group, text)
#define JITKIT_JVM_CODE(name, code, use)
#define JITKIT_JVM_CODE_X86(name, code, use)
#define JITKIT_JVM_CODE_ARM64(name, code, use)
#include <jitkit/consumers/jvm/stubs.def>
};

constexpr const Kernel& find_kernel(std::string_view group) {
  for (const Kernel& k : kernels)
    if (k.group == group) return k;
  check(false);
  return kernels[0];
}

struct Stub {
  const char* name;
  const Kernel* kernel;
  Convention convention;
};
inline constexpr Stub stubs[] = {
#define JITKIT_JVM_KERNEL(group, block, state, text)
#define JITKIT_JVM_STUB(name, group, text) {#name, &find_kernel(#group), parse_convention(text)},
#define JITKIT_JVM_CODE(name, code, use)
#define JITKIT_JVM_CODE_X86(name, code, use)
#define JITKIT_JVM_CODE_ARM64(name, code, use)
#include <jitkit/consumers/jvm/stubs.def>
};
inline constexpr unsigned stub_count = sizeof stubs / sizeof stubs[0];

constexpr unsigned find_stub(std::string_view name) {
  for (unsigned n = 0; n < stub_count; ++n)
    if (stubs[n].name == name) return n;
  return stub_count;
}

}  // namespace jitkit::inline JITKIT_ABI::hotspot

#endif  // JITKIT_CONSUMERS_JVM_CONVENTION_HPP
