// Two files that Linux perf reads to give names to code made at run time.
//
// PerfMap: perf-PID.map, a line per function. perf looks at the file when it reports: of two functions
// that used the same address it knows one. JitDump: jit-PID.dump, with the code itself, source lines and
// unwind tables, each with its time; `perf inject -j` makes ELF files of it and tells versions at one
// address apart. perf must record with the same clock: `perf record -k mono`.
//
// Invariants: thread-safe; a record is written with one call, whole or not at all. JitDump: the file
// stays mapped executable once while it is open: perf finds it by that mapping. DEBUG_INFO and
// UNWINDING_INFO come before the LOAD they belong to.
// Sources: Linux tools/perf/Documentation/jit-interface.txt and jitdump-specification.txt; LSB 10.6
// (.eh_frame_hdr).
#ifndef JITKIT_EMIT_RUNTIME_PERF_HPP
#define JITKIT_EMIT_RUNTIME_PERF_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/byte_writer.hpp>
#include <jitkit/emit/runtime/code_description.hpp>
#include <jitkit/emit/runtime/sync.hpp>
#include <jitkit/ir/support/bits.hpp>
#include <jitkit/ir/support/sink.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/status.hpp>

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string_view>

namespace jitkit::inline JITKIT_ABI {

// A file of this process, "DIRECTORY/PREFIX<pid>SUFFIX"; closed by the destructor.
class ProcessFile {
 public:
  ProcessFile() = default;
  ProcessFile(const ProcessFile&) = delete;
  ProcessFile& operator=(const ProcessFile&) = delete;
  ~ProcessFile() { close(); }

  Status open(std::string_view directory, const char* prefix, const char* suffix) {
    BufferSink name(name_, sizeof name_ - 1);
    (name << directory << "/" << prefix).udec(static_cast<u64>(::getpid())) << suffix;
    if (name.truncated()) return {Error::operand_range, 0, directory.size()};
    name_[name.text().size()] = 0;
    return open(name_);
  }
  Status open(const char* name) {
    close();
    fd_ = ::open(name, O_CREAT | O_TRUNC | O_RDWR | O_APPEND | O_CLOEXEC, 0644);
    return fd_ < 0 ? failure() : Status{};
  }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  bool is_open() const { return fd_ >= 0; }
  int descriptor() const { return fd_; }

  Status write(Span<const u8> bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n < 0 && errno != EINTR) return failure();
      if (n > 0) bytes = bytes.subspan(static_cast<usize>(n));
    }
    return {};
  }
  static Status failure() { return {Error::system, 0, static_cast<u64>(errno)}; }

 private:
  int fd_ = -1;
  char name_[4096] = {};
};

class PerfMap {
 public:
  // perf itself looks in /tmp.
  Status open(std::string_view directory = "/tmp") { return file_.open(directory, "perf-", ".map"); }
  bool is_open() const { return file_.is_open(); }

  Status add(const CodeDescription& code) {
    Arena arena;
    Vec<u8> line(arena);
    Sink sink([](void* to, const char* text, usize n) {
      static_cast<Vec<u8>*>(to)->append({reinterpret_cast<const u8*>(text), n});
    }, &line);
    sink.hex(code.address).put(' ').hex(code.size).put(' ');
    // A line per function, whatever its name.
    for (const char c : code.name) sink.put(c == '\n' || c == '\r' ? ' ' : c);
    sink.put('\n');
    if (arena.failed()) return arena.status();
    const Lock lock(mutex_);
    return file_.write({line.data(), line.size()});
  }

 private:
  Mutex mutex_;
  ProcessFile file_;
};

namespace jitdump {
inline constexpr u32 magic = 0x4a695444;
inline constexpr u32 version = 1;
inline constexpr u32 header_bytes = 40;
inline constexpr u32 prefix_bytes = 16;
enum class Record : u32 { load = 0, move = 1, debug_info = 2, close = 3, unwinding_info = 4 };
}  // namespace jitdump

class JitDump {
 public:
  JitDump() = default;
  JitDump(const JitDump&) = delete;
  JitDump& operator=(const JitDump&) = delete;
  ~JitDump() { close(); }

  // perf copies the file's directory into the names of what it makes.
  Status open(std::string_view directory = ".") {
    close();
    if (const Status s = file_.open(directory, "jit-", ".dump"); !s) return s;
    Arena arena;
    Vec<u8> bytes(arena);
    ByteWriter out(bytes);
    out.put32(jitdump::magic);
    out.put32(jitdump::version);
    out.put32(jitdump::header_bytes);
    out.put32(host_machine == Machine::arm64 ? 183 : 62);  // EM_AARCH64, EM_X86_64
    out.put32(0);
    out.put32(static_cast<u32>(::getpid()));
    out.put64(monotonic_nanoseconds());
    out.put64(0);  // flags
    Status s = arena.status();
    if (s.ok()) s = file_.write({bytes.data(), bytes.size()});
    mark_bytes_ = static_cast<usize>(::sysconf(_SC_PAGESIZE));
    void* p = s.ok() ? ::mmap(nullptr, mark_bytes_, PROT_READ | PROT_EXEC, MAP_PRIVATE, file_.descriptor(), 0)
                     : MAP_FAILED;
    if (s.ok() && p == MAP_FAILED) s = ProcessFile::failure();
    if (s.ok())
      mark_ = p;
    else
      file_.close();
    return s;
  }
  bool is_open() const { return file_.is_open(); }

