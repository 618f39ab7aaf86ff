// `jitkit run` on the host: the unit in memory of this process, the call in a child of it.
#include <custom_convention.hpp>
#include <dlfcn.h>
#include <jitkit/emit/runtime/exec_memory.hpp>
#include <jitkit/ir/compile_unit.hpp>
#include <sys/mman.h>
#include <sys/wait.h>
#include <targets.hpp>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <memory>
#include <string>

#include "call.hpp"

namespace jitkit::tools {
namespace {

using Target = std::conditional_t<is_host<Arm64>, Arm64, X86_64>;
using Isa = Target::Isa;

// Functions and globals of a unit at their addresses; symbols from elsewhere by dlsym.
class LoadedUnit {
 public:
  LoadedUnit(ir::Unit& unit, ir::Compiler<Isa>& compiler, ir::Diagnostics& errors)
      : unit_(unit), compiler_(compiler), errors_(errors) {}

  bool load() {
    return place_globals() && compile() && reserve() && place_code() && fill_globals();
  }
  u64 address(std::string_view name) const {
    const auto found = addresses_.find(name);
    return found != addresses_.end() ? found->second : 0;
  }
  const std::vector<CompiledFunction>& functions() const { return functions_; }

 private:
  bool fail(std::string_view name, const std::string& why) {
    errors_.error({}) << "@" << name << ": " << why;
    return false;
  }
  template <class F>
  void for_each_global(F f) {
    const ir::Module& m = unit_.module;
    for (u32 n = 1; n < m.symbol_count(); ++n) {
      const ir::SymbolInfo& i = m.symbol(ir::SymbolRef(n));
      if (i.kind != ir::SymbolKind::function && i.linkage != ir::Linkage::external) f(ir::SymbolRef(n), i);
    }
  }

  // Read-only ones on pages of their own.
  bool place_globals() {
    const u64 page = static_cast<u64>(sysconf(_SC_PAGESIZE));
    u64 size = 0;
    for (const bool constant : {true, false}) {
      for_each_global([&](ir::SymbolRef r, const ir::SymbolInfo& i) {
        if ((i.kind == ir::SymbolKind::rodata) != constant) return;
        size = align_up(size, u64{1} << i.align_log2);
        addresses_[unit_.module.symbol_name(r)] = size;
        size += i.size;
      });
      size = align_up(size, page);
      if (constant) constant_bytes_ = size;
    }
    if (size == 0) return true;
    void* p = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
      errors_.error({}) << "out of memory: " << std::to_string(size) << " bytes were needed for globals";
      return false;
    }
    data_ = reinterpret_cast<u64>(p);
    for (auto& [name, at] : addresses_) at += data_;
    return true;
  }

  bool compile() {
    unit_.for_each([&](ir::FunctionData& f, ir::TextMap& text) {
      auto code = std::make_unique<CodeBuffer>();
      Status s = compiler_.compile(f, *code);
      if (s.ok()) s = code->finish();
      if (!s.ok()) return ir::explain<Isa>(f, text, s, errors_);
      functions_.push_back(compiled_function(f, text, compiler_, code->offset()));
      codes_.push_back(std::move(code));
    });
    return errors_.empty();
  }

  std::string_view name(usize n) const { return unit_.module.symbol_name(functions_[n].function->symbol); }

  bool reserve() {
    blocks_.resize(codes_.size());
    for (usize n = 0; n < codes_.size(); ++n) {
      if (const Status s = memory_.allocate(codes_[n]->size_bound(), blocks_[n], data_); !s)
        return fail(name(n), status_text(s));
      addresses_[name(n)] = blocks_[n].run;
    }
    return true;
  }

  static bool find(void* self, std::string_view name, u64& address) {
    auto* unit = static_cast<LoadedUnit*>(self);
    address = unit->address(name);
    if (address == 0) address = reinterpret_cast<u64>(dlsym(RTLD_DEFAULT, std::string(name).c_str()));
    return address != 0;
  }

