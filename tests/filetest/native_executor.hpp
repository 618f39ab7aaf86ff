// Runs calls as machine code. The functions of all files and a wrapper for each that is called are
// compiled to objects, linked with native_driver.c into one program, and that is run once: by this
// machine if it can, else by QEMU.
//
// A process of its own, not memory of this one: what goes wrong in compiled code cannot take the report
// with it, and the same code serves the target that is not the host.
#ifndef JITKIT_TESTS_FILETEST_NATIVE_EXECUTOR_HPP
#define JITKIT_TESTS_FILETEST_NATIVE_EXECUTOR_HPP

#include "../support/exclusives.hpp"

#include <compilers.hpp>
#include <jitkit/emit/object.hpp>

#include <algorithm>

#include "executor.hpp"
#include "native_program.hpp"

namespace filetest {

// One file as an object: its symbols are local, the wrappers are not.
template <class Isa>
class FileObject {
 public:
  FileObject(Machine machine, const typename Isa::Options& options, std::string prefix)
      : compiler_(options), object_(arena_, machine), prefix_(std::move(prefix)),
        landings_(prefix_ + "_landings") {
    compiler_.check_allocations = true;
  }

  // False, with error(): what could not be compiled.
  bool compile(Batch& b) {
    b.test->unit->for_each([&](ir::FunctionData& f, ir::TextMap&) {
      add(f, Binding::local);
      b.spills = b.spills || compiler_.machine().slot_count != 0;
    });
    const ir::Module& m = b.test->unit->module;
    for (u32 i = 1; i < m.symbol_count(); ++i) add_global(m, ir::SymbolRef(i));
    for (const Case& c : *b.cases) add_wrapper(*c.function);
    note("landings", object_.add_data({.name = landings_, .kind = ObjectData::Kind::rodata, .align = 8,
                                       .size = landing_relocs_.size() * 8 + 8, .relocs = landing_relocs_}));
    return error_.empty();
  }
  bool write(const std::string& path) {
    Vec<u8> file(arena_);
    return object_.write(file).ok() && write_file(path, file.data(), file.size());
  }

  const std::string& error() const { return error_; }
  const std::vector<std::string>& wrappers() const { return wrappers_; }
  // The name of where the file's loads that may fault land, as native_driver.c reads it.
  const std::string& landings() const { return landings_; }
  // Which of wrappers() calls the function.
  usize wrapper_of(const ir::FunctionData& f) const {
    return static_cast<usize>(std::find(wrapped_.begin(), wrapped_.end(), &f) - wrapped_.begin());
  }

 private:
  void add(const ir::FunctionData& f, Binding binding) {
    const std::string_view name = f.module->symbol_name(f.symbol);
    typename Isa::Buffer code;
    if (const Status s = compiler_.compile(f, code); !s)
      note(name, s);
    else if (!test::exclusives_are_right(compiler_, code))
      error_ += fmt::format("\n  @{}: something between a load-exclusive and its store-exclusive that may make it fail forever", name);
    else
      note(name, object_.add_function(code, {.name = name, .binding = binding, .unwind = false}));
    const LocationMap& map = compiler_.locations();
    for (const LocationMap::Site& s : map.sites)
      if (s.kind == LocationMap::SiteKind::load)
        for (const u32 offset : {s.offset, map.states[s.state].stub})
          landing_relocs_.push_back({static_cast<u32>(landing_relocs_.size() * 8), name, offset});
  }
  void note(std::string_view name, Status s) {
    if (!s) error_ += fmt::format("\n  @{}: {}, at {}, detail {}", name, describe(s.error), s.where, s.detail);
  }

