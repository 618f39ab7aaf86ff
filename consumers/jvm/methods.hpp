// HotSpot's own code in a jitdump for perf: compiled methods with their bytecode indices as lines, and stubs and the
// interpreter. Written while the JVM runs, so that addresses which are used again are told apart.
//
// Invariant: thread-safe; after a failure nothing more is written, and the JVM runs on.
#ifndef JITKIT_CONSUMERS_JVM_METHODS_HPP
#define JITKIT_CONSUMERS_JVM_METHODS_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/runtime/perf.hpp>
#include <jitkit/ir/support/sink.hpp>
#include <jitkit/status.hpp>
#include <jvmti.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace jitkit::inline JITKIT_ABI::hotspot {

class MethodDump {
 public:
  Status open(std::string_view directory) { return dump_.open(directory); }

  void code(const char* name, const void* address, u32 bytes) {
    CodeDescription d;
    d.name = name;
    add(d, address, bytes);
  }

  // "java.lang.String.hashCode", of which line n is the bytecode at n.
  void method(jvmtiEnv* env, jmethodID method, const void* address, u32 bytes, std::span<const jvmtiAddrLocationMap> map) {
    if (!dump_.is_open()) return;
    const std::string name = name_of(env, method);
    const std::string_view file = name;
    std::vector<LineRow> rows;
    for (const jvmtiAddrLocationMap& m : map) {
      const auto* at = static_cast<const u8*>(m.start_address);
      const auto* start = static_cast<const u8*>(address);
      if (at >= start && at < start + bytes && m.location >= 0)
        rows.push_back({static_cast<u32>(at - start), static_cast<u32>(m.location), 0, 1});
    }
    std::sort(rows.begin(), rows.end(), [](const LineRow& x, const LineRow& y) { return x.offset < y.offset; });
    CodeDescription d;
    d.name = name;
    d.lines = rows;
    d.files = {&file, 1};
    add(d, address, bytes);
  }

 private:
  void add(CodeDescription& d, const void* address, u32 bytes) {
    if (!dump_.is_open()) return;
    d.address = reinterpret_cast<u64>(address);
    d.size = bytes;
    if (!dump_.add(d)) dump_.close();
  }

  static std::string name_of(jvmtiEnv* env, jmethodID method) {
    char *name = nullptr, *signature = nullptr;
    jclass owner = nullptr;
    std::string text;
    if (env->GetMethodDeclaringClass(method, &owner) == JVMTI_ERROR_NONE &&
        env->GetClassSignature(owner, &signature, nullptr) == JVMTI_ERROR_NONE)  // "Ljava/lang/String;"
      text.assign(signature + 1, std::strlen(signature) - 2);
    std::replace(text.begin(), text.end(), '/', '.');
    if (env->GetMethodName(method, &name, nullptr, nullptr) == JVMTI_ERROR_NONE) text.append(".").append(name);
    for (char* p : {name, signature})
      if (p != nullptr) env->Deallocate(reinterpret_cast<unsigned char*>(p));
    return text.empty() ? "?" : text;
  }

  JitDump dump_;
};

}  // namespace jitkit::inline JITKIT_ABI::hotspot

#endif  // JITKIT_CONSUMERS_JVM_METHODS_HPP
