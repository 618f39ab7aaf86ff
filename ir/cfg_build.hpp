// How Cfg (cfg.hpp) is computed: one depth-first search, then each property in a pass over its result.
//
// Invariant: a node is a reachable block's number in depth-first preorder; the entry is node 0. An
// ancestor in the search tree has a smaller number, and the descendants of n are (n, nodes_[n].last].
// Until place_blocks() a block's position is its node.
#ifndef JITKIT_IR_CFG_BUILD_HPP
#define JITKIT_IR_CFG_BUILD_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/cfg.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/support/arena.hpp>

#include <span>

namespace jitkit::inline JITKIT_ABI::ir {

class CfgBuilder {
 public:
  CfgBuilder(Cfg& cfg, const FunctionData& f, Arena& arena) : cfg_(cfg), f_(f), arena_(arena) {}

  void run() {
    if (!allocate()) return fail();
    search();
    collect_predecessors();
    compute_dominators();
    number_dominator_tree();
    if (has_loops_) find_loops();
    place_blocks();
    classify_edges();
    estimate_frequencies();
    if (arena_.failed()) fail();
  }

 private:
  static constexpr u32 none = ~u32{0};
  static constexpr u64 certain = 65536;     // a probability, and the unit of flows
  static constexpr u64 default_trips = 8;   // of a loop without an exit
  static constexpr u64 most_trips = 4096;
  static constexpr u64 most_scale = u64{1} << 32;

  struct Node {
    Block block;
    u32 parent = 0;      // dominators: shortcut by path compression
    u32 last = none;     // the highest descendant; none while the search is below this node
    u32 label = 0;       // dominators: the node of least semidominator on the compressed path
    u32 semi = 0;
    u32 idom = 0;
    u32 collapsed = 0;   // loops: union-find, towards the header of the loops found so far
    u32 container = none;    // loops: header of the innermost loop around it, beside its own
    u32 extra = none;        // loops: list of entries beside the header
    bool header = false;     // an edge from a descendant ends here
    bool irreducible = false;
  };
  struct Visit {
    Block block;
    Inst terminator;
    u32 left;  // edges not yet followed
  };
  struct ExtraPredecessor {
    u32 node;
    u32 next;
  };
  // Flow through a loop, relative to one arrival at its header.
  struct LoopFlow {
    u64 entry = 0;     // arrivals at the header from outside, per arrival at the parent's header
    u64 exits = 0;
    u64 scale = 0;     // of local frequencies to the function's
    u32 exit_list = 0;  // edges that leave the loop
  };
  struct EdgeFlow {
    u64 flow = 0;
    u32 next = 0;
  };

  template <class T>
  bool make(Vec<T>& v, u32 n, const T& fill = {}) {
    v.attach(arena_);
    return v.assign(n, fill);
  }

  bool allocate() {
    const u32 blocks = f_.blocks.size(), edges = f_.edges.size();
    cfg_.irreducible_ = false;
    cfg_.predecessors_.attach(arena_);
    cfg_.order_.attach(arena_);
    cfg_.loops_.attach(arena_);
    cfg_.critical_.attach(arena_);
    for (Vec<u32>* v : {&post_, &work_, &next_}) v->attach(arena_);
    nodes_.attach(arena_);
    visits_.attach(arena_);
    followed_.attach(arena_);
    extra_.attach(arena_);
    return make(cfg_.blocks_, blocks) && make(cfg_.edges_, edges) && cfg_.loops_.push({}) &&
           nodes_.reserve(blocks) && visits_.reserve(blocks) && post_.reserve(blocks) &&
           work_.reserve(blocks) && followed_.reserve(edges) && cfg_.order_.reserve(blocks);
  }

  void fail() { cfg_.order_.clear(); }

  u32 node(Block b) const { return cfg_.blocks_[b.id].position; }
  bool below(u32 n, u32 ancestor) const { return n >= ancestor && n <= nodes_[ancestor].last; }

  // --- Depth-first search.

  void discover(Block b, u32 parent) {
    const u32 n = nodes_.size();
    const Inst t = f_.terminator(b);
    cfg_.blocks_[b.id].position = n;
    nodes_.push({.block = b, .parent = parent, .label = n, .semi = n, .idom = parent, .collapsed = n});
    visits_.push({b, t, t ? f_.edge_count(t) : 0});
  }