  void add_global(const ir::Module& m, ir::SymbolRef s) {
    const ir::SymbolInfo& i = m.symbol(s);
    if (i.kind == ir::SymbolKind::function || i.linkage == ir::Linkage::external) return;
    std::vector<ObjectReloc> relocs;
    for (const ir::DataReloc& r : m.global_relocs(s))
      relocs.push_back({static_cast<u32>(r.offset), m.symbol_name(r.symbol), r.addend});
    using Kind = ObjectData::Kind;
    const Kind kind = i.kind == ir::SymbolKind::bss ? Kind::bss : i.kind == ir::SymbolKind::data ? Kind::data : Kind::rodata;
    note(m.symbol_name(s), object_.add_data({.name = m.symbol_name(s), .binding = Binding::local, .kind = kind,
                                             .align = 1U << i.align_log2, .bytes = m.global_bytes(s), .size = i.size,
                                             .relocs = relocs}));
  }

  void add_wrapper(const ir::FunctionData& f) {
    if (wrapper_of(f) != wrapped_.size()) return;
    wrapped_.push_back(&f);
    wrappers_.push_back(fmt::format("{}_{}", prefix_, wrappers_.size()));
    if (!Wrapper::fits(parameter_types(f)) || !Wrapper::fits(result_types(f)))
      error_ += fmt::format("\n  @{}: more arguments or results than a Record holds", f.module->symbol_name(f.symbol));
    else
      add(Wrapper(wrapper_unit_, f, wrappers_.back()).function(), Binding::global);
    wrapper_unit_.clear();
  }

  ir::Compiler<Isa> compiler_;
  Arena arena_;
  ObjectWriter object_;
  std::string prefix_, landings_;
  std::vector<ObjectReloc> landing_relocs_;
  std::string error_;
  ir::Unit wrapper_unit_;
  std::vector<const ir::FunctionData*> wrapped_;
  std::vector<std::string> wrappers_;
};

// Of a Target:
//   Isa             the model of ir::Target
//   name, machine   of the executor; of the objects
//   linker          the C compiler that makes its programs
//   emulator        what runs them elsewhere
//   is_host         whether they run here
//   on_request      whether it runs only the files whose `only` names it
//   options()       what code may use; the emulator has it
//   missing()       what of that this machine has not, if it is the host
template <class Target>
class NativeExecutor : public Executor {
 public:
  const char* name() const override { return Target::name; }
  bool on_request() const override { return Target::on_request; }
  const ir::IsaInfo* isa() const override { return &Target::Isa::isa_info(); }

  std::string missing() override {
    if (!on_path(Target::linker)) return fmt::format("no {} on PATH", Target::linker);
    if (!Target::is_host && !on_path(Target::emulator)) return fmt::format("no {} on PATH", Target::emulator);
    return Target::is_host ? Target::missing() : "";
  }

  void execute(std::span<Batch> batches) override {
    Program p;
    if (!p.scratch.made()) return fail(batches, "no scratch directory can be made");
    for (usize i = 0; i < batches.size(); ++i) compile(p, batches[i], i);
    if (!write_table(p) || !write_file(p.scratch.file("in"), p.records.data(), p.records.size() * sizeof(Record)))
      return fail(batches, "cannot write to the scratch directory");
    const std::string log = p.scratch.file("log");
    for (const std::string& c : {driver_command(), link_command(p)})
      if (!c.empty() && std::system(fmt::format("{} >{} 2>&1", c, log).c_str()) != 0)
        return fail(batches, fmt::format("{}:\n{}", c, read_text(log)));
    p.end = std::system(fmt::format("{}{} <{} >{} 2>{}", run_prefix(), p.scratch.file("program"), p.scratch.file("in"),
                                    p.scratch.file("out"), log).c_str());
    p.answers = read_text(p.scratch.file("out"));
    for (Batch& b : batches)
      if (b.failure.empty()) collect(p, b);
  }

 private:
  struct Program {
    ScratchDirectory scratch{"filetest"};
    std::string objects;                // paths, for the command line
    std::vector<std::string> wrappers;  // by Record::what
    std::vector<std::string> landings;  // of the files
    std::vector<Record> records;        // of all cases, in order
    int end = 0;                        // its exit status
    std::string answers;
    usize collected = 0;
  };

  static void fail(std::span<Batch> batches, const std::string& why) {
    for (Batch& b : batches)
      if (b.failure.empty()) b.failure = why;
  }

