// TrapTable: trapping loads. A fault (SIGSEGV, SIGBUS) at a recorded pc makes the thread go on at that
// pc's landing, usually the exit stub of the load's frame state; every other fault goes to the handler
// that was there before.
//
// Invariants:
//  - Ours is a fault whose pc is in the table and whose address was checked by the hardware: si_code says
//    it comes from the kernel's page tables, not from kill(), sigqueue() or a fault of another kind at the
//    same pc. With Options::low and high also an address in that range. All others are chained: other
//    pcs, addresses, threads.
//  - Chaining: sa_sigaction and sa_handler are called with what the kernel gave, with their mask and
//    after SA_RESETHAND; SIG_DFL is put back and the fault happens again, so that the process ends as it
//    would have; SIG_IGN of a fault of the kernel's ends it likewise.
//  - The handler reads the registry and the table without locks and calls nothing that is not
//    async-signal-safe. It runs on the alternate stack of threads that have one (SignalStack).
//  - A function is removed when no thread runs it any more, before its code is freed. One table at a time
//    is installed in a process.
// Sources: sigaction(2), sigaltstack(2); POSIX.1-2017 2.4; Linux arch/{x86,arm64}/kernel/signal.c.
#ifndef JITKIT_EMIT_RUNTIME_TRAP_TABLE_HPP
#define JITKIT_EMIT_RUNTIME_TRAP_TABLE_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/runtime/code_registry.hpp>
#include <jitkit/emit/runtime/sync.hpp>
#include <jitkit/ir/support/location_map.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/status.hpp>

#include <errno.h>
#include <signal.h>
#include <ucontext.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>

namespace jitkit::inline JITKIT_ABI {

// Offsets from the start of a function's code.
struct TrapSite {
  u32 pc;
  u32 landing;
};

struct TrapOptions {
  // Addresses whose faults belong to trapping loads; the rest is chained.
  u64 low = 0;
  u64 high = ~u64{0};
};

class TrapTable {
 public:
  TrapTable() = default;
  TrapTable(const TrapTable&) = delete;
  TrapTable& operator=(const TrapTable&) = delete;
  ~TrapTable() {
    uninstall();
    functions_.for_each([](const CodeEntry& e) { std::free(e.user); });
  }

  // The sites of a function that runs at `address`.
  Status add(u64 address, u64 size, Span<const TrapSite> sites) {
    if (sites.empty()) return {};
    const usize bytes = sizeof(Function) + sites.size_bytes();
    auto* f = static_cast<Function*>(std::malloc(bytes));
    if (f == nullptr) return {Error::out_of_memory, 0, bytes};
    f->count = static_cast<u32>(sites.size());
    std::memcpy(f->sites(), sites.data(), sites.size_bytes());
    const Status s = functions_.add({address, size, "", f});
    if (!s) std::free(f);
    return s;
  }
  // The trapping loads of a location map, each landing at its state's exit stub.
  Status add(u64 address, u64 size, const LocationMap& map) {
    usize count = 0;
    for (const LocationMap::Site& s : map.sites) count += s.kind == LocationMap::SiteKind::load ? 1 : 0;
    if (count == 0) return {};
    auto* sites = static_cast<TrapSite*>(std::malloc(count * sizeof(TrapSite)));
    if (sites == nullptr) return {Error::out_of_memory, 0, count * sizeof(TrapSite)};
    count = 0;
    for (const LocationMap::Site& s : map.sites)
      if (s.kind == LocationMap::SiteKind::load) sites[count++] = {s.offset, map.states[s.state].stub};
    const Status s = add(address, size, {sites, count});
    std::free(sites);
    return s;
  }
  // When it returns no handler reads the function's sites. Error::operand_range: nothing was added.
  Status remove(u64 address) {
    CodeEntry entry;
    if (!functions_.find(address, entry) || entry.address != address) return {Error::operand_range, 0, address};
    const Status s = functions_.remove(address);
    if (s.ok()) std::free(entry.user);
    return s;
  }

