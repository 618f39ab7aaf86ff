// How Cfg (cfg.hpp) is computed: one depth-first search, then each property in a pass over its result.
//
// Invariant: a node is a reachable block's number in depth-first preorder; the entry is node 0. An
// ancestor in the search tree has a smaller number, and the descendants of n are (n, nodes_[n].last].
// Until place_blocks() a block's position is its node.
// The arrays are bare pointers of sizes known before: this runs for every function compiled.
#ifndef JITKIT_IR_CFG_BUILD_HPP
#define JITKIT_IR_CFG_BUILD_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/cfg.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/support/arena.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

class CfgBuilder {
 public:
  CfgBuilder(Cfg& cfg, const FunctionData& f, Arena& arena) : cfg_(cfg), f_(f), arena_(arena) {}

  void run(Cfg::Want want) {
    if (!allocate()) {
      cfg_.order_.clear();
      return;
    }
    if (f_.blocks.size() < 2) return;
    search();
    collect_predecessors();
    if (want == Cfg::Want::all) {
      compute_dominators();
      number_dominator_tree();
    }
    if (headers_ != 0) {
      find_loops();
      place_blocks();
      mark_back_edges();
    } else {
      for (u32 i = nodes_count_; i-- > 0;) place(Block(post_[i]));
    }
    if (arena_.failed()) cfg_.order_.clear();
  }

 private:
  static constexpr u32 none = ~u32{0};
  using BlockInfo = Cfg::BlockInfo;
  using EdgeInfo = Cfg::EdgeInfo;

  struct Node {
    Block block;
    u32 parent;  // dominators: shortcut by path compression
    u32 last;    // the highest descendant; none while the search is below this node
    u32 label;   // dominators: the node of least semidominator on the compressed path
    u32 semi;
    u32 idom;
    u32 collapsed;  // loops: union-find, towards the header of the loops found so far
    u32 container;  // loops: header of the innermost loop around it, beside its own
    u32 extra;      // loops: list of entries beside the header
    bool header;    // an edge from a descendant ends here
    bool irreducible;
  };
  struct Visit {  // a block on the search's path
    u32 node;
    u32 first_edge;
    u32 left;  // edges not yet followed
    u32 flip;  // 1: of two edges the second follows last
  };
  struct ExtraPredecessor {
    u32 node;
    u32 next;
  };

  template <class T>
  bool make(T*& array, u32 n) {
    array = static_cast<T*>(arena_.allocate(u64{n} * sizeof(T)));
    return array != nullptr;
  }
  template <class T>
  static bool attach(Vec<T>& v, Arena& a, u32 n) {
    v.attach(a);
    return v.assign(n, {});
  }

  bool allocate() {
    const u32 blocks = f_.blocks.size(), edges = f_.edges.size();
    cfg_.irreducible_ = false;
    cfg_.order_.attach(arena_);
    cfg_.loops_.attach(arena_);
    cfg_.critical_.attach(arena_);
    extra_.attach(arena_);
    const bool all = attach(cfg_.blocks_, arena_, blocks) && attach(cfg_.edges_, arena_, edges) &&
                     attach(cfg_.predecessors_, arena_, edges) && cfg_.order_.reserve(blocks) &&
                     cfg_.loops_.push({}) && make(nodes_, blocks) && make(visits_, blocks) &&
                     make(post_, blocks) && make(work_, blocks) && make(followed_, edges);
    blocks_ = cfg_.blocks_.data();
    edges_ = cfg_.edges_.data();
    predecessors_ = cfg_.predecessors_.data();
    return all;
  }

  u32 node(Block b) const { return blocks_[b.id].position; }
  bool below(u32 n, u32 ancestor) const { return n >= ancestor && n <= nodes_[ancestor].last; }

  // --- Depth-first search.

  Visit discover(Block b, u32 parent) {
    const u32 n = nodes_count_++;
    blocks_[b.id].position = n;
    nodes_[n] = {b, parent, none, n, n, parent, n, none, none, false, false};
    const Inst t = f_.terminator(b);
    const InstData& d = f_[t];
    const u32 count = t ? f_.edge_count(t) : 0;
    return {n, d.aux, count, d.op == Opcode::brif && second_is_likelier(d.aux) ? 1U : 0U};
  }
  bool second_is_likelier(u32 first) const {
    const EdgeData& a = f_[Edge(first)];
    const EdgeData& b = f_[Edge(first + 1)];
    const bool cold = f_[a.target].cold, other_cold = f_[b.target].cold;
    return cold != other_cold ? cold : a.weight < b.weight;
  }

