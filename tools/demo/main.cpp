// jitkit-demo: hashes a file through functions that jitkit compiled and compares every digest with
// coreutils. Stops at the first difference with exit status 1.
//
//   host     jitkit-hash (hash.cpp) on this machine: MB/s beside sha1sum and sha256sum of the same run
//   other    the same program built for AArch64, under QEMU
//   objects  ELF objects of both targets, each linked with hash_file.c
//   count    executed instructions per byte, of those programs that run under QEMU
//   listing  source positions, IR and machine code of one function
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <jitkit/emit/runtime/cpu_features.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <optional>
#include <random>
#include <set>
#include <sstream>

#include "objects.hpp"
#include "process.hpp"

namespace jitkit::demo {
namespace {

namespace fs = std::filesystem;

template <class... A>
[[noreturn]] void fail(fmt::format_string<A...> format, A&&... args) {
  std::fflush(stdout);
  fmt::print(stderr, "error: {}\n", fmt::format(format, std::forward<A>(args)...));
  std::exit(1);
}

struct Options {
  std::string file;
  std::string directory = "build/demo";
  std::string hash;        // jitkit-hash for this machine
  std::string arm64_hash;  // the same for AArch64
  u64 mebibytes = 64;      // of the file that is made
  i64 flip_byte = -1;
  std::vector<std::string> steps = {"host", "other", "objects", "count", "listing"};
};

// A target: how its programs are made and run here.
struct Place {
  const char* target;
  Machine machine;
  const char* c_compiler;
  const char* nm;
  const char* emulator;
  bool is_host;

  Command prefix() const { return is_host ? Command{} : Command{emulator, "-cpu", "max"}; }
  const char* how() const { return is_host ? "" : " (QEMU)"; }
};
template <class Target>
constexpr Place place(const char* nm) {
  return {Target::Isa::name, Target::machine, Target::linker, nm, Target::emulator, tools::is_host<Target>};
}
constexpr Place places[] = {place<tools::X86_64>("x86_64-linux-gnu-nm"), place<tools::Arm64>("aarch64-linux-gnu-nm")};

// What is known of one version on one target.
struct Row {
  const Place* place;
  const Algorithm* algorithm;
  std::string version;
  std::string refused;  // by which feature
  bool chosen = false;
  double seconds = std::numeric_limits<double>::infinity();  // the best run
  double instructions_per_byte = 0;
  unsigned digests = 0;  // that were right
};

class Demo {
 public:
  explicit Demo(Options o) : o_(std::move(o)) {}

  void run() {
    prepare();
    measure_tools();
    if (has("host")) measure_host();
    if (has("other")) hash_elsewhere();
    for (const Place& p : places) {
      if (has("objects")) link_and_run(p);
      if (has("count") && !p.is_host) count_instructions(p);
    }
    if (has("listing")) print_listing();
    print_table();
  }

 private:
  static constexpr u64 sample_bytes = 16384;  // of the calls whose instructions are counted

  bool has(const char* step) const { return std::find(o_.steps.begin(), o_.steps.end(), step) != o_.steps.end(); }

  // --- the input

  void prepare() {
    std::error_code error;
    fs::create_directories(o_.directory, error);
    if (error) fail("{}: {}", o_.directory, error.message());
    if (o_.file.empty()) make_input();
    const fs::file_status status = fs::status(o_.file, error);
    if (!fs::exists(status)) fail("{}: no such file", o_.file);
    if (!fs::is_regular_file(status)) fail("{}: not a regular file", o_.file);
    size_ = fs::file_size(o_.file, error);
    if (error) fail("{}: {}", o_.file, error.message());
    rounds_ = size_ <= u64{512} << 20 ? 3 : 1;
    fmt::print("file      {}, {} bytes\n", o_.file, size_);
  }

  // Numbers that compress badly, always the same; a length that is no multiple of a block's.
  void make_input() {
    o_.file = o_.directory + fmt::format("/input-{}MiB.bin", o_.mebibytes);
    const u64 bytes = (o_.mebibytes << 20) + 17;
    std::error_code error;
    if (fs::file_size(o_.file, error) == bytes && !error) return;
    std::ofstream out(o_.file, std::ios::binary);
    std::mt19937_64 random(1);
    std::vector<u64> piece(8192);
    for (u64 left = bytes; left != 0 && out;) {
      for (u64& word : piece) word = random();
      const u64 n = std::min<u64>(left, piece.size() * sizeof(u64));
      out.write(reinterpret_cast<const char*>(piece.data()), static_cast<std::streamsize>(n));
      left -= n;
    }
    out.close();
    if (!out) fail("cannot write {}", o_.file);
  }

  // --- digests

