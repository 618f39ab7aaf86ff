// CodePatcher: rewrites patch points of published code while other threads may run it.
//
// A patch point is an area of nops (ir: patch_point). It becomes a jump, a call, or nops again; each
// thread runs the old instruction or the new one, never a mixture.
//
// Rules kept:
//  - One instruction at the start of the area changes, with one aligned store: 4 bytes on AArch64, 8 on
//    x86-64, where the emitters place areas so that they do not cross 8 bytes.
//  - AArch64: the architecture allows this for B, BL, NOP, BRK, SVC, HVC, SMC and ISB alone, before and
//    after; anything else is refused. The caches are maintained at the address that runs.
//  - x86-64: 5 bytes change and the boundary behind them stays one for ever, since a callee may return
//    there. AMD states that such a store is seen whole; Intel describes only modification at standstill,
//    and its processors behave alike (Linux, HotSpot and V8 rely on that within a cache line).
//  - Until settle() returns, threads may run the old instruction; afterwards none does.
//  - Code that other threads may run is written through the second address of a dual mapping. In
//    rw_then_rx its page would lose its executability under them: Error::policy. A block of this thread
//    alone is opened, patched and published again.
// Sources: Arm ARM B2.3.8 (concurrent modification and execution); AMD APM vol. 2, 7.6.1; Intel SDM
// vol. 3, 9.1.3; membarrier(2).
#ifndef JITKIT_EMIT_RUNTIME_PATCH_HPP
#define JITKIT_EMIT_RUNTIME_PATCH_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/runtime/exec_memory.hpp>
#include <jitkit/emit/runtime/sync.hpp>
#include <jitkit/ir/support/bits.hpp>
#include <jitkit/ir/support/location_map.hpp>
#include <jitkit/status.hpp>

#include <cstring>

namespace jitkit::inline JITKIT_ABI {

// Bytes of nops in a block.
struct PatchArea {
  u32 offset;
  u32 bytes;
};

class CodePatcher {
 public:
#if defined(__x86_64__)
  static constexpr u32 instruction_bytes = 5, unit_bytes = 8;
#else
  static constexpr u32 instruction_bytes = 4, unit_bytes = 4;
#endif

  explicit CodePatcher(ExecMemory& memory) : memory_(memory) {}
  CodePatcher(const CodePatcher&) = delete;
  CodePatcher& operator=(const CodePatcher&) = delete;

  // Error::too_long: the area has no room for the instruction (detail: bytes missing);
  // Error::fixup_range: the target is out of a branch's reach; Error::operand_range: the area crosses a
  // unit or holds something that must not be patched; Error::policy: see above.
  Status jump(ExecBlock& block, PatchArea area, u64 target) { return patch(block, area, Kind::jump, target); }
  Status call(ExecBlock& block, PatchArea area, u64 target) { return patch(block, area, Kind::call, target); }
  Status clear(ExecBlock& block, PatchArea area) { return patch(block, area, Kind::nop, 0); }

  // When it returns every thread of the process runs what was patched before.
  Status settle() {
    const CodeSync& sync = memory_.sync();
    if (sync.serialize == nullptr) return {};
    const int error = sync.serialize(sync.context);
    return error == 0 ? Status{} : Status{Error::system, 0, static_cast<u64>(error)};
  }

  // Code that is no longer valid: each of its patch points leaves through its frame state from now on.
  // `code`: where the map's function starts in the block. Threads in the code go on to their next patch
  // point; a function whose loops and entry have one is soon left. Includes settle().
  Status invalidate(ExecBlock& block, u32 code, const LocationMap& map) {
    for (const LocationMap::Site& s : map.sites) {
      if (s.kind != LocationMap::SiteKind::patch_point) continue;
      const u64 stub = block.run + code + map.states[s.state].stub;
      if (const Status status = jump(block, {code + s.offset, s.bytes}, stub); !status) return status;
    }
    return settle();
  }

 private:
  enum class Kind : u8 { nop, jump, call };

