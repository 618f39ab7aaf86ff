// Where the rows of stubs.def meet the symbols of the object library jvm_stubs: a row without its code does
// not compile.
#include <jitkit/consumers/jvm/table.hpp>
#include <jvm_stubs.h>
#if defined(__aarch64__)
#include <jvm_lse_stubs.h>
#endif

#include <iterator>

extern "C" {
jitkit::u64 jitkit_hotspot_calls[jitkit::hotspot::stub_count] = {};
}

namespace jitkit::inline JITKIT_ABI::hotspot {
namespace {

struct Row {
  const Kernel* group;
  std::string_view code;
  Use use;
  const unsigned char* entries;  // plain and counted of each stub of the group (adapter.hpp)
};
const Row rows[] = {
#define JITKIT_JVM_KERNEL(group, block, state, text)
#define JITKIT_JVM_STUB(name, group, text)
#define JITKIT_JVM_CODE(group, code, use) {&find_kernel(#group), #code, Use::use, jitkit_entries_##group##_##code},
#if defined(__x86_64__)
#define JITKIT_JVM_CODE_X86 JITKIT_JVM_CODE
#define JITKIT_JVM_CODE_ARM64(group, code, use)
#else
#define JITKIT_JVM_CODE_X86(group, code, use)
#define JITKIT_JVM_CODE_ARM64 JITKIT_JVM_CODE
#endif
#include <jitkit/consumers/jvm/stubs.def>
};

// The rows, for each stub of their group; made when the library is loaded.
struct Table {
  Code codes[8 * stub_count];
  usize count = 0;
  Table() {
    for (const Row& row : rows) {
      AnyStub* const* entry = reinterpret_cast<AnyStub* const*>(row.entries);
      for (unsigned n = 0; n < stub_count; ++n)
        if (stubs[n].kernel == row.group) add({n, row.code, row.use, *entry++, *entry++});
    }
  }
  void add(const Code& c) {
    check(count < std::size(codes));
    codes[count++] = c;
  }
};
const Table table;

struct Needs {
  std::string_view code;
  const char* features;
};
constexpr Needs needs_of_code[] = {
    {"native", JITKIT_STUBS_JVM_STUBS_NATIVE_FEATURES},
    {"portable", JITKIT_STUBS_JVM_STUBS_PORTABLE_FEATURES},
    {"aes", JITKIT_STUBS_JVM_STUBS_AES_FEATURES},
#if defined(__x86_64__)
    {"vaes", JITKIT_STUBS_JVM_STUBS_VAES_FEATURES},
    {"vaes512", JITKIT_STUBS_JVM_STUBS_VAES512_FEATURES},
    {"avx512", JITKIT_STUBS_JVM_STUBS_AVX512_FEATURES "," JITKIT_STUBS_JVM_STUBS_MEMORY_AVX512_FEATURES},
    {"avx2", JITKIT_STUBS_JVM_STUBS_AVX2_FEATURES "," JITKIT_STUBS_JVM_STUBS_MEMORY_AVX2_FEATURES "," JITKIT_STUBS_JVM_STUBS_BASE64_AVX2_FEATURES},
    {"adx", JITKIT_STUBS_JVM_STUBS_BIGINT_ADX_FEATURES},
    {"vbmi", JITKIT_STUBS_JVM_STUBS_BASE64_VBMI_FEATURES},
#else
    {"neon", JITKIT_STUBS_JVM_STUBS_BASE64_NEON_FEATURES "," JITKIT_STUBS_JVM_STUBS_BIGINT_NEON_FEATURES},
    {"sha3", JITKIT_STUBS_JVM_STUBS_SHA3_FEATURES},
    {"exclusive", JITKIT_STUBS_JVM_STUBS_EXCLUSIVE_FEATURES},
    {"lse", JITKIT_STUBS_JVM_LSE_STUBS_LSE_FEATURES},
#endif
};

}  // namespace

std::span<const Code> codes() { return {table.codes, table.count}; }

host::FeatureSet needs(std::string_view code) {
  host::FeatureSet set;
  bool known = false;
  for (const Needs& n : needs_of_code)
    if (n.code == code) known = set.apply(n.features).empty();
  return known ? set : host::FeatureSet::all();
}

}  // namespace jitkit::inline JITKIT_ABI::hotspot
