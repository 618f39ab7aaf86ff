// libjitkit_hotspot.so: a JVMTI agent that gives an unmodified OpenJDK 17 jitkit's stubs.
//
// When the JVM is up (VMInit, or a live attach) HotSpot reports the code it generated; the field of
// libjvm that holds the entry of such a stub gets the address of jitkit's, by one aligned store of 8 bytes,
// while other threads run. HotSpot's own code is never touched: a method that was compiled before keeps
// calling it, the C2 compiler reads the field from then on.
//
// Invariant: whatever is not understood (the JVM, an option, a stub without exactly one field) ends in
// one line on stderr and HotSpot's stub staying in place.
#include <jitkit/consumers/jvm/contention.hpp>
#include <jitkit/consumers/jvm/fields.hpp>
#include <jitkit/consumers/jvm/listing.hpp>
#include <jitkit/consumers/jvm/made.hpp>
#include <jitkit/consumers/jvm/methods.hpp>
#include <jitkit/consumers/jvm/options.hpp>
#include <jitkit/consumers/jvm/table.hpp>
#include <jitkit/consumers/jvm/verify.hpp>
#include <jitkit/consumers/jvm/vm.hpp>
#include <jvmti.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace jitkit::hotspot {
namespace {

constexpr u32 known_version = 17;

void write_to(void* file, const char* text, usize bytes) { std::fwrite(text, 1, bytes, static_cast<std::FILE*>(file)); }

// One line on stderr.
class Message : public Sink {
 public:
  Message() : Sink(write_to, stderr) { *this << "jitkit: "; }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;
  ~Message() { *this << "\n"; }
};

// AArch64's atomics are variables that nothing but libjvm's symbol table names.
#if defined(__aarch64__)
constexpr bool any_atomics = true;
#else
constexpr bool any_atomics = false;
#endif

// This thread asked for the events of the stubs that there are; others report code that they make meanwhile.
thread_local bool collecting = false;

u64 does_nothing(u64, u64, u64, u64, u64, u64, u64, u64) { return 0; }

class Agent {
 public:
  // False, having said why, if nothing shall be done.
  bool configure(const char* text) {
    const usize length = text == nullptr ? 0 : std::strlen(text);
    if (length >= sizeof text_) {
      Message() << "the options are too long: every stub stays as HotSpot made it";
      return false;
    }
    if (length != 0) std::memcpy(text_, text, length);
    char reason[256];
    BufferSink why(reason, sizeof reason);
    if (!read_options({text_, length}, options_, why)) {
      Message() << why.text();
      return false;
    }
    if (options_.dump.empty()) return true;
    if (const Status s = methods.open(options_.dump); !s) {
      Message() << "no jitdump in " << options_.dump << ": " << (s.error == Error::system ? std::strerror(static_cast<int>(s.detail)) : describe(s.error));
      options_.dump = {};
    }
    return true;
  }
  bool dumps() const { return !options_.dump.empty(); }
  MethodDump methods;

  // Called once per stub that HotSpot has, at least.
  void note(const char* name, const void* address, u64 bytes) {
    const unsigned n = find_stub(name);
    if (n == stub_count) return;
    original_[n].start = reinterpret_cast<u64>(address);
    original_[n].end = original_[n].start + bytes;
  }

  // Everything there is to do, once note() has been called.
  void run(bool attached) {
    attached_ = attached;
    Libjvm vm;
    const bool found = vm.find();
    const u32 version = options_.pretend_java != 0 ? options_.pretend_java : found ? vm.major_version() : 0;
    if (version != known_version) {
      (Message() << "this JVM is no HotSpot ").udec(known_version)
          << (found ? " but " : "") << (found ? vm.release() : "") << ": every stub stays as it is";
      return;
    }
    release_ = vm.release();
    compressed_classes_ = vm.flag("UseCompressedClassPointers", false);
    find_fields(vm);
    const host::FeatureSet cpu = host_features();
    for (unsigned n = 0; n < stub_count; ++n) treat(n, cpu);
    for (const GroupFlag& f : group_flags) switch_on(vm, f);
    std::fflush(stdout);
  }

