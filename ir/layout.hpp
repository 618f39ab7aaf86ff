// Copies the order, edges and loops of a Cfg into a MachFunction, before selection fills its blocks.
//
// Invariant: MachFunction::blocks[k] is Cfg::order()[k]; MachFunction::edges is indexed by IR Edge.
#ifndef JITKIT_IR_LAYOUT_HPP
#define JITKIT_IR_LAYOUT_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/cfg.hpp>
#include <jitkit/ir/frequency.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/machine.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

// False when out of memory (sticky in the arena that mf is attached to).
inline bool lay_out(const FunctionData& fn, const Cfg& cfg, const Frequencies& frequency,
                    MachFunction& mf) {
  const Span<const Block> order = cfg.order();
  if (!mf.blocks.resize(static_cast<u32>(order.size())) || !mf.edges.resize(fn.edges.size()))
    return false;
  for (u32 n = 1; n <= cfg.loop_count(); ++n) {
    const LoopData& l = cfg[Loop(n)];
    MachLoop m;
    m.first = l.first;
    m.last = l.end - 1;
    m.parent = l.parent.id;
    m.depth = l.depth;
    m.irreducible = l.irreducible;
    if (!mf.loops.push(m)) return false;
  }
  for (u32 k = 0; k < order.size(); ++k) {
    MachBlock& b = mf.blocks[k];
    b.block = order[k];
    b.loop = cfg.loop(b.block).id;
    b.frequency = frequency[b.block];
    const Inst terminator = fn.terminator(b.block);
    b.edges = fn.edge_count(terminator);
    b.first_edge = b.edges != 0 ? fn.edge(terminator, 0).id : 0;
    b.first_pred = mf.preds.size();
    for (const Edge e : cfg.predecessors(b.block)) {
      mf.edges[e.id].from = cfg.position(cfg.source(e));
      mf.edges[e.id].to = k;
      if (!mf.preds.push(e.id)) return false;
    }
    b.preds = mf.preds.size() - b.first_pred;
  }
  return true;
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_LAYOUT_HPP
