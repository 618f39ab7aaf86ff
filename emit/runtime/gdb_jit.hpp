// The GDB JIT interface: a debugger that is attached, or comes later, learns names, lines and unwind
// tables of code made at run time from an ELF image in memory. lldb reads it too.
//
// Invariants: the list of the process belongs to everybody who uses the interface; here it is changed
// under one lock. An image lives from add() to remove(); the code it describes at least as long.
// Source: GDB manual, "JIT Compilation Interface".
#ifndef JITKIT_EMIT_RUNTIME_GDB_JIT_HPP
#define JITKIT_EMIT_RUNTIME_GDB_JIT_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/object.hpp>
#include <jitkit/emit/runtime/code_description.hpp>
#include <jitkit/emit/runtime/sync.hpp>
#include <jitkit/status.hpp>

#include <cstdlib>
#include <cstring>

namespace jitkit::inline JITKIT_ABI {

// Names and layout are the debugger's: it looks for them in the process. As inline
// definitions they give way to those of another compiler in it.
extern "C" {
struct jit_code_entry {
  jit_code_entry* next_entry;
  jit_code_entry* prev_entry;
  const char* symfile_addr;
  u64 symfile_size;
};
struct jit_descriptor {
  u32 version;
  u32 action_flag;  // 0: nothing, 1: relevant_entry was added, 2: it is about to go
  jit_code_entry* relevant_entry;
  jit_code_entry* first_entry;
};
// The debugger has a breakpoint in here.
[[gnu::noinline, gnu::used]] inline void __jit_debug_register_code() { __asm__ volatile("" ::: "memory"); }
[[gnu::used]] inline jit_descriptor __jit_debug_descriptor = {1, 0, nullptr, nullptr};
}

// The registration of a function; the destructor takes it back.
class GdbJitEntry {
 public:
  GdbJitEntry() = default;
  GdbJitEntry(const GdbJitEntry&) = delete;
  GdbJitEntry& operator=(const GdbJitEntry&) = delete;
  ~GdbJitEntry() { remove(); }

  Status add(const CodeDescription& code) {
    remove();
    Arena arena;
    Vec<u8> image(arena);
    if (const Status s = make_image(code, arena, image); !s) return s;
    auto* bytes = static_cast<char*>(std::malloc(image.size()));
    if (bytes == nullptr) return {Error::out_of_memory, 0, image.size()};
    std::memcpy(bytes, image.data(), image.size());
    const Lock lock(mutex());
    jit_descriptor& d = __jit_debug_descriptor;
    entry_ = {d.first_entry, nullptr, bytes, image.size()};
    if (entry_.next_entry != nullptr) entry_.next_entry->prev_entry = &entry_;
    d.first_entry = &entry_;
    tell(1);
    return {};
  }

  void remove() {
    if (entry_.symfile_addr == nullptr) return;
    const Lock lock(mutex());
    jit_code_entry*& before =
        entry_.prev_entry != nullptr ? entry_.prev_entry->next_entry : __jit_debug_descriptor.first_entry;
    before = entry_.next_entry;
    if (entry_.next_entry != nullptr) entry_.next_entry->prev_entry = entry_.prev_entry;
    tell(2);
    std::free(const_cast<char*>(entry_.symfile_addr));
    entry_ = {};
  }

  // The ELF file that describes `code` at its address.
  static Status make_image(const CodeDescription& code, Arena& arena, Vec<u8>& image) {
    ObjectOptions options;
    options.image_address = code.address;
    ObjectWriter object(arena, host_machine, options);
    if (!code.lines.empty()) object.sources(code.directory, code.files);
    object.add_image(code.bytes());
    ObjectFunction f;
    f.name = code.name;
    f.cfi = code.cfi;
    f.lines = code.lines;
    if (const Status s = object.define_function(0, code.size, f); !s) return s;
    return object.write(image);
  }

 private:
  static Mutex& mutex() {
    static Mutex m;
    return m;
  }
  void tell(u32 action) {
    __jit_debug_descriptor.relevant_entry = &entry_;
    __jit_debug_descriptor.action_flag = action;
    __jit_debug_register_code();
  }

  jit_code_entry entry_ = {};
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_RUNTIME_GDB_JIT_HPP
