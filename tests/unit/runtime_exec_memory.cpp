// ExecMemory: both modes, W^X, guard pages, refusals, hints, threads.
#include <doctest/doctest.h>
#include <jitkit/emit/runtime/exec_memory.hpp>

#include "../support/emulated.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

using namespace jitkit;

namespace {

constexpr ExecMemory::Mode modes[] = {ExecMemory::Mode::rw_then_rx, ExecMemory::Mode::dual_map};

#ifdef __has_feature
constexpr bool thread_sanitizer = __has_feature(thread_sanitizer);
#else
constexpr bool thread_sanitizer = false;
#endif

// Where it is true, code that replaces older code is not run.
const bool stale_dual_map = emulated::user_mode();

ExecMemory::Options with(ExecMemory::Mode mode) {
  ExecMemory::Options o;
  o.mode = mode;
  return o;
}

// u32 f() { return value; }  value < 65536
void put_return(CodeBuffer& code, u32 value) {
#if defined(__x86_64__)
  code.put8(0xb8);
  code.put32(value);
  code.put8(0xc3);
#else
  code.put32(0x52800000 | value << 5);
  code.put32(0xd65f03c0);
#endif
}
// A tail call to a symbol.
void put_jump(CodeBuffer& code, Symbol s) {
#if defined(__x86_64__)
  code.put8(0xe9);
  code.put32(0, s, FixupKind::x86_plt32);
#else
  code.put32(0x14000000, s, FixupKind::a64_branch26);
#endif
}

u32 call(const ExecBlock& block) { return block.as<u32()>()(); }

u32 forty_two() { return 42; }

// The permissions of the page at `address`, as "rwxp"; empty if nothing is mapped.
std::string permissions(u64 address) {
  std::FILE* f = std::fopen("/proc/self/maps", "r");
  char line[512];
  std::string found;
  while (f != nullptr && found.empty() && std::fgets(line, sizeof line, f) != nullptr) {
    char* at = nullptr;
    const u64 begin = std::strtoull(line, &at, 16);
    const u64 end = std::strtoull(at + 1, &at, 16);
    if (address >= begin && address < end) found.assign(at + 1, 4);
  }
  if (f != nullptr) std::fclose(f);
  return found;
}

struct Counter {
  int flushes = 0;
  int serializations = 0;
  const u8* begin = nullptr;
  usize bytes = 0;
  int answer = 0;

  CodeSync sync() {
    const auto flush = [](void* self, const u8* at, usize n) {
      auto* c = static_cast<Counter*>(self);
      ++c->flushes;
      c->begin = at;
      c->bytes = n;
      CodeSync::flush_host(nullptr, at, n);
    };
    const auto serialize = [](void* self) {
      auto* c = static_cast<Counter*>(self);
      ++c->serializations;
      return c->answer;
    };
    return {flush, serialize, this};
  }
};

}  // namespace

TEST_CASE("exec memory: code runs, and no page is writable and executable") {
  for (const ExecMemory::Mode mode : modes) {
    ExecMemory memory(with(mode));
    CodeBuffer code;
    put_return(code, 1234);
    ExecBlock block;
    REQUIRE(memory.allocate(code.size_bound(), block).ok());
    CHECK(permissions(reinterpret_cast<u64>(block.write)).substr(0, 3) == "rw-");
    CHECK(block.run % 64 == 0);
    REQUIRE(code.place(block.run).ok());
    std::memcpy(block.write, code.data(), code.bytes().size());
    REQUIRE(memory.publish(block).ok());
    CHECK(permissions(block.run).substr(0, 3) == "r-x");
    CHECK(call(block) == 1234);
    if (mode == ExecMemory::Mode::dual_map) {
      CHECK(permissions(reinterpret_cast<u64>(block.write)).substr(0, 3) == "rw-");
      CHECK(block.run != reinterpret_cast<u64>(block.write));
    } else {
      CHECK(block.run == reinterpret_cast<u64>(block.write));
    }
    memory.free(block);
    CHECK(block.run == 0);
  }
}

TEST_CASE("exec memory: written in place through a CodeBuffer over the block") {
  for (const ExecMemory::Mode mode : modes) {
    ExecMemory memory(with(mode));
    ExecBlock block;
    REQUIRE(memory.allocate(64, block).ok());
    CodeBuffer code(block.writable());
    put_jump(code, code.symbol("forty_two", reinterpret_cast<u64>(&forty_two)));
    REQUIRE(code.place(block.run).ok());
    REQUIRE(memory.publish(block).ok());
    CHECK(call(block) == 42);
  }
}

