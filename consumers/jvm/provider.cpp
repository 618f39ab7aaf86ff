// What JitkitProvider (java/jitkit) calls through JNI: digests straight over arrays and direct buffers, AES-GCM of a
// message as one call.
//
// Java asks once for the code that this CPU can run (it takes longer to find that out than to hash a block) and then
// passes its index.
//
// Invariants: Java has checked offsets and lengths; nothing of JNI is called while an array is held; the key and its
// schedule are wiped; what can't be done ends in an exception.
#include <jitkit/consumers/jvm/table.hpp>
#include <jitkit/emit/crypto/gcm_stream.hpp>
#include <jni.h>
#include <jvm_stubs.h>

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

// Bytes at a direct buffer's address or, if that is null, of a Java array, which is held while this lives, or is
// copied: that takes less time for a few bytes, and may not be done while another is held.
class Bytes {
 public:
  static constexpr usize few = 64;
  Bytes(JNIEnv* env, jbyteArray array, usize bytes, bool copied) : Bytes(env, nullptr, copied ? nullptr : array, 0, false) {
    if (!copied) return;
    check(bytes <= few);
    env->GetByteArrayRegion(array, 0, static_cast<jsize>(bytes), reinterpret_cast<jbyte*>(copy_));
    at_ = copy_;
  }
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
  u8 copy_[few];
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

extern "C" JNIEXPORT void JNICALL Java_jitkit_JitkitNative_gcm(JNIEnv* env, jclass, jint index, jboolean encrypt, jbyteArray key_array,
                                                              jbyteArray iv_array, jbyteArray extra_array, jobject in_direct,
                                                              jbyteArray in_array, jint in_offset, jint bytes, jobject out_direct,
                                                              jbyteArray out_array, jint out_offset, jbyteArray tag_array) {
  if (index < 0) return refuse(env, "this CPU has no AES instructions");
  Copy<32> key(env, key_array);
  const Gcm& code = gcm_codes[index].by_key[key.size / 8 - 2];
  alignas(16) u8 schedule[16 * 15];
  u8 tag[16];
  bool held;
  code.expand(key.bytes, schedule);
  {
    crypto::AesGcm gcm(code.f, schedule);
    u8* const in_address = address(env, in_direct);
    u8* const out_address = address(env, out_direct);
    const usize iv_size = static_cast<usize>(env->GetArrayLength(iv_array)), extra_size = static_cast<usize>(env->GetArrayLength(extra_array));
    const bool few = iv_size <= Bytes::few && extra_size <= Bytes::few;
    const Bytes iv(env, iv_array, iv_size, few), extra(env, extra_array, extra_size, few);
    const Bytes in(env, in_address, in_array, in_offset, false), out(env, out_address, out_array, out_offset, true);
    // An empty mapped buffer has no address.
    held = iv.get() != nullptr && extra.get() != nullptr && (bytes == 0 || (in.get() != nullptr && out.get() != nullptr));
    if (held) {
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
  if (!held) return refuse(env, no_access);
  env->SetByteArrayRegion(tag_array, 0, 16, reinterpret_cast<const jbyte*>(tag));
}
