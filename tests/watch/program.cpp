// A program with generated code for gdb and perf to look at (tests/checks/watch.py): two versions of a
// function, one after the other at one address, each spins and calls back. With DIRECTORY the lines of the code are those
// of its IR, in a file NAME.ir there. JITKIT_FRAMES=1 keeps the frame pointer.
//   watch_program [ITERATIONS [DIRECTORY]]
#include <jitkit/emit/runtime/code_publisher.hpp>
#include <jitkit/emit/runtime/file_sink.hpp>
#include <jitkit/ir/ir_lines.hpp>
#include <jitkit/ir/line_rows.hpp>
#include <jitkit/jitkit.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

using namespace jitkit;

// Where gdb stops.
extern "C" {
[[gnu::noinline]] void watch_callback() { __asm__ volatile(""); }
[[gnu::noinline]] void watch_withdrawn() { __asm__ volatile(""); }
}

namespace {

using Watched = u64(void (*)(), u64);

// What the environment and the arguments ask for.
struct Wanted {
  u64 iterations = 1000;
  const char* ir_directory = nullptr;
  bool frames = false;
};

// The same, with the frame pointer kept.
constexpr auto framed = static_cast<ir::CallConv>(static_cast<u8>(ir::CallConv::custom0));
ir::Convention framed_convention() {
  ir::Convention c = host::Isa::convention(ir::CallConv::c);
  c.frame.frame_pointer = true;
  return c;
}

bool fail(const Status& s) {
  std::fprintf(stderr, "watch_program: %s (%llu)\n", describe(s.error), static_cast<unsigned long long>(s.detail));
  return false;
}

// The source of both versions.
std::string source_text() {
  std::string text;
  for (u32 line = 1; line < 50; ++line) {
    const char* const statements[] = {"sum = 3 * sum + i;", "if (++i < n) goto loop;", "callback();", "return sum;"};
    if (line % 30 >= 10 && line % 30 < 14) text += statements[line % 30 - 10];
    text += "\n";
  }
  return text;
}

// f(callback, n): counts to n on lines first and first + 1, calls back on line first + 2.
void build(ir::Builder& b, ir::Module& module, u32 first) {
  using ir::Type;
  const ir::Block entry = b.entry();
  const ir::Block loop = b.new_block(), done = b.new_block();
  const ir::Value i = b.add_param(loop, Type::i64), sum = b.add_param(loop, Type::i64);
  b.position(first);
  b.br({loop, {b.i64(0), b.i64(0)}});
  b.at(loop);
  const ir::Value total = b.add(b.mul(sum, b.i64(3)), i);
  b.position(first + 1);
  const ir::Value next = b.add(i, b.i64(1));
  b.brif(b.icmp(ir::ICond::ult, next, b.param(entry, 1)), {loop, {next, total}}, {done});
  b.at(done);
  b.position(first + 2);
  b.call_indirect(module.add_signature({}, {}), b.param(entry, 0), {});
  b.position(first + 3);
  b.ret({total});
}

bool run(CodePublisher& publisher, ExecMemory& memory, const Wanted& wanted, const char* name, u32 line, u64& address) {
  ir::Module module;
  ir::Function<host::Isa> f;
  f.module = &module;
  f.signature = module.add_signature({ir::Type::ptr, ir::Type::i64}, {ir::Type::i64},
                                       wanted.frames ? framed : ir::CallConv::c);
  ir::Builder b(f);
  build(b, module, line);
  host::Options options;
  options.features = host_features();
  const ir::Convention conventions[] = {framed_convention()};
  options.conventions = conventions;
  ir::Compiler<host::Isa> compiler(options);
  CodeBuffer code;
  ExecBlock block;
  Status s = compiler.compile(f, code);
  if (s.ok()) s = memory.add(code, block);
  if (!s) return fail(s);
  Arena arena;
  Vec<LineRow> lines(arena);
  ir::line_rows(f, compiler.code_map(), lines);
  const std::string_view files[] = {"watched.src"};
  CodeDescription description;
  description.name = name;
  description.address = address = block.run;
  description.size = code.offset();
  description.cfi = compiler.cfi();
  description.lines = {lines.data(), lines.size()};
  description.room = memory.room(block);
  description.directory = "/watched";
  description.files = files;
  Vec<LineRow> ir_rows(arena);
  const std::string ir_file = std::string(name) + ".ir";
  const std::string_view ir_files[] = {ir_file};
  if (wanted.ir_directory != nullptr) {
    FileSink ir_text;
    s = ir_text.open((std::string(wanted.ir_directory) + "/" + ir_file).c_str());
    const std::string text = source_text();
    if (s.ok()) s = ir::IrLines(f, ir_text, {"watched.src"}, text).write(compiler, ir_rows);
    if (!s) return fail(s);
    description.lines = {ir_rows.data(), ir_rows.size()};
    description.directory = wanted.ir_directory;
    description.files = ir_files;
  }
  Publication* publication = nullptr;
  s = publisher.publish(description, publication);
  if (!s) return fail(s);
  block.as<Watched>()(watch_callback, wanted.iterations);
  s = publisher.withdraw(publication);
  memory.free(block);
  watch_withdrawn();
  return s.ok() || fail(s);
}

}  // namespace

int main(int argc, char** argv) {
  Wanted wanted;
  if (argc > 1) wanted.iterations = std::strtoull(argv[1], nullptr, 10);
  if (argc > 2) wanted.ir_directory = argv[2];
  wanted.frames = std::getenv("JITKIT_FRAMES") != nullptr;
  CodePublisher publisher;
  const Status s = publisher.open(PublisherOptions::from_environment());
  if (!s) return fail(s) ? 0 : 1;
  ExecMemory memory;
  u64 first = 0;
  u64 second = 0;
  if (!run(publisher, memory, wanted, "watched_v1", 10, first) || !run(publisher, memory, wanted, "watched_v2", 40, second))
    return 1;
  std::printf("%d %s\n", static_cast<int>(::getpid()), first == second ? "same address" : "different addresses");
  return 0;
}
