// ObjectWriter, judged by readelf, objdump, ld, gcc and by running what was linked: C++ exceptions pass
// through the functions, on both machines (AArch64 under QEMU).
#include <doctest/doctest.h>
#include <jitkit/emit/object.hpp>

#include <stdlib.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

using namespace jitkit;

namespace {

// Tools and files of one machine.
struct Platform {
  Machine machine;
  const char* prefix;
  const char* uname;
  const char* qemu;
};
constexpr Platform platforms[] = {
    {Machine::x86_64, "x86_64-linux-gnu-", "x86_64", "qemu-x86_64-static"},
    {Machine::arm64, "aarch64-linux-gnu-", "aarch64", "qemu-aarch64-static"},
};

struct Outcome {
  int status;
  std::string output;
  bool contains(const char* text) const { return output.find(text) != std::string::npos; }
};

Outcome run(const std::string& command) {
  Outcome o{-1, {}};
  std::FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return o;
  char buffer[4096];
  for (usize n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) != 0;) o.output.append(buffer, n);
  const int status = pclose(pipe);
  o.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return o;
}

bool have(const std::string& tool) { return run("command -v " + tool).status == 0; }

class Directory {
 public:
  Directory() { REQUIRE(mkdtemp(path_) != nullptr); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { run(std::string("rm -r ") + path_); }
  std::string operator/(const char* name) const { return std::string(path_) + "/" + name; }

 private:
  char path_[32] = "/tmp/jitkit-object-XXXXXX";
};

template <class Bytes>
void save(const std::string& name, const Bytes& bytes) {
  std::FILE* f = std::fopen(name.c_str(), "wb");
  REQUIRE(f != nullptr);
  REQUIRE(std::fwrite(bytes.data(), 1, bytes.size(), f) == bytes.size());
  std::fclose(f);
}

struct Function {
  std::vector<CfiRow> cfi;
  std::vector<LineRow> lines;
};

// int through(int x) { return helper(x) + x + number; }, with a frame and a callee-saved register.
Function write_through_x86(CodeBuffer& code) {
  Function f;
  const auto at = [&] { return code.offset(); };
  const auto line = [&](u32 n) { f.lines.push_back({at(), n, 3, 1}); };
  constexpr u8 rsp = dwarf_x86_gpr[4];
  constexpr u8 rbp = dwarf_x86_gpr[5];
  constexpr u8 rbx = dwarf_x86_gpr[3];
  line(2);
  code.put8(0x55);  // push rbp
  f.cfi.push_back({at(), CfiOp::def_cfa_offset, 0, 16});
  f.cfi.push_back({at(), CfiOp::offset, rbp, -16});
  code.put_raw("\x48\x89\xe5", 3);  // mov rbp, rsp
  f.cfi.push_back({at(), CfiOp::def_cfa_register, rbp, 0});
  code.put_raw("\x53\x48\x83\xec\x08\x89\xfb", 7);  // push rbx; sub rsp, 8; mov ebx, edi
  f.cfi.push_back({at(), CfiOp::offset, rbx, -24});
  line(3);
  code.put8(0xe8);
  code.put32(0, code.symbol("helper"), FixupKind::x86_plt32);
  line(40);
  code.put_raw("\x01\xd8\x03\x05", 4);  // add eax, ebx; add eax, [rip + number]
  code.put32(0, code.symbol("number"), FixupKind::x86_rel32);
  line(5);
  code.put_raw("\x48\x83\xc4\x08\x5b\x5d", 6);  // add rsp, 8; pop rbx; pop rbp
  f.cfi.push_back({at(), CfiOp::remember, 0, 0});
  f.cfi.push_back({at(), CfiOp::def_cfa, rsp, 8});
  f.cfi.push_back({at(), CfiOp::restore, rbx, 0});
  f.cfi.push_back({at(), CfiOp::restore, rbp, 0});
  code.put8(0xc3);
  return f;
}

Function write_through_a64(CodeBuffer& code) {
  Function f;
  const auto at = [&] { return code.offset(); };
  const auto line = [&](u32 n) { f.lines.push_back({at(), n, 3, 1}); };
  line(2);
  code.put32(0xa9be7bfd);  // stp x29, x30, [sp, #-32]!
  f.cfi.push_back({at(), CfiOp::def_cfa_offset, 0, 32});
  f.cfi.push_back({at(), CfiOp::offset, 29, -32});
  f.cfi.push_back({at(), CfiOp::offset, dwarf_a64_lr, -24});
  code.put32(0xf9000bf3);  // str x19, [sp, #16]
  f.cfi.push_back({at(), CfiOp::offset, 19, -16});
  code.put32(0x2a0003f3);  // mov w19, w0
  line(3);
  code.put32(0x94000000, code.symbol("helper"), FixupKind::a64_branch26);
  line(40);
  code.put32(0x0b130000);  // add w0, w0, w19
  code.put32(0x90000001, code.symbol("number"), FixupKind::a64_adrp21);
  code.put32(0xb9400021, code.symbol("number"), FixupKind::a64_ldst32_lo12);
  code.put32(0x0b010000);  // add w0, w0, w1
  line(5);
  code.put32(0xf9400bf3);  // ldr x19, [sp, #16]
  code.put32(0xa8c27bfd);  // ldp x29, x30, [sp], #32
  f.cfi.push_back({at(), CfiOp::def_cfa_offset, 0, 0});
  f.cfi.push_back({at(), CfiOp::restore, 19, 0});
  f.cfi.push_back({at(), CfiOp::restore, 29, 0});
  f.cfi.push_back({at(), CfiOp::restore, dwarf_a64_lr, 0});
  code.put32(0xd65f03c0);  // ret
  return f;
}

// int pick(void): a literal of the pool, the address of a label of this code, and a local call.
void write_pick(CodeBuffer& code, Machine machine) {
  if (machine == Machine::x86_64) {
    code.put16(0x058b);  // mov eax, [rip + 1000]
    code.put32(0);
    code.use_label(code.literal(FixupKind::x86_rel32, 4, 1000), FixupKind::x86_rel32, code.offset() - 4);
    code.put8(0xc3);
    return;
  }
  const Label l = code.literal(FixupKind::a64_load19, 4, 1000);
  code.put32(0x90000001, l, FixupKind::a64_adrp21);       // adrp x1
  code.put32(0xb9400021, l, FixupKind::a64_ldst32_lo12);  // ldr w1, [x1, lo12]
  code.put32(0x18000000, l, FixupKind::a64_load19);       // ldr w0, literal
  code.put32(0x4b010001);                                 // sub w1, w0, w1
  code.put32(0x0b010000);                                 // add w0, w0, w1
  code.put32(0xd65f03c0);
}

constexpr std::string_view driver = R"(
extern "C" {
int through(int);
int pick();
int again(int) __attribute__((weak));
extern int (*const entries[2])(int);
extern char zeros[1000];
int helper(int x) { if (x < 0) throw x; return x * 2; }
}
static __attribute__((noinline)) int caught(int x) {
  register int keep = x * 3;
  try { keep += through(x); } catch (int e) { return keep + e; }
  return keep;
}
int main() {
  if (through(5) != 5 * 2 + 5 + 77) return 1;
  if (pick() != 1000) return 2;
  if (entries[0](1) != 80 || entries[1](9) != 18) return 3;
  for (char c : zeros) if (c != 0) return 4;
  if (caught(-7) != -28 || caught(2) != 6 + 83) return 5;
  if (again(1) != 80) return 6;
  return 0;
}
)";