  Status patch(ExecBlock& block, PatchArea area, Kind kind, u64 target) {
    const u64 at = block.run + area.offset;
    const u32 used = area.bytes < unit_bytes ? area.bytes : unit_bytes;
    if (used < instruction_bytes) return {Error::too_long, area.offset, instruction_bytes - used};
    if (u64{area.offset} + area.bytes > block.size || at % unit_bytes + used > unit_bytes)
      return {Error::operand_range, area.offset, at};
    u8 code[unit_bytes];
    const i64 distance = static_cast<i64>(target - at);
    if (!encode(kind, distance, used, code)) return {Error::fixup_range, area.offset, static_cast<u64>(distance)};

    const Lock lock(mutex_);
    const bool shared = block.published && block.audience == Audience::all_threads;
    const bool reprotect = memory_.mode() == ExecMemory::Mode::rw_then_rx && block.published;
    if (reprotect && shared) return {Error::policy, area.offset, block.run};
    u8* to = block.write + area.offset;
    if (!may_replace(to)) return {Error::operand_range, area.offset, at};
    if (reprotect)
      if (const Status s = memory_.reopen(block); !s) return s;
    store(to, code, used);
    if (reprotect) return memory_.publish(block, Audience::this_thread);
    const CodeSync& sync = memory_.sync();
    if (sync.flush != nullptr) sync.flush(sync.context, reinterpret_cast<const u8*>(at), used);
    return {};
  }

#if defined(__x86_64__)
  static bool encode(Kind kind, i64 distance, u32 used, u8* code) {
    constexpr u8 nop5[5] = {0x0f, 0x1f, 0x44, 0x00, 0x00};
    constexpr u8 rest[4][3] = {{}, {0x90}, {0x66, 0x90}, {0x0f, 0x1f, 0x00}};
    std::memcpy(code, nop5, 5);
    if (kind != Kind::nop) {
      const i64 relative = distance - 5;
      if (!fits_signed(relative, 32)) return false;
      code[0] = kind == Kind::jump ? 0xe9 : 0xe8;
      const i32 field = static_cast<i32>(relative);
      std::memcpy(code + 1, &field, 4);
    }
    std::memcpy(code + 5, rest[used - 5], used - 5);
    return true;
  }
  // A jump, a call, or a nop that starts like the emitter's.
  static bool may_replace(const u8* p) {
    return p[0] == 0xe9 || p[0] == 0xe8 || (p[0] == 0x0f && p[1] == 0x1f) ||
           (p[0] == 0x66 && p[1] == 0x0f && p[2] == 0x1f);
  }
  static void store(u8* to, const u8* code, u32 used) {
    const u64 inside = reinterpret_cast<u64>(to) % unit_bytes;
    auto* word = reinterpret_cast<u64*>(to - inside);
    u64 value = __atomic_load_n(word, __ATOMIC_RELAXED);
    std::memcpy(reinterpret_cast<u8*>(&value) + inside, code, used);
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
  }
#else
  static bool encode(Kind kind, i64 distance, u32, u8* code) {
    u32 word = 0xd503201f;  // nop
    if (kind != Kind::nop) {
      if (!fits_signed(distance, 28) || distance % 4 != 0) return false;
      word = (kind == Kind::jump ? 0x14000000U : 0x94000000U) | (static_cast<u32>(distance >> 2) & 0x03ffffff);
    }
    std::memcpy(code, &word, 4);
    return true;
  }
  static bool may_replace(const u8* p) {
    u32 word;
    std::memcpy(&word, p, 4);
    const bool branch = (word & 0x7c000000) == 0x14000000;                        // b, bl
    const bool exception = (word & 0xffe0001c) == 0xd4000000 && (word & 3) != 0;  // svc, hvc, smc
    const bool brk = (word & 0xffe0001f) == 0xd4200000;
    return branch || exception || brk || word == 0xd503201f || word == 0xd5033fdf;  // nop, isb
  }
  static void store(u8* to, const u8* code, u32) {
    u32 word;
    std::memcpy(&word, code, 4);
    __atomic_store_n(reinterpret_cast<u32*>(to), word, __ATOMIC_RELEASE);
  }
#endif

  ExecMemory& memory_;
  Mutex mutex_;
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_RUNTIME_PATCH_HPP
