#include <jitkit/consumers/jvm/convention.hpp>
#include <jitkit/consumers/jvm/conventions.hpp>
#include <jitkit/consumers/jvm/made.hpp>
#include <jitkit/emit/placement.hpp>
#include <jitkit/emit/runtime/code_publisher.hpp>
#include <jitkit/emit/runtime/cpu_features.hpp>
#include <jitkit/emit/runtime/exec_memory.hpp>
#include <jitkit/ir/compile.hpp>
#include <jitkit/ir/parser.hpp>
#include <jitkit/stubs.hpp>
#include <dlfcn.h>
#include <sys/mman.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

using namespace jitkit;
using AnyModule = stubs::Module<stubs::Isa>;

#define JITKIT_JVM_SOURCE(name) void jitkit_stubs_##name(AnyModule&);
#define JITKIT_JVM_TEXT(name, text)
#include <made_sources.def>
#undef JITKIT_JVM_SOURCE
#undef JITKIT_JVM_TEXT

namespace jitkit::inline JITKIT_ABI::hotspot {
namespace {

struct Source {
  void (*build)(AnyModule&);  // null: it is text
  std::string_view text;
};
// Those in C++ first: kernels of texts are looked for when stubs of the former need them.
constexpr Source sources[] = {
#define JITKIT_JVM_SOURCE(name) {jitkit_stubs_##name, {}},
#define JITKIT_JVM_TEXT(name, text) {nullptr, text},
#include <made_sources.def>
#undef JITKIT_JVM_SOURCE
#undef JITKIT_JVM_TEXT
};

class Maker {
 public:
  // Of an exported function; 0, with the reason in `why`.
  u64 address(std::string_view name, Sink& why) {
    why_ = &why;
    return resolve(name, nullptr);
  }
  std::span<const u8> code(std::string_view name) const {
    const auto found = code_.find(name);
    return found == code_.end() ? std::span<const u8>() : found->second;
  }

  MadeTotals totals;

 private:
  static constexpr usize data_bytes = usize{1} << 20;

  struct Scope;
  // A function or a global of a source.
  struct Item {
    const ir::Module* module;
    ir::SymbolRef symbol;
    const ir::FunctionData* function;  // null: a global
    Scope* scope;
    ExecBlock block = {};  // run: its address, known while it is still being placed
    std::string_view name() const { return module->symbol_name(symbol); }
  };
  // Names that a source keeps to itself.
  struct Scope {
    Maker* maker;
    std::map<std::string_view, Item> items;
  };

  bool fail(std::string_view name, std::string_view reason) {
    *why_ << name << ": " << reason;
    return false;
  }

  // What a source calls by that name; null: one that looks from outside. Sources are read until one has it.
  u64 resolve(std::string_view name, Scope* scope) {
    if (name == "jitkit_hotspot_calls") return reinterpret_cast<u64>(jitkit_hotspot_calls);
    if (scope != nullptr)
      if (const auto own = scope->items.find(name); own != scope->items.end()) return address_of(own->second);
    while (true) {
      if (const auto found = exported_.find(name); found != exported_.end()) return address_of(found->second);
      if (read_ == std::size(sources)) return library_function(name);
      if (!read(sources[read_++])) return 0;
    }
  }
  u64 address_of(Item& item) {
    if (item.block.run == 0 && !(item.function != nullptr ? compile(item) : place(item))) item.block = {};
    return item.block.run;
  }
  // memset and the like.
  u64 library_function(std::string_view name) {
    const std::string text(name);
    void* at = text.starts_with("jitkit_") ? nullptr : ::dlsym(RTLD_DEFAULT, text.c_str());
    if (at == nullptr) fail(name, "no source has it");
    return reinterpret_cast<u64>(at);
  }
  static bool find(void* scope, std::string_view name, u64& address) {
    auto* from = static_cast<Scope*>(scope);
    address = from->maker->resolve(name, from);
    return address != 0;
  }

  // The sources have passed the verifier where the agent was built.
  bool read(const Source& source) {
    if (source.build != nullptr) {
      auto* module = new AnyModule;
      source.build(*module);
      return module->failed() ? fail("a source", "out of memory") : (index(*module), true);
    }
    auto* unit = new ir::Unit;
    ir::Diagnostics errors;
    const ir::IsaInfo* const targets[] = {&stubs::Isa::isa_info()};
    return ir::parse(source.text, *unit, targets, errors) ? (index(*unit), true) : fail("a source", "it is not understood");
  }
  template <class AnyUnit>
  void index(AnyUnit& unit) {
    const ir::Module& m = unit.module;
    auto* scope = new Scope{this, {}};
    const auto add = [&](ir::SymbolRef symbol, const ir::FunctionData* function) {
      auto& items = m.symbol(symbol).linkage == ir::Linkage::internal ? scope->items : exported_;
      items.emplace(m.symbol_name(symbol), Item{&m, symbol, function, scope, {}});
    };
    unit.for_each([&](const ir::FunctionData& f, const ir::TextMap&) { add(f.symbol, &f); });
    for (u32 n = 1; n < m.symbol_count(); ++n) {
      const ir::SymbolInfo& i = m.symbol(ir::SymbolRef(n));
      if (i.kind != ir::SymbolKind::function && i.linkage != ir::Linkage::external) add(ir::SymbolRef(n), nullptr);
    }
  }

