// Unwind information for code made at run time: C++ exceptions, backtraces and debuggers that ask the
// process's unwinder get through it.
//
// Invariants: the table stays at its address from registration to deregistration; code is deregistered
// before its memory is freed. Thread-safe as far as the unwinder is (libgcc's and LLVM's are).
// Source: LSB 10.6; libgcc's unwind-dw2-fde.h and LLVM libunwind's UnwindLevel1-gcc-ext.c for who takes
// a whole table.
#ifndef JITKIT_EMIT_RUNTIME_UNWIND_HPP
#define JITKIT_EMIT_RUNTIME_UNWIND_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/cfi.hpp>
#include <jitkit/emit/runtime/code_description.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/status.hpp>

#include <cstdlib>
#include <cstring>

extern "C" {
void __register_frame(void* table);
void __deregister_frame(void* table);
// LLVM's unwinder: its __register_frame takes a single entry, these take a table.
[[gnu::weak]] void __unw_add_dynamic_eh_frame_section(jitkit::u64 table);
[[gnu::weak]] void __unw_remove_dynamic_eh_frame_section(jitkit::u64 table);
}

namespace jitkit::inline JITKIT_ABI {

// A function that runs at `address`.
struct UnwindFunction {
  u64 address = 0;
  u32 size = 0;
  Span<const CfiRow> cfi = {};
};

// The registration of some functions; the destructor takes it back.
class UnwindInfo {
 public:
  UnwindInfo() = default;
  UnwindInfo(const UnwindInfo&) = delete;
  UnwindInfo& operator=(const UnwindInfo&) = delete;
  ~UnwindInfo() { remove(); }

  // Registers `functions`, in place of what was registered before.
  Status add(Span<const UnwindFunction> functions) {
    remove();
    Arena arena;
    Vec<u8> bytes(arena);
    EhFrameWriter writer(bytes, host_machine, CfiPointer::absolute);
    for (const UnwindFunction& f : functions) {
      const u32 field = writer.function(f.size, f.cfi);
      if (!arena.failed()) std::memcpy(bytes.data() + field, &f.address, 8);
    }
    writer.terminate();
    if (arena.failed()) return arena.status();
    table_ = static_cast<u8*>(std::malloc(bytes.size()));
    if (table_ == nullptr) return {Error::out_of_memory, 0, bytes.size()};
    std::memcpy(table_, bytes.data(), bytes.size());
    if (functions.empty()) return {};
    registered_ = true;
    if (__unw_add_dynamic_eh_frame_section != nullptr)
      __unw_add_dynamic_eh_frame_section(reinterpret_cast<u64>(table_));
    else
      __register_frame(table_);
    return {};
  }

  void remove() {
    if (registered_ && __unw_remove_dynamic_eh_frame_section != nullptr)
      __unw_remove_dynamic_eh_frame_section(reinterpret_cast<u64>(table_));
    else if (registered_)
      __deregister_frame(table_);
    registered_ = false;
    std::free(table_);
    table_ = nullptr;
  }

 private:
  u8* table_ = nullptr;
  bool registered_ = false;
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_RUNTIME_UNWIND_HPP
