// Trapping loads with real faults: the thread goes on at the landing, and what is not ours goes to the
// handler that was there before.
#include <doctest/doctest.h>
#include <jitkit/emit/runtime/trap_table.hpp>

#include "../support/speculation.hpp"

#include <setjmp.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <atomic>
#include <thread>

using namespace jitkit;
using ir::FrameEntry;
using ir::Type;
using ir::Value;
using speculation::Compiled;

namespace {

// f(base, index) = the T at base + index * 8 + 16, as 64 bits, + index; the state names both.
struct Loader {
  ir::Module module;
  ir::Function<host::Isa> f;
  Compiled c;

  explicit Loader(Type t) {
    f.module = &module;
    f.signature = module.add_signature({Type::ptr, Type::i64}, {Type::i64});
    ir::Builder b(f);
    const ir::Block entry = b.entry();
    const Value base = b.param(entry, 0), index = b.param(entry, 1);
    const FrameEntry entries[] = {{FrameEntry::Kind::value, base.id, 1},
                                  {FrameEntry::Kind::value, index.id, 2},
                                  {FrameEntry::Kind::value, b.i64(99).id, 3}};
    const Value at = b.ptr_add(base, b.shl(index, b.i64(3)));
    Value v = b.load_trap(t, at, 16, b.frame_state(7, entries));
    if (t == Type::f64) v = b.bitcast(Type::i64, v);
    if (t == Type::i8 || t == Type::i32) v = b.zext(Type::i64, v);
    b.ret({b.add(v, index)});
    REQUIRE(c.compile(f));
  }
  u64 operator()(const void* base, u64 index) { return c.block.as<u64(const void*, u64)>()(base, index); }
  void expect_exit(const void* base, u64 index) {
    const u32 before = c.exits;
    CHECK((*this)(base, index) == c.returns);
    REQUIRE(c.exits == before + 1);
    CHECK(c.state()->id == 7);
    const u32 first = c.state()->first_value;
    CHECK(c.values[first].lo == reinterpret_cast<u64>(base));
    CHECK(c.values[first + 1].lo == index);
    CHECK(c.values[first + 2].lo == 99);
  }
};

// A page nobody may touch, and one of a file that ends before it.
struct Pages {
  u8* none = static_cast<u8*>(::mmap(nullptr, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  u8* cut = nullptr;
  Pages() {
    const int fd = ::memfd_create("short", MFD_CLOEXEC);
    cut = static_cast<u8*>(::mmap(nullptr, 65536, PROT_READ, MAP_SHARED, fd, 0));
    ::close(fd);
  }
  ~Pages() {
    ::munmap(none, 65536);
    ::munmap(cut, 65536);
  }
};

sigjmp_buf back;
std::atomic<int> seen = 0;
std::atomic<bool> on_alternate_stack = false;

void previous_handler(int number, siginfo_t*, void*) {
  seen = number;
  stack_t now{};
  ::sigaltstack(nullptr, &now);
  on_alternate_stack = (now.ss_flags & SS_ONSTACK) != 0;
  siglongjmp(back, 1);
}

// Puts a handler in place for the life of a scope.
struct Handler {
  struct sigaction before {};
  explicit Handler(void (*function)(int, siginfo_t*, void*), int more_flags = 0) {
    struct sigaction s {};
    s.sa_sigaction = function;
    s.sa_flags = SA_SIGINFO | SA_ONSTACK | more_flags;
    ::sigaction(SIGSEGV, &s, &before);
  }
  ~Handler() { ::sigaction(SIGSEGV, &before, nullptr); }
};

u64 read_in_c(const volatile u64* p) { return *p; }

// How a child that runs `body` ends: its signal, or -1 if it did not die of one.
template <class Body>
int signal_of_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit no_core{};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::signal(SIGSEGV, SIG_DFL);
    body();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
}

}  // namespace

TEST_CASE("trapping loads: a fault leaves through the frame state, a good address does not") {
  const Pages pages;
  TrapTable table;
  REQUIRE(table.install().ok());
  TrapTable second;
  CHECK(second.install().error == Error::policy);
  const u64 data[8] = {1, 2, 3, 0x1122334455667788, 5, 6, 7, 8};
  for (const Type t : {Type::i8, Type::i32, Type::i64, Type::f64}) {
    Loader load(t);
    REQUIRE(table.add(load.c.block.run, load.c.size, *load.c.map).ok());
    const u64 mask = t == Type::i8 ? 0xff : t == Type::i32 ? 0xffffffff : ~u64{0};
    CHECK(load(data, 1) == (data[3] & mask) + 1);
    const u64 taken = table.taken();
    load.expect_exit(nullptr, 0);
    load.expect_exit(pages.none, 3);
    load.expect_exit(pages.cut, 2);  // SIGBUS
    CHECK(load(data, 1) == (data[3] & mask) + 1);
    CHECK(table.taken() == taken + 3);
    CHECK(table.remove(load.c.block.run).ok());
    CHECK(table.remove(load.c.block.run).error == Error::operand_range);
  }
  CHECK(table.chained() == 0);
}

TEST_CASE("trapping loads: other pcs and addresses go to the handler before, on its stack") {
  const Pages pages;
  SignalStack stack;
  REQUIRE(stack.set().ok());
  const Handler handler(previous_handler);
  Loader load(Type::i64);
  TrapTable table;
  TrapOptions options;
  options.high = 65535;  // null pointers only
  REQUIRE(table.install(options).ok());
  REQUIRE(table.add(load.c.block.run, load.c.size, *load.c.map).ok());
  load.expect_exit(nullptr, 5);
  const auto faults = [&](auto body) {
    seen = 0;
    on_alternate_stack = false;
    if (sigsetjmp(back, 1) == 0) body();
    return seen.load();
  };
  CHECK(faults([&] { read_in_c(reinterpret_cast<const u64*>(pages.none)); }) == SIGSEGV);
  CHECK(on_alternate_stack);
  CHECK(faults([&] { load(pages.none, 0); }) == SIGSEGV);  // our pc, an address out of range
  CHECK(faults([&] { ::raise(SIGSEGV); }) == SIGSEGV);     // nobody's pc
  CHECK(table.taken() == 1);
  CHECK(table.chained() == 3);
  load.expect_exit(nullptr, 6);
  table.uninstall();
  CHECK(faults([&] { load(nullptr, 0); }) == SIGSEGV);
  CHECK(table.chained() == 3);
}

TEST_CASE("trapping loads: the default action still ends the process, an ignored signal nothing") {
  const Pages pages;
  CHECK(signal_of_child([&] {
          TrapTable table;
          if (table.install().ok()) read_in_c(reinterpret_cast<const u64*>(pages.none));
        }) == SIGSEGV);
  CHECK(signal_of_child([] {
          TrapTable table;
          if (table.install().ok()) ::raise(SIGSEGV);
        }) == SIGSEGV);
  CHECK(signal_of_child([] {
          ::signal(SIGSEGV, SIG_IGN);
          TrapTable table;
          if (table.install().ok()) ::raise(SIGSEGV);
        }) == -1);
  CHECK(signal_of_child([&] {  // a handler for one time, then the default
          const Handler once(previous_handler, static_cast<int>(SA_RESETHAND));
          TrapTable table;
          if (!table.install().ok()) return;
          if (sigsetjmp(back, 1) == 0) read_in_c(reinterpret_cast<const u64*>(pages.none));
          if (sigsetjmp(back, 1) == 0) read_in_c(reinterpret_cast<const u64*>(pages.none));
        }) == SIGSEGV);
}

TEST_CASE("trapping loads: threads fault at the same time") {
  TrapTable table;
  REQUIRE(table.install().ok());
  constexpr u64 rounds = 2000;
  std::atomic<u64> wrong = 0;
  const auto work = [&] {
    Loader load(Type::i64);
    if (!table.add(load.c.block.run, load.c.size, *load.c.map).ok()) ++wrong;
    const u64 data[4] = {0, 0, 40, 0};
    for (u64 n = 0; n < rounds; ++n) {
      if (load(nullptr, n % 100) != load.c.returns) ++wrong;
      if (load(data, 0) != 40) ++wrong;
    }
    if (load.c.exits != rounds) ++wrong;
    if (!table.remove(load.c.block.run).ok()) ++wrong;
  };
  std::thread other(work);
  work();
  other.join();
  CHECK(wrong == 0);
  CHECK(table.taken() == 2 * rounds);
}
