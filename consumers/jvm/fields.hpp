// The fields of stubs that HotSpot did not generate: nothing names them, and no stub's address stands in them. Fields
// that are declared one after another stand one below the other in memory, so a field is where the declarations put it
// between two that are known.
//
// Invariant: a place counts only if both ends of its row are described by libjvm with the distance that the
// declarations give, and every field between that is found in another way is found there.
// Source: openjdk-17, src/hotspot/share/runtime/stubRoutines.cpp.
#ifndef JITKIT_CONSUMERS_JVM_FIELDS_HPP
#define JITKIT_CONSUMERS_JVM_FIELDS_HPP

#include <jitkit/consumers/jvm/convention.hpp>
#include <jitkit/consumers/jvm/vm.hpp>

namespace jitkit::inline JITKIT_ABI::hotspot {

struct FieldRow {
  const char* first;       // described
  const char* between[10]; // one below the other under it
  const char* last;        // described
  unsigned skipped;        // at most so many fields of newer builds stand before `last`
};
inline constexpr FieldRow field_rows[] = {
    {"base64_decodeBlock",
     {"md5_implCompress", "md5_implCompressMB", "sha1_implCompress", "sha1_implCompressMB", "sha256_implCompress",
      "sha256_implCompressMB", "sha512_implCompress", "sha512_implCompressMB", "sha3_implCompress", "sha3_implCompressMB"},
     "updateBytesCRC32", 1},
    {"mulAdd", {"montgomeryMultiply", "montgomerySquare"}, "bigIntegerRightShiftWorker", 0},
};

// The flag of the JVM that makes compilers call the stubs of a group, and of others with the same flag.
struct GroupFlag {
  std::string_view group;
  const char* flag;
};
inline constexpr GroupFlag group_flags[] = {{"md5", "UseMD5Intrinsics"}, {"sha1", "UseSHA1Intrinsics"},
                                            {"sha256", "UseSHA256Intrinsics"}, {"sha512", "UseSHA512Intrinsics"},
                                            {"sha3", "UseSHA3Intrinsics"}, {"base64_encodeBlock", "UseBASE64Intrinsics"},
                                            {"base64_decodeBlock", "UseBASE64Intrinsics"},
                                            {"electronicCodeBook_encryptAESCrypt", "UseAESIntrinsics"},
                                            {"electronicCodeBook_decryptAESCrypt", "UseAESIntrinsics"}};
constexpr std::string_view flag_of(std::string_view group) {
  for (const GroupFlag& f : group_flags)
    if (f.group == group) return f.flag;
  return {};
}

// The field of a stub, by the declarations; null if it is not known. `found` are the stubs that were found otherwise.
inline u64* declared_field(const Libjvm& vm, std::string_view stub, const Original (&found)[stub_count]) {
  for (const FieldRow& row : field_rows) {
    const u64* first = vm.stub_field(row.first);
    const u64* last = vm.stub_field(row.last);
    if (first == nullptr || last == nullptr) continue;
    unsigned count = 0, agreeing = 0;
    bool contradicted = false;
    u64* place = nullptr;
    for (const char* name : row.between) {
      if (name == nullptr) break;
      const u64* at = first - ++count;
      if (stub == name) place = const_cast<u64*>(at);
      const unsigned n = find_stub(name);
      if (n == stub_count || found[n].fields == 0) continue;
      if (found[n].field == at)
        ++agreeing;
      else
        contradicted = true;
    }
    if (place == nullptr) continue;  // not of this row
    const i64 more = first - last - i64{count} - 1;
    const bool known = !contradicted && more >= 0 && more <= i64{row.skipped} && (row.skipped == 0 || agreeing != 0);
    return known ? place : nullptr;
  }
  return nullptr;
}

}  // namespace jitkit::inline JITKIT_ABI::hotspot

#endif  // JITKIT_CONSUMERS_JVM_FIELDS_HPP
