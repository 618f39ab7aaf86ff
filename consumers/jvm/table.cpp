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
#include <jitkit/consumers/jvm/stubs.def>
};

}  // namespace

std::span<const Code> codes() { return rows; }

host::FeatureSet needs(const Code& c) {
  host::FeatureSet set;
  set.apply(c.name == "native" ? JITKIT_STUBS_JVM_STUBS_NATIVE_FEATURES : JITKIT_STUBS_JVM_STUBS_PORTABLE_FEATURES);
  return set;
}

}  // namespace jitkit::inline JITKIT_ABI::hotspot