  // Takes SIGSEGV and SIGBUS over. Error::policy: another table has them.
  Status install(const TrapOptions& options = {}) {
    TrapTable* none = nullptr;
    options_ = options;
    if (!installed().compare_exchange(none, this)) return {Error::policy, 0, 0};
    struct sigaction ours {};
    ours.sa_sigaction = &on_signal;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    ::sigemptyset(&ours.sa_mask);
    for (int n = 0; n < 2; ++n) {
      if (::sigaction(signals[n], &ours, &previous_[n]) == 0) continue;
      const Status s{Error::system, 0, static_cast<u64>(errno)};
      if (n == 1) ::sigaction(signals[0], &previous_[0], nullptr);
      installed().store(nullptr);
      return s;
    }
    return {};
  }
  // Puts the previous handlers back, unless somebody came after us: who keeps a pointer to our handler
  // finds it passing everything on.
  void uninstall() {
    TrapTable* self = this;
    if (installed().load() != self) return;
    for (int n = 0; n < 2; ++n) {
      struct sigaction now {};
      ::sigaction(signals[n], nullptr, &now);
      if ((now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == &on_signal)
        ::sigaction(signals[n], &previous_[n], nullptr);
    }
    installed().store(nullptr);
  }

  u64 taken() const { return taken_.load(MemoryOrder::relaxed); }    // faults that were ours
  u64 chained() const { return chained_.load(MemoryOrder::relaxed); }

 private:
  struct Function {  // followed by its sites
    u32 count;
    TrapSite* sites() { return reinterpret_cast<TrapSite*>(this + 1); }
  };
  static constexpr int signals[2] = {SIGSEGV, SIGBUS};

  static Atomic<TrapTable*>& installed() {
    static Atomic<TrapTable*> table = nullptr;
    return table;
  }

  static auto& pc_of(ucontext_t& u) {
#if defined(__x86_64__)
    return u.uc_mcontext.gregs[REG_RIP];
#else
    return u.uc_mcontext.pc;
#endif
  }

  static void on_signal(int number, siginfo_t* info, void* context) {
    const int saved = errno;
    TrapTable* t = installed().load();
    if (t == nullptr) {
      ::signal(number, SIG_DFL);  // we are no longer in charge and nobody else is
    } else if (!t->resume(*info, *static_cast<ucontext_t*>(context))) {
      t->chained_.fetch_add(1, MemoryOrder::relaxed);
      t->chain(number, info, context);
    }
    errno = saved;
  }

  bool resume(const siginfo_t& info, ucontext_t& context) {
    if (info.si_code <= 0) return false;
    // x86-64 does not tell an address that is not canonical; it is none of a range's.
    const u64 address = info.si_code == SI_KERNEL ? ~u64{0} : reinterpret_cast<u64>(info.si_addr);
    if (address < options_.low || address > options_.high) return false;
    const u64 pc = static_cast<u64>(pc_of(context));
    CodeEntry entry;
    if (!functions_.find(pc, entry)) return false;
    auto* f = static_cast<Function*>(entry.user);
    for (u32 n = 0; n < f->count; ++n) {
      if (entry.address + f->sites()[n].pc != pc) continue;
      pc_of(context) = static_cast<std::remove_reference_t<decltype(pc_of(context))>>(entry.address + f->sites()[n].landing);
      taken_.fetch_add(1, MemoryOrder::relaxed);
      return true;
    }
    return false;
  }

  void chain(int number, siginfo_t* info, void* context) {
    struct sigaction& p = previous_[number == SIGSEGV ? 0 : 1];
    const bool plain = (p.sa_flags & SA_SIGINFO) == 0;
    const struct sigaction copy = p;
    if (plain && (copy.sa_handler == SIG_DFL || copy.sa_handler == SIG_IGN)) {
      if (copy.sa_handler == SIG_IGN && info->si_code <= 0) return;  // sent by somebody: ignored
      struct sigaction fatal {};
      fatal.sa_handler = SIG_DFL;
      ::sigaction(number, &fatal, nullptr);
      // A fault happens again at once; a signal that was sent has to be sent once more.
      if (info->si_code <= 0) ::raise(number);
      return;
    }
    if ((static_cast<u32>(copy.sa_flags) & static_cast<u32>(SA_RESETHAND)) != 0) {
      p.sa_handler = SIG_DFL;
      p.sa_flags &= ~SA_SIGINFO;
    }
    sigset_t mask = copy.sa_mask;
    if ((copy.sa_flags & SA_NODEFER) == 0) ::sigaddset(&mask, number);
    sigset_t before;
    ::pthread_sigmask(SIG_BLOCK, &mask, &before);
    if (plain)
      copy.sa_handler(number);
    else
      copy.sa_sigaction(number, info, context);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  CodeRegistry functions_;
  TrapOptions options_;
  struct sigaction previous_[2] = {};
  Atomic<u64> taken_ = 0;
  Atomic<u64> chained_ = 0;
};

// An alternate signal stack for this thread while it lives, with which faults are handled even where
// the thread's own stack has no room.
class SignalStack {
 public:
  SignalStack() = default;
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;
  ~SignalStack() {
    if (memory_ == nullptr) return;
    ::sigaltstack(&before_, nullptr);
    std::free(memory_);
  }
  Status set(usize bytes = 64 * 1024) {
    memory_ = std::malloc(bytes);
    if (memory_ == nullptr) return {Error::out_of_memory, 0, bytes};
    stack_t stack{};
    stack.ss_sp = memory_;
    stack.ss_size = bytes;
    if (::sigaltstack(&stack, &before_) == 0) return {};
    std::free(memory_);
    memory_ = nullptr;
    return {Error::system, 0, static_cast<u64>(errno)};
  }

 private:
  void* memory_ = nullptr;
  stack_t before_{};
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_RUNTIME_TRAP_TABLE_HPP