// `hardened`: what the last function says of itself; all others have landing pads and sign.
Status write_object(Arena& arena, Machine machine, Vec<u8>& file, bool hardened = true) {
  ObjectWriter object(arena, machine);
  const std::string_view sources[] = {"stub.jk"};
  object.sources("/src/example", sources);
  CodeBuffer code;
  const Function f = machine == Machine::x86_64 ? write_through_x86(code) : write_through_a64(code);
  ObjectFunction info{"through"};
  info.landing_pads = info.return_signing = true;
  info.cfi = f.cfi;
  info.lines = f.lines;
  if (const Status s = object.add_function(code, info); !s) return s;
  info.name = "again";
  info.binding = Binding::weak;
  if (const Status s = object.add_function(code, info); !s) return s;
  code.reset();
  write_pick(code, machine);
  if (const Status s = object.add_function(code, {.name = "pick", .landing_pads = true, .return_signing = true}); !s) return s;
  code.reset();
  write_pick(code, machine);
  if (const Status s = object.add_function(
          code, {.name = "inner", .binding = Binding::local, .landing_pads = hardened, .return_signing = hardened});
      !s)
    return s;

  const u8 number[] = {77, 0, 0, 0};
  const u8 slots[16] = {};
  const ObjectReloc entries[] = {{0, "through", 0}, {8, "helper", 0}};
  ObjectData d{"number", Binding::local, ObjectData::Kind::rodata, 4, number, 0, {}};
  if (const Status s = object.add_data(d); !s) return s;
  d = {"entries", Binding::global, ObjectData::Kind::rodata, 8, slots, 0, entries};
  if (const Status s = object.add_data(d); !s) return s;
  d = {"zeros", Binding::global, ObjectData::Kind::bss, 64, {}, 1000, {}};
  if (const Status s = object.add_data(d); !s) return s;
  d = {"unused", Binding::hidden, ObjectData::Kind::data, 1, number, 6, {}};
  if (const Status s = object.add_data(d); !s) return s;
  return object.write(file);
}

}  // namespace

