// FunctionImporter: atomic accesses. Floats go as the integers of their bits; what has no operation of its
// own is a loop around compare-and-exchange.
#include "function.hpp"

namespace jitkit::importer {

namespace {

ir::Order order_of(LLVMAtomicOrdering o) {
  switch (o) {
    case LLVMAtomicOrderingAcquire: return ir::Order::acquire;
    case LLVMAtomicOrderingRelease: return ir::Order::release;
    case LLVMAtomicOrderingAcquireRelease: return ir::Order::acq_rel;
    case LLVMAtomicOrderingSequentiallyConsistent: return ir::Order::seq_cst;
    default: return ir::Order::relaxed;
  }
}

ir::MemFlags natural(ir::Type t, LLVMValueRef i) { return ir::MemFlags::make(ir::bytes(t), LLVMGetVolatile(i) != 0); }

}  // namespace

bool FunctionImporter::atomic(LLVMValueRef i) {
  switch (LLVMGetInstructionOpcode(i)) {
    case LLVMLoad: {
      const Leaf& l = layout_.leaf(LLVMTypeOf(i));
      if (l.is_odd() || l.type == Type::i1) refuse(i);
      const bool plain = l.is_integer() || l.type == Type::ptr;
      const Type t = plain ? l.type : integer_type(ir::bits(l.type));
      define(i, from_atomic(b_.atomic_load(t, operand(i, 0), order_of(LLVMGetOrdering(i)), 0, natural(t, i)), l.type));
      return true;
    }
    case LLVMStore: {
      const Value v = as_atomic(operand(i, 0));
      const Type t = b_.function().type(v);
      if (t == Type::i1 || layout_.leaf(LLVMTypeOf(LLVMGetOperand(i, 0))).is_odd()) refuse(i);
      b_.atomic_store(operand(i, 1), v, order_of(LLVMGetOrdering(i)), 0, natural(t, i));
      return true;
    }
    case LLVMAtomicRMW: read_modify_write(i); return true;
    case LLVMAtomicCmpXchg: compare_exchange(i); return true;
    case LLVMFence:
      if (LLVMIsAtomicSingleThread(i) == 0) b_.fence(order_of(LLVMGetOrdering(i)));
      return true;
    default: return false;
  }
}

ir::Value FunctionImporter::as_atomic(Value v) {
  const Type t = b_.function().type(v);
  return ir::bank(t) == Bank::gpr ? v : b_.bitcast(integer_type(ir::bits(t)), v);
}

void FunctionImporter::read_modify_write(LLVMValueRef i) {
  const Leaf& l = layout_.leaf(LLVMTypeOf(i));
  if (l.is_odd() || l.type == Type::i1) refuse(i);
  const Value address = operand(i, 0), x = operand(i, 1);
  const ir::Order o = order_of(LLVMGetOrdering(i));
  const ir::MemFlags f = natural(l.type, i);
  const LLVMAtomicRMWBinOp op = LLVMGetAtomicRMWBinOp(i);
  if (op == LLVMAtomicRMWBinOpXchg)
    return define(i, from_atomic(b_.atomic_xchg(address, as_atomic(x), o, 0, f), l.type));
  if (l.type == Type::i128) return define(i, loop_update(i, address, x, l, o));
  switch (op) {
    case LLVMAtomicRMWBinOpAdd: return define(i, b_.atomic_add(address, x, o, 0, f));
    case LLVMAtomicRMWBinOpSub: return define(i, b_.atomic_sub(address, x, o, 0, f));
    case LLVMAtomicRMWBinOpAnd: return define(i, b_.atomic_and(address, x, o, 0, f));
    case LLVMAtomicRMWBinOpOr: return define(i, b_.atomic_or(address, x, o, 0, f));
    case LLVMAtomicRMWBinOpXor: return define(i, b_.atomic_xor(address, x, o, 0, f));
    case LLVMAtomicRMWBinOpMax: return define(i, b_.atomic_smax(address, x, o, 0, f));
    case LLVMAtomicRMWBinOpMin: return define(i, b_.atomic_smin(address, x, o, 0, f));
    case LLVMAtomicRMWBinOpUMax: return define(i, b_.atomic_umax(address, x, o, 0, f));
    case LLVMAtomicRMWBinOpUMin: return define(i, b_.atomic_umin(address, x, o, 0, f));
    default: return define(i, loop_update(i, address, x, l, o));
  }
}

// do { new = f(old) } while (!cas(old, new))
ir::Value FunctionImporter::loop_update(LLVMValueRef i, Value address, Value x, const Leaf& l, ir::Order order) {
  const LLVMAtomicRMWBinOp op = LLVMGetAtomicRMWBinOp(i);
  const Type t = ir::bank(l.type) == Bank::gpr ? l.type : integer_type(ir::bits(l.type));
  const Value first = b_.atomic_load(t, address, ir::Order::relaxed, 0, natural(t, i));
  const ir::Block loop = b_.new_block(), done = b_.new_block();
  const Value bits = b_.add_param(loop, t);
  b_.br({loop, {first}});
  b_.at(loop);
  const Value old = from_atomic(bits, l.type);
  Value made;
  switch (op) {
    case LLVMAtomicRMWBinOpNand: made = b_.not_(b_.and_(old, x)); break;
    case LLVMAtomicRMWBinOpFAdd: made = b_.fadd(old, x); break;
    case LLVMAtomicRMWBinOpFSub: made = b_.fsub(old, x); break;
    case LLVMAtomicRMWBinOpAdd: made = b_.add(old, x); break;
    case LLVMAtomicRMWBinOpSub: made = b_.sub(old, x); break;
    case LLVMAtomicRMWBinOpAnd: made = b_.and_(old, x); break;
    case LLVMAtomicRMWBinOpOr: made = b_.or_(old, x); break;
    case LLVMAtomicRMWBinOpXor: made = b_.xor_(old, x); break;
    default: refuse(i);
  }
  const Value seen = b_.atomic_cas(address, bits, as_atomic(made), order, 0, natural(t, i));
  b_.brif(b_.icmp(ir::ICond::eq, seen, bits), {done}, {loop, {seen}});
  b_.at(done);
  return old;
}

// The order of a failure is no stronger than that of the whole.
void FunctionImporter::compare_exchange(LLVMValueRef i) {
  const Leaf& l = layout_.leaf(LLVMTypeOf(LLVMGetOperand(i, 1)));
  if (l.is_odd()) refuse(i);
  ir::Order o = order_of(LLVMGetCmpXchgSuccessOrdering(i));
  const ir::Order failed = order_of(LLVMGetCmpXchgFailureOrdering(i));
  if (failed == ir::Order::seq_cst) o = failed;
  if (failed == ir::Order::acquire && o == ir::Order::relaxed) o = failed;
  if (failed == ir::Order::acquire && o == ir::Order::release) o = ir::Order::acq_rel;
  const Value seen = b_.atomic_cas(operand(i, 0), operand(i, 1), operand(i, 2), o, 0, natural(l.type, i));
  define(i, Leaves{seen, b_.icmp(ir::ICond::eq, seen, operand(i, 1))});
}

}  // namespace jitkit::importer
