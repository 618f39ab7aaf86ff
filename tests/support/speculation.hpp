// A function compiled for the host whose exits come to a handler of the test: what the tests of frame
// states, trapping loads and patch points share.
#ifndef JITKIT_TESTS_SUPPORT_SPECULATION_HPP
#define JITKIT_TESTS_SUPPORT_SPECULATION_HPP

#include <doctest/doctest.h>
#include <jitkit/emit/runtime/exit_thunk.hpp>
#include <jitkit/jitkit.hpp>

#include <initializer_list>
#include <string>
#include <vector>

namespace speculation {

using namespace jitkit;

// A function of the host in the making, at the beginning of its entry block.
struct Subject {
  ir::Module module;
  ir::Function<host::Isa> f;
  ir::Builder b;
  ir::Block entry;

  Subject(std::initializer_list<ir::Type> params, std::initializer_list<ir::Type> results)
      : b(with_signature(params, results)), entry(b.entry()) {}
  ir::Value param(u32 n) const { return b.param(entry, n); }

 private:
  ir::Function<host::Isa>& with_signature(std::initializer_list<ir::Type> params,
                                          std::initializer_list<ir::Type> results) {
    f.module = &module;
    f.signature = module.add_signature(params, results);
    return f;
  }
};

// Memory, the thunk, and the last exit taken.
struct Compiled {
  explicit Compiled(ExecMemory::Mode mode = ExecMemory::Mode::rw_then_rx, Audience who = Audience::all_threads)
      : memory(options(mode)), thunk(memory), audience(who) {
    REQUIRE(thunk.create(&left, this).ok());
  }
  ~Compiled() { memory.free(block); }

  // False, with the status in it, if the function does not compile.
  bool compile(const ir::FunctionData& f) {
    host::Options o;
    o.features = host_features();
    o.exit_symbol = "exit";
    [this](auto& options) {
      if constexpr (requires { options.return_signing; }) options.return_signing = return_signing;
    }(o);
    ir::Convention tracking = host::Isa::convention(ir::CallConv::c);  // functions of custom0 use it
    tracking.frame.slot_from_def = true;
    o.conventions = {&tracking, 1};
    ir::Compiler<host::Isa> compiler(o);
    compiler.check_allocations = true;
    CodeBuffer code;
    status = compiler.compile(f, code);
    if (!status) return said();
    const auto find = [](void* to, std::string_view name, u64& address) {
      address = static_cast<Compiled*>(to)->thunk.address();
      return name == "exit";
    };
    status = map.copy(compiler.locations());
    if (status.ok()) status = memory.add(code, block, {find, this}, thunk.address(), audience);
    cfi.assign(compiler.cfi().begin(), compiler.cfi().end());
    size = code.offset();
    return said();
  }
  const LocationMap::State* state() const { return exited; }

  // Runs first of all when an exit is taken.
  void (*on_values)(Compiled& c, const MachineState& s, void* context) = nullptr;
  void* values_context = nullptr;
  // Runs before the frame is left; may change the state, and says with true that it did all.
  bool (*on_exit)(Compiled& c, MachineState& s) = nullptr;
  bool return_signing = false;  // AArch64
  u64 returns = 0xdead;  // what the function gives its caller after an exit

  ExecMemory memory;
  ExitThunk thunk;
  Audience audience;
  ExecBlock block;
  OwnedLocationMap map;
  std::vector<CfiRow> cfi;
  u32 size = 0;
  Status status;
  const LocationMap::State* exited = nullptr;
  std::vector<Bits> values;  // by index in the map, of the state that was left through
  u32 exits = 0;

 private:
  bool said() const {
    if (!status) MESSAGE(std::string(describe(status.error)), ", at ", status.where, ", ", status.detail);
    return status.ok();
  }
  static ExecMemory::Options options(ExecMemory::Mode mode) {
    ExecMemory::Options o;
    o.mode = mode;
    return o;
  }
  static void left(MachineState& s, void* context) {
    auto& c = *static_cast<Compiled*>(context);
    const u32 at = static_cast<u32>(s.pc - c.block.run);
    ++c.exits;
    c.exited = c.map->state_of_stub(at);
    REQUIRE(c.exited != nullptr);
    c.values.assign(c.map->values.size(), {});
    const auto read = [&](u32 first, u32 count) {
      for (u32 n = first; n < first + count; ++n)
        if (!c.map->values[n].is_object()) c.values[n] = read_value(c.map->values[n], s);
    };
    read(c.exited->first_value, c.exited->entries);
    for (const LocationMap::Object& o : c.map->objects_of(*c.exited)) read(o.first_field, o.fields);
    if (c.on_values != nullptr) c.on_values(c, s, c.values_context);
    if (c.on_exit != nullptr && c.on_exit(c, s)) return;
    REQUIRE(unwind_frame(c.cfi, at, s));
    s.general[0] = c.returns;  // rax, x0
  }
};

}  // namespace speculation

#endif  // JITKIT_TESTS_SUPPORT_SPECULATION_HPP
