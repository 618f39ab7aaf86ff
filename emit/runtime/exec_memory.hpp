// ExecMemory: memory for code of this process. Thread-safe.
//
// Invariants:
//  - No page is ever writable and executable at once. rw_then_rx: a page is writable before its
//    publication and executable after it. dual_map: the pages have two addresses, one to write and one
//    to run.
//  - rw_then_rx: every block has pages of its own, with an inaccessible page on either side. Writing
//    to a published block takes away its executability, so it is refused once other threads may run
//    it (Audience::all_threads). dual_map: blocks share pages and stay writable through their other
//    address; how running code may be changed is the business of emit/runtime/patch.
//    After fork() parent and child share the memory of a dual_map.
//  - A block runs only after publish(): the instruction cache has been maintained and, where the
//    architecture asks for it, other threads have synchronised their instruction streams.
// Sources: Arm ARM B2.4.4 (concurrent modification and execution), membarrier(2), memfd_create(2).
#ifndef JITKIT_EMIT_RUNTIME_EXEC_MEMORY_HPP
#define JITKIT_EMIT_RUNTIME_EXEC_MEMORY_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/code_buffer.hpp>
#include <jitkit/emit/placement.hpp>
#include <jitkit/emit/runtime/free_ranges.hpp>
#include <jitkit/emit/runtime/sync.hpp>
#include <jitkit/ir/support/bits.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/status.hpp>

#include <errno.h>
#include <linux/membarrier.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <new>

namespace jitkit::inline JITKIT_ABI {

// The one place where instruction caches are maintained; tests put their own functions here to count
// calls and ranges.
struct CodeSync {
  // Makes [begin, begin + bytes), an address range that will run, coherent with what was written.
  void (*flush)(void* context, const u8* begin, usize bytes) = nullptr;
  // Makes the other threads of the process discard instructions they have fetched. 0 or an errno.
  int (*serialize)(void* context) = nullptr;
  void* context = nullptr;

  // Whether code at an address that never ran has to be announced to other threads. x86-64 asks for
  // it only where other code ran before.
  static constexpr bool new_code_needs_serialize =
#if defined(__aarch64__)
      true;
#else
      false;
#endif

  static CodeSync host() { return {&flush_host, &serialize_host, nullptr}; }
  static void flush_host(void*, const u8* begin, usize bytes) {
    char* p = const_cast<char*>(reinterpret_cast<const char*>(begin));
    __builtin___clear_cache(p, p + bytes);  // nothing on x86-64
  }
  static int serialize_host(void*) {
    const auto command = [](int c) { return ::syscall(SYS_membarrier, c, 0, 0) == 0; };
    if (command(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE)) return 0;
    // Not registered yet: once per process.
    if (command(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE) &&
        command(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE))
      return 0;
    return errno;
  }
};

// Who may run a block.
enum class Audience : u8 {
  this_thread,  // the publishing thread alone: the block may be opened for writing again
  all_threads,
};

// Memory for one piece of code.
struct ExecBlock {
  u8* write = nullptr;  // where to write it (rw_then_rx: until it is published)
  u64 run = 0;          // the address it runs at
  u64 size = 0;
  u32 chunk = 0;
  bool published = false;
  bool recycled = false;  // other code may have run at these addresses
  Audience audience = Audience::this_thread;

  Span<u8> writable() const { return {write, static_cast<usize>(size)}; }
  template <class Function>
  Function* as(u64 offset = 0) const {
    return reinterpret_cast<Function*>(run + offset);
  }
};

class ExecMemory {
 public:
  enum class Mode : u8 { rw_then_rx, dual_map };
  struct Options {
    Mode mode = Mode::rw_then_rx;
    u64 chunk_bytes = u64{4} << 20;  // address space taken from the system at a time
    u64 limit = ~u64{0};             // of all chunks
    CodeSync sync = CodeSync::host();
  };

