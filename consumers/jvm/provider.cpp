// What JitkitProvider (java/jitkit) calls through JNI: digests straight over arrays and direct buffers, AES-GCM of a
// message as one call.
//
// Java asks once for the code that this CPU can run (it takes longer to find that out than to hash a block) and then
// passes its index.
//
// Invariants: Java has checked offsets and lengths; nothing of JNI is called while an array is held; copies of the key and
// its schedule are wiped; what can't be done ends in an exception.
#include <jitkit/consumers/jvm/table.hpp>
#include <jitkit/emit/crypto/gcm_stream.hpp>
#include <jni.h>
#include <jvm_stubs.h>

#include <cstddef>
#include <cstring>
#include <iterator>

namespace jitkit::hotspot {
namespace {

// Functions of gcm.hpp for one size of key.
struct Gcm {
  void (*expand)(const u8* key, u8* schedule);
  crypto::GcmFunctions f;
};
template <class To, class From>
To as(From* f) {
  return reinterpret_cast<To>(reinterpret_cast<void*>(f));
}
#define JITKIT_JVM_GCM(bits, code)                                                                                   \
  Gcm {                                                                                                              \
    as<decltype(Gcm::expand)>(jitkit_gcm_expand##bits##_##code), {                                                   \
      as<decltype(crypto::GcmFunctions::block)>(jitkit_gcm_block##bits##_##code),                                    \
          as<decltype(crypto::GcmFunctions::table)>(jitkit_gcm_table_##code),                                        \
          as<decltype(crypto::GcmFunctions::ghash)>(jitkit_gcm_ghash_##code),                                        \
          as<decltype(crypto::GcmFunctions::encrypt)>(jitkit_gcm_encrypt##bits##_##code),                            \
          as<decltype(crypto::GcmFunctions::decrypt)>(jitkit_gcm_decrypt##bits##_##code)                             \
    }                                                                                                                \
  }
#define JITKIT_JVM_GCM_CODE(code) \
  {#code, {JITKIT_JVM_GCM(128, code), JITKIT_JVM_GCM(192, code), JITKIT_JVM_GCM(256, code)}}

struct GcmCode {
  std::string_view name;
  Gcm by_key[3];
};
// Best first.
const GcmCode gcm_codes[] = {
#if defined(__x86_64__)
    JITKIT_JVM_GCM_CODE(vaes512),
    JITKIT_JVM_GCM_CODE(vaes),
#endif
    JITKIT_JVM_GCM_CODE(aes),
};
constexpr jint gcm_code_count = static_cast<jint>(std::size(gcm_codes));

void refuse(JNIEnv* env, const char* what) {
  if (jclass error = env->FindClass("java/security/ProviderException"); error != nullptr) env->ThrowNew(error, what);
}

u8* address(JNIEnv* env, jobject direct) {
  return direct == nullptr ? nullptr : static_cast<u8*>(env->GetDirectBufferAddress(direct));
}

constexpr const char* no_access = "the JVM gives no access to the bytes";

// Bytes at an address (of a direct buffer) or, if that is null, of a Java array, which is held while this lives.
class Bytes {
 public:
  Bytes(JNIEnv* env, u8* direct, jbyteArray array, jint offset, bool written)
      : env_(env), array_(direct == nullptr ? array : nullptr), written_(written), base_(direct) {
    if (array_ != nullptr) base_ = static_cast<u8*>(env->GetPrimitiveArrayCritical(array_, nullptr));
    at_ = base_ == nullptr ? nullptr : base_ + offset;
  }
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  ~Bytes() {
    if (array_ != nullptr && base_ != nullptr) env_->ReleasePrimitiveArrayCritical(array_, base_, written_ ? 0 : JNI_ABORT);
  }
  u8* get() const { return at_; }

 private:
  JNIEnv* env_;
  jbyteArray array_;
  bool written_;
  u8* base_;
  u8* at_;
};

// What JitkitGcm keeps of a key (up to `tag`), and what comes with a message. One array, copied here and back: each access
// to an array takes as long as 200 bytes of text.
struct GcmContext {
  alignas(16) u8 schedule[16 * 15];
  u8 table[512];
  u8 tag[16];
  u8 few[64];  // the initialisation vector and what follows it, the additional data, if there is room for both
};
constexpr const char* no_aes = "this CPU has no AES instructions";

// A small array's bytes, copied.
template <usize most>
struct Copy {
  alignas(16) u8 bytes[most];
  usize size;
  Copy(JNIEnv* env, jbyteArray array) : size(static_cast<usize>(env->GetArrayLength(array))) {
    check(size <= most);
    env->GetByteArrayRegion(array, 0, static_cast<jsize>(size), reinterpret_cast<jbyte*>(bytes));
  }
};

void wipe(void* p, usize bytes) {
  std::memset(p, 0, bytes);
  asm volatile("" : : "r"(p) : "memory");  // the compiler knows of no later use
}

}  // namespace
}  // namespace jitkit::hotspot

using namespace jitkit;
using namespace jitkit::hotspot;

// The best code of a stub, as its index in codes(); -1 if there is none.
extern "C" JNIEXPORT jint JNICALL Java_jitkit_JitkitNative_find(JNIEnv* env, jclass, jstring name) {
  const char* text = env->GetStringUTFChars(name, nullptr);
  if (text == nullptr) return -1;
  const unsigned stub = find_stub(text);
  env->ReleaseStringUTFChars(name, text);
  const host::FeatureSet cpu = host_features();
  for (usize n = 0; n < codes().size(); ++n)
    if (codes()[n].stub == stub && cpu.has(needs(codes()[n]))) return static_cast<jint>(n);
  return -1;
}

// The same of AES-GCM, in gcm_codes.
extern "C" JNIEXPORT jint JNICALL Java_jitkit_JitkitNative_findGcm(JNIEnv*, jclass) {
  const host::FeatureSet cpu = host_features();
  for (jint n = 0; n < gcm_code_count; ++n)
    if (cpu.has(needs(gcm_codes[n].name))) return n;
  return -1;
}

extern "C" JNIEXPORT void JNICALL Java_jitkit_JitkitNative_hash(JNIEnv* env, jclass, jint index, jbyteArray state_array, jint block,
                                                               jobject direct, jbyteArray array, jint offset, jint bytes) {
  if (index < 0) return refuse(env, "this CPU has no code for the digest");
  const Code& code = codes()[static_cast<usize>(index)];
  Copy<200> state(env, state_array);
  bool held;
  {
    const Bytes data(env, address(env, direct), array, offset, false);
    held = data.get() != nullptr;
    const u64 at = reinterpret_cast<u64>(data.get()), to = reinterpret_cast<u64>(state.bytes);
    const u64 limit = static_cast<u64>(bytes - block), size = static_cast<u64>(block);
    if (held && stubs[code.stub].convention.has(Role::rate))
      code.plain(at, to, size, 0, limit, 0, 0, 0);
    else if (held)
      code.plain(at, to, 0, limit, 0, 0, 0, 0);
  }
  if (!held) return refuse(env, no_access);
  env->SetByteArrayRegion(state_array, 0, static_cast<jsize>(state.size), reinterpret_cast<const jbyte*>(state.bytes));
}

// Makes what a context holds of a key.
extern "C" JNIEXPORT void JNICALL Java_jitkit_JitkitNative_gcmKey(JNIEnv* env, jclass, jint index, jbyteArray key_array,
                                                                 jbyteArray context) {
  if (index < 0) return refuse(env, no_aes);
  check(env->GetArrayLength(context) == jsize{sizeof(GcmContext)});
  Copy<32> key(env, key_array);
  const Gcm& code = gcm_codes[index].by_key[key.size / 8 - 2];
  GcmContext c{};
  code.expand(key.bytes, c.schedule);
  {
    crypto::AesGcm gcm(code.f, c.schedule);
    std::memcpy(c.table, gcm.table().data(), sizeof c.table);
    wipe(&gcm, sizeof gcm);
  }
  env->SetByteArrayRegion(context, 0, offsetof(GcmContext, tag), reinterpret_cast<const jbyte*>(&c));
  wipe(&c, sizeof c);
  wipe(&key, sizeof key);
}

// iv_array and extra_array are null if both are in the context. The tag is left there.
extern "C" JNIEXPORT void JNICALL Java_jitkit_JitkitNative_gcm(JNIEnv* env, jclass, jint index, jboolean encrypt, jint key_size,
                                                              jbyteArray context, jbyteArray iv_array, jint iv_size,
                                                              jbyteArray extra_array, jint extra_size, jobject in_direct,
                                                              jbyteArray in_array, jint in_offset, jint bytes, jobject out_direct,
                                                              jbyteArray out_array, jint out_offset) {
  if (index < 0) return refuse(env, no_aes);
  const Gcm& code = gcm_codes[index].by_key[key_size / 8 - 2];
  GcmContext c;
  env->GetByteArrayRegion(context, 0, sizeof c, reinterpret_cast<jbyte*>(&c));
  bool held;
  {
    crypto::AesGcm gcm(code.f, c.schedule, c.table);
    u8* const in_address = address(env, in_direct);
    u8* const out_address = address(env, out_direct);
    const Bytes iv(env, iv_array == nullptr ? c.few : nullptr, iv_array, 0, false);
    const Bytes extra(env, extra_array == nullptr ? c.few + iv_size : nullptr, extra_array, 0, false);
    const Bytes in(env, in_address, in_array, in_offset, false), out(env, out_address, out_array, out_offset, true);
    // An empty mapped buffer has no address.
    held = iv.get() != nullptr && extra.get() != nullptr && (bytes == 0 || (in.get() != nullptr && out.get() != nullptr));
    if (held) {
      const std::span<const u8> v(iv.get(), static_cast<usize>(iv_size)), e(extra.get(), static_cast<usize>(extra_size)),
          text(in.get(), static_cast<usize>(bytes));
      if (encrypt != JNI_FALSE)
        gcm.encrypt(v, e, text, out.get(), c.tag);
      else
        gcm.decrypt(v, e, text, out.get(), c.tag);
    }
    wipe(&gcm, sizeof gcm);
  }
  if (held) env->SetByteArrayRegion(context, offsetof(GcmContext, tag), sizeof c.tag, reinterpret_cast<const jbyte*>(c.tag));
  wipe(&c, sizeof c);
  if (!held) refuse(env, no_access);
}