  void report() const {
    if (options_.report.empty()) return;
    char path[sizeof text_];
    std::memcpy(path, options_.report.data(), options_.report.size());
    path[options_.report.size()] = '\0';
    std::FILE* f = std::fopen(path, "w");
    if (f == nullptr) {
      Message() << "no report: " << path << ": " << std::strerror(errno);
      return;
    }
    Sink out(write_to, f);
    out << "JVM " << release_ << "\n";
    if (attached_) out << "attached while running: methods compiled before keep HotSpot's stubs\n";
    if (options_.make) {
      const MadeTotals& t = made_totals();
      (out << "made when loaded: ").udec(t.functions) << " functions, ", out.udec(t.bytes) << " bytes, ";
      out.udec(t.nanoseconds / 1000000) << " ms\n";
    }
    for (unsigned n = 0; n < stub_count; ++n) {
      if (installed_[n] == nullptr) continue;
      (out << stubs[n].name << " " << installed_[n]->name << " ").udec(calls(n)) << " calls\n";
    }
    if (std::ferror(f) != 0 || std::fclose(f) != 0) Message() << "no report: " << path << ": " << std::strerror(errno);
  }

 private:
  static u64 calls(unsigned n) { return __atomic_load_n(&jitkit_hotspot_calls[n], __ATOMIC_RELAXED); }

  // The fields of a stub that was replaced before do not hold HotSpot's entry: they are known from then.
  void find_fields(const Libjvm& vm) {
    for (unsigned n = 0; n < stub_count; ++n) {
      if (installed_[n] != nullptr) continue;
      Original& o = original_[n];
      o.field = vm.stub_field(stubs[n].name);
      o.described = o.field != nullptr;
      o.entry = o.described ? *o.field : 0;
      o.fields = o.entry != 0 ? 1 : 0;
    }
    if (any_atomics) vm.for_each_variable([this](const char* name, u64* field) {
      const unsigned n = find_stub(name);
      if (n == stub_count || installed_[n] != nullptr || original_[n].described) return;
      original_[n].field = field;
      original_[n].described = true;
      original_[n].entry = *field;
      original_[n].fields = *field != 0 ? 1 : 0;
    });
    vm.for_each_word([this](u64* word) {
      const u64 value = *word;
      for (unsigned n = 0; n < stub_count; ++n) {
        Original& o = original_[n];
        if (installed_[n] != nullptr || o.described || value < o.start || value >= o.end) continue;
        o.field = word;
        o.entry = value;
        ++o.fields;
      }
    });
    for (unsigned n = 0; n < stub_count; ++n)
      if (original_[n].fields == 0) find_declared(vm, n);
  }

  // A stub that HotSpot did not generate: its field is empty, and compilers call it once its flag is on. Or it is a
  // function of libjvm.
  void find_declared(const Libjvm& vm, unsigned n) {
    Original& o = original_[n];
    u64* field = o.described ? o.field : declared_field(vm, stubs[n].name, original_);
    if (field == nullptr) return;
    const bool absent = *field == 0 && !flag_of(stubs[n].kernel->group).empty();
    if (!absent && !vm.has_code(*field)) return;
    o.field = field;
    o.entry = *field;
    o.absent = absent;
    o.fields = absent ? 0 : 1;
  }

  // Makes compilers call stubs that HotSpot did not generate, if all that have the flag are there now.
  void switch_on(const Libjvm& vm, const GroupFlag& f) {
    bool any = false;
    for (unsigned n = 0; n < stub_count; ++n) {
      if (flag_of(stubs[n].kernel->group) != f.flag) continue;
      if (!original_[n].absent || installed_[n] == nullptr) return;
      any = true;
    }
    if (u8* flag = vm.flag_address(f.flag); any && flag != nullptr) __atomic_store_n(flag, u8{1}, __ATOMIC_RELEASE);
  }
  // Whether the options name every stub that has the flag.
  bool wants_all(std::string_view flag) const {
    for (unsigned n = 0; n < stub_count; ++n)
      if (flag_of(stubs[n].kernel->group) == flag && !(options_.any_named && options_.named[n])) return false;
    return true;
  }
  static void say_absent(std::string_view flag, Sink& why) {
    why << "HotSpot made no such stub; naming";
    for (const GroupFlag& f : group_flags)
      if (f.flag == flag) why << " " << f.group;
    why << " gives it one";
  }

  // The best code that may be used; if none, `why` says so.
  const Code* choose(unsigned n, const host::FeatureSet& cpu, Sink& why) const {
    const char* separator = "";
    for (const Code& c : codes()) {
      if (c.stub != n) continue;
      if (!cpu.has(needs(c))) {
        why << separator << "the CPU has no " << host::feature_name(cpu.first_missing(needs(c)));
      } else if (c.use == Use::named && !options_.any_named) {
        why << separator << c.name << " code has to be named";
      } else {
        return &c;
      }
      separator = ", ";
    }
    return nullptr;
  }

