// `jitkit fuzz`: random programs whose results must be the interpreter's, compiled for this machine and for
// a target on a CPU or an emulator; random instructions of a target on two of those.
#include <fmt/format.h>
#include <fuzz/finding.hpp>
#include <fuzz/fuzzer.hpp>
#include <targets.hpp>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <memory>
#include <random>
#include <string>

#include "command.hpp"
#include "unit_file.hpp"

namespace jitkit::tools {
namespace {

using fuzz::Executor;
using fuzz::Level;

struct Arguments {
  std::string target;
  std::string family;
  std::string emulator;
  std::string cpu;
  std::string output;
  std::string level;
  u64 seconds = 60;
  u64 count = 0;
  u64 seed = 0;
  bool seed_given = false;
  bool print = false;
};

class Session {
 public:
  explicit Session(Arguments& a) : a_(a) {}

  int run() {
    if (a_.family.empty()) {
      fuzz::IrSource source;
      if (a_.print) return print_programs(source);
      add<Host>({});
      if (a_.target == Other::Isa::name)
        add<Other>(emulator(Other::emulator));
      else if (!a_.emulator.empty() || !a_.cpu.empty())
        add<Host>(emulator(Host::emulator));
      return start() ? compare(source) : exit_bad_input;
    }
    return a_.target == Arm64::Isa::name ? run_family<Arm64>() : run_family<X86_64>();
  }

 private:
  using Other = std::conditional_t<is_host<Arm64>, X86_64, Arm64>;
  using Host = std::conditional_t<is_host<Arm64>, Arm64, X86_64>;

  // The first is what the others are compared with.
  template <class Target>
  int run_family() {
    using Isa = typename Target::Isa;
    using One = fuzz::TargetExecutor<Target>;
    const std::vector<std::string> usual{Target::emulator};
    std::vector<std::vector<std::string>> where;
    where.push_back(is_host<Target> ? std::vector<std::string>() : usual);
    if (is_host<Target> || emulator(Target::emulator) != usual) where.push_back(emulator(Target::emulator));
    typename Isa::Options options;
    for (const auto& words : where) executors_.push_back(std::make_unique<One>(Level::all, words));
    if (!start()) return exit_bad_input;
    options.features = Isa::FeatureSet::all();
    for (const auto& e : executors_) options.features = (options.features & static_cast<One&>(*e).uses()).usable();
    fuzz::NativeSource<Isa> source(a_.family, options, *executors_[0]);
    if (source.forms() == 0) {
      fmt::print(
          stderr,
          "--family: no instruction of {} that these machines have is called so or needs a feature of that name: {}\n",
          Isa::name, a_.family);
      return exit_usage;
    }
    if (a_.print) return print_programs(source);
    fmt::print("{} forms of the family {}\n", source.forms(), a_.family);
    return compare(source);
  }

  bool start() {
    for (const auto& e : executors_)
      if (const std::string why = e->start(); !why.empty()) {
        fmt::print(stderr, "error: {}: {}\n", e->name(), why);
        return false;
      }
    return true;
  }

  int compare(fuzz::Source& source) {
    fmt::print("seed {}\n", a_.seed);
    for (const auto& e : executors_) fmt::print("on {}\n", e->name());
    std::fflush(stdout);
    fuzz::Fuzzer::Options options{a_.seed, a_.count, std::chrono::seconds(a_.seconds), {}};
    if (!a_.family.empty()) options.level = ir::OptLevel::none;  // one by one would become together
    for (u8 n = 0; n < std::size(ir::level_names); ++n)
      if (a_.level == ir::level_names[n]) options.level = static_cast<ir::OptLevel>(n);
    fuzz::Fuzzer fuzzer(options, source, executors_);
    const bool terminal = isatty(2) != 0;
    const auto began = fuzz::Fuzzer::Clock::now();
    if (terminal)
      fuzzer.on_progress = [&](const fuzz::Totals& t) {
        const auto s = std::chrono::duration_cast<std::chrono::seconds>(fuzz::Fuzzer::Clock::now() - began).count();
        fmt::print(stderr, "\r{} s: {} programs, no difference", s, t.programs);
        std::fflush(stderr);
      };
    const bool good = fuzzer.run();
    if (terminal) fmt::print(stderr, "\n");
    const bool enough = report(fuzzer.totals());
    if (!good) return found(fuzzer.difference(), source);
    fmt::print("no difference\n");
    return enough ? exit_good : exit_bad_input;
  }

