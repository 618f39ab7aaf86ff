// How often blocks and edges run, estimated from the weights of branches and the shape of loops.
//
// A loop is a flow of its own: one arrival at its header runs through its blocks and leaves by its
// exits; how much leaves per arrival gives the trips, and the loop passes on what entered it. So every
// edge is looked at once, inner loops before what follows them, and then loops are scaled outside in.
// Within an irreducible loop the result is rougher: entries beside the header do not count.
// Source: after Wu and Larus, Static Branch Frequency and Program Profile Analysis (1994).
#ifndef JITKIT_IR_FREQUENCY_HPP
#define JITKIT_IR_FREQUENCY_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/cfg.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/support/arena.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

class Frequencies {
 public:
  // The frequency of the entry block. Frequencies of reachable blocks are at least 1 and saturate.
  static constexpr u32 entry = 1024;

  // Into arrays of the arena, where out of memory is sticky; then nothing may be asked.
  void compute(const FunctionData& f, const Cfg& cfg, Arena& arena) {
    for (Vec<u32>* v : {&probability_, &frequency_}) v->attach(arena);
    local_.attach(arena);
    edge_flows_.attach(arena);
    loop_flows_.attach(arena);
    const u32 blocks = f.blocks.size(), edges = f.edges.size();
    if (cfg.order().empty() || !probability_.assign(edges, 0) || !frequency_.assign(blocks, 0) ||
        !local_.assign(blocks, 0) || !edge_flows_.assign(edges, {}) ||
        !loop_flows_.assign(cfg.loop_count() + 1, {}))
      return;
    propagate(f, cfg);
    scale(cfg);
  }

  u32 operator[](Block b) const { return frequency_[b.id]; }
  // Of the edge, whose source is `from`.
  u32 operator()(Block from, Edge e) const {
    const u64 n = u64{frequency_[from.id]} * probability_[e.id] / certain;
    return static_cast<u32>(at_least_1(n));
  }
  // The edge's share of its source's executions, in 65536ths.
  u32 probability(Edge e) const { return probability_[e.id]; }

 private:
  static constexpr u64 certain = 65536;    // a probability, and the unit of flows
  static constexpr u64 default_trips = 8;  // also: an exit is taken once in so many times
  static constexpr u64 most_trips = 4096;
  static constexpr u64 most_scale = u64{1} << 32;

  // Per arrival at the header of the loop around (a block, an edge) or of the parent (a loop).
  struct LoopFlow {
    u64 entries = 0;
    u64 exits = 0;  // per arrival at the loop's own header
    u64 scale = 0;  // from flows within the loop to the function's frequencies
    u32 exit_list = 0;
  };
  struct EdgeFlow {
    u64 flow = 0;
    u32 next = 0;  // in the list of the exits of a loop
  };

  static u64 at_least_1(u64 v) { return v == 0 ? 1 : v; }

  void propagate(const FunctionData& f, const Cfg& cfg) {
    local_[FunctionData::entry().id] = certain;
    for (u32 at = 0; at < cfg.order().size(); ++at) {
      const Block b = cfg.order()[at];
      Loop l = cfg.loop(b);
      if (cfg.is_header(b)) {
        loop_flows_[l.id].entries = local_[b.id] < certain ? local_[b.id] : certain;
        local_[b.id] = certain;
      }
      const Inst t = f.terminator(b);
      const u32 edges = t ? f.edge_count(t) : 0;
      if (edges != 0) set_probabilities(f, cfg, l, f.edge(t, 0), edges);
      for (u32 i = 0; i < edges; ++i) {
        const Edge e = f.edge(t, i);
        deliver(f, cfg, e, l, local_[b.id] * probability_[e.id] / certain, at);
      }
      for (; l && at + 1 == cfg[l].end; l = cfg[l].parent) leave_loop(f, cfg, l, at);
    }
  }

  // The shares of `count` edges from `first` on, all of one block in loop `in`.
  void set_probabilities(const FunctionData& f, const Cfg& cfg, Loop in, Edge first, u32 count) {
    if (count == 1) {
      probability_[first.id] = static_cast<u32>(certain);
      return;
    }
    const auto edges = f.edges.slice(first.id, count);
    const auto shares = probability_.slice(first.id, count);
    bool known = false;
    for (const EdgeData& e : edges) known |= e.weight != 0;
    u64 total = 0;
    for (u32 i = 0; i < count; ++i) {
      const u32 weight = known ? edges[i].weight : guess(f, cfg, in, edges[i].target);
      shares[i] = weight != 0 ? weight : 1;
      total += shares[i];
    }
    for (u32& s : shares) s = static_cast<u32>(at_least_1(s * certain / total));
  }

  // The weight of an edge that the function says nothing of.
  static u32 guess(const FunctionData& f, const Cfg& cfg, Loop in, Block target) {
    if (f[target].cold) return 1;
    return in && !cfg.contains(in, target) ? 16 : 16 * (default_trips - 1);
  }

  // Flow along e out of a block of the loop `in`, when the block at position `at` is done.
  void deliver(const FunctionData& f, const Cfg& cfg, Edge e, Loop in, u64 flow, u32 at) {
    flow = at_least_1(flow);
    const Block target = f[e].target;
    if (in && !cfg.contains(in, target)) {
      LoopFlow& l = loop_flows_[in.id];
      l.exits += flow;
      edge_flows_[e.id] = {flow, l.exit_list};
      l.exit_list = e.id;
    } else if (cfg.position(target) > at) {
      local_[target.id] += flow;
    }
  }

  // All of loop l is done: what entered it leaves it by its exits, into its parent.
  void leave_loop(const FunctionData& f, const Cfg& cfg, Loop l, u32 at) {
    const LoopFlow flow = loop_flows_[l.id];
    for (u32 e = flow.exit_list, next = 0; e != 0; e = next) {
      next = edge_flows_[e].next;
      deliver(f, cfg, Edge(e), cfg[l].parent, flow.entries * edge_flows_[e].flow / flow.exits, at);
    }
  }

  void scale(const Cfg& cfg) {
    loop_flows_[0].scale = entry;
    for (u32 l = 1; l < loop_flows_.size(); ++l) {
      LoopFlow& flow = loop_flows_[l];
      u64 trips = flow.exits != 0 ? certain * certain / flow.exits : default_trips * certain;
      if (trips > most_trips * certain) trips = most_trips * certain;
      if (trips < certain) trips = certain;
      const u64 outer = loop_flows_[cfg[Loop(l)].parent.id].scale;
      const u64 scaled = outer * (flow.entries * trips / certain) / certain;
      flow.scale = scaled < most_scale ? at_least_1(scaled) : most_scale;
    }
    for (const Block b : cfg.order()) {
      const u64 n = at_least_1(local_[b.id] * loop_flows_[cfg.loop(b).id].scale / certain);
      frequency_[b.id] = static_cast<u32>(n < ~u32{0} ? n : ~u32{0});
    }
  }

  Vec<u32> probability_;
  Vec<u32> frequency_;
  Vec<u64> local_;
  Vec<EdgeFlow> edge_flows_;
  Vec<LoopFlow> loop_flows_;
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_FREQUENCY_HPP