  bool place_code() {
    for (usize n = 0; n < codes_.size(); ++n) {
      CodeBuffer& code = *codes_[n];
      Status s = code.place(blocks_[n].run, {&find, this});
      if (s.error == Error::symbol_undefined)
        return fail(name(n), fmt::format("nothing in this process is called @{}", code.symbol_name(Symbol(s.where))));
      if (s.ok()) {
        std::memcpy(blocks_[n].write, code.data(), code.bytes().size());
        s = memory_.publish(blocks_[n]);
      }
      if (!s) return fail(name(n), status_text(s));
    }
    return true;
  }

  bool fill_globals() {
    const ir::Module& m = unit_.module;
    bool good = true;
    for_each_global([&](ir::SymbolRef r, const ir::SymbolInfo&) {
      auto* to = reinterpret_cast<u8*>(addresses_[m.symbol_name(r)]);
      const std::span<const u8> bytes = m.global_bytes(r);
      if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
      for (const ir::DataReloc& d : m.global_relocs(r)) {
        u64 value = 0;
        if (!find(this, m.symbol_name(d.symbol), value))
          good = fail(m.symbol_name(r), fmt::format("nothing in this process is called @{}", m.symbol_name(d.symbol)));
        value += static_cast<u64>(d.addend);
        std::memcpy(to + d.offset, &value, sizeof value);
      }
    });
    if (constant_bytes_ != 0) mprotect(reinterpret_cast<void*>(data_), constant_bytes_, PROT_READ);
    return good;
  }

  ir::Unit& unit_;
  ir::Compiler<Isa>& compiler_;
  ir::Diagnostics& errors_;
  ExecMemory memory_;
  std::map<std::string_view, u64> addresses_;
  u64 data_ = 0;
  u64 constant_bytes_ = 0;
  std::vector<CompiledFunction> functions_;
  std::vector<std::unique_ptr<CodeBuffer>> codes_;
  std::vector<ExecBlock> blocks_;
};

// What parent and child share.
struct Shared {
  jitkit_report report;
  alignas(64) u8 results[jitkit_result_bytes];
};

Ending call_in_child(const Call& c, const LoadedUnit& loaded, std::string_view entry) {
  void* p = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return Ending::failed(std::strerror(errno));
  auto* shared = static_cast<Shared*>(p);
  std::vector<const void*> starts;
  for (const CompiledFunction& f : loaded.functions())
    starts.push_back(reinterpret_cast<const void*>(loaded.address(c.file.unit.module.symbol_name(f.function->symbol))));
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    const jitkit_run run{reinterpret_cast<void (*)(void*)>(loaded.address(entry)), shared->results, starts.data(),
                         starts.size(), &shared->report, [] { _exit(0); }};
    jitkit_run_child(&run);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return Ending::failed(std::strerror(errno));
  if (shared->report.state == jitkit_running) return ended_early(status);
  return ending_of(c, shared->report, shared->results, loaded.functions());
}

}  // namespace

Ending run_here(const Call& c, const std::string& features) {
  std::string messages;
  StringSink sink(messages);
  Isa::Options options;
  options.features = host_features(&sink);
  options.conventions = custom_conventions<Isa>();
  fmt::print(stderr, "{}", messages);
  if (!features.empty()) {
    if (features.front() != '+' && features.front() != '-') options.features = host::FeatureSet();
    if (const std::string_view unknown = options.features.apply(features); !unknown.empty()) {
      print_error("--features", "no feature '{}'; see jitkit features", unknown);
      return misused;
    }
    if (const host::Feature lacking = host_features().first_missing(options.features); lacking != host::Feature::base) {
      print_error("--features", "this CPU lacks {}, or JITKIT_CPU takes it away", host::feature_name(lacking));
      return misused;
    }
  }
  static constexpr std::string_view entry = "jitkit_run_entry";
  if (add_entry(c, entry) == nullptr) return Ending::failed(no_function_text());
  ir::Compiler<Isa> compiler(options);
  LoadedUnit loaded(c.file.unit, compiler, c.file.errors);
  if (!loaded.load()) {
    c.file.print_errors();
    return {};
  }
  return call_in_child(c, loaded, entry);
}

}  // namespace jitkit::tools
