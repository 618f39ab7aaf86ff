// Programs as a request for the guest: each compiled, its functions and globals at the addresses they will
// have there, and its calls.
//
// Invariant: everything a program writes to is part of the request, so a request gives the same answers
// whatever ran before.
#ifndef JITKIT_TOOLS_FUZZ_IMAGE_HPP
#define JITKIT_TOOLS_FUZZ_IMAGE_HPP

#include <compilers.hpp>
#include <custom_convention.hpp>
#include <fmt/format.h>
#include <jitkit/ir/compile_unit.hpp>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "exits.hpp"
#include "guest.h"
#include "program.hpp"

namespace jitkit::fuzz {

template <class Isa>
class Image {
 public:
  explicit Image(const typename Isa::Options& options) : compiler_(options) { compiler_.check_allocations = true; }

  void clear() {
    request_.clear();
    exits_.clear();
    code_at_ = FUZZ_CODE;
    data_at_ = FUZZ_DATA;
    calls_ = 0;
  }
  void helpers(const fuzz_hello& hello) {
    for (u32 n = 0; n < fuzz_helpers; ++n) helpers_[n] = hello.helpers[n];
  }

  // False, with error(): what does not compile. Nothing of the program is in the request then.
  bool add(Program& p) {
    error_.clear();
    addresses_.clear();
    codes_.clear();
    spills_ = false;
    used_ = 0;
    wrappers_.clear();
    exit_words_.clear();
    points_.clear();
    unwatched_ = std::make_shared<std::set<u64>>();
    const usize before = request_.size();
    globals(p.unit().module);
    p.unit().for_each([&](FunctionData& f, TextMap& text) { compile(f, &text); });
    std::vector<std::string_view> entries;
    for (usize n = 0; n < p.cases().size(); ++n) entries.push_back(wrapper(p.function(n)));
    if (error_.empty() && code_at_ > FUZZ_CODE + FUZZ_CODE_BYTES) error_ = "more code than there is room for";
    if (error_.empty() && data_at_ > FUZZ_DATA + FUZZ_DATA_BYTES) error_ = "more data than there is room for";
    place(p.unit().module);
    bytes(exit_words_);
    if (!error_.empty()) {
      request_.resize(before);
      return false;
    }
    patch(Patches::none);
    Patches now = Patches::none;
    for (usize n = 0; n < p.cases().size(); ++n) {
      for (; now < p.cases()[n].patches; patch(now)) now = static_cast<Patches>(static_cast<u8>(now) + 1);
      call(p, n, addresses_[entries[n]]);
    }
    return true;
  }

  const std::vector<u8>& request() const { return request_; }
  usize calls() const { return calls_; }
  const ExitPlaces& exits() const { return exits_; }
  bool spills() const { return spills_; }  // of the last program
  // States of the last program whose points calls do not stop at.
  const std::shared_ptr<std::set<u64>>& unwatched() const { return unwatched_; }
  const ExitPlaces::Seen& seen() const { return seen_; }
  const std::string& error() const { return error_; }

 private:
  struct Code {
    std::string_view name;
    CodeBuffer* code;
    u64 address;
  };

  void word(u64 w) { bytes({reinterpret_cast<const u8*>(&w), sizeof w}); }
  void bytes(std::span<const u8> b) { append(request_, b); }
  template <class List>
  static std::span<const u8> bytes_of(const List& list) {
    return {reinterpret_cast<const u8*>(list.data()), list.size() * sizeof list[0]};
  }
  static void append_bytes(std::vector<u8>& to, std::span<const u8> b) { to.insert(to.end(), b.begin(), b.end()); }
  static void append(std::vector<u8>& to, std::span<const u8> b) {
    append_bytes(to, b);
    to.resize(align_up(to.size(), 8));
  }
  static void item(std::vector<u8>& to, u64 what, u64 address, std::span<const u8> b) {
    const u64 head[] = {what, address, b.size()};
    append(to, {reinterpret_cast<const u8*>(head), sizeof head});
    append(to, b);
  }
  void load(u64 address, std::span<const u8> b) { item(request_, fuzz_load, address, b); }

  template <class F>
  void for_each_global(const Module& m, F f) {
    for (u32 n = 1; n < m.symbol_count(); ++n)
      if (m.symbol(SymbolRef(n)).kind != SymbolKind::function) f(SymbolRef(n), m.symbol(SymbolRef(n)));
  }
  void globals(const Module& m) {
    for_each_global(m, [&](SymbolRef s, const SymbolInfo& i) {
      data_at_ = align_up(data_at_, u64{1} << i.align_log2);
      addresses_[m.symbol_name(s)] = data_at_;
      data_at_ += i.size;
    });
  }