TEST_CASE("exec memory: inaccessible pages on either side") {
  for (const ExecMemory::Mode mode : modes) {
    ExecMemory memory(with(mode));
    const u64 page = static_cast<u64>(sysconf(_SC_PAGESIZE));
    ExecBlock first;
    ExecBlock second;
    REQUIRE(memory.allocate(2 * page, first).ok());
    REQUIRE(memory.allocate(page + 1, second).ok());
    REQUIRE(memory.publish(first).ok());
    CHECK(permissions(first.run - 1).substr(0, 3) == "---");
    CHECK(permissions(reinterpret_cast<u64>(first.write) - 1).substr(0, 3) == "---");
    if (mode == ExecMemory::Mode::rw_then_rx) {
      CHECK(permissions(first.run + 2 * page).substr(0, 3) == "---");
      CHECK(permissions(second.run - 1).substr(0, 3) == "---");
      CHECK(permissions(second.run + 2 * page).substr(0, 3) == "---");
    }
    const u64 run = first.run;
    memory.free(first);
    if (mode == ExecMemory::Mode::rw_then_rx) CHECK(permissions(run).substr(0, 3) == "---");
  }
}

TEST_CASE("exec memory: reopening is for code no other thread may run") {
  for (const ExecMemory::Mode mode : modes) {
    ExecMemory memory(with(mode));
    CodeBuffer code;
    put_return(code, 1);
    ExecBlock block;
    REQUIRE(memory.add(code, block).ok());
    CHECK(memory.reopen(block) == Status{Error::policy, 0, block.run});
    CHECK(memory.publish(block).error == Error::policy);  // twice
    CHECK(call(block) == 1);

    ExecBlock own;
    REQUIRE(memory.add(code, own, {}, 0, Audience::this_thread).ok());
    for (const u32 value : {2U, 3U}) {
      REQUIRE(memory.reopen(own).ok());
      CodeBuffer again(own.writable());
      put_return(again, value);
      REQUIRE(again.place(own.run).ok());
      REQUIRE(memory.publish(own, Audience::this_thread).ok());
      if (mode == ExecMemory::Mode::dual_map && stale_dual_map) continue;
      CHECK(call(own) == value);
    }
  }
}

TEST_CASE("exec memory: the instruction cache hook sees each published range once") {
  for (const ExecMemory::Mode mode : modes) {
    Counter counter;
    ExecMemory::Options options = with(mode);
    options.sync = counter.sync();
    ExecMemory memory(options);
    CodeBuffer code;
    put_return(code, 7);
    ExecBlock block;
    REQUIRE(memory.add(code, block).ok());
    CHECK(counter.flushes == 1);
    CHECK(counter.begin == reinterpret_cast<const u8*>(block.run));
    CHECK(counter.bytes >= code.bytes().size());
    CHECK(counter.serializations == (CodeSync::new_code_needs_serialize ? 1 : 0));
    CHECK(call(block) == 7);
    memory.free(block);
    REQUIRE(memory.add(code, block).ok());
    CHECK(block.recycled);
    CHECK(counter.flushes == 2);
    CHECK(counter.serializations == (CodeSync::new_code_needs_serialize ? 2 : 1));
    memory.free(block);
    REQUIRE(memory.add(code, block, {}, 0, Audience::this_thread).ok());
    CHECK(counter.flushes == 3);
    CHECK(counter.serializations == (CodeSync::new_code_needs_serialize ? 2 : 1));
    memory.free(block);
    counter.answer = ENOSYS;  // no membarrier: said, not ignored
    CHECK(memory.add(code, block) == Status{Error::system, 0, ENOSYS});
    CHECK(block.run == 0);
  }
}

TEST_CASE("exec memory: the host's membarrier works") {
  CHECK(CodeSync::serialize_host(nullptr) == 0);
}

TEST_CASE("exec memory: a hint puts code in reach") {
  for (const ExecMemory::Mode mode : modes) {
    ExecMemory memory(with(mode));
    const u64 home = reinterpret_cast<u64>(&forty_two);
    CodeBuffer code;
    put_jump(code, code.symbol("forty_two", home));
    const usize plain = code.bytes().size();
    ExecBlock block;
    REQUIRE(memory.add(code, block, {}, home).ok());
    CHECK(code.bytes().size() == plain);  // no veneer
    CHECK(call(block) == 42);
    // Somewhere else in the same heap: an own chunk.
    ExecBlock far;
    REQUIRE(memory.add(code, far, {}, u64{0x6000} << 32).ok());
    const u64 distance = far.run > home ? far.run - home : home - far.run;
    CHECK(distance > u64{4} << 30);
    CHECK(code.bytes().size() > plain);
    CHECK(call(far) == 42);
  }
}