  bool compile(Item& item) {
    if (!reserve_data()) return fail(item.name(), "no memory for tables");
    CodeBuffer buffer;
    Status s = compiler_.compile(*item.function, buffer);
    const std::vector<CfiRow> cfi(compiler_.cfi().begin(), compiler_.cfi().end());  // placing may compile other functions
    if (s.ok()) s = memory_.add(buffer, item.block, {&find, item.scope}, reinterpret_cast<u64>(data_));
    if (s.error == Error::symbol_undefined) return false;  // resolve() has said so
    if (s.ok()) s = announce(item.name(), item.block, buffer.offset(), cfi);
    return s.ok() || fail(item.name(), describe(s.error));
  }

  // To the listings, to unwinders and to the tools that JITKIT_PERF and JITKIT_GDB name.
  Status announce(std::string_view name, const ExecBlock& block, u32 bytes, std::span<const CfiRow> cfi) {
    if (!opened_)
      if (const Status s = publisher_.open(PublisherOptions::from_environment(why_)); !s) return s;
    opened_ = true;
    code_[name] = {reinterpret_cast<const u8*>(block.run), bytes};
    ++totals.functions;
    totals.bytes += bytes;
    CodeDescription d;
    d.name = name;
    d.address = block.run;
    d.size = bytes;
    d.cfi = cfi;
    d.room = memory_.room(block);
    Publication* publication;
    return publisher_.publish(d, publication);
  }

  // Tables are in reach of the code.
  bool reserve_data() {
    if (data_ != nullptr) return true;
    void* p = ::mmap(nullptr, data_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    data_ = p == MAP_FAILED ? nullptr : static_cast<u8*>(p);
    return data_ != nullptr;
  }
  bool place(Item& item) {
    const ir::Module& m = *item.module;
    const ir::SymbolInfo& i = m.symbol(item.symbol);
    const usize at = align_up(data_used_, usize{1} << i.align_log2);
    if (at + i.size > data_bytes) return fail(item.name(), "no memory for tables");
    data_used_ = at + i.size;
    item.block.run = reinterpret_cast<u64>(data_ + at);
    const std::span<const u8> bytes = m.global_bytes(item.symbol);
    if (!bytes.empty()) std::memcpy(data_ + at, bytes.data(), bytes.size());
    for (const ir::DataReloc& d : m.global_relocs(item.symbol)) {
      u64 value = resolve(m.symbol_name(d.symbol), item.scope);
      if (value == 0) return false;
      value += static_cast<u64>(d.addend);
      std::memcpy(data_ + at + d.offset, &value, sizeof value);
    }
    return true;
  }

  static stubs::Isa::Options options() {
    stubs::Isa::Options o;
    o.features = host_features();
    o.conventions = conventions<stubs::Isa>();
    return o;
  }

  Sink* why_ = nullptr;
  usize read_ = 0;
  std::map<std::string_view, Item> exported_;
  std::map<std::string_view, std::span<const u8>> code_;
  ir::Compiler<stubs::Isa> compiler_{options()};
  ExecMemory memory_;
  CodePublisher publisher_;
  bool opened_ = false;
  u8* data_ = nullptr;
  usize data_used_ = 0;
};

// Never destroyed: threads may run the code until the process ends.
Maker& maker() {
  static Maker* const made = new Maker;
  return *made;
}

}  // namespace

bool make(Code& code, Sink& why) {
  const u64 start = monotonic_nanoseconds();
  const std::string name = "jitkit_" + std::string(stubs[code.stub].name) + "_" + std::string(code.name);
  const u64 plain = maker().address(name, why);
  const u64 counted = plain != 0 ? maker().address(name + "_counted", why) : 0;
  maker().totals.nanoseconds += monotonic_nanoseconds() - start;
  if (counted == 0) return false;
  code.plain = reinterpret_cast<AnyStub*>(plain);
  code.counted = reinterpret_cast<AnyStub*>(counted);
  return true;
}

std::span<const u8> made_code(std::string_view name) { return maker().code(name); }
const MadeTotals& made_totals() { return maker().totals; }

}  // namespace jitkit::inline JITKIT_ABI::hotspot