  AnyStub* entry_of(const Code& c) const {
    if (test_build && options_.wrong[c.stub]) return does_nothing;
    return options_.report.empty() ? c.plain : c.counted;
  }

  // The code that takes the stub's place; null if none does, then `why` says why.
  const Code* decide(unsigned n, const host::FeatureSet& cpu, bool& differs, Sink& why) {
    const Original& o = original_[n];
    const Code* code = nullptr;
    if (!options_.wants(n)) {
      why << "not named";
    } else if (const std::string_view flag = flag_of(stubs[n].kernel->group); o.absent && !wants_all(flag)) {
      say_absent(flag, why);
    } else if (o.fields == 0 && !o.absent) {
      why << "HotSpot made no such stub for this CPU and these flags";
    } else if (o.fields > 1) {
      (why << "its entry is found in ").udec(o.fields) << " places";
    } else if (!compressed_classes_ && stubs[n].convention.has(Role::key)) {
      why << "without -XX:+UseCompressedClassPointers the length of a key stands elsewhere";
    } else if ((code = choose(n, cpu, why)) != nullptr && options_.make && (code = remake(n, *code, why)) == nullptr) {
      differs = true;
    } else if (code != nullptr && options_.verify != 0 && reference(n) != code->plain) {
      static Trial<2048> verifier(options_.seed);
      differs = !verifier.compare(stubs[n], entry_of(*code), reference(n), options_.verify, why);
      if (stubs[n].convention.has(Role::cell) && !differs && !Contention(stubs[n], entry_of(*code), u64{5} * options_.verify).run()) {
        why << "threads that change one word lose a change";
        differs = true;
      }
      __atomic_store_n(&jitkit_hotspot_calls[n], 0, __ATOMIC_RELAXED);
      if (differs) return nullptr;
    }
    return code;
  }

  // The same code, made now; null if that fails.
  const Code* remake(unsigned n, const Code& code, Sink& why) {
    made_[n] = code;
    return hotspot::make(made_[n], why) ? &made_[n] : nullptr;
  }

  // HotSpot's stub; if it made none, the code that any CPU can run, which may be the one installed.
  AnyStub* reference(unsigned n) const {
    if (original_[n].entry != 0) return reinterpret_cast<AnyStub*>(original_[n].entry);
    AnyStub* last = nullptr;
    for (const Code& c : codes())
      if (c.stub == n) last = c.plain;
    return last;
  }

  // What a list adds if verify had no stub of HotSpot's.
  const char* reservation(unsigned n, const Code& code) const {
    if (options_.verify == 0 || original_[n].entry != 0) return "";
    return reference(n) == code.plain ? ", not verified: HotSpot has nothing to compare it with" : ", verified against jitkit's portable code alone";
  }

  void measure(unsigned n, const Code& code) const {
    static Trial<65536> trial(options_.seed);
    double ours = 0, theirs = 0;
    AnyStub* const original = reinterpret_cast<AnyStub*>(original_[n].entry);
    if (options_.count) {
      std::printf("%-36s %-8.*s spans %u and %u\n", stubs[n].name, static_cast<int>(code.name.size()), code.name.data(), 2 * n + 1, 2 * n + 2);
      return trial.count(stubs[n], code.plain, original, n);
    }
    trial.time(stubs[n], code.plain, original, ours, theirs);
    std::printf("%-36s %-8.*s %10.1f ns, HotSpot's %10.1f ns, %.2f of its speed\n", stubs[n].name,
                static_cast<int>(code.name.size()), code.name.data(), ours, theirs, theirs / ours);
  }

  void treat(unsigned n, const host::FeatureSet& cpu) {
    char reason[256];
    BufferSink why(reason, sizeof reason);
    bool differs = false;
    const Code* code = decide(n, cpu, differs, why);
    const bool measures = options_.time || options_.count;
    const bool shows = options_.list || options_.print || measures;
    Sink out(write_to, stdout);
    if (options_.list)
      out << stubs[n].name << ": " << (code != nullptr ? code->name : "HotSpot's stays: ") << (code != nullptr ? " code" : why.text())
          << (code != nullptr && options_.make ? " made now" : "") << (code != nullptr ? reservation(n, *code) : "") << "\n";
    if (options_.print && code != nullptr)
      print_listing(*code, !options_.report.empty(), n == 0 || stubs[n].kernel != stubs[n - 1].kernel, options_.make, out);
    if (measures && code != nullptr && original_[n].entry != 0) measure(n, *code);
    if (code == nullptr && (differs || (options_.any_named && options_.wants(n))) && !options_.list)
      Message() << stubs[n].name << " stays HotSpot's: " << why.text();
    if (code == nullptr || shows) return;
    __atomic_store_n(original_[n].field, reinterpret_cast<u64>(entry_of(*code)), __ATOMIC_RELEASE);
    installed_[n] = code;
  }