  // The successor visited last follows its predecessor in the order: the first edge, unless the second
  // is likelier.
  Edge next_edge(Visit& v) {
    const u32 i = --v.left;
    if (f_[v.terminator].op != Opcode::brif) return f_.edge(v.terminator, i);
    const Edge first = f_.edge(v.terminator, 0), second = f_.edge(v.terminator, 1);
    const bool cold = f_[f_[first].target].cold && !f_[f_[second].target].cold;
    const bool second_last = cold || f_[first].weight < f_[second].weight;
    return (i == 0) != second_last ? first : second;
  }

  void search() {
    if (f_.blocks.size() < 2) return;
    discover(FunctionData::entry(), 0);
    while (!visits_.empty()) {
      Visit& v = visits_.back();
      const Block b = v.block;
      if (v.left == 0) {
        nodes_[node(b)].last = nodes_.size() - 1;
        post_.push(b.id);
        visits_.pop_back();
        continue;
      }
      const Edge e = next_edge(v);
      const Block target = f_[e].target;
      cfg_.edges_[e.id].source = b;
      followed_.push(e);
      if (!cfg_.reachable(target)) {
        discover(target, node(b));
      } else if (nodes_[node(target)].last == none) {
        nodes_[node(target)].header = true;
        has_loops_ = true;
      }
      ++cfg_.blocks_[target.id].predecessors;
    }
  }

  void collect_predecessors() {
    if (!cfg_.predecessors_.resize(followed_.size())) return;
    u32 at = 0;
    for (const Node& n : nodes_) {
      Cfg::BlockInfo& b = cfg_.blocks_[n.block.id];
      b.first_predecessor = at;
      at += b.predecessors;
      b.predecessors = 0;
    }
    for (const Edge e : followed_) {
      Cfg::BlockInfo& b = cfg_.blocks_[f_[e].target.id];
      cfg_.predecessors_[b.first_predecessor + b.predecessors++] = e;
    }
  }

  // --- Dominators (Semi-NCA).

  void compute_dominators() {
    for (u32 n = nodes_.size(); n-- > 1;) {
      u32 least = nodes_[n].parent;
      const Block b = nodes_[n].block;
      if (cfg_.blocks_[b.id].predecessors > 1) {
        for (const Edge e : cfg_.predecessors(b)) {
          const u32 semi = nodes_[best_label(node(cfg_.source(e)), n + 1)].semi;
          if (semi < least) least = semi;
        }
      }
      nodes_[n].semi = least;
    }
    for (u32 n = 1; n < nodes_.size(); ++n) {
      u32 d = nodes_[n].idom;
      while (d > nodes_[n].semi) d = nodes_[d].idom;
      nodes_[n].idom = d;
      cfg_.blocks_[nodes_[n].block.id].idom = nodes_[d].block;
    }
  }

