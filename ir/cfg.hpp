// The control-flow graph of a function: block order, predecessors, dominators, loops. How often blocks
// run is estimated from it by frequency.hpp.
//
// Everything is computed in one go by compute(), into flat arrays of the caller's Arena, and stays true
// until a terminator changes. Unreachable blocks have no position and no predecessors, and are no one's
// predecessor.
//
// The order is a reverse postorder in which every loop is contiguous and starts with its header; code
// is laid out and live ranges are numbered in it. What it promises:
//  - a block comes after its immediate dominator (in irreducible code too);
//  - in reducible code only an edge to the header of a loop around it goes backwards;
//  - of several successors the likeliest tends to follow its predecessor.
//
// A loop is a maximal strongly connected region within the region of its parent, less its header. If it
// can be entered beside its header (a depth-first search's first block of it) it is marked irreducible.
//
// Cost: linear, but for the inverse Ackermann function; Semi-NCA's last step, and the loops of
// irreducible code, have a worse bound that ordinary graphs do not reach.
// Sources: Georgiadis, Linear-Time Algorithms for Dominators and Related Problems (2005), Semi-NCA;
// Havlak, Nesting of Reducible and Irreducible Loops (1997).
#ifndef JITKIT_IR_CFG_HPP
#define JITKIT_IR_CFG_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/support/arena.hpp>
#include <jitkit/ir/support/index.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/status.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

struct LoopTag;
using Loop = Index<LoopTag>;

struct LoopData {
  Block header;
  Loop parent;  // none: an outermost loop
  u32 depth = 0;
  u32 first = 0;  // its blocks are those at the positions [first, end) of the order
  u32 end = 0;
  bool irreducible = false;
};

class Cfg {
 public:
  static constexpr u32 no_position = ~u32{0};

  enum class Want : u8 { all, no_dominators };  // without them, idom() and dominates() may not be asked
  // Out of memory is sticky in the arena; then order() is empty and nothing else may be asked.
  void compute(const FunctionData& f, Arena& arena, Want want = Want::all);

  // Whether it can be that of f as f is now.
  bool fits(const FunctionData& f) const { return blocks_.size() == f.blocks.size() && edges_.size() == f.edges.size(); }

  // The reachable blocks; the entry first.
  Span<const Block> order() const { return {order_.data(), order_.size()}; }
  u32 position(Block b) const { return blocks_[b.id].position; }
  bool reachable(Block b) const { return position(b) != no_position; }

  // The edges into b, from reachable blocks.
  Span<const Edge> predecessors(Block b) const {
    return predecessors_.slice(blocks_[b.id].first_predecessor, blocks_[b.id].predecessors);
  }
  // The block an edge leaves; none if that is not reachable.
  Block source(Edge e) const { return edges_[e.id].source; }

  // The immediate dominator; none for the entry.
  Block idom(Block b) const { return blocks_[b.id].idom; }
  // Whether every path to b goes through a (a block dominates itself). Both are reachable.
  bool dominates(Block a, Block b) const {
    const BlockInfo& x = blocks_[a.id];
    return blocks_[b.id].dom_first - x.dom_first < x.dom_size;
  }

  // Loops are numbered from 1, parents before their children.
  u32 loop_count() const { return loops_.size() - 1; }
  const LoopData& operator[](Loop l) const { return loops_[l.id]; }
  // The innermost loop around b; none outside of loops.
  Loop loop(Block b) const { return blocks_[b.id].loop; }
  u32 loop_depth(Block b) const { return loops_[loop(b).id].depth; }
  bool is_header(Block b) const { return loop(b) && loops_[loop(b).id].header == b; }
  bool contains(Loop l, Block b) const {
    const LoopData& d = loops_[l.id];
    return position(b) - d.first < d.end - d.first;
  }
  // Whether e leads to a block at or before its source in the order: to a loop's header, or anywhere
  // within an irreducible loop.
  bool is_back_edge(Edge e) const { return edges_[e.id].back; }
  bool irreducible() const { return irreducible_; }

  // Edges from a block with several successors to one with several predecessors: code that belongs to
  // such an edge needs a block of its own.
  Span<const Edge> critical_edges() const { return {critical_.data(), critical_.size()}; }
  bool is_critical(Edge e) const { return edges_[e.id].critical; }

 private:
  friend class CfgBuilder;

  struct BlockInfo {
    u32 position = no_position;
    u32 first_predecessor = 0;
    u32 predecessors = 0;
    Block idom;
    u32 dom_first = 0;  // the blocks it dominates are numbered [dom_first, dom_first + dom_size)
    u32 dom_size = 0;
    Loop loop;
  };
  struct EdgeInfo {
    Block source;
    bool critical = false;
    bool back = false;
  };

  Vec<BlockInfo> blocks_;
  Vec<EdgeInfo> edges_;
  Vec<Edge> predecessors_;
  Vec<Block> order_;
  Vec<LoopData> loops_;
  Vec<Edge> critical_;
  bool irreducible_ = false;
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#include <jitkit/ir/cfg_build.hpp>

#endif  // JITKIT_IR_CFG_HPP