  static void compile(Program& p, Batch& b, usize number) {
    FileObject<typename Target::Isa> object(Target::machine, Target::options(), fmt::format("jitkit_call_{}", number));
    const std::string path = p.scratch.file(fmt::format("{}.o", number));
    if (!object.compile(b)) {
      b.failure = "does not compile:" + object.error();
      return;
    }
    if (!object.write(path)) {
      b.failure = "its object cannot be written";
      return;
    }
    p.objects += " " + path;
    for (const Case& c : *b.cases) {
      Record r;
      r.what = p.wrappers.size() + object.wrapper_of(*c.function);
      const std::vector<ir::Type> types = parameter_types(*c.function);
      for (usize i = 0; i < types.size(); ++i) r.put(i, types[i], c.arguments[i]);
      p.records.push_back(r);
    }
    p.landings.push_back(object.landings());
    p.wrappers.insert(p.wrappers.end(), object.wrappers().begin(), object.wrappers().end());
  }

  // The driver's arrays: of wrappers, and of where loads land.
  static bool write_table(Program& p) {
    Arena arena;
    ObjectWriter object(arena, Target::machine);
    const auto array = [&](std::string_view name, const std::vector<std::string>& symbols) {
      std::vector<ObjectReloc> relocs;
      for (const std::string& w : symbols) relocs.push_back({static_cast<u32>(relocs.size() * 8), w, 0});
      return object.add_data({.name = name, .kind = ObjectData::Kind::rodata, .size = relocs.size() * 8 + 8,
                              .relocs = relocs});
    };
    const bool added = array("jitkit_calls", p.wrappers).ok() && array("jitkit_landings", p.landings).ok();
    const std::string path = p.scratch.file("table.o");
    p.objects += " " + path;
    Vec<u8> file(arena);
    return added && object.write(file).ok() && write_file(path, file.data(), file.size());
  }

  // Compiles the driver, once; empty if that is done.
  std::string driver_command() const {
    std::error_code ignored;
    if (fs::exists(driver_.file("driver.o"), ignored)) return {};
    return fmt::format("{} -O1 -c -o {} {}", Target::linker, driver_.file("driver.o"), JITKIT_NATIVE_DRIVER);
  }
  std::string link_command(const Program& p) const {
    return fmt::format("{} -static -o {} {}{}", Target::linker, p.scratch.file("program"), driver_.file("driver.o"), p.objects);
  }
  static std::string run_prefix() { return runs_directly() ? "" : fmt::format("{} ", Target::emulator); }
  // An AArch64 runner may itself run under user-mode QEMU, which cannot start programs of its own kind.
  static bool runs_directly() {
    return Target::is_host && (Target::machine != Machine::arm64 || !on_path(Target::emulator));
  }

  static void collect(Program& p, Batch& b) {
    for (const Case& c : *b.cases) {
      const usize at = p.collected++ * sizeof(Record);
      if (at + sizeof(Record) > p.answers.size()) {
        b.outcomes.push_back({Outcome::Kind::failed, {}, fmt::format("the program had ended, with status {}", p.end)});
        continue;
      }
      Record r;
      std::memcpy(&r, p.answers.data() + at, sizeof r);
      b.outcomes.push_back(outcome(c, r));
    }
  }

  static Outcome outcome(const Case& c, const Record& r) {
    Outcome o;
    if (r.what == Record::trapped) {
      o.kind = Outcome::Kind::trapped;
    } else if (r.what != 0) {
      o.kind = Outcome::Kind::failed;
      o.message = fmt::format("signal {}", r.what);
    } else if (r.broken != 0) {
      o.kind = Outcome::Kind::failed;
      o.message = "a preserved register was changed";
    } else {
      o.kind = Outcome::Kind::returned;
      for (const ir::Type t : result_types(*c.function)) o.values.push_back(r.get(o.values.size(), t));
    }
    return o;
  }

  ScratchDirectory driver_{"filetest"};
};

}  // namespace filetest

#endif  // JITKIT_TESTS_FILETEST_NATIVE_EXECUTOR_HPP
