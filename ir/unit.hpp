// A Unit: a Module together with its functions, as one .jk file holds them, and where each part of a
// function stood in the text.
//
// Invariants: functions keep their addresses; clear() keeps their memory for the next use. Positions
// are empty for functions that did not come from text.
#ifndef JITKIT_IR_UNIT_HPP
#define JITKIT_IR_UNIT_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/module.hpp>
#include <jitkit/ir/text_pos.hpp>

#include <new>

namespace jitkit::inline JITKIT_ABI::ir {

// Where a function's parts stood in the text, by their indices.
struct TextMap {
  TextPos function;
  Vec<TextPos> insts;
  Vec<TextPos> blocks;
  Vec<TextPos> frame_states;
  Vec<TextPos> exits;

  void attach(Arena& a) {
    function = {};
    insts.attach(a);
    blocks.attach(a);
    frame_states.attach(a);
    exits.attach(a);
  }
  // Sets the place of element i of a list.
  static void set(Vec<TextPos>& list, u32 i, TextPos at) {
    if (i < list.size() || list.resize(i + 1)) list[i] = at;
  }
  static TextPos get(const Vec<TextPos>& list, u32 i) { return i < list.size() ? list[i] : TextPos(); }
};

class Unit {
 public:
  Unit() = default;
  Unit(const Unit&) = delete;
  Unit& operator=(const Unit&) = delete;
  ~Unit() {
    for (Node* n = first_; n != nullptr;) {
      Node* next = n->next;
      delete n;
      n = next;
    }
  }

  Module module;

  void clear() {
    module.clear();
    count_ = 0;
    last_ = nullptr;
  }

  // A new function of the module, for the symbol; null when out of memory.
  FunctionData* add_function(SymbolRef symbol, const IsaInfo* isa = nullptr) {
    Node* n = last_ != nullptr ? last_->next : first_;
    if (n == nullptr) {
      n = new (std::nothrow) Node;
      if (n == nullptr) return nullptr;
      (last_ != nullptr ? last_->next : first_) = n;
    }
    last_ = n;
    ++count_;
    n->function.clear();
    n->text.attach(n->function.arena());
    n->function.module = &module;
    n->function.symbol = symbol;
    n->function.signature = module.symbol(symbol).signature;
    n->function.isa = isa;
    return &n->function;
  }

  u32 function_count() const { return count_; }
  // The function defined for a symbol; null if there is none.
  FunctionData* find(SymbolRef symbol) {
    Node* n = node_of(symbol);
    return n != nullptr ? &n->function : nullptr;
  }
  const FunctionData* find(SymbolRef symbol) const {
    const Node* n = node_of(symbol);
    return n != nullptr ? &n->function : nullptr;
  }
  FunctionData* find(std::string_view name) { return find(module.find(name)); }
  TextMap& text_of(SymbolRef symbol) { return node_of(symbol)->text; }

  // Calls visit(FunctionData&, TextMap&) for each function, in order.
  template <class F>
  void for_each(F visit) {
    u32 left = count_;
    for (Node* n = first_; left-- != 0; n = n->next) visit(n->function, n->text);
  }

 private:
  struct Node {
    FunctionData function;
    TextMap text;
    Node* next = nullptr;
  };

  Node* node_of(SymbolRef symbol) const {
    u32 left = symbol ? count_ : 0;
    for (Node* n = first_; left-- != 0; n = n->next)
      if (n->function.symbol == symbol) return n;
    return nullptr;
  }

  Node* first_ = nullptr;
  Node* last_ = nullptr;
  u32 count_ = 0;
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_UNIT_HPP