  std::vector<std::string> emulator(const char* usual) const {
    std::vector<std::string> words = words_of(a_.emulator.empty() ? usual : a_.emulator);
    if (!a_.cpu.empty()) words.insert(words.end(), {"-cpu", a_.cpu});
    return words;
  }
  template <class Target>
  void add(const std::vector<std::string>& emulator) {
    for (const Level l : {Level::core, Level::all})
      executors_.push_back(std::make_unique<fuzz::TargetExecutor<Target>>(l, emulator));
  }

  int print_programs(fuzz::Source& source) const {
    for (u64 n = 0; n < std::max<u64>(a_.count, 1); ++n)
      fmt::print("; seed {}\n{}", a_.seed + n, source.make(a_.seed + n)->text());
    return exit_good;
  }

  // False if the programs are too simple to be worth running.
  bool report(const fuzz::Totals& t) const {
    fmt::print("{} programs, {} functions, {} calls, each {} times as machine code; {} allocations checked\n",
               t.programs, t.functions, t.calls, executors_.size(), t.functions * executors_.size());
    if (!a_.family.empty()) {
      fmt::print("{:.0f} instructions of the family on average, together and one by one\n", t.mean(t.native) / 2);
      if (t.mean(t.native) / 2 >= 10) return true;
      fmt::print(stderr, "error: the programs are too short: at least 10 instructions of the family are asked for\n");
      return false;
    }
    const auto percent = [&](double count) { return 100 * t.mean(count); };
    fmt::print(
        "{:.0f} ops and {:.1f} blocks on average; with loops {:.0f} %, calls {:.0f} %, spills {:.0f} %, guards {:.0f} "
        "%\n",
        t.mean(t.ops), t.mean(t.blocks), percent(t.with_loops), percent(t.with_calls), percent(t.with_spills),
        percent(t.with_guards));
    fuzz::ExitPlaces::Seen seen;
    for (const auto& e : executors_) seen.add(e->seen());
    fmt::print(
        "{} calls left by an exit, {} stops at safepoints and {} at patch points; values there: {} in registers, {} in "
        "slots, {} constants; {} virtual objects\n",
        seen.exits, seen.safepoints, seen.patch_points, seen.registers, seen.memory, seen.constants, seen.objects);
    fmt::print("{} safepoints watched; {} not, since other code comes to the same address\n", seen.watched,
               seen.unwatched);
    const bool enough =
        t.mean(t.ops) >= 50 && t.mean(t.blocks) >= 5 && t.mean(t.with_spills) >= 0.5 && t.mean(t.with_guards) >= 0.5;
    if (enough || t.programs < fuzz::Fuzzer::batch_size) return true;
    fmt::print(stderr,
               "error: the programs are too simple: at least 50 ops, 5 blocks and half of them with spills and with "
               "guards are asked for\n");
    return false;
  }

