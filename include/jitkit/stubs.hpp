// For C++ sources of stubs (jitkit_add_stubs in CMake): such a file defines jitkit_stubs(), which is
// called once, on the machine that builds, with the module to fill.
//
//   #include <jitkit/stubs.hpp>
//   void jitkit_stubs(jitkit::stubs::Module<jitkit::stubs::Isa>& module) {
//     jitkit::ir::Builder b(module.function("add", {jitkit::ir::Type::i64, jitkit::ir::Type::i64}, {jitkit::ir::Type::i64}));
//     b.ret({b.add(b.param(b.entry(), 0), b.param(b.entry(), 1))});
//   }
#ifndef JITKIT_STUBS_HPP
#define JITKIT_STUBS_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/target.hpp>
#include <jitkit/emit/x86_64/target.hpp>
#include <jitkit/ir/builder.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/ir/unit.hpp>

#include <initializer_list>
#include <new>
#include <string_view>

namespace jitkit::inline JITKIT_ABI::stubs {

// The target of the stubs, as jitkit_add_stubs() was told.
#if defined(JITKIT_STUBS_X86_64)
using Isa = x86_64::Isa;
#else
using Isa = arm64::Isa;
#endif

// The functions and globals of one source of stubs. What is exported gets a prototype in the header.
template <class T>
class Module {
 public:
  Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;
  ~Module() {
    for (Node* n = first_; n != nullptr;) {
      Node* next = n->next;
      delete n;
      n = next;
    }
  }

  ir::Module module;
  Span<const ir::Convention> conventions;  // what custom0 and the following mean, if a signature says them

  // A new function without name and signature, for those who set them.
  ir::Function<T>& function() {
    Node* n = new (std::nothrow) Node;
    if (n == nullptr) {
      failed_ = true;
      return spare_;
    }
    (last_ != nullptr ? last_->next : first_) = n;
    last_ = n;
    n->function.module = &module;
    return n->function;
  }
  // An exported one.
  ir::Function<T>& function(std::string_view name, std::initializer_list<ir::Type> params,
                            std::initializer_list<ir::Type> results) {
    constexpr usize most = 64;
    ir::Param list[most];
    usize n = 0;
    for (const auto types : {params, results})
      for (const ir::Type t : types)
        if (n < most) list[n++].type = t;
    failed_ = failed_ || params.size() + results.size() > most;
    const usize inputs = params.size() < n ? params.size() : n;
    ir::Function<T>& f = function();
    f.signature = module.add_signature({list, inputs}, {list + inputs, n - inputs});
    f.symbol = module.declare_function(name, f.signature);
    module.symbol(f.symbol).linkage = ir::Linkage::exported;
    return f;
  }

  // Memory ran out, or a function has more than 64 parameters and results.
  bool failed() const { return failed_ || !module.status().ok(); }

  template <class F>
  void for_each(F visit) {
    for (Node* n = first_; n != nullptr; n = n->next) visit(n->function, n->text);
  }

 private:
  struct Node {
    ir::Function<T> function;
    ir::TextMap text;
    Node* next = nullptr;
  };

  Node* first_ = nullptr;
  Node* last_ = nullptr;
  ir::Function<T> spare_;
  bool failed_ = false;
};

}  // namespace jitkit::inline JITKIT_ABI::stubs

// What a source of stubs defines.
void jitkit_stubs(jitkit::stubs::Module<jitkit::stubs::Isa>& module);

#endif  // JITKIT_STUBS_HPP