  // sha1sum and sha256sum, which also bring the file into memory.
  void measure_tools() {
    for (const Algorithm& a : algorithms) {
      const std::string digest = run_tool(a);
      fmt::print("{:<9} {}\n", a.tool, digest);
      expected_.push_back(digest);
    }
  }
  std::string run_tool(const Algorithm& a) {
    const Finished f = demo::run({a.tool}, o_.file);
    const usize length = 8 * a.start.size();
    if (!f.good() || f.output.size() < length) fail("{} < {}: exit status {}", a.tool, o_.file, f.status);
    double& best = tool_seconds_[static_cast<usize>(&a - algorithms)];
    best = std::min(best, f.seconds);
    return f.output.substr(0, length);
  }

  Row& row(const Place& p, const std::string& algorithm, const std::string& version) {
    for (Row& r : rows_)
      if (r.place == &p && r.algorithm->name == algorithm && r.version == version) return r;
    for (const Algorithm& a : algorithms)
      if (a.name == algorithm) {
        rows_.push_back({&p, &a, version, {}, false, std::numeric_limits<double>::infinity(), 0, 0});
        return rows_.back();
      }
    fail("a program answers '{} {}'", algorithm, version);
  }

  // Runs a program that prints a line per version and checks its digests.
  void check(const Place& p, Command command) {
    const Finished f = demo::run(command);
    std::istringstream lines(f.output);
    unsigned seen = 0;
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string algorithm, version, answer;
      words >> algorithm >> version >> answer;
      if (version == "chosen") {
        row(p, algorithm, answer).chosen = true;
        continue;
      }
      ++seen;
      Row& r = row(p, algorithm, version);
      if (answer == "refused") {
        words >> r.refused;
        continue;
      }
      const std::string& wanted = expected_[static_cast<usize>(r.algorithm - algorithms)];
      if (answer != wanted)
        fail("{}: {} {} gives {}, {} gives {}", in_words(command), algorithm, version, answer, r.algorithm->tool,
             wanted);
      ++r.digests;
      double seconds = 0;
      if (words >> seconds) r.seconds = std::min(r.seconds, seconds);
    }
    if (!f.good()) fail("{}: exit status {}", in_words(command), f.status);
    if (seen != kernels<host::Isa>().size())
      fail("{}: {} versions instead of {}", in_words(command), seen, kernels<host::Isa>().size());
  }

  Command hash_command(const Place& p, const std::string& program) const {
    Command c = p.prefix();
    c.push_back(program);
    if (o_.flip_byte >= 0) c.push_back(fmt::format("--flip-byte={}", o_.flip_byte));
    c.push_back("--");
    c.push_back(o_.file);
    return c;
  }

  static const Place& host_place() { return places[places[1].is_host ? 1 : 0]; }

  void measure_host() {
    for (unsigned n = 0; n < rounds_; ++n) {
      if (n != 0)
        for (const Algorithm& a : algorithms) run_tool(a);
      check(host_place(), hash_command(host_place(), o_.hash));
    }
    for (const Row& r : rows_) {
      if (r.chosen) fmt::print("chosen    {} {} on {}\n", r.algorithm->name, r.version, r.place->target);
      if (!r.refused.empty())
        fmt::print("refused   {} {} on {}: needs {}\n", r.algorithm->name, r.version, r.place->target, r.refused);
    }
  }

  // AArch64 under QEMU; and what this CPU cannot run, if QEMU's CPU can.
  void hash_elsewhere() {
    Place emulated = host_place();
    emulated.is_host = false;
    if (!host::detect_features().has(sha_feature()) && on_path(emulated.emulator)) {
      emulated_host_ = emulated;
      check(emulated_host_, hash_command(emulated_host_, o_.hash));
    }
    if (o_.arm64_hash.empty()) return;
    if (places[1].is_host) fail("--arm64-hash is for hosts of another target");
    check(places[1], hash_command(places[1], o_.arm64_hash));
  }
  static host::Feature sha_feature() {
#if defined(__x86_64__)
    return host::Feature::sha;
#else
    return host::Feature::sha1;
#endif
  }
  static bool on_path(const std::string& program) { return demo::run({"sh", "-c", "command -v " + program}).good(); }

  // --- objects

  std::string program_of(const Place& p) const { return fmt::format("{}/sha_{}", o_.directory, p.target); }

  void link_and_run(const Place& p) {
    const std::string program = program_of(p), object = program + ".o";
    const std::string problem = p.machine == Machine::arm64
                                    ? write_object<arm64::Isa>(p.machine, object, JITKIT_SOURCES)
                                    : write_object<x86_64::Isa>(p.machine, object, JITKIT_SOURCES);
    if (!problem.empty()) fail("{}: {}", object, problem);
    const Command link = {p.c_compiler,
                          "-O2",
                          "-g",
                          "-Wall",
                          "-Wextra",
                          "-Werror",
                          "-static",
                          fmt::format("-DSAMPLE_BYTES={}", sample_bytes),
                          "-o",
                          program,
                          JITKIT_SOURCES "/tools/demo/hash_file.c",
                          object};
    if (const Finished f = demo::run(link); !f.good()) fail("{}: exit status {}", in_words(link), f.status);
    Command c = p.prefix();
    c.push_back(program);
    c.push_back(o_.file);
    if (o_.flip_byte >= 0) c.push_back(fmt::format("{}", o_.flip_byte));
    check(p, c);
    fmt::print("object    {}, in the C program {}{}\n", object, program, p.how());
  }