  int found(const fuzz::Fuzzer::Difference& d, fuzz::Source& source) {
    fmt::print("difference: seed {} on {}: {}\n", d.seed,
               d.executor != nullptr ? d.executor->name() : "the interpreter or optimiser", d.what);
    if (d.reduced == nullptr) return exit_bad_input;
    std::string how = d.executor->run_options();
    if (const ir::OptLevel l = d.reduced->level(); l != ir::OptLevel::none)
      how += fmt::format(" --opt {}", ir::level_names[static_cast<u8>(l)]);
    const fuzz::Finding f(*d.reduced, *d.executor, source, how, again(d.seed));
    if (a_.output.empty()) a_.output = fmt::format("jitkit-fuzz-{}.jk", d.seed);
    std::ofstream out(a_.output, std::ios::binary);
    out << f.text();
    if (!out.flush()) {
      print_error(a_.output, "cannot be written");
      fmt::print("{}", f.text());
      return exit_bad_input;
    }
    fmt::print("reduced to {}\n", a_.output);
    if (f.shown())
      fmt::print("jitkit run {0} {1} {2}\njitkit run {0} {3} {2}\n", a_.output, how, fuzz::Finding::entry,
                 source.run_options());
    else
      fmt::print("jitkit run does not show it: {}\n", again(d.seed));
    return exit_bad_input;
  }

  // The command that runs the program of that seed alone.
  std::string again(u64 seed) const {
    std::string words = fmt::format("jitkit fuzz --target {} --seed {} --count 1", a_.target, seed);
    const auto add = [&](const char* option, const std::string& value) {
      if (!value.empty()) words += fmt::format(" {} '{}'", option, value);
    };
    add("--family", a_.family);
    add("--emulator", a_.emulator);
    add("--cpu", a_.cpu);
    add("--opt", a_.level);
    return words;
  }

  Arguments& a_;
  std::vector<std::unique_ptr<Executor>> executors_;
};

int run(Arguments& a) {
  signal(SIGPIPE, SIG_IGN);
  if (!a.seed_given) a.seed = std::random_device()();
  return Session(a).run();
}

std::function<int()> setup(CLI::App& app) {
  auto a = std::make_shared<Arguments>();
  add_target_option(app, a->target);
  app.add_option(
      "--family", a->family,
      "sequences of the target's own instructions instead: those that need the feature of that name (base: none), "
      "or whose form names start so");
  app.add_option("--seconds", a->seconds, "how long (60)")->check(CLI::PositiveNumber);
  app.add_option("--count", a->count, "so many programs instead")->check(CLI::PositiveNumber);
  CLI::Option* seed = app.add_option("--seed", a->seed, "of the first program; without it a new one, which is printed");
  add_emulator_option(app, a->emulator);
  app.add_option("--cpu", a->cpu, "the CPU model of the emulator (-cpu)");
  app.add_option("--opt", a->level,
                 "optimised: none, fast or full; without it each program at one of them, by its seed")
      ->check(CLI::IsMember({"none", "fast", "full"}));
  app.add_option("-o", a->output, "where a difference is written (jitkit-fuzz-SEED.jk)")->check(not_empty);
  app.add_flag("--print", a->print, "prints the programs and runs nothing");
  app.footer(
      "Random programs over all core ops, each called with 16 lists of arguments: what machine code gives must be "
      "what the interpreter gives. They run on this machine and, if the target is another or --emulator or --cpu is "
      "given, there; once with the features that core ops cannot do without, once with all that the CPU has. "
      "With --family random instructions, which must leave the same together as one by one, and under the "
      "emulator the same as on this CPU (for another target: as under QEMU). "
      "A difference is made small and written as a .jk file; its first lines are the command that shows it again.\n"
      "Exit status: 0 no difference, 1 a difference, 2 usage.\n"
      "Examples:\n"
      "  jitkit fuzz --target arm64 --seconds 30\n"
      "  jitkit fuzz --target arm64 --cpu cortex-a72\n"
      "  jitkit fuzz --target x86_64 --emulator /opt/my-emulator\n"
      "  jitkit fuzz --target x86_64 --family bmi2              this CPU against QEMU\n");
  return [a, seed] {
    a->seed_given = seed->count() != 0;
    return run(*a);
  };
}

const Registration registered({"fuzz",
                               "Runs random programs on the interpreter, this machine and a target, and compares",
                               &setup});

}  // namespace
}  // namespace jitkit::tools
