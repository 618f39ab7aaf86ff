// See exits.hpp. What lj_vm_exit_handler expects of a stub is in vm_x64.dasc and vm_arm64.dasc.
#include <jitkit/consumers/luajit/exits.hpp>
#include <jitkit/consumers/luajit/statistics.hpp>

#include <mutex>
#include <type_traits>
#include <unordered_map>
#include <vector>

namespace jitkit::luajit {

namespace {

struct Branch {
  i64 offset;  // of its field, from the start of the trace
  u16 exit;
  FixupKind kind;
  bool patchable;
};

struct Patches {
  u32 trace = 0;
  std::vector<Branch> branches;
};

std::mutex lock;
std::unordered_map<const MCode*, Patches>& table() {
  static std::unordered_map<const MCode*, Patches> t;
  return t;
}

// Writes `target` into the field at `at`; false if it is out of reach, and nothing is written.
bool lead_to(void* at, FixupKind kind, u64 target) {
  const i64 value = fixup_value(kind, reinterpret_cast<u64>(at), target);
  if (!fixup_fits(kind, value)) return false;
  write_fixup(kind, static_cast<u8*>(at), value);
  return true;
}

#if !defined(__aarch64__)

// The stubs of 32 exits, which all traces share: each pushes the low byte of its number, the end of the
// group the high one, and goes to the VM.
MCode* write_group(jit_State* J, u32 group) {
  MCode* limit = nullptr;
  MCode* const top = lj_mcode_reserve(J, &limit);
  constexpr usize size = EXITSTUBS_PER_GROUP * EXITSTUB_SPACING - 2 + 2 + 5;
  if (limit + size + 64 >= top) lj_mcode_limiterr(J, size + 64);
  MCode* p = limit;
  const auto put = [&p](std::initializer_list<u32> bytes) {
    for (const u32 b : bytes) *p++ = static_cast<MCode>(b);
  };
  for (u32 n = 0; n < EXITSTUBS_PER_GROUP; ++n) {
    put({0x6a, (group * EXITSTUBS_PER_GROUP + n) & 0xff});  // push imm8
    if (n + 1 < EXITSTUBS_PER_GROUP)
      put({0xeb, EXITSTUB_SPACING * (EXITSTUBS_PER_GROUP - 1 - n) - 2});  // jmp to the end
  }
  put({0x6a, group * EXITSTUBS_PER_GROUP >> 8, 0xe9});
  if (!lead_to(p, FixupKind::x86_rel32, reinterpret_cast<u64>(lj_vm_exit_handler))) lj_trace_err(J, LJ_TRERR_MCODEAL);
  p += 4;
  lj_mcode_commitbot(J, p);
  return limit;
}

#else

constexpr u32 stub_words = 3;  // str x30, [sp]; bl lj_vm_exit_handler; movz w0, #trace

#endif

}  // namespace

void ExitSymbols::make(Trace& t) {
  count = t.T->nsnap;
#if defined(__aarch64__)
  if (t.parent != nullptr) ++count;  // where the head leaves when the Lua stack has no room
#endif
  for (u32 n = 0; n < count; ++n) {
#if defined(__aarch64__)
    symbols[n] = t.code.symbol(NumberedName('e', n));
#else
    MCode*& group = t.J->exitstubgroup[n / EXITSTUBS_PER_GROUP];
    if (group == nullptr) group = write_group(t.J, n / EXITSTUBS_PER_GROUP);
    symbols[n] = t.code.symbol_at(reinterpret_cast<u64>(exitstub_addr(t.J, n)));
#endif
  }
  first = count != 0 ? symbols[0].id : 0;
}

u32 write_exit_stubs(Trace& t, u32 exits) {
  const u32 end = t.code.offset();
#if defined(__aarch64__)
  t.code.put32(0xf90003fe);  // str x30, [sp]
  t.code.put32(0x94000000, t.code.symbol("handler", reinterpret_cast<u64>(lj_vm_exit_handler)),
               FixupKind::a64_branch26_direct);
  t.code.put32(0x52800000 | static_cast<u32>(t.T->traceno) << 5);
  for (u32 n = 0; n < exits; ++n) t.code.put32(0x94000000 | ((0U - (stub_words + n)) & 0x03ffffff));  // bl to the first
#else
  (void)exits;
#endif
  return end;
}

u64 own_exit([[maybe_unused]] const Trace& t, u64 end, u32 exit) {
#if defined(__aarch64__)
  return t.code.address() + end + 4 * (u64{stub_words} + exit);
#else
  return end + exit;  // has none
#endif
}

void remember_branches(const Trace& t, const ExitSymbols& exits, std::span<const ir::ExitSite> sites,
                       const ir::MachFunction& machine, const MCode* start) {
  const std::lock_guard hold(lock);
  Patches& p = table()[t.T->mcode];
  p.trace = t.T->traceno;
  p.branches.clear();
  p.branches.reserve(t.code.relocs().size());
  u32 fixed[std::extent_v<decltype(Trace::unpatchable)>];  // where branches begin that stay
  u32 fixed_count = 0;
  for (const ir::ExitSite& s : t.unpatchables != 0 ? sites : std::span<const ir::ExitSite>())
    for (u32 n = 0; n < t.unpatchables && fixed_count < std::size(fixed); ++n)
      if (machine.insts[s.inst].inst == t.unpatchable[n]) fixed[fixed_count++] = s.offset;
  const i64 head = reinterpret_cast<const char*>(start) - reinterpret_cast<const char*>(t.T->mcode);
  for (const Reloc& r : t.code.relocs()) {
    const u32 exit = r.symbol.id - exits.first;
    if (r.symbol.id < exits.first || exit >= exits.count) continue;
    bool patchable = true;
    for (u32 n = 0; n < fixed_count; ++n) patchable = patchable && (r.offset < fixed[n] || r.offset - fixed[n] > 2);
    p.branches.push_back({head + r.offset, static_cast<u16>(exit), r.kind, patchable});
  }
}

bool patch_exit(jit_State* J, GCtrace* T, ExitNo exit, MCode* target) {
  const std::lock_guard hold(lock);
  const auto found = table().find(T->mcode);
  if (found == table().end() || found->second.trace != T->traceno) return false;
  MCode* const area = lj_mcode_patch(J, T->mcode, 0);
  char* const start = reinterpret_cast<char*>(T->mcode);
  const u64 to = reinterpret_cast<u64>(target);
  [[maybe_unused]] bool stub = true;
  for (const Branch& b : found->second.branches) {
    if (b.exit != exit) continue;
    if (!b.patchable) {
      stub = false;
      continue;
    }
    const bool near = lead_to(start + b.offset, b.kind, to);
    ++(near ? counts()->patched_branches : counts()->far_branches);
  }
  MCode* end = reinterpret_cast<MCode*>(start + T->szmcode);
#if defined(__aarch64__)
  end = exitstub_trace_addr(T, exit);
  if (stub) {  // what is too far branches here: bl becomes b
    if (lead_to(end, FixupKind::a64_branch26, to))
      *end &= 0x7fffffff;
    else
      ++counts()->far_branches;
  }
  ++end;
#endif
  lj_mcode_sync(T->mcode, end);
  lj_mcode_patch(J, area, 1);
  return true;
}

}  // namespace jitkit::luajit