  // The successor visited last follows its predecessor in the order: the first edge, unless the second
  // is likelier.
  void search() {
    Visit v = discover(FunctionData::entry(), 0);
    u32 depth = 0, finished = 0, followed = 0;
    for (;;) {
      if (v.left == 0) {
        Node& n = nodes_[v.node];
        n.last = nodes_count_ - 1;
        post_[finished++] = n.block.id;
        if (depth == 0) break;
        v = visits_[--depth];
        continue;
      }
      const u32 e = v.first_edge + (--v.left ^ v.flip);
      const Block target = f_[Edge(e)].target;
      BlockInfo& to = blocks_[target.id];
      edges_[e].source = nodes_[v.node].block;
      followed_[followed++] = e;
      ++to.predecessors;
      if (to.position == Cfg::no_position) {
        visits_[depth++] = v;
        v = discover(target, v.node);
      } else if (Node& n = nodes_[to.position]; n.last == none && !n.header) {
        n.header = true;
        ++headers_;
      }
    }
    followed_count_ = followed;
  }

  void collect_predecessors() {
    u32 at = 0;
    for (u32 n = 0; n < nodes_count_; ++n) {
      BlockInfo& b = blocks_[nodes_[n].block.id];
      b.first_predecessor = at;
      at += b.predecessors;
      b.predecessors = 0;
    }
    for (u32 i = 0; i < followed_count_; ++i) {
      BlockInfo& b = blocks_[f_[Edge(followed_[i])].target.id];
      predecessors_[b.first_predecessor + b.predecessors++] = Edge(followed_[i]);
    }
    for (u32 n = 0; n < nodes_count_; ++n) {
      const Block b = nodes_[n].block;
      if (blocks_[b.id].predecessors < 2) continue;
      for (const Edge e : cfg_.predecessors(b)) {
        if (f_.edge_count(f_.terminator(edges_[e.id].source)) < 2) continue;
        edges_[e.id].critical = true;
        cfg_.critical_.push(e);
      }
    }
  }

  // --- Dominators (Semi-NCA).

  void compute_dominators() {
    for (u32 n = nodes_count_; n-- > 1;) {
      const BlockInfo& b = blocks_[nodes_[n].block.id];
      u32 least = nodes_[n].parent;
      if (b.predecessors > 1) {
        const Edge* e = predecessors_ + b.first_predecessor;
        for (u32 i = 0; i < b.predecessors; ++i) {
          const u32 semi = nodes_[best_label(node(edges_[e[i].id].source), n + 1)].semi;
          if (semi < least) least = semi;
        }
      }
      nodes_[n].semi = least;
    }
    for (u32 n = 1; n < nodes_count_; ++n) {
      u32 d = nodes_[n].idom;
      while (d > nodes_[n].semi) d = nodes_[d].idom;
      nodes_[n].idom = d;
      blocks_[nodes_[n].block.id].idom = nodes_[d].block;
    }
  }

  // Of n and its ancestors from `linked` on, the label of least semidominator; compresses the path.
  u32 best_label(u32 n, u32 linked) {
    if (nodes_[n].parent < linked) return nodes_[n].label;
    u32 depth = 0, top = n;
    for (; nodes_[top].parent >= linked; top = nodes_[top].parent) work_[depth++] = top;
    u32 best = nodes_[top].label;
    while (depth != 0) {
      Node& below = nodes_[work_[--depth]];
      below.parent = nodes_[top].parent;
      if (nodes_[best].semi < nodes_[below.label].semi)
        below.label = best;
      else
        best = below.label;
    }
    return best;
  }

  // Numbers the dominator tree so that every subtree is an interval.
  void number_dominator_tree() {
    for (u32 n = 0; n < nodes_count_; ++n) nodes_[n].label = 1;  // now: the size of n's subtree
    for (u32 n = nodes_count_; n-- > 1;) nodes_[nodes_[n].idom].label += nodes_[n].label;
    for (u32 n = 0; n < nodes_count_; ++n) {
      Node& d = nodes_[n];
      u32 first = 0;
      if (n != 0) {
        u32& free = nodes_[d.idom].semi;  // now: the next number for a child
        first = free;
        free += d.label;
      }
      d.semi = first + 1;
      BlockInfo& b = blocks_[d.block.id];
      b.dom_first = first;
      b.dom_size = d.label;
    }
  }

  // --- Loops: innermost first, each collapsed into its header once found.