TEST_CASE("object: the property note says what every function does") {
  for (const Machine machine : {Machine::x86_64, Machine::arm64})
    for (const bool all : {true, false}) {
      Arena arena;
      Vec<u8> file(arena);
      REQUIRE(write_object(arena, machine, file, all).ok());
      const u32 type = machine == Machine::arm64 ? 0xc0000000 : 0xc0000002, wanted[] = {type, 4, 3};
      bool found = false;
      for (u32 n = 0; n + sizeof wanted <= file.size(); n += 4) found = found || std::memcmp(file.data() + n, wanted, sizeof wanted) == 0;
      CHECK(found == all);
    }
}

TEST_CASE("object: accepted by the tools, linked and run, exceptions pass through") {
  for (const Platform& p : platforms) {
    CAPTURE(p.uname);
    Arena arena;
    Vec<u8> file(arena);
    REQUIRE(write_object(arena, p.machine, file).ok());
    Directory dir;
    const std::string object = dir / "stub.o";
    save(object, file);
    save(dir / "driver.cpp", driver);
    const std::string prefix = p.prefix;
    if (!have(prefix + "readelf") || !have(prefix + "g++")) {
      MESSAGE("skipped: no " << prefix << "g++ and binutils");
      continue;
    }

    const Outcome all = run(prefix + "readelf -aW " + object);
    CHECK(all.status == 0);
    CHECK_FALSE(all.contains("Warning"));
    CHECK_FALSE(all.contains("Error"));
    CHECK_FALSE(all.contains("<unknown"));
    CHECK(all.contains(p.machine == Machine::x86_64 ? "x86 feature: IBT, SHSTK" : "AArch64 feature: BTI, PAC"));
    CHECK(all.contains("FUNC    GLOBAL DEFAULT"));
    CHECK(all.contains("FUNC    WEAK   DEFAULT"));
    CHECK(all.contains("FUNC    LOCAL  DEFAULT"));
    CHECK(all.contains("OBJECT  GLOBAL HIDDEN"));
    CHECK(all.contains("NOTYPE  GLOBAL DEFAULT  UND helper"));
    CHECK(all.contains(p.machine == Machine::x86_64 ? "R_X86_64_PLT32" : "R_AARCH64_CALL26"));

    const Outcome frames = run(prefix + "readelf --debug-dump=frames " + object);
    CHECK_FALSE(frames.contains("arning"));
    CHECK(frames.contains(p.machine == Machine::x86_64 ? "DW_CFA_offset: r3 (rbx) at cfa-24"
                                                       : "DW_CFA_offset: r19 (x19) at cfa-16"));
    const Outcome text = run(prefix + "objdump -dl " + object);
    CHECK(text.contains("<through>:"));
    CHECK(text.contains("stub.jk:2"));
    CHECK(text.contains("stub.jk:3"));
    CHECK(text.contains("stub.jk:40"));
    CHECK(text.contains("stub.jk:5"));
    CHECK(text.contains(p.machine == Machine::x86_64 ? "ret" : ".word\t0x000003e8"));

    const Outcome merged = run(prefix + "ld -r --fatal-warnings -o " + (dir / "merged.o") + " " + object);
    CHECK(merged.status == 0);
    CHECK(merged.output == "");
    utsname host{};
    uname(&host);
    const bool native = std::string_view(host.machine) == p.uname;
    // This test itself may run under user-mode QEMU, which cannot start programs of its own kind.
    const bool direct = native && (p.machine == Machine::x86_64 || !have(p.qemu));
    for (const char* part : {"stub.o", "merged.o"}) {
      const std::string program = dir / "program";
      const Outcome link = run(prefix + "g++ -O1 -w -Wl,--fatal-warnings " + (direct ? "" : "-static ") + (dir / "driver.cpp") +
                               " " + (dir / part) + " -o " + program);
      CHECK(link.output == "");
      REQUIRE(link.status == 0);
      if (!direct && !have(p.qemu)) {
        MESSAGE("skipped: no " << p.qemu);
        continue;
      }
      const Outcome result = run(direct ? program : std::string(p.qemu) + " " + program);
      CHECK(result.output == "");
      CHECK(result.status == 0);
    }
  }
}

