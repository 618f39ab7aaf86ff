// Where the rows of stubs.def meet the symbols of the object library jvm_stubs: a row without its code does
// not compile.
#include <jitkit/consumers/jvm/table.hpp>
#include <jvm_stubs.h>

extern "C" {
jitkit::u64 jitkit_hotspot_calls[jitkit::hotspot::stub_count] = {};
}

namespace jitkit::inline JITKIT_ABI::hotspot {
namespace {

template <class F>
AnyStub* any(F* f) {
  return reinterpret_cast<AnyStub*>(reinterpret_cast<void*>(f));
}

const Code rows[] = {
#define JITKIT_JVM_KERNEL(group, block, state, text)
#define JITKIT_JVM_STUB(name, group, text)
#define JITKIT_JVM_CODE(name, code, use) \
  {find_stub(#name), #code, Use::use, any(jitkit_##name##_##code), any(jitkit_##name##_##code##_counted)},
#if defined(__x86_64__)
#define JITKIT_JVM_CODE_X86 JITKIT_JVM_CODE
#define JITKIT_JVM_CODE_ARM64(name, code, use)
#else
#define JITKIT_JVM_CODE_X86(name, code, use)
#define JITKIT_JVM_CODE_ARM64 JITKIT_JVM_CODE
#endif
#include <jitkit/consumers/jvm/stubs.def>
};

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
    {"avx512", JITKIT_STUBS_JVM_STUBS_AVX512_FEATURES},
    {"avx2", JITKIT_STUBS_JVM_STUBS_AVX2_FEATURES},
#else
    {"sha3", JITKIT_STUBS_JVM_STUBS_SHA3_FEATURES},
#endif
};

}  // namespace

std::span<const Code> codes() { return rows; }

host::FeatureSet needs(std::string_view code) {
  host::FeatureSet set;
  bool known = false;
  for (const Needs& n : needs_of_code)
    if (n.code == code) known = set.apply(n.features).empty();
  return known ? set : host::FeatureSet::all();
}

}  // namespace jitkit::inline JITKIT_ABI::hotspot