  void find_loops() {
    for (u32 n = nodes_count_; n-- > 0;)
      if (nodes_[n].header) collect_loop(n);
    if (!cfg_.loops_.reserve(headers_ + 1)) return;
    for (u32 n = 0; n < nodes_count_; ++n) {
      const Node& d = nodes_[n];
      BlockInfo& b = blocks_[d.block.id];
      if (d.container != none) b.loop = blocks_[nodes_[d.container].block.id].loop;
      if (!d.header) continue;
      cfg_.loops_.push({d.block, b.loop, cfg_[b.loop].depth + 1, 0, 0, d.irreducible});
      b.loop = Loop(cfg_.loops_.size() - 1);
      cfg_.irreducible_ |= d.irreducible;
    }
  }

  u32 collapsed(u32 n) {
    while (nodes_[n].collapsed != n) {
      nodes_[n].collapsed = nodes_[nodes_[n].collapsed].collapsed;
      n = nodes_[n].collapsed;
    }
    return n;
  }

  void collect_loop(u32 header) {
    work_count_ = 0;
    for (const Edge e : cfg_.predecessors(nodes_[header].block)) {
      const u32 from = node(edges_[e.id].source);
      if (below(from, header)) add_to_loop(collapsed(from), header);
    }
    while (work_count_ != 0) {
      const u32 n = work_[--work_count_];
      for (const Edge e : cfg_.predecessors(nodes_[n].block))
        add_predecessor(node(edges_[e.id].source), header);
      for (u32 i = nodes_[n].extra; i != none; i = extra_[i].next)
        add_predecessor(extra_[i].node, header);
    }
  }

  void add_to_loop(u32 n, u32 header) {
    if (n == header) return;
    nodes_[n].collapsed = header;
    nodes_[n].container = header;
    work_[work_count_++] = n;
  }

  // A predecessor that the header did not lead to enters the loop beside it. Loops around must see
  // that edge as one into this loop.
  void add_predecessor(u32 n, u32 header) {
    const u32 c = collapsed(n);
    if (below(c, header)) return add_to_loop(c, header);
    nodes_[header].irreducible = true;
    if (extra_.push({n, nodes_[header].extra})) nodes_[header].extra = extra_.size() - 1;
  }

  // --- Order.

  void place(Block b) {
    blocks_[b.id].position = cfg_.order_.size();
    cfg_.order_.push(b);
  }

  // The reverse postorder, with every loop drawn together at its header: a list per loop of its own
  // blocks and its children's headers, then a walk through the lists.
  void place_blocks() {
    u32 *next = nullptr, *first_in = nullptr;
    if (!make(next, f_.blocks.size()) || !make(first_in, cfg_.loops_.size())) return;
    for (u32 l = 0; l < cfg_.loops_.size(); ++l) first_in[l] = 0;
    for (u32 i = 0; i < nodes_count_; ++i) {
      const Block b(post_[i]);
      const Loop l = cfg_.is_header(b) ? cfg_[cfg_.loop(b)].parent : cfg_.loop(b);
      next[b.id] = first_in[l.id];
      first_in[l.id] = b.id;
    }
    Loop in;
    for (Block b(first_in[0]); b || in;) {
      if (!b) {
        LoopData& l = cfg_.loops_[in.id];
        l.end = cfg_.order_.size();
        b = Block(next[l.header.id]);
        in = l.parent;
        continue;
      }
      if (cfg_.is_header(b)) {
        in = cfg_.loop(b);
        cfg_.loops_[in.id].first = cfg_.order_.size();
        place(b);
        b = Block(first_in[in.id]);
      } else {
        place(b);
        b = Block(next[b.id]);
      }
    }
  }

  void mark_back_edges() {
    for (u32 i = 0; i < followed_count_; ++i) {
      EdgeInfo& e = edges_[followed_[i]];
      e.back = node(f_[Edge(followed_[i])].target) <= node(e.source);
    }
  }

  Cfg& cfg_;
  const FunctionData& f_;
  Arena& arena_;

  BlockInfo* blocks_ = nullptr;  // the arrays of cfg_
  EdgeInfo* edges_ = nullptr;
  Edge* predecessors_ = nullptr;

  Node* nodes_ = nullptr;
  u32 nodes_count_ = 0;
  u32 headers_ = 0;
  Visit* visits_ = nullptr;
  u32* post_ = nullptr;      // blocks in postorder
  u32* followed_ = nullptr;  // the edges of reachable blocks
  u32 followed_count_ = 0;
  u32* work_ = nullptr;
  u32 work_count_ = 0;
  Vec<ExtraPredecessor> extra_;
};

inline void Cfg::compute(const FunctionData& f, Arena& arena, Want want) { CfgBuilder(*this, f, arena).run(want); }

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_CFG_BUILD_HPP