  // The code runs from now on, in place of what else was at its address.
  Status add(const CodeDescription& code) {
    Arena arena;
    Vec<u8> bytes(arena);
    ByteWriter out(bytes);
    const Lock lock(mutex_);  // also orders the times
    if (!code.lines.empty()) debug_info(out, code);
    if (const Status s = unwinding_info(out, code, arena); !s) return s;
    load(out, code);
    if (arena.failed()) return arena.status();
    return file_.write({bytes.data(), bytes.size()});
  }

  void close() {
    if (!file_.is_open()) return;
    Arena arena;
    Vec<u8> bytes(arena);
    ByteWriter out(bytes);
    const Lock lock(mutex_);
    end(out, begin(out, jitdump::Record::close));
    if (!arena.failed()) (void)file_.write({bytes.data(), bytes.size()}).ok();
    file_.close();
    ::munmap(mark_, mark_bytes_);
  }

 private:
  static u32 begin(ByteWriter& out, jitdump::Record id) {
    out.put32(static_cast<u32>(id));
    const u32 at = out.offset();
    out.put32(0);
    out.put64(monotonic_nanoseconds());
    return at;
  }
  static void end(ByteWriter& out, u32 at) { out.patch32(at, out.offset() - at + 4); }

  void load(ByteWriter& out, const CodeDescription& code) {
    const u32 at = begin(out, jitdump::Record::load);
    out.put32(static_cast<u32>(::getpid()));
    out.put32(static_cast<u32>(::syscall(SYS_gettid)));
    out.put64(code.address);
    out.put64(code.address);
    out.put64(code.size);
    out.put64(index_++);
    out.string(code.name);
    out.bytes(code.bytes());
    end(out, at);
  }

  static void debug_info(ByteWriter& out, const CodeDescription& code) {
    const u32 at = begin(out, jitdump::Record::debug_info);
    out.put64(code.address);
    out.put64(code.lines.size());
    for (const LineRow& row : code.lines) {
      out.put64(code.address + row.offset);
      out.put32(row.line);
      out.put32(0);  // discriminator
      if (!code.directory.empty() && !code.file(row.file).starts_with('/')) {
        out.bytes({reinterpret_cast<const u8*>(code.directory.data()), code.directory.size()});
        out.put8('/');
      }
      out.string(code.file(row.file));
    }
    end(out, at);
  }

  // .eh_frame and .eh_frame_hdr, which perf puts behind the code, at the next multiple of 8.
  static Status unwinding_info(ByteWriter& out, const CodeDescription& code, Arena& arena) {
    constexpr u32 header_bytes = 20;
    Vec<u8> table(arena);
    EhFrameWriter frames(table, host_machine, CfiPointer::relative32);
    const u32 field = frames.function(code.size, code.cfi);
    frames.terminate();
    ByteWriter tail(table);
    tail.align(4);
    const u32 header = tail.offset();
    const i64 to_code = -static_cast<i64>(align_up(u64{code.size}, 8));
    tail.patch32(field, static_cast<u64>(to_code - field));
    // Of one function: version, encodings (relative to the field, 4 bytes, relative to the header).
    for (const u32 b : {0x01U, 0x1bU, 0x03U, 0x3bU}) tail.put8(b);
    tail.put32(static_cast<u64>(-i64{header} - 4));
    tail.put32(1);
    tail.put32(static_cast<u64>(to_code - header));
    // The FDE starts 8 bytes before its address field.
    tail.put32(static_cast<u64>(i64{field} - 8 - header));
    if (arena.failed()) return arena.status();
    const u32 at = begin(out, jitdump::Record::unwinding_info);
    out.put64(table.size());
    out.put64(header_bytes);
    // perf looks for the tables in the address range that it takes for the file's: it has to end behind
    // them, and must not hide other code.
    out.put64(align_up(u64{code.size}, 8) + table.size() <= code.room ? table.size() : 0);
    out.bytes({table.data(), table.size()});
    out.align(8, 0, at + 4);
    end(out, at);
    return {};
  }

  Mutex mutex_;
  ProcessFile file_;
  void* mark_ = nullptr;
  usize mark_bytes_ = 0;
  u64 index_ = 0;
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_RUNTIME_PERF_HPP