  ExecMemory() : ExecMemory(Options()) {}
  explicit ExecMemory(const Options& options)
      : options_(options), page_(static_cast<u64>(::sysconf(_SC_PAGESIZE))) {}
  ExecMemory(const ExecMemory&) = delete;
  ExecMemory& operator=(const ExecMemory&) = delete;
  ~ExecMemory();

  // `bytes` bytes to write code to, aligned to 64. `near`: an address the code wants in reach of its
  // branches; honoured if the address space has room there.
  Status allocate(u64 bytes, ExecBlock& block, u64 near = 0);
  // Makes a written block runnable.
  Status publish(ExecBlock& block, Audience audience = Audience::all_threads);
  // Makes a published block writable through block.write again; publish() it afterwards. Error::policy
  // if that would take running code away from other threads.
  Status reopen(ExecBlock& block);
  // Gives a block back. Nothing runs or will run it.
  void free(ExecBlock& block);

  // All of it for finished code: room, placement, copy, publication.
  Status add(CodeBuffer& code, ExecBlock& block, SymbolResolver resolver = {}, u64 near = 0,
             Audience audience = Audience::all_threads);

  Mode mode() const { return options_.mode; }
  const CodeSync& sync() const { return options_.sync; }
  // Bytes from where a block runs that are its own.
  u64 room(const ExecBlock& block) const {
    return align_up(block.size, granule()) + (options_.mode == Mode::rw_then_rx ? page_ : 0);
  }
  // Bytes of address space held, guard pages included.
  u64 mapped_bytes() const {
    const Lock lock(mutex_);
    return mapped_;
  }

 private:
#if defined(__aarch64__)
  static constexpr u64 near_reach = u64{128} << 20;
#else
  static constexpr u64 near_reach = u64{1} << 31;
#endif
  // A mapping: guard page, `size` bytes, guard page. Freed with the ExecMemory.
  struct Chunk {
    u8* run;
    u8* write;
    u64 size;
    u64 used;  // nothing at or after it was ever handed out
    FreeRanges free;
    Chunk* next;
    u32 id;
  };

  static Status system_error(u64 bytes) {
    if (errno == ENOMEM) return {Error::out_of_memory, 0, bytes};
    return {Error::system, 0, static_cast<u64>(errno)};
  }
  u64 granule() const { return options_.mode == Mode::dual_map ? 64 : page_; }
  static bool in_reach(const Chunk& c, u64 near) {
    const u64 run = reinterpret_cast<u64>(c.run);
    const u64 first = run < near ? near - run : run - near;
    const u64 end = run + c.size;
    const u64 last = end < near ? near - end : end - near;
    return first < near_reach && last < near_reach;
  }
  void trim(ExecBlock& block, u64 bytes);
  Chunk* chunk_of(const ExecBlock& block) const;
  Status take(Chunk& c, u64 bytes, u64 size, ExecBlock& block);
  Status new_chunk(u64 bytes, u64 near, Chunk*& chunk);
  Status map(Chunk& c, u64 near);
  static u8* map_near(u64 bytes, u64 near);
  void unmap(const Chunk& c) const;