  CodeBuffer& buffer() {
    if (used_ == buffers_.size()) buffers_.push_back(std::make_unique<CodeBuffer>());
    CodeBuffer& b = *buffers_[used_++];
    b.reset();
    return b;
  }
  void compile(FunctionData& f, const TextMap* text) {
    CodeBuffer& code = buffer();
    const std::string_view name = f.module->symbol_name(f.symbol);
    Status s = compiler_.compile(f, code);
    if (s.ok()) s = code.finish();
    if (!s.ok()) {
      Diagnostics errors;
      static const TextMap none;
      explain<Isa>(f, text != nullptr ? *text : none, s, errors);
      StringSink out(error_);
      errors.print(out, "program");
      return;
    }
    spills_ = spills_ || compiler_.machine().slot_count != 0;
    code_at_ = align_up(code_at_, 64);
    addresses_[name] = code_at_;
    codes_.push_back({name, &code, code_at_});
    const auto put = [&](const ExitPlaces::Place& p) {
      using Kind = ExitPlaces::Place::Kind;
      if (p.kind == Kind::exit) item(exit_words_, fuzz_exit, p.address, bytes_of(p.places));
      if (p.kind == Kind::landing) item(exit_words_, fuzz_landing, p.address, bytes_of(std::span(&p.to, 1)));
      if (p.kind == Kind::safepoint || p.kind == Kind::patch_point) points_.push_back(p);
    };
    const std::string wrong =
        exits_.add(compiler_.locations(), compiler_.code_map().blocks, code_at_, *unwatched_, seen_, put);
    if (!wrong.empty()) error_ = fmt::format("@{}: {}", name, wrong);
    code_at_ += code.size_bound();
  }
  // The name of the wrapper that calls f.
  std::string_view wrapper(const FunctionData& f) {
    const auto found = wrappers_.find(&f);
    if (found != wrappers_.end()) return found->second.name;
    WrapperOf& w = wrappers_[&f];
    w.name = fmt::format("call {}", f.module->symbol_name(f.symbol));
    w.unit = std::make_unique<Unit>();
    compile(Wrapper(*w.unit, f, w.name).function(), nullptr);
    return w.name;
  }

  static bool find(void* self, std::string_view name, u64& address) {
    auto& image = *static_cast<Image*>(self);
    const auto found = image.addresses_.find(name);
    address = found != image.addresses_.end() ? found->second : 0;
    for (u32 n = 0; n < fuzz_helpers && address == 0; ++n)
      if (name == arm64::helper_names[n]) address = image.helpers_[n];
    return address != 0;
  }
  void place(const Module& m) {
    for (const Code& c : codes_) {
      if (!error_.empty()) return;
      if (const Status s = c.code->place(c.address, {&find, this}); !s)
        error_ = fmt::format("@{}: {}", c.name, describe(s.error));
      else
        load(c.address, c.code->bytes());
    }
    for_each_global(m, [&](SymbolRef s, const SymbolInfo& i) {
      std::vector<u8> contents(i.size);
      const std::span<const u8> given = m.global_bytes(s);
      std::copy(given.begin(), given.end(), contents.begin());
      load(addresses_[m.symbol_name(s)], contents);
    });
  }

  // Calls from here on find the program's points so.
  void patch(Patches to) {
    for (const ExitPlaces::Place& p : points_) {
      const bool safepoint = p.kind == ExitPlaces::Place::Kind::safepoint;
      if (to == (p.puts ? Patches::none : Patches::watched)) item(request_, fuzz_point, p.address, bytes_of(p.places));
      if (to == Patches::jumps && !safepoint && !p.puts) load(p.address, jump(p.address, p.to));
    }
  }
  // As CodePatcher makes it.
  static std::vector<u8> jump(u64 from, u64 to) {
    constexpr bool x86 = std::is_same_v<Isa, x86_64::Isa>;
    const u64 distance = to - from;
    const u32 field = static_cast<u32>(x86 ? distance - 5 : 0x14000000 | (distance >> 2 & 0x03ffffff));
    std::vector<u8> code(x86 ? 1 : 0, 0xe9);
    append_bytes(code, bytes_of(std::span(&field, 1)));
    return code;
  }

  void call(const Program& p, usize n, u64 entry) {
    word(fuzz_call);
    word(entry);
    u8 slots[fuzz_slots][fuzz_slot_bytes];
    std::memset(slots, 0xa5, sizeof slots);
    const std::vector<Type> types = parameter_types(p.function(n));
    for (usize i = 0; i < types.size(); ++i) std::memcpy(slots[i], &p.cases()[n].arguments[i], ir::bytes(types[i]));
    bytes({&slots[0][0], sizeof slots});
    ++calls_;
  }

  struct WrapperOf {
    std::string name;
    std::unique_ptr<Unit> unit;
  };

  Compiler<Isa> compiler_;
  std::vector<std::unique_ptr<CodeBuffer>> buffers_;
  usize used_ = 0;
  std::vector<Code> codes_;
  std::map<std::string_view, u64> addresses_;
  std::map<const FunctionData*, WrapperOf> wrappers_;
  std::vector<u8> request_, exit_words_;  // of a program: behind its code
  ExitPlaces exits_;
  ExitPlaces::Seen seen_;
  std::vector<ExitPlaces::Place> points_;  // of a program
  std::shared_ptr<std::set<u64>> unwatched_;
  u64 code_at_ = FUZZ_CODE, data_at_ = FUZZ_DATA;
  u64 helpers_[fuzz_helpers] = {};
  usize calls_ = 0;
  bool spills_ = false;
  std::string error_;
};
static_assert(fuzz_helpers == sizeof arm64::helper_names / sizeof arm64::helper_names[0]);
static_assert(fuzz_helpers == sizeof x86_64::helper_names / sizeof x86_64::helper_names[0]);
static_assert(fuzz_slots == Wrapper::slots && fuzz_slot_bytes == Wrapper::slot_bytes);

}  // namespace jitkit::fuzz

#endif  // JITKIT_TOOLS_FUZZ_IMAGE_HPP