  // Of n and its ancestors from `linked` on, the label of least semidominator; compresses the path.
  u32 best_label(u32 n, u32 linked) {
    if (nodes_[n].parent < linked) return nodes_[n].label;
    work_.clear();
    u32 top = n;
    for (; nodes_[top].parent >= linked; top = nodes_[top].parent) work_.push(top);
    u32 best = nodes_[top].label;
    while (!work_.empty()) {
      Node& below = nodes_[work_.back()];
      work_.pop_back();
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
    const auto info = [this](u32 n) -> Cfg::BlockInfo& { return cfg_.blocks_[nodes_[n].block.id]; };
    for (u32 n = nodes_.size(); n-- > 0;) {
      ++info(n).dom_size;
      if (n != 0) info(nodes_[n].idom).dom_size += info(n).dom_size;
    }
    // nodes_[n].semi has served; it now is the next number free for a child of n.
    for (u32 n = 0; n < nodes_.size(); ++n) {
      u32 first = 0;
      if (n != 0) {
        first = nodes_[nodes_[n].idom].semi;
        nodes_[nodes_[n].idom].semi += info(n).dom_size;
      }
      info(n).dom_first = first;
      nodes_[n].semi = first + 1;
    }
  }

  // --- Loops: innermost first, each collapsed into its header once found.

  void find_loops() {
    u32 loops = 0;
    for (u32 n = nodes_.size(); n-- > 0;)
      if (nodes_[n].header) {
        collect_loop(n);
        ++loops;
      }
    cfg_.loops_.reserve(loops + 1);
    for (const Node& n : nodes_) {
      const Loop around =
          n.container != none ? cfg_.blocks_[nodes_[n.container].block.id].loop : Loop();
      Cfg::BlockInfo& b = cfg_.blocks_[n.block.id];
      b.loop = around;
      if (!n.header) continue;
      const LoopData l{n.block, around, cfg_.loops_[around.id].depth + 1, 0, 0, n.irreducible};
      if (!cfg_.loops_.push(l)) return;
      b.loop = Loop(cfg_.loops_.size() - 1);
      cfg_.irreducible_ |= n.irreducible;
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
    work_.clear();
    for (const Edge e : cfg_.predecessors(nodes_[header].block)) {
      const u32 from = node(cfg_.source(e));
      if (below(from, header)) add_to_loop(from, header);
    }
    while (!work_.empty()) {
      const u32 n = work_.back();
      work_.pop_back();
      for (const Edge e : cfg_.predecessors(nodes_[n].block))
        add_predecessor(node(cfg_.source(e)), header);
      for (u32 i = nodes_[n].extra; i != none; i = extra_[i].next)
        add_predecessor(extra_[i].node, header);
    }
  }

  void add_to_loop(u32 n, u32 header) {
    n = collapsed(n);
    if (n == header) return;
    nodes_[n].collapsed = header;
    nodes_[n].container = header;
    work_.push(n);
  }

  // A predecessor that the header did not lead to enters the loop beside it. Loops around must see
  // that edge as one into this loop.
  void add_predecessor(u32 n, u32 header) {
    if (below(collapsed(n), header)) return add_to_loop(n, header);
    nodes_[header].irreducible = true;
    if (extra_.push({n, nodes_[header].extra})) nodes_[header].extra = extra_.size() - 1;
  }

  // --- Order.

  // The reverse postorder, with every loop drawn together at its header: a list per loop of its own
  // blocks and its children's headers, then a walk through the lists.
  void place_blocks() {
    u32 head = 0;
    if (!make(next_, f_.blocks.size(), 0U) || !make(first_in_, cfg_.loops_.size(), 0U)) return;
    for (const u32 b : post_) {
      Loop l = cfg_.blocks_[b].loop;
      if (cfg_.is_header(Block(b))) l = cfg_[l].parent;
      u32& list = l ? first_in_[l.id] : head;
      next_[b] = list;
      list = b;
    }
    Loop in;
    for (u32 b = head; b != 0 || in;) {
      if (b == 0) {
        LoopData& l = cfg_.loops_[in.id];
        l.end = cfg_.order_.size();
        b = next_[l.header.id];
        in = l.parent;
        continue;
      }
      const u32 at = cfg_.order_.size();
      cfg_.blocks_[b].position = at;
      cfg_.order_.push(Block(b));
      if (cfg_.is_header(Block(b))) {
        in = cfg_.blocks_[b].loop;
        cfg_.loops_[in.id].first = at;
        b = first_in_[in.id];
      } else {
        b = next_[b];
      }
    }
  }

  void classify_edges() {
    for (const Edge e : followed_) {
      Cfg::EdgeInfo& i = cfg_.edges_[e.id];
      const Block target = f_[e].target;
      i.back = cfg_.position(target) <= cfg_.position(i.source);
      i.critical = f_.edge_count(f_.terminator(i.source)) > 1 &&
                   cfg_.blocks_[target.id].predecessors > 1;
      if (i.critical) cfg_.critical_.push(e);
    }
  }

  // --- Frequencies: flows from each header through its loop, then the loops scaled outside in.

  // How likely an edge is among its block's, if the function's weights do not say.
  u32 guess(Loop in, Block target) const {
    if (f_[target].cold) return 1;
    return in && !cfg_.contains(in, target) ? 16 : 16 * (default_trips - 1);
  }

  void estimate_probabilities(Loop in, Inst terminator, u32 edges) {
    u64 total = 0;
    bool known = false;
    for (u32 i = 0; i < edges; ++i) known |= f_[f_.edge(terminator, i)].weight != 0;
    for (u32 i = 0; i < edges; ++i) {
      const Edge e = f_.edge(terminator, i);
      const u32 weight = known ? f_[e].weight : guess(in, f_[e].target);
      cfg_.edges_[e.id].probability = weight != 0 ? weight : 1;
      total += cfg_.edges_[e.id].probability;
    }
    for (u32 i = 0; i < edges; ++i) {
      u32& p = cfg_.edges_[f_.edge(terminator, i).id].probability;
      p = static_cast<u32>(at_least_1(p * certain / total));
    }
  }
  static u64 at_least_1(u64 v) { return v == 0 ? 1 : v; }

  // Flow along e, relative to the header of the loop `in`, from the block at position `at`.
  void deliver(Edge e, Loop in, u64 flow, u32 at) {
    const Block target = f_[e].target;
    flow = at_least_1(flow);
    if (in && !cfg_.contains(in, target)) {
      LoopFlow& l = loop_flows_[in.id];
      l.exits += flow;
      edge_flows_[e.id] = {flow, l.exit_list};
      l.exit_list = e.id;
    } else if (cfg_.position(target) > at) {
      local_[target.id] += flow;
    }
  }

  // All of loop l is done: what entered it leaves it by its exits, into its parent.
  void leave_loop(Loop l, u32 at) {
    const LoopFlow flow = loop_flows_[l.id];
    for (u32 e = flow.exit_list, next = 0; e != 0; e = next) {
      next = edge_flows_[e].next;
      deliver(Edge(e), cfg_[l].parent, flow.entry * edge_flows_[e].flow / flow.exits, at);
    }
  }

  void estimate_frequencies() {
    if (!make(local_, f_.blocks.size(), u64{0}) || !make(edge_flows_, f_.edges.size()) ||
        !make(loop_flows_, cfg_.loops_.size()) || cfg_.order_.empty())
      return;
    local_[FunctionData::entry().id] = certain;
    for (u32 at = 0; at < cfg_.order_.size(); ++at) {
      const Block b = cfg_.order_[at];
      Loop l = cfg_.loop(b);
      if (cfg_.is_header(b)) {
        loop_flows_[l.id].entry = local_[b.id] < certain ? local_[b.id] : certain;
        local_[b.id] = certain;
      }
      const Inst t = f_.terminator(b);
      const u32 edges = t ? f_.edge_count(t) : 0;
      if (edges != 0) estimate_probabilities(l, t, edges);
      for (u32 i = 0; i < edges; ++i) {
        const Edge e = f_.edge(t, i);
        deliver(e, l, local_[b.id] * cfg_.edges_[e.id].probability / certain, at);
      }
      for (; l && at + 1 == cfg_[l].end; l = cfg_[l].parent) leave_loop(l, at);
    }
    scale_frequencies();
  }

  void scale_frequencies() {
    loop_flows_[0].scale = Cfg::frequency_one;
    for (u32 l = 1; l < loop_flows_.size(); ++l) {
      LoopFlow& flow = loop_flows_[l];
      u64 trips = flow.exits != 0 ? certain * certain / flow.exits : default_trips * certain;
      if (trips > most_trips * certain) trips = most_trips * certain;
      if (trips < certain) trips = certain;
      const u64 outer = loop_flows_[cfg_.loops_[l].parent.id].scale;
      const u64 scale = outer * (flow.entry * trips / certain) / certain;
      flow.scale = scale < most_scale ? at_least_1(scale) : most_scale;
    }
    for (const Block b : cfg_.order_) {
      const u64 n = at_least_1(local_[b.id] * loop_flows_[cfg_.loop(b).id].scale / certain);
      cfg_.blocks_[b.id].frequency = static_cast<u32>(n < 0xffffffff ? n : 0xffffffff);
    }
  }

  Cfg& cfg_;
  const FunctionData& f_;
  Arena& arena_;
  bool has_loops_ = false;

  Vec<Node> nodes_;
  Vec<u32> post_;  // blocks in postorder
  Vec<Visit> visits_;
  Vec<Edge> followed_;  // the edges of reachable blocks
  Vec<u32> work_;
  Vec<ExtraPredecessor> extra_;
  Vec<u32> next_;
  Vec<u32> first_in_;
  Vec<u64> local_;
  Vec<EdgeFlow> edge_flows_;
  Vec<LoopFlow> loop_flows_;
};

inline void Cfg::compute(const FunctionData& f, Arena& arena) { CfgBuilder(*this, f, arena).run(); }

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_CFG_BUILD_HPP