TEST_CASE("object: gdb finds source lines and unwinds") {
  const std::string program_tools[] = {"gdb", "x86_64-linux-gnu-g++"};
  utsname host{};
  uname(&host);
  if (std::string_view(host.machine) != "x86_64" || !have(program_tools[0]) || !have(program_tools[1])) {
    MESSAGE("skipped: no gdb for this host");
    return;
  }
  Arena arena;
  Vec<u8> file(arena);
  REQUIRE(write_object(arena, Machine::x86_64, file).ok());
  Directory dir;
  save(dir / "stub.o", file);
  save(dir / "driver.cpp", driver);
  REQUIRE(run("x86_64-linux-gnu-g++ -w " + (dir / "driver.cpp") + " " + (dir / "stub.o") + " -o " + (dir / "program")).status == 0);
  const Outcome gdb = run("gdb -nx -batch -ex 'break helper' -ex run -ex backtrace " + (dir / "program"));
  if (!gdb.contains("Breakpoint 1, ")) {
    MESSAGE("skipped: gdb cannot run programs here");
    return;
  }
  CHECK(gdb.contains("in through () at stub.jk:3"));
  CHECK(gdb.contains("in main ()"));
}

TEST_CASE("object: the same input gives the same bytes") {
  for (const Platform& p : platforms) {
    Arena arena;
    Vec<u8> first(arena);
    Vec<u8> second(arena);
    second.push(1);
    second.push(2);
    REQUIRE(write_object(arena, p.machine, first).ok());
    REQUIRE(write_object(arena, p.machine, second).ok());
    REQUIRE(second.size() == first.size() + 2);  // appended; offsets count from the file's start
    CHECK(std::memcmp(first.data(), second.data() + 2, first.size()) == 0);
  }
}

