// What JitkitProvider (java/jitkit) calls through JNI: digests straight over arrays and direct buffers, AES-GCM of a
// message as one call.
//
// Invariants: Java has checked offsets and lengths; nothing of JNI is called while an array is held; the key and its
// schedule are wiped.
#include <jitkit/consumers/jvm/table.hpp>
#include <jitkit/emit/crypto/gcm_stream.hpp>
#include <jni.h>
#include <jvm_stubs.h>

#include <cstring>

namespace jitkit::hotspot {
namespace {

// The best code of a stub that this CPU can run; null if there is none.
AnyStub* best(std::string_view stub) {
  const unsigned n = find_stub(stub);
  const host::FeatureSet cpu = host_features();
  for (const Code& c : codes())
    if (c.stub == n && cpu.has(needs(c))) return c.plain;
  return nullptr;
}

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
#define JITKIT_JVM_GCM_CODE(code, features) \
  {features, {JITKIT_JVM_GCM(128, code), JITKIT_JVM_GCM(192, code), JITKIT_JVM_GCM(256, code)}}

struct GcmCode {
  const char* features;
  Gcm by_key[3];
};
const GcmCode gcm_codes[] = {
#if defined(__x86_64__)
    JITKIT_JVM_GCM_CODE(avx512, JITKIT_STUBS_JVM_STUBS_AVX512_FEATURES),
    JITKIT_JVM_GCM_CODE(vaes, JITKIT_STUBS_JVM_STUBS_VAES_FEATURES),
#endif
    JITKIT_JVM_GCM_CODE(aes, JITKIT_STUBS_JVM_STUBS_AES_FEATURES),
};

const Gcm* best_gcm(usize key_bytes) {
  static const GcmCode* const code = [] () -> const GcmCode* {
    const host::FeatureSet cpu = host_features();
    for (const GcmCode& c : gcm_codes)
      if (host::FeatureSet set; set.apply(c.features).empty() && cpu.has(set)) return &c;
    return nullptr;
  }();
  return code == nullptr ? nullptr : &code->by_key[key_bytes / 8 - 2];
}

void refuse(JNIEnv* env, const char* what) {
  if (jclass error = env->FindClass("java/security/ProviderException"); error != nullptr) env->ThrowNew(error, what);
}

u8* address(JNIEnv* env, jobject direct) {
  return direct == nullptr ? nullptr : static_cast<u8*>(env->GetDirectBufferAddress(direct));
}

// Bytes at a direct buffer's address or, if that is null, of a Java array, which is held while this lives.
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

extern "C" JNIEXPORT void JNICALL Java_jitkit_JitkitNative_hash(JNIEnv* env, jclass, jstring name, jbyteArray state_array, jint block,
                                                               jobject direct, jbyteArray array, jint offset, jint bytes) {
  const char* text = env->GetStringUTFChars(name, nullptr);
  if (text == nullptr) return;
  AnyStub* const stub = best(text);
  const bool sponge = find_stub(text) < stub_count && stubs[find_stub(text)].convention.has(Role::rate);
  env->ReleaseStringUTFChars(name, text);
  if (stub == nullptr) return refuse(env, "this CPU has no code for the digest");
  Copy<200> state(env, state_array);
  {
    const Bytes data(env, address(env, direct), array, offset, false);
    if (data.get() == nullptr) return;
    const u64 at = reinterpret_cast<u64>(data.get()), to = reinterpret_cast<u64>(state.bytes);
    const u64 limit = static_cast<u64>(bytes - block), size = static_cast<u64>(block);
    if (sponge)
      stub(at, to, size, 0, limit, 0, 0, 0);
    else
      stub(at, to, 0, limit, 0, 0, 0, 0);
  }
  env->SetByteArrayRegion(state_array, 0, static_cast<jsize>(state.size), reinterpret_cast<const jbyte*>(state.bytes));
}

extern "C" JNIEXPORT void JNICALL Java_jitkit_JitkitNative_gcm(JNIEnv* env, jclass, jboolean encrypt, jbyteArray key_array,
                                                              jbyteArray iv_array, jbyteArray extra_array, jobject in_direct,
                                                              jbyteArray in_array, jint in_offset, jint bytes, jobject out_direct,
                                                              jbyteArray out_array, jint out_offset, jbyteArray tag_array) {
  Copy<32> key(env, key_array);
  const Gcm* const code = best_gcm(key.size);
  if (code == nullptr) return refuse(env, "this CPU has no AES instructions");
  alignas(16) u8 schedule[16 * 15];
  u8 tag[16];
  code->expand(key.bytes, schedule);
  {
    crypto::AesGcm gcm(code->f, schedule);
    u8* const in_address = address(env, in_direct);
    u8* const out_address = address(env, out_direct);
    const usize iv_size = static_cast<usize>(env->GetArrayLength(iv_array)), extra_size = static_cast<usize>(env->GetArrayLength(extra_array));
    const Bytes iv(env, nullptr, iv_array, 0, false), extra(env, nullptr, extra_array, 0, false);
    const Bytes in(env, in_address, in_array, in_offset, false), out(env, out_address, out_array, out_offset, true);
    if (iv.get() != nullptr && extra.get() != nullptr && in.get() != nullptr && out.get() != nullptr) {
      const std::span<const u8> v(iv.get(), iv_size), e(extra.get(), extra_size), text(in.get(), static_cast<usize>(bytes));
      if (encrypt != JNI_FALSE)
        gcm.encrypt(v, e, text, out.get(), tag);
      else
        gcm.decrypt(v, e, text, out.get(), tag);
    }
    wipe(&gcm, sizeof gcm);
  }
  wipe(schedule, sizeof schedule);
  wipe(&key, sizeof key);
  env->SetByteArrayRegion(tag_array, 0, 16, reinterpret_cast<const jbyte*>(tag));
}