  void count_instructions(const Place& p) {
    for (Row& r : rows_)
      if (r.place == &p && r.digests != 0)
        r.instructions_per_byte = count(p, program_of(p), fmt::format("{}_{}", r.algorithm->name, r.version));
  }

  // Instructions that one call of the function executes, per byte hashed: QEMU translates one
  // instruction at a time and logs every one of the function's addresses.
  static double count(const Place& p, const std::string& program, const std::string& function) {
    const Command nm = {p.nm, "-S", program};
    std::istringstream symbols(demo::run(nm).output);
    std::string address, bytes, type, name;
    for (std::string line; name != function && std::getline(symbols, line);) {
      std::istringstream words(line);
      if (!(words >> address >> bytes >> type >> name)) name.clear();
    }
    if (name != function) fail("{}: no {}", in_words(nm), function);
    Command c = p.prefix();
    const bool newer = demo::run({p.emulator, "-h"}).output.find("-one-insn-per-tb") != std::string::npos;
    for (const std::string& word :
         {std::string(newer ? "-one-insn-per-tb" : "-singlestep"), std::string("-d"), std::string("exec,nochain"),
          std::string("-dfilter"), fmt::format("0x{}+0x{}", address, bytes), std::string("-D"),
          std::string("/proc/self/fd/1"), program, std::string("--call"), function})
      c.push_back(word);
    const Finished f = demo::run(c);
    const auto executed = std::count(f.output.begin(), f.output.end(), '\n');
    if (!f.good() || executed == 0) fail("{}: exit status {}, {} instructions", in_words(c), f.status, executed);
    return static_cast<double>(executed) / static_cast<double>(sample_bytes);
  }

  // --- what is shown

  static void print_listing() {
    std::string text;
    StringSink sink(text);
    const std::string problem = places[1].is_host ? list_first<tools::Arm64>(sink) : list_first<tools::X86_64>(sink);
    if (!problem.empty()) fail("{}", problem);
    fmt::print("\n{}", text);
  }

  std::string speed(double seconds) const {
    return seconds > 0 && seconds < 1e9 ? fmt::format("{:.0f} MB/s", static_cast<double>(size_) / seconds / 1e6) : "";
  }

  void print_table() const {
    fmt::print("\n{:<8} {:<16} {:>12} {:>8} {:>13}  {}\n", "", "", "", "ratio", "instr/byte", "digests");
    for (const Algorithm& a : algorithms) {
      const double tool = tool_seconds_[static_cast<usize>(&a - algorithms)];
      fmt::print("{:<8} {:<16} {:>12} {:>8}\n", a.name, "coreutils", speed(tool), "1.00");
      for (const Row& r : rows_)
        if (r.algorithm == &a) print_row(r, tool);
    }
    if (size_ < u64{8} << 20) fmt::print("The file is small: coreutils' time is mostly the start of a program.\n");
  }

  void print_row(const Row& r, double tool) const {
    const std::string name = fmt::format("{} {}", r.place->target, r.version);
    if (r.digests == 0) {
      fmt::print("{:<8} {:<16} refused: needs {}{}\n", "", name, r.refused, r.place->how());
      return;
    }
    const bool timed = r.place->is_host && r.seconds < 1e9;
    const std::string instructions = r.instructions_per_byte > 0 ? fmt::format("{:.2f}", r.instructions_per_byte) : "";
    fmt::print("{:<8} {:<16} {:>12} {:>8} {:>13}  {} equal{}{}\n", "", name, timed ? speed(r.seconds) : "",
               timed ? fmt::format("{:.2f}", tool / r.seconds) : "", instructions, r.digests,
               r.chosen ? ", chosen" : "", r.place->how());
  }

  Options o_;
  u64 size_ = 0;
  unsigned rounds_ = 1;
  std::vector<std::string> expected_;  // by algorithm
  double tool_seconds_[2] = {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
  std::vector<Row> rows_;
  Place emulated_host_ = {};
};

}  // namespace
}  // namespace jitkit::demo

int main(int argc, char** argv) {
  jitkit::demo::Options o;
  CLI::App app("SHA-1 and SHA-256 of a file through jitkit's functions, against coreutils", "jitkit-demo");
  app.add_option("--file", o.file, "what to hash; without it a file is made");
  app.add_option("--mebibytes", o.mebibytes, "size of the file that is made")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 20));
  app.add_option("--directory", o.directory, "where files are made")->capture_default_str();
  app.add_option("--hash", o.hash, "jitkit-hash for this machine")->required();
  app.add_option("--arm64-hash", o.arm64_hash, "jitkit-hash for AArch64, run under QEMU");
  app.add_option("--flip-byte", o.flip_byte, "changes this byte of what is hashed: the demo must fail");
  app.add_option("--step", o.steps, "only these steps")->check(CLI::IsMember(o.steps));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  jitkit::demo::Demo(std::move(o)).run();
  return 0;
}