TEST_CASE("object: empty, and with nothing but data") {
  Arena arena;
  for (const bool data : {false, true}) {
    Vec<u8> file(arena);
    ObjectWriter object(arena, Machine::x86_64);
    const u8 bytes[] = {1, 2, 3};
    ObjectData d;
    d.name = "d";
    d.bytes = bytes;
    if (data) REQUIRE(object.add_data(d).ok());
    REQUIRE(object.write(file).ok());
    if (!have("readelf")) {
      MESSAGE("skipped: no readelf");
      return;
    }
    Directory dir;
    save(dir / "o.o", file);
    const Outcome all = run("readelf -aW " + (dir / "o.o"));
    CHECK(all.status == 0);
    CHECK_FALSE(all.contains("arning"));
    CHECK(all.contains(".note.GNU-stack"));
    CHECK(all.contains(" .data ") == data);
  }
}

TEST_CASE("object: wrong input") {
  Arena arena;
  Vec<u8> file(arena);
  SUBCASE("a symbol defined twice") {
    ObjectWriter object(arena, Machine::arm64);
    CodeBuffer code;
    code.put32(0xd65f03c0);
    CHECK(object.add_function(code, {"f"}).ok());
    CHECK(object.add_function(code, {"f"}).error == Error::symbol_redefined);
    CHECK(object.write(file).error == Error::symbol_redefined);
  }
  SUBCASE("a field the machine does not have") {
    ObjectWriter object(arena, Machine::x86_64);
    CodeBuffer code;
    code.put32(0x94000000, code.symbol("f"), FixupKind::a64_branch26);
    CHECK(object.add_function(code, {"g"}).error == Error::unsupported);
  }
  SUBCASE("code with an error") {
    ObjectWriter object(arena, Machine::arm64);
    CodeBuffer code;
    code.put32(0x94000000, code.new_label(), FixupKind::a64_branch26);
    CHECK(object.add_function(code, {"g"}).error == Error::label_unbound);
  }
  SUBCASE("data that a section cannot hold") {
    ObjectWriter object(arena, Machine::arm64);
    const u8 bytes[] = {1};
    ObjectData d{"b", Binding::global, ObjectData::Kind::data, 1, bytes, u64{1} << 32, {}};
    CHECK(object.add_data(d) == Status{Error::out_of_memory, 1, u64{1} << 32});
  }
  SUBCASE("contents in .bss") {
    ObjectWriter object(arena, Machine::arm64);
    const u8 bytes[] = {1};
    ObjectData d{"b", Binding::global, ObjectData::Kind::bss, 1, bytes, 0, {}};
    CHECK(object.add_data(d).error == Error::operand_range);
  }
}

TEST_CASE("object: out of memory anywhere is an error with the bytes asked for") {
  int refusals = 0;
  for (u64 limit = 0; limit < 400 * 1024; limit += 2 * 1024) {
    Arena arena(limit);
    Vec<u8> file(arena);
    const Status s = write_object(arena, Machine::x86_64, file);
    if (s.ok()) break;
    CHECK(s.error == Error::out_of_memory);
    CHECK(s.detail != 0);
    ++refusals;
  }
  CHECK(refusals > 2);
}

TEST_CASE("object: placed code is taken as it was before") {
  Arena arena;
  Vec<u8> once(arena);
  Vec<u8> twice(arena);
  for (Vec<u8>* file : {&once, &twice}) {
    CodeBuffer code;
    code.put32(0x94000000, code.symbol("f", 0x1000), FixupKind::a64_branch26);
    if (file == &twice) REQUIRE(code.place(0x7f0000000000).ok());
    ObjectWriter object(arena, Machine::arm64);
    REQUIRE(object.add_function(code, {"g"}).ok());
    REQUIRE(object.write(*file).ok());
  }
  CHECK(once.size() == twice.size());
}
