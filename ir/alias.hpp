// Which accesses can touch the same bytes: a simple model of addresses.
//
// An address is a root (a stack slot, a symbol, or any other value) with a number of bytes added, if that
// is constant. The rule it rests on: what is reached through the address of a slot or symbol, with anything
// added, belongs to that slot or symbol. A slot whose address goes nowhere but into accesses is reached
// through that address alone. Memory of a `rodata` symbol is never written.
#ifndef JITKIT_IR_ALIAS_HPP
#define JITKIT_IR_ALIAS_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/cfg.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/pass.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

struct Address {
  enum class Root : u8 { value, slot, symbol };
  Root root = Root::value;
  bool exact = true;  // offset is all that was added to base
  u32 base = 0;       // Value, StackSlot or SymbolRef
  Value from;         // what offset is added to; for inexact addresses the sum
  i64 offset = 0;
};

class AliasModel {
 public:
  // False when out of memory (sticky in the arena).
  bool prepare(const FunctionData& f, const Cfg& cfg, Arena& arena) {
    f_ = &f;
    escaped_.attach(arena);
    if (!escaped_.assign(f.slots.size(), false)) return false;
    if (f.slots.size() < 2) return true;
    for (const Block b : cfg.order()) {
      for (Inst i = f[b].first; i; i = f[i].next) look_at(i);
      const Inst t = f.terminator(b);
      for (u32 n = 0; n < f.edge_count(t); ++n)
        for (const u32 v : f.args(f.edge(t, n))) escapes(Value(v));
    }
    for (const FrameEntry& e : f.frame_entries)
      if (e.kind == FrameEntry::Kind::value) escapes(Value(e.index));
    return true;
  }

  Address address(Value v, i64 offset) const {
    Address a;
    a.from = v;
    a.offset = offset;
    for (u32 depth = 0;; ++depth) {
      const Inst i = f_->def(v);
      const Opcode op = i ? (*f_)[i].op : Opcode::none;
      if (op == Opcode::stack_addr || op == Opcode::symbol_addr) {
        a.root = op == Opcode::stack_addr ? Address::Root::slot : Address::Root::symbol;
        a.base = (*f_)[i].aux;
        return a;
      }
      if (op != Opcode::ptr_add || depth == most_depth) break;
      const Value added = f_->operand(i, 1);
      v = f_->operand(i, 0);
      if (!f_->is_constant(added)) {
        a.exact = false;
      } else if (a.exact) {
        a.from = v;
        a.offset += static_cast<i64>(f_->constant(added).lo);
      }
    }
    a.base = v.id;
    return a;
  }
  Address address(Inst access) const {
    return address(f_->operand(access, 0), static_cast<i32>((*f_)[access].aux));
  }

  // Whether the bytes at a and b can overlap.
  bool may_alias(const Address& a, u32 a_bytes, const Address& b, u32 b_bytes) const {
    if (a.from == b.from) return a.offset < b.offset + b_bytes && b.offset < a.offset + a_bytes;
    if (a.root == b.root && a.base == b.base)
      return !(a.exact && b.exact) || (a.offset < b.offset + b_bytes && b.offset < a.offset + a_bytes);
    if (a.root == Address::Root::value || b.root == Address::Root::value) return reached(a) && reached(b);
    // Two slots, two symbols, or one of each; of symbols only those that are defined here are known to be apart.
    return a.root == Address::Root::symbol && b.root == Address::Root::symbol && !(is_here(a) && is_here(b));
  }
  // Whether code elsewhere, or a write through an unknown address, can change it.
  bool reached(const Address& a) const {
    if (a.root == Address::Root::slot) return escaped_[a.base];
    return a.root != Address::Root::symbol || f_->module->symbol(SymbolRef(a.base)).kind != SymbolKind::rodata;
  }
  // Whether reading it cannot fault: it lies in a slot or global.
  bool is_there(const Address& a, u32 size) const {
    if (!a.exact || a.offset < 0) return false;
    const u64 end = static_cast<u64>(a.offset) + size;
    if (a.root == Address::Root::slot) return end <= f_->slots[a.base].size;
    return a.root == Address::Root::symbol && is_here(a) && end <= f_->module->symbol(SymbolRef(a.base)).size;
  }

 private:
  static constexpr u32 most_depth = 16;

  bool is_here(const Address& a) const {
    const SymbolInfo& s = f_->module->symbol(SymbolRef(a.base));
    return s.kind != SymbolKind::function && s.linkage != Linkage::external;
  }
  void escapes(Value v) {
    if (f_->type(v) != Type::ptr) return;
    const Address a = address(v, 0);
    if (a.root == Address::Root::slot) escaped_[a.base] = true;
  }
  void look_at(Inst i) {
    const InstData& d = (*f_)[i];
    if (d.op == Opcode::icmp) return;
    if (d.op == Opcode::ptr_add) {  // a sum that is too long to be followed: what it is added to goes astray
      if (address(f_->result(i), 0).root == Address::Root::value) escapes(Value(d.ops[0]));
      return;
    }
    const Span<const u32> ops = f_->operands(i);
    const bool access = moved_type(d).type != Type::none;
    for (u32 n = access ? 1 : 0; n < ops.size(); ++n) escapes(Value(ops[n]));
  }

  const FunctionData* f_ = nullptr;
  Vec<bool> escaped_;  // by StackSlot
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_ALIAS_HPP