  char text_[4096] = {};
  Options options_;
  Original original_[stub_count];
  const Code* installed_[stub_count] = {};
  Code made_[stub_count] = {};
  const char* release_ = "";
  bool attached_ = false;
  bool compressed_classes_ = false;  // array_length_at of aes.hpp holds
};

Agent agent;

void JNICALL on_code(jvmtiEnv*, const char* name, const void* address, jint length) {
  if (collecting) agent.note(name, address, static_cast<u64>(length));
  agent.methods.code(name, address, static_cast<u32>(length));
}
void JNICALL on_method(jvmtiEnv* env, jmethodID method, jint bytes, const void* address, jint count, const jvmtiAddrLocationMap* map, const void*) {
  agent.methods.method(env, method, address, static_cast<u32>(bytes), {map, static_cast<usize>(map == nullptr ? 0 : count)});
}

void start(jvmtiEnv* env, bool attached) {
  env->SetEventNotificationMode(JVMTI_ENABLE, JVMTI_EVENT_DYNAMIC_CODE_GENERATED, nullptr);
  collecting = true;
  env->GenerateEvents(JVMTI_EVENT_DYNAMIC_CODE_GENERATED);
  collecting = false;
  if (agent.dumps()) {
    env->SetEventNotificationMode(JVMTI_ENABLE, JVMTI_EVENT_COMPILED_METHOD_LOAD, nullptr);
    env->GenerateEvents(JVMTI_EVENT_COMPILED_METHOD_LOAD);
  } else {
    env->SetEventNotificationMode(JVMTI_DISABLE, JVMTI_EVENT_DYNAMIC_CODE_GENERATED, nullptr);
  }
  agent.run(attached);
}

void JNICALL on_init(jvmtiEnv* env, JNIEnv*, jthread) { start(env, false); }
void JNICALL on_death(jvmtiEnv*, JNIEnv*) { agent.report(); }

// The environment of the agent, with its callbacks; null, having said so, if the JVM gives none.
jvmtiEnv* environment(JavaVM* vm) {
  jvmtiEnv* env = nullptr;
  jvmtiEventCallbacks callbacks = {};
  callbacks.VMInit = on_init;
  callbacks.VMDeath = on_death;
  callbacks.DynamicCodeGenerated = on_code;
  callbacks.CompiledMethodLoad = on_method;
  jvmtiCapabilities capabilities = {};
  capabilities.can_generate_compiled_method_load_events = agent.dumps() ? 1 : 0;
  if (vm->GetEnv(reinterpret_cast<void**>(&env), JVMTI_VERSION_11) != JNI_OK ||
      env->AddCapabilities(&capabilities) != JVMTI_ERROR_NONE || env->SetEventCallbacks(&callbacks, sizeof callbacks) != JVMTI_ERROR_NONE ||
      env->SetEventNotificationMode(JVMTI_ENABLE, JVMTI_EVENT_VM_DEATH, nullptr) != JVMTI_ERROR_NONE) {
    Message() << "the JVM gives no JVMTI 11: every stub stays as it is";
    return nullptr;
  }
  return env;
}

}  // namespace
}  // namespace jitkit::hotspot

using namespace jitkit;

// Both let the JVM run on in any case.
extern "C" JNIEXPORT jint JNICALL Agent_OnLoad(JavaVM* vm, char* options, void*) {
  if (!hotspot::agent.configure(options)) return JNI_OK;
  if (jvmtiEnv* env = hotspot::environment(vm); env != nullptr)
    env->SetEventNotificationMode(JVMTI_ENABLE, JVMTI_EVENT_VM_INIT, nullptr);
  return JNI_OK;
}

extern "C" JNIEXPORT jint JNICALL Agent_OnAttach(JavaVM* vm, char* options, void*) {
  if (!hotspot::agent.configure(options)) return JNI_OK;
  if (jvmtiEnv* env = hotspot::environment(vm); env != nullptr) hotspot::start(env, true);
  return JNI_OK;
}
