// Run on the machine that builds: makes stubs that HotSpot can call out of the toolkit's functions.
//
// Each stub is a few instructions in front of the function that does the work, `jitkit_<stub>_<code>`;
// `..._counted` also adds one to the stub's word of jitkit_hotspot_calls, for the report. The addresses of both, for each stub
// of a group, stand in `jitkit_entries_<group>_<code>`.
#ifndef JITKIT_CONSUMERS_JVM_ADAPTER_HPP
#define JITKIT_CONSUMERS_JVM_ADAPTER_HPP

#include <jitkit/consumers/jvm/convention.hpp>
#include <jitkit/consumers/jvm/conventions.hpp>
#include <jitkit/stubs.hpp>

#include <string>
#include <vector>

namespace jitkit::inline JITKIT_ABI::hotspot {

class Adapter {
 public:
  using Isa = stubs::Isa;
  using Function = ir::Function<Isa>;

  // `code`: what the rows of stubs.def call it.
  Adapter(stubs::Module<Isa>& module, std::string_view code)
      : module_(module),
        code_(code),
        calls_(module.module.add_global("jitkit_hotspot_calls", ir::SymbolKind::bss, ir::Linkage::external,
                                        {}, 8 * stub_count, 3)) {
    module.conventions = conventions<Isa>();
  }

  // Makes the group's function with build(f) and the stubs on top of it.
  template <class Build>
  void add(std::string_view group, Build build) {
    Function& f = module_.function();
    const std::string name = "jitkit_kernel_" + std::string(group) + "_" + code_;
    declare(f, name, find_kernel(group).convention);
    build(f);
    add_stubs(group, f.symbol);
  }
  // The function is in another source of the library.
  void add(std::string_view group) {
    const std::string name = "jitkit_kernel_" + std::string(group) + "_" + code_;
    add_stubs(group, module_.module.declare_function(name, signature(find_kernel(group).convention)));
  }
  // A function that no stub is made of: build(function, module, `<name>_<code>`) declares and fills it.
  template <class Build>
  void add_function(const std::string& name, Build build) {
    build(module_.function(), module_.module, name + "_" + code_);
  }

 private:
  void add_stubs(std::string_view group, ir::SymbolRef kernel) {
    std::vector<ir::DataReloc> entries;
    for (unsigned n = 0; n < stub_count; ++n)
      if (hotspot::stubs[n].kernel->group == group)
        for (const bool counted : {false, true}) entries.push_back({8 * entries.size(), add_stub(n, kernel, counted), 0});
    const std::vector<u8> zeroes(8 * entries.size());
    module_.module.add_global("jitkit_entries_" + std::string(group) + "_" + code_, ir::SymbolKind::data, ir::Linkage::exported,
                              zeroes, zeroes.size(), 3, entries);
  }

  ir::SymbolRef add_stub(unsigned number, ir::SymbolRef kernel, bool counted) {
    const Stub& stub = hotspot::stubs[number];
    Function& f = module_.function();
    declare(f, std::string("jitkit_") + stub.name + "_" + code_ + (counted ? "_counted" : ""), stub.convention,
            stub.convention.result != stub.kernel->convention.result);
    ir::Builder b(f);
    const ir::Block entry = b.entry();
    if (counted)
      b.atomic_add(b.symbol_addr(calls_), b.i64(1), ir::Order::relaxed, static_cast<i32>(8 * number));

    const Convention& needed = stub.kernel->convention;
    ir::Value given[Convention::most], passed[Convention::most];
    for (unsigned n = 0; n < stub.convention.count; ++n) given[n] = b.param(entry, n);
    for (unsigned n = 0; n < needed.count; ++n) passed[n] = argument(b, stub, given, needed.params[n]);
    const std::span<const ir::Value> arguments(passed, needed.count);
    if (stub.convention.result == needed.result) {
      check(needed.count <= 6 || type_of(needed.params[6]) != ir::Type::i32);  // convention.hpp
      b.tail_call(kernel, arguments);
      return f.symbol;
    }
    b.call(kernel, arguments);
    check(stub.convention.result == Role::offset);
    const ir::Value read = b.mul(b.trunc(ir::Type::i32, argument(b, stub, given, Role::blocks)), block(b, stub, given));
    b.ret({b.add(given[stub.convention.find(Role::offset)], read)});
    return f.symbol;
  }

  void declare(Function& f, const std::string& name, const Convention& c, bool calls = false) {
    f.signature = signature(c, calls);
    f.symbol = module_.module.declare_function(name, f.signature);
    module_.module.symbol(f.symbol).linkage = ir::Linkage::exported;
  }
  ir::SigRef signature(const Convention& c, bool calls = false) {
    ir::Param params[Convention::most], result;
    for (unsigned n = 0; n < c.count; ++n) params[n].type = type_of(c.params[n]);
    result.type = type_of(c.result);
    const ir::CallConv conv = c.has(Role::cell) ? atomic_convention : calls ? framed_convention : ir::CallConv::c;
    return module_.module.add_signature({params, c.count}, {&result, c.result == Role::none ? 0U : 1U}, conv);
  }

  // What the kernel wants, out of what HotSpot gives.
  ir::Value argument(ir::Builder& b, const Stub& stub, const ir::Value* given, Role wanted) {
    const Convention& c = stub.convention;
    if (c.has(wanted)) return given[c.find(wanted)];
    if (wanted == Role::size) return b.zext(ir::Type::i64, given[c.find(Role::bytes)]);
    if (wanted == Role::block_size) return b.zext(ir::Type::i64, block(b, stub, given));
    check(wanted == Role::blocks);
    if (!c.has(Role::limit)) return b.i64(1);
    // HotSpot's loops test at the end: the first block is read in any case.
    const ir::Value room = b.sub(given[c.find(Role::limit)], given[c.find(Role::offset)]);
    const ir::Value at_least = b.smax(room, b.i32(0));
    return b.zext(ir::Type::i64, b.add(b.udiv(at_least, block(b, stub, given)), b.i32(1)));
  }

  // The bytes of a block. Builds of HotSpot that give the digest's bytes have 28 to 64 of them, and 114 for the
  // SHAKE256 of Ed448; blocks have 72 to 144.
  ir::Value block(ir::Builder& b, const Stub& stub, const ir::Value* given) {
    const int at = stub.convention.find(Role::rate);
    if (at < 0) return b.i32(stub.kernel->block_bytes);
    const ir::Value rate = given[at];
    const ir::Value of_digest = b.sub(b.i32(200), b.shl(rate, b.i32(1)));
    const ir::Value sha3 = b.select(b.icmp(ir::ICond::ult, rate, b.i32(72)), of_digest, rate);
    return b.select(b.icmp(ir::ICond::eq, rate, b.i32(114)), b.i32(136), sha3);
  }

  stubs::Module<Isa>& module_;
  std::string code_;
  ir::SymbolRef calls_;
};

}  // namespace jitkit::inline JITKIT_ABI::hotspot

#endif  // JITKIT_CONSUMERS_JVM_ADAPTER_HPP
