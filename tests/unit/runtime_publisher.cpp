// What is written for perf, gdb and the log, read back field by field. What gdb and perf make of it is
// tests/checks/watch.py's business.
#include <doctest/doctest.h>
#include <jitkit/emit/runtime/code_publisher.hpp>
#include <jitkit/emit/runtime/exec_memory.hpp>
#include <jitkit/emit/runtime/file_sink.hpp>
#include <jitkit/ir/builder.hpp>
#include <jitkit/ir/graph.hpp>
#include <jitkit/ir/ir_lines.hpp>
#include <jitkit/jitkit.hpp>

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

using namespace jitkit;

namespace {

// A directory that goes with the test.
struct Directory {
  std::string name;
  Directory() {
    char pattern[] = "/tmp/jitkit-test-XXXXXX";
    REQUIRE(::mkdtemp(pattern) != nullptr);
    name = pattern;
  }
  ~Directory() {
    for (const std::string& f : files) ::unlink(f.c_str());
    ::rmdir(name.c_str());
  }
  std::string file(const std::string& inner) {
    files.push_back(name + "/" + inner);
    return files.back();
  }
  std::vector<std::string> files;
};

std::string contents(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

template <class T>
T read(const std::string& from, usize at) {
  REQUIRE(at + sizeof(T) <= from.size());
  T v;
  std::memcpy(&v, from.data() + at, sizeof v);
  return v;
}

constexpr std::string_view files[] = {"a.src", "/absolute/b.src"};
const LineRow lines[] = {{0, 3, 0, 1}, {4, 9, 0, 2}};

CodeDescription describe_code(u64 address, u32 size, std::string_view name) {
  CodeDescription d;
  d.name = name;
  d.address = address;
  d.size = size;
  d.lines = lines;
  d.directory = "/dir";
  d.files = files;
  return d;
}

struct Code {
  ExecMemory memory;
  ExecBlock block;
  Code() {
    CodeBuffer code;
    for (int i = 0; i < 4; ++i) code.put32(0xd65f03c3 + static_cast<u32>(i));
    REQUIRE(memory.add(code, block).ok());
  }
};

std::string number(u64 v) {
  std::ostringstream s;
  s << std::hex << v;
  return s.str();
}

}  // namespace

TEST_CASE("perf: a line of the map per function, names without line ends") {
  Directory d;
  const std::string name = d.file("perf-" + std::to_string(::getpid()) + ".map");
  PerfMap map;
  REQUIRE(map.open(d.name).ok());
  CHECK(map.add(describe_code(0x1000, 16, "first")).ok());
  CHECK(map.add(describe_code(0x1000, 32, "two\nlines")).ok());
  CHECK(contents(name) == "1000 10 first\n1000 20 two lines\n");
  PerfMap nowhere;
  CHECK(nowhere.open("/nonexistent").error == Error::system);
}

TEST_CASE("perf: the records of a jitdump; two versions at one address differ by time") {
  Directory d;
  const std::string name = d.file("jit-" + std::to_string(::getpid()) + ".dump");
  const Code code;
  const u64 address = code.block.run;
  const u64 before = monotonic_nanoseconds();
  {
    JitDump dump;
    REQUIRE(dump.open(d.name).ok());
    CodeDescription one = describe_code(address, 16, "one");
    one.room = 4096;
    CHECK(dump.add(one).ok());
    CodeDescription two = describe_code(address, 12, "two");
    two.lines = {};
    CHECK(dump.add(two).ok());
  }
  const std::string file = contents(name);
  CHECK(read<u32>(file, 0) == 0x4a695444);
  CHECK(read<u32>(file, 4) == 1);
  CHECK(read<u32>(file, 8) == 40);
  CHECK(read<u32>(file, 12) == (host_machine == Machine::arm64 ? 183 : 62));
  CHECK(read<u32>(file, 20) == static_cast<u32>(::getpid()));
  CHECK(read<u64>(file, 24) >= before);
  CHECK(read<u64>(file, 32) == 0);

  std::vector<u32> kinds;
  std::vector<std::string> loaded;
  u64 time = before;
  for (usize at = 40; at < file.size();) {
    const u32 kind = read<u32>(file, at);
    const u32 size = read<u32>(file, at + 4);
    REQUIRE(size >= 16);
    CHECK(read<u64>(file, at + 8) >= time);
    time = read<u64>(file, at + 8);
    kinds.push_back(kind);
    const usize body = at + 16;
    if (kind == 0) {
      CHECK(read<u32>(file, body) == static_cast<u32>(::getpid()));
      CHECK(read<u64>(file, body + 8) == address);
      CHECK(read<u64>(file, body + 16) == address);
      CHECK(read<u64>(file, body + 32) == loaded.size());
      loaded.push_back(file.c_str() + body + 40);
      const u64 bytes = read<u64>(file, body + 24);
      CHECK(bytes == (loaded.size() == 1 ? 16 : 12));
      CHECK(size == 16 + 40 + loaded.back().size() + 1 + bytes);
      CHECK(std::memcmp(file.data() + at + size - bytes, reinterpret_cast<const void*>(address), bytes) == 0);
    } else if (kind == 2) {
      CHECK(read<u64>(file, body) == address);
      REQUIRE(read<u64>(file, body + 8) == 2);
      CHECK(read<u64>(file, body + 16) == address);
      CHECK(read<u32>(file, body + 24) == 3);
      CHECK(std::string(file.c_str() + body + 32) == "/dir/a.src");
      const usize second = body + 32 + 11;
      CHECK(read<u64>(file, second) == address + 4);
      CHECK(read<u32>(file, second + 8) == 9);
      CHECK(std::string(file.c_str() + second + 16) == "/absolute/b.src");
    } else if (kind == 4) {
      const u64 bytes = read<u64>(file, body);
      const u64 header = read<u64>(file, body + 8);
      CHECK(header == 20);
      CHECK(read<u64>(file, body + 16) == (loaded.empty() ? bytes : 0));  // mapped where there is room
      CHECK(size == 16 + 24 + ((bytes + 7) & ~u64{7}));
      // The header names the code and the FDE, which names the code again.
      const usize table = body + 24;
      const usize hdr = table + bytes - header;
      CHECK(read<u32>(file, hdr) == 0x3b031b01);
      const u32 code_size = loaded.empty() ? 16 : 12;
      const i64 to_code = -i64{(code_size + 7) & ~7U};
      CHECK(read<i32>(file, hdr + 12) == to_code - i64(hdr - table));
      const usize fde = hdr + static_cast<usize>(i64{read<i32>(file, hdr + 16)});
      CHECK(read<i32>(file, fde + 8) == to_code - i64(fde + 8 - table));
      CHECK(read<u32>(file, fde + 12) == code_size);
    }
    at += size;
  }
  CHECK(kinds == std::vector<u32>{2, 4, 0, 4, 0, 3});
  CHECK(loaded == std::vector<std::string>{"one", "two"});
}

TEST_CASE("gdb: entries are linked while they live, each with an image at the code's address") {
  const Code code;
  const jit_code_entry* first = __jit_debug_descriptor.first_entry;
  {
    GdbJitEntry a;
    GdbJitEntry b;
    REQUIRE(a.add(describe_code(code.block.run, 16, "a")).ok());
    const jit_code_entry* entry = __jit_debug_descriptor.first_entry;
    REQUIRE(entry != first);
    CHECK(__jit_debug_descriptor.action_flag == 1);
    CHECK(__jit_debug_descriptor.relevant_entry == entry);
    REQUIRE(b.add(describe_code(code.block.run, 16, "b")).ok());
    CHECK(__jit_debug_descriptor.first_entry->next_entry == entry);
    CHECK(entry->prev_entry == __jit_debug_descriptor.first_entry);

    const std::string image(entry->symfile_addr, entry->symfile_size);
    CHECK(image.substr(0, 4) == "\x7f" "ELF");
    CHECK(read<u16>(image, 16) == 2);  // ET_EXEC: nothing left to relocate
    const u64 headers = read<u64>(image, 40);
    const u64 text = headers + 64;
    CHECK(read<u64>(image, text + 16) == code.block.run);
    CHECK(read<u64>(image, text + 32) == 16);
    for (u64 n = 1; n < read<u16>(image, 60); ++n) CHECK(read<u32>(image, headers + 64 * n + 4) != 4);  // SHT_RELA

    a.remove();  // from the end of the list
    CHECK(__jit_debug_descriptor.action_flag == 2);
    CHECK(__jit_debug_descriptor.first_entry->next_entry == first);
  }
  CHECK(__jit_debug_descriptor.first_entry == first);
}

TEST_CASE("publisher: tells everybody and takes it back") {
  Directory d;
  const std::string log = d.file("log");
  const std::string map = d.file("perf-" + std::to_string(::getpid()) + ".map");
  const std::string dump = d.file("jit-" + std::to_string(::getpid()) + ".dump");
  const Code code;
  const jit_code_entry* first = __jit_debug_descriptor.first_entry;
  PublisherOptions options;
  options.perf_map = options.perf_dump = options.gdb = true;
  options.log = log.c_str();
  options.map_directory = options.dump_directory = d.name.c_str();
  int mark = 0;
  {
    CodePublisher publisher;
    REQUIRE(publisher.open(options).ok());
    CodeDescription description = describe_code(code.block.run, 16, "kept");
    description.user = &mark;
    Publication* p = nullptr;
    REQUIRE(publisher.publish(description, p).ok());
    CHECK(p->name() == "kept");
    CodeEntry entry;
    REQUIRE(publisher.registry().find(code.block.run + 15, entry));
    CHECK(entry.user == &mark);
    CHECK(std::string(entry.name) == "kept");
    CHECK(__jit_debug_descriptor.first_entry != first);

    Publication* twice = nullptr;
    CHECK(publisher.publish(description, twice).error == Error::policy);  // overlaps
    CHECK(twice == nullptr);
    CHECK(__jit_debug_descriptor.first_entry->next_entry == first);

    CHECK(publisher.withdraw(p).ok());
    CHECK(!publisher.registry().find(code.block.run, entry));
    CHECK(__jit_debug_descriptor.first_entry == first);
    REQUIRE(publisher.publish(description, p).ok());  // the destructor withdraws
  }
  CHECK(__jit_debug_descriptor.first_entry == first);
  const std::string line = number(code.block.run) + " 16 kept\n";
  CHECK(contents(log) == "publish " + line + "withdraw " + line + "publish " + line + "withdraw " + line);
  CHECK(contents(map) == number(code.block.run) + " 10 kept\n" + number(code.block.run) + " 10 kept\n");
  CHECK(contents(dump).size() > 40);
}

TEST_CASE("publisher: a log in XML, whatever the names are") {
  Directory d;
  const std::string log = d.file("log.xml");
  const Code code;
  PublisherOptions options;
  options.log = log.c_str();
  const std::string at = "address=\"" + number(code.block.run) + "\" size=\"16\" name=\"";
  {
    CodePublisher publisher;
    REQUIRE(publisher.open(options).ok());
    for (const std::string& name : {std::string("a<b>&\"c\"\n"), std::string(5000, 'x')}) {
      Publication* p = nullptr;
      REQUIRE(publisher.publish(describe_code(code.block.run, 16, name.c_str()), p).ok());
      CHECK(publisher.withdraw(p).ok());
    }
  }
  std::string expected = "<log>\n";
  for (const char* name : {"a&lt;b&gt;&amp;&quot;c&quot;?", "(too long)"})
    for (const char* what : {"publish", "withdraw"}) expected += "<" + std::string(what) + " " + at + name + "\"/>\n";
  CHECK(contents(log) == expected + "</log>\n");
}

TEST_CASE("IR as lines: each instruction under the source line it came from; rows grow with offsets") {
  Directory d;
  const std::string file = d.file("f.ir");
  ir::Module module;
  ir::Function<host::Isa> f;
  f.module = &module;
  f.signature = module.add_signature({ir::Type::i64}, {ir::Type::i64});
  f.symbol = module.declare_function("f", f.signature);
  ir::Builder b(f);
  const ir::Value x = b.param(b.entry(), 0);
  b.position(2);
  const ir::Value y = b.mul(x, x);
  b.position(3);
  const ir::Value z = b.udiv(y, x);
  b.ret({z});
  host::Options compile_options;
  compile_options.features = host_features();
  ir::Compiler<host::Isa> compiler(compile_options);
  CodeBuffer code;
  REQUIRE(compiler.compile(f, code).ok());
  Arena arena;
  Vec<LineRow> rows(arena);
  FileSink sink;
  REQUIRE(sink.open(file.c_str()).ok());
  REQUIRE(ir::IrLines(f, sink, {"f.src"}, "fn\ny = x * x\nreturn y / x").write(compiler, rows, 7).ok());
  REQUIRE(sink.close().ok());
  CHECK(contents(file) ==
        "// func @f(i64) -> i64\n// b1(v1: i64):\n// f.src line 2: y = x * x\n  v2 = mul.i64 v1, v1 !2\n"
        "// f.src line 3: return y / x\n  v3 = udiv.i64 v2, v1 !3\n  ret v3 !3\n");
  REQUIRE(rows.size() >= 3);
  CHECK(rows[0].offset == 0);
  std::vector<u32> numbers;
  for (u32 n = 0; n < rows.size(); ++n) {
    CHECK(rows[n].file == 7);
    if (n != 0) CHECK(rows[n - 1].offset < rows[n].offset);
    numbers.push_back(rows[n].line);
  }
  const auto at = std::find(numbers.begin(), numbers.end(), 4U);
  CHECK(at != numbers.end());
  CHECK(std::find(at, numbers.end(), 6U) != numbers.end());
}

TEST_CASE("graphs: a file for JITKIT_IGV, a group per function") {
  Directory d;
  const std::string file = d.file("graphs.xml");
  ::setenv("JITKIT_IGV", file.c_str(), 1);
  const PublisherOptions o = PublisherOptions::from_environment();
  ::unsetenv("JITKIT_IGV");
  REQUIRE(o.igv != nullptr);
  FileSink sink;
  REQUIRE(sink.open(o.igv).ok());
  {
    ir::IgvDocument graphs(sink);
    ir::FunctionData f, g;
    for (ir::FunctionData* each : {&f, &g}) {
      ir::Builder b(*each);
      b.entry();
      b.ret({b.i64(3), b.i64(4)});
      graphs.phase(*each, "built");
      graphs.phase(*each, "\"again\"");
    }
  }
  CHECK(sink.close().ok());
  const std::string text = contents(file);
  const auto count = [&](const char* word) {
    usize n = 0;
    for (usize at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++n;
    return n;
  };
  CHECK(text.starts_with("<graphDocument>\n<group>"));
  CHECK(text.ends_with("</group>\n</graphDocument>\n"));
  CHECK(count("<group>") == 2);
  CHECK(count("<graph name=\"built\">") == 2);
  CHECK(count("<graph name=\"&quot;again&quot;\">") == 2);
  CHECK(count("</graph>") == 4);
  CHECK(count("<edge ") == 4 * 2);
  FileSink nowhere;
  CHECK(nowhere.open("/nowhere/graphs.xml").error == Error::system);
}

TEST_CASE("publisher: the environment chooses, a wrong value is said") {
  ::setenv("JITKIT_PERF", "dump", 1);
  ::setenv("JITKIT_GDB", "1", 1);
  ::setenv("JITKIT_LOG", "x.log", 1);
  std::string text;
  StringSink<std::string> messages(text);
  PublisherOptions o = PublisherOptions::from_environment(&messages);
  CHECK(o.perf_dump);
  CHECK(!o.perf_map);
  CHECK(o.gdb);
  CHECK(std::string(o.log) == "x.log");
  CHECK(text.empty());
  ::setenv("JITKIT_PERF", "both", 1);
  ::setenv("JITKIT_GDB", "yes", 1);
  ::unsetenv("JITKIT_LOG");
  o = PublisherOptions::from_environment(&messages);
  CHECK(!o.perf_dump);
  CHECK(!o.perf_map);
  CHECK(!o.gdb);
  CHECK(o.log == nullptr);
  CHECK(text == "JITKIT_PERF: unknown 'both' (map, dump)\nJITKIT_GDB: unknown 'yes' (0, 1)\n");
  ::unsetenv("JITKIT_PERF");
  ::unsetenv("JITKIT_GDB");
}