TEST_CASE("exec memory: space is used again") {
  for (const ExecMemory::Mode mode : modes) {
    ExecMemory memory(with(mode));
    CodeBuffer code;
    std::vector<ExecBlock> blocks(200);
    for (int round = 0; round < 20; ++round) {
      for (usize i = 0; i < blocks.size(); ++i) {
        if (blocks[i].run != 0 && (i * 7 + static_cast<usize>(round)) % 3 == 0) continue;
        memory.free(blocks[i]);
        code.reset();
        put_return(code, static_cast<u32>(i));
        for (usize k = 0; k < i * 16; ++k) code.put8(0);
        REQUIRE(memory.add(code, blocks[i]).ok());
      }
      for (usize i = 0; i < blocks.size(); ++i) {
        if (mode == ExecMemory::Mode::dual_map && stale_dual_map && round > 0) continue;
        REQUIRE(call(blocks[i]) == i);
      }
    }
    CHECK(memory.mapped_bytes() <= (u64{8} << 20) + 4 * 65536);
  }
}

TEST_CASE("exec memory: refusals say what was needed") {
  ExecMemory::Options options;
  options.limit = 1 << 20;
  options.chunk_bytes = 1 << 19;
  ExecMemory memory(options);
  ExecBlock block;
  CHECK(memory.allocate(0, block).error == Error::operand_range);
  const Status s = memory.allocate(1 << 20, block);
  CHECK(s.error == Error::out_of_code_space);
  CHECK(s.detail > 1 << 20);
  CHECK(memory.allocate(1 << 18, block).ok());

  if (thread_sanitizer) {
    std::printf("SKIP exec_memory_limit: the thread sanitizer ends a process that gets no address space\n");
    return;
  }
  rlimit old{};
  REQUIRE(getrlimit(RLIMIT_AS, &old) == 0);
  rlimit tight = old;
  tight.rlim_cur = u64{1} << 30;
  ExecMemory unlimited;
  setrlimit(RLIMIT_AS, &tight);
  void* probe = mmap(nullptr, u64{1} << 35, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  const Status refused = unlimited.allocate(u64{1} << 36, block);
  setrlimit(RLIMIT_AS, &old);
  if (probe != MAP_FAILED) {
    MESSAGE("skipped: RLIMIT_AS has no effect here (qemu-user)");
    return;
  }
  CHECK(refused.error == Error::out_of_memory);
  CHECK(refused.detail >= u64{1} << 36);
}

TEST_CASE("exec memory: under MDWE the default mode says no and the dual mapping works") {
  constexpr int set_mdwe = 65;
  const pid_t child = fork();
  if (child == 0) {  // irrevocable, hence in a child
    if (prctl(set_mdwe, 1, 0, 0, 0) != 0) _exit(77);
    CodeBuffer code;
    put_return(code, 9);
    ExecMemory plain;
    ExecBlock block;
    if (plain.add(code, block) != Status{Error::system, 0, EACCES}) _exit(1);
    ExecMemory dual(with(ExecMemory::Mode::dual_map));
    if (!dual.add(code, block)) _exit(2);
    _exit(call(block) == 9 ? 0 : 3);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77)
    MESSAGE("skipped: this kernel has no PR_SET_MDWE");
  else
    CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("exec memory: threads publish, run and free at the same time") {
  for (const ExecMemory::Mode mode : modes) {
    ExecMemory memory(with(mode));
    int wrong[4] = {};
    const bool run_it = mode == ExecMemory::Mode::rw_then_rx || !stale_dual_map;
    std::vector<std::thread> threads;
    for (u32 t = 0; t < 4; ++t) {
      threads.emplace_back([&memory, &wrong, t, run_it] {
        CodeBuffer code;
        std::vector<ExecBlock> kept;
        for (u32 i = 0; i < 500; ++i) {
          code.reset();
          put_return(code, t << 12 | i);
          ExecBlock block;
          if (!memory.add(code, block)) ++wrong[t];
          if (run_it && block.run != 0 && call(block) != (t << 12 | i)) ++wrong[t];
          kept.push_back(block);
          if (i % 3 == 0) {
            memory.free(kept[kept.size() / 2]);
            kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(kept.size() / 2));
          }
        }
      });
    }
    for (std::thread& t : threads) t.join();
    for (const int n : wrong) CHECK(n == 0);
  }
}