  const Options options_;
  const u64 page_;
  mutable Mutex mutex_;
  Chunk* chunks_ = nullptr;
  u32 chunk_count_ = 0;
  u64 mapped_ = 0;
};

inline ExecMemory::~ExecMemory() {
  for (Chunk* c = chunks_; c != nullptr;) {
    Chunk* next = c->next;
    unmap(*c);
    delete c;
    c = next;
  }
}

inline ExecMemory::Chunk* ExecMemory::chunk_of(const ExecBlock& block) const {
  Chunk* c = chunks_;
  while (c != nullptr && c->id != block.chunk) c = c->next;
  return c;
}

inline Status ExecMemory::allocate(u64 bytes, ExecBlock& block, u64 near) {
  block = {};
  if (bytes == 0 || bytes > u64{1} << 40) return {Error::operand_range, 0, bytes};
  // rw_then_rx: one page more, left inaccessible, guards the next block.
  const u64 size = align_up(bytes, granule()) + (options_.mode == Mode::rw_then_rx ? page_ : 0);
  const Lock lock(mutex_);
  for (Chunk* c = chunks_; c != nullptr; c = c->next) {
    if (near != 0 && !in_reach(*c, near)) continue;
    if (const Status s = take(*c, bytes, size, block); !s || block.run != 0) return s;
  }
  Chunk* fresh = nullptr;
  if (const Status s = new_chunk(size, near, fresh); !s) return s;
  if (const Status s = take(*fresh, bytes, size, block); !s || block.run != 0) return s;
  return {Error::out_of_memory, 0, bytes};
}

// Fills `block` if the chunk has room; leaves it empty if not.
inline Status ExecMemory::take(Chunk& c, u64 bytes, u64 size, ExecBlock& block) {
  const u64 at = c.free.take(size);
  if (at == FreeRanges::none) return {};
  if (options_.mode == Mode::rw_then_rx &&
      ::mprotect(c.write + at, size - page_, PROT_READ | PROT_WRITE) != 0) {
    const Status s = system_error(bytes);
    c.free.give(at, size, true);
    return s;
  }
  block.write = c.write + at;
  block.run = reinterpret_cast<u64>(c.run + at);
  block.size = bytes;
  block.chunk = c.id;
  block.recycled = at < c.used;
  if (at + size > c.used) c.used = at + size;
  return {};
}

inline Status ExecMemory::publish(ExecBlock& block, Audience audience) {
  if (block.run == 0 || block.published) return {Error::policy, 0, block.run};
  auto* run = reinterpret_cast<u8*>(block.run);
  if (options_.mode == Mode::rw_then_rx &&
      ::mprotect(run, align_up(block.size, page_), PROT_READ | PROT_EXEC) != 0)
    return system_error(block.size);
  if (options_.sync.flush != nullptr) options_.sync.flush(options_.sync.context, run, block.size);
  if ((CodeSync::new_code_needs_serialize || block.recycled) && audience == Audience::all_threads &&
      options_.sync.serialize != nullptr)
    if (const int error = options_.sync.serialize(options_.sync.context); error != 0)
      return {Error::system, 0, static_cast<u64>(error)};
  block.published = true;
  block.audience = audience;
  return {};
}

inline Status ExecMemory::reopen(ExecBlock& block) {
  if (!block.published || block.audience == Audience::all_threads)
    return {Error::policy, 0, block.run};
  if (options_.mode == Mode::rw_then_rx &&
      ::mprotect(block.write, align_up(block.size, page_), PROT_READ | PROT_WRITE) != 0)
    return system_error(block.size);
  block.published = false;
  block.recycled = true;
  return {};
}

inline void ExecMemory::free(ExecBlock& block) {
  if (block.run == 0) return;
  const Lock lock(mutex_);
  Chunk* c = chunk_of(block);
  check(c != nullptr);
  u64 size = align_up(block.size, granule());
  if (options_.mode == Mode::rw_then_rx) {
    // Drops the contents too: the next owner starts from zeros.
    ::mmap(block.write, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    size += page_;
  }
  c->free.give(static_cast<u64>(block.write - c->write), size, true);
  block = {};
}

// Gives back what a block does not need. Whole pages stay with it in rw_then_rx.
inline void ExecMemory::trim(ExecBlock& block, u64 bytes) {
  const u64 old_end = align_up(block.size, granule());
  block.size = options_.mode == Mode::rw_then_rx ? block.size : bytes;
  const u64 end = align_up(block.size, granule());
  if (end == old_end) return;
  const Lock lock(mutex_);
  Chunk* c = chunk_of(block);
  c->free.give(static_cast<u64>(block.write - c->write) + end, old_end - end, false);
}

inline Status ExecMemory::add(CodeBuffer& code, ExecBlock& block, SymbolResolver resolver, u64 near,
                              Audience audience) {
  if (const Status s = code.finish(); !s) return s;
  if (const Status s = allocate(code.size_bound(), block, near); !s) return s;
  Status s = code.place(block.run, resolver);
  if (s.ok()) {
    std::memcpy(block.write, code.data(), code.bytes().size());
    trim(block, code.bytes().size());
    s = publish(block, audience);
  }
  if (!s) free(block);
  return s;
}

// --- chunks ----------------------------------------------------------------------------------------

inline Status ExecMemory::new_chunk(u64 bytes, u64 near, Chunk*& chunk) {
  u64 size = align_up(bytes > options_.chunk_bytes ? bytes : options_.chunk_bytes, page_);
  const auto whole = [&] { return (size + 2 * page_) * (options_.mode == Mode::dual_map ? 2 : 1); };
  if (mapped_ + whole() > options_.limit) size = align_up(bytes, page_);  // the last one may be small
  if (mapped_ + whole() > options_.limit) return {Error::out_of_code_space, 0, mapped_ + whole()};
  auto* c = new (std::nothrow) Chunk{};
  if (c == nullptr) return {Error::out_of_memory, 0, bytes};
  c->size = size;
  Status s = map(*c, near);
  if (s.ok() && !c->free.init(size)) {
    unmap(*c);
    s = {Error::out_of_memory, 0, bytes};
  }
  if (!s) {
    delete c;
    return s;
  }
  c->id = ++chunk_count_;
  c->next = chunks_;
  chunks_ = chunk = c;
  mapped_ += whole();
  return {};
}

// Address space of a chunk with its guard pages, close to `near` if possible; nullptr and errno.
inline u8* ExecMemory::map_near(u64 bytes, u64 near) {
  constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  constexpr u64 steps = 64;
  for (u64 i = 1; near != 0 && i < 2 * steps; ++i) {
    const u64 distance = near_reach / steps * (i / 2);
    if ((i & 1) != 0 && near < distance + bytes) continue;
    const u64 want = ((i & 1) != 0 ? near - distance - bytes : near + distance) & ~u64{0xffff};
    if (want == 0) continue;
    // A wish, which the kernel grants where nothing is. The thread sanitizer knows no MAP_FIXED_NOREPLACE and lets it
    // map at 0.
    void* p = ::mmap(reinterpret_cast<void*>(want), bytes, PROT_NONE, flags, -1, 0);
    if (p == reinterpret_cast<void*>(want)) return static_cast<u8*>(p);
    if (p != MAP_FAILED) ::munmap(p, bytes);
  }
  void* p = ::mmap(nullptr, bytes, PROT_NONE, flags, -1, 0);
  return p == MAP_FAILED ? nullptr : static_cast<u8*>(p);
}

inline Status ExecMemory::map(Chunk& c, u64 near) {
  const u64 whole = c.size + 2 * page_;
  u8* run = map_near(whole, near);
  if (run == nullptr) return system_error(whole);
  c.run = c.write = run + page_;
  if (options_.mode == Mode::rw_then_rx) return {};

  u8* write = map_near(whole, 0);
  const int fd = ::memfd_create("jitkit", MFD_CLOEXEC);
  bool good = write != nullptr && fd >= 0 && ::ftruncate(fd, static_cast<off_t>(c.size)) == 0;
  const auto view = [&](u8* at, int protection) {
    return ::mmap(at, c.size, protection, MAP_SHARED | MAP_FIXED, fd, 0) != MAP_FAILED;
  };
  good = good && view(write + page_, PROT_READ | PROT_WRITE) && view(run + page_, PROT_READ | PROT_EXEC);
  const Status s = good ? Status{} : system_error(whole);
  if (fd >= 0) ::close(fd);
  if (write != nullptr) c.write = write + page_;
  if (!good) unmap(c);
  return s;
}

inline void ExecMemory::unmap(const Chunk& c) const {
  ::munmap(c.run - page_, c.size + 2 * page_);
  if (c.write != c.run) ::munmap(c.write - page_, c.size + 2 * page_);
}

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_RUNTIME_EXEC_MEMORY_HPP
