// Cfg against definitions: small graphs by hand, and random ones against brute force.
#include <jitkit/ir/cfg.hpp>
#include <jitkit/ir/frequency.hpp>

#include <doctest/doctest.h>

#include <initializer_list>
#include <utility>
#include <vector>

using namespace jitkit;
using namespace jitkit::ir;

namespace {

// A function whose blocks are 1..n and branch as listed; a block without successors returns.
void build(FunctionData& f, unsigned n, const std::vector<std::pair<unsigned, unsigned>>& edges) {
  f.clear();
  for (unsigned b = 0; b < n; ++b) f.new_block();
  const Value c = f.constant(Type::i32, 0);
  for (unsigned b = 1; b <= n; ++b) {
    std::vector<Block> to;
    for (const auto& [from, target] : edges)
      if (from == b) to.push_back(Block(target));
    Edge first;
    for (const Block t : to) {
      const Edge e = f.new_edge(t, {});
      if (!first) first = e;
    }
    const Value none[] = {c};
    Inst i;
    if (to.empty())
      i = f.new_inst(Opcode::ret, Type::none, {}, {});
    else if (to.size() == 1)
      i = f.new_inst(Opcode::br, Type::none, {}, {}, first.id);
    else
      i = f.new_inst(to.size() == 2 ? Opcode::brif : Opcode::switch_, Type::i32, none, {}, first.id);
    if (to.size() > 2) f[i].ops[1] = static_cast<u32>(to.size());
    f.append(Block(b), i);
  }
}

std::vector<unsigned> ids(const Cfg& c) {
  std::vector<unsigned> v;
  for (const Block b : c.order()) v.push_back(b.id);
  return v;
}

class Random {
 public:
  unsigned operator()() {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<unsigned>(state_ >> 33);
  }

 private:
  u64 state_ = 1;
};

using Graph = std::vector<std::pair<unsigned, unsigned>>;

// The blocks that can be reached from `from` without passing `without`.
std::vector<bool> reach(unsigned n, const Graph& g, unsigned from, unsigned without) {
  std::vector<bool> seen(n + 1);
  if (from == without) return seen;
  std::vector<unsigned> work{from};
  seen[from] = true;
  while (!work.empty()) {
    const unsigned b = work.back();
    work.pop_back();
    for (const auto& [s, t] : g)
      if (s == b && t != without && !seen[t]) {
        seen[t] = true;
        work.push_back(t);
      }
  }
  return seen;
}

Graph random_graph(Random& r, unsigned n) {
  Graph g;
  for (unsigned b = 1; b <= n; ++b) {
    const unsigned out = r() % 8 == 0 ? 0 : 1 + r() % (r() % 8 == 0 ? 4 : 2);
    for (unsigned i = 0; i < out; ++i) {
      // Mostly near and forward, as in real code; the entry has no predecessors.
      const unsigned step = 1 + r() % 4;
      unsigned t = r() % 4 == 0 ? (b > step ? b - step : 2) : b + step;
      if (t < 2) t = 2;
      if (t > n) t = n;
      if (n > 1) g.push_back({b, t});
    }
  }
  return g;
}

void check_dominators(const Cfg& c, unsigned n, const Graph& g) {
  const std::vector<bool> all = reach(n, g, 1, 0);
  for (unsigned a = 1; a <= n; ++a) {
    REQUIRE(c.reachable(Block(a)) == all[a]);
    if (!all[a]) continue;
    const std::vector<bool> left = reach(n, g, 1, a);
    for (unsigned b = 1; b <= n; ++b)
      if (all[b]) REQUIRE(c.dominates(Block(a), Block(b)) == !left[b]);
    const Block d = c.idom(Block(a));
    if (a == 1) {
      REQUIRE(!d);
      continue;
    }
    REQUIRE((d != Block(a) && c.dominates(d, Block(a))));
    for (unsigned b = 1; b <= n; ++b)  // the nearest of the strict dominators
      if (all[b] && b != a && c.dominates(Block(b), Block(a))) REQUIRE(c.dominates(Block(b), d));
    REQUIRE(c.position(d) < c.position(Block(a)));
  }
}

void check_loops(const FunctionData& f, const Cfg& c, unsigned n, const Graph& g) {
  bool reducible = true;
  for (const Block b : c.order())
    for (const Edge e : c.predecessors(b)) {
      const Block from = c.source(e);
      CHECK(f[e].target == b);
      REQUIRE(c.is_back_edge(e) == (c.position(b) <= c.position(from)));
      if (!c.is_back_edge(e)) continue;
      Loop around = c.loop(from);
      while (around && c[around].header != b) around = c[around].parent;
      const bool natural = c.dominates(b, from);
      if (natural) REQUIRE(around);
      reducible &= natural;
      if (!natural) REQUIRE(c.irreducible());
    }
  for (u32 l = 1; l <= c.loop_count(); ++l) {
    const LoopData& d = c[Loop(l)];
    REQUIRE(c.order()[d.first] == d.header);
    REQUIRE(d.parent.id < l);
    REQUIRE(d.depth == (d.parent ? c[d.parent].depth + 1 : 1));
    if (d.parent) REQUIRE((c[d.parent].first <= d.first && d.end <= c[d.parent].end));
    bool side_entry = false;
    for (u32 at = d.first; at < d.end; ++at) {
      const Block b = c.order()[at];
      Loop inner = c.loop(b);
      while (inner && inner != Loop(l)) inner = c[inner].parent;
      REQUIRE(inner);  // contiguous
      // Strongly connected: the header reaches every block of its loop, and back.
      REQUIRE(reach(n, g, d.header.id, 0)[b.id]);
      if (b != d.header) REQUIRE(reach(n, g, b.id, 0)[d.header.id]);
      for (const Edge e : c.predecessors(b))
        side_entry |= b != d.header && !c.contains(Loop(l), c.source(e));
    }
    REQUIRE(d.irreducible == side_entry);
  }
  if (reducible) CHECK(!c.irreducible());
}

}  // namespace

TEST_CASE("a diamond: order, dominators, no loop") {
  FunctionData f;
  build(f, 4, {{1, 2}, {1, 3}, {2, 4}, {3, 4}});
  Arena a;
  Cfg c;
  Frequencies q;
  c.compute(f, a);
  q.compute(f, c, a);
  CHECK(ids(c) == std::vector<unsigned>{1, 2, 3, 4});
  CHECK(c.idom(Block(4)) == Block(1));
  CHECK(c.dominates(Block(1), Block(4)));
  CHECK(!c.dominates(Block(2), Block(4)));
  CHECK(c.predecessors(Block(4)).size() == 2);
  CHECK(c.predecessors(Block(1)).empty());
  CHECK(c.loop_count() == 0);
  CHECK(c.critical_edges().empty());
  CHECK(q[Block(1)] == Frequencies::entry);
  CHECK(q[Block(2)] == Frequencies::entry / 2);
  CHECK(q[Block(4)] == Frequencies::entry);
}

TEST_CASE("nested loops are contiguous though the exit comes first in the branch") {
  FunctionData f;
  // 2 heads the outer loop {2,3,4,5}, 3 the inner {3,4}; 6 is the exit and 2's first edge.
  build(f, 6, {{1, 2}, {2, 6}, {2, 3}, {3, 4}, {3, 5}, {4, 3}, {5, 2}});
  Arena a;
  Cfg c;
  Frequencies q;
  c.compute(f, a);
  q.compute(f, c, a);
  CHECK(ids(c) == std::vector<unsigned>{1, 2, 3, 4, 5, 6});
  REQUIRE(c.loop_count() == 2);
  CHECK(c.loop_depth(Block(6)) == 0);
  CHECK(c.loop_depth(Block(5)) == 1);
  CHECK(c.loop_depth(Block(4)) == 2);
  CHECK(c.is_header(Block(3)));
  CHECK(!c.is_header(Block(4)));
  CHECK(c[c.loop(Block(4))].parent == c.loop(Block(2)));
  CHECK(!c.irreducible());
  // An exit not otherwise known is taken once in eight.
  CHECK(q[Block(1)] == 1024);
  CHECK(q[Block(2)] == doctest::Approx(8 * 1024).epsilon(0.01));
  CHECK(q[Block(3)] == doctest::Approx(7 * 8 * 1024).epsilon(0.01));
  CHECK(q[Block(6)] == doctest::Approx(1024).epsilon(0.01));
}

TEST_CASE("an irreducible region is found and marked") {
  FunctionData f;
  build(f, 4, {{1, 2}, {1, 3}, {2, 3}, {3, 2}, {3, 4}});
  Arena a;
  Cfg c;
  c.compute(f, a);
  CHECK(c.irreducible());
  REQUIRE(c.loop_count() == 1);
  CHECK(c[Loop(1)].irreducible);
  CHECK(c[Loop(1)].end - c[Loop(1)].first == 2);
}

TEST_CASE("critical edges: several ways out meet several ways in") {
  FunctionData f;
  build(f, 3, {{1, 2}, {1, 3}, {2, 3}});
  Arena a;
  Cfg c;
  c.compute(f, a);
  REQUIRE(c.critical_edges().size() == 1);
  const Edge e = c.critical_edges()[0];
  CHECK(c.is_critical(e));
  CHECK(c.source(e) == Block(1));
  CHECK(f[e].target == Block(3));
}

TEST_CASE("weights rule frequencies, and cold blocks are rare and late") {
  FunctionData f;
  build(f, 4, {{1, 2}, {1, 3}, {2, 4}, {3, 4}});
  const Inst branch = f.terminator(Block(1));
  f[f.edge(branch, 0)].weight = 1;
  f[f.edge(branch, 1)].weight = 3;
  Arena a;
  Cfg c;
  Frequencies q;
  c.compute(f, a);
  q.compute(f, c, a);
  CHECK(q[Block(2)] == 256);
  CHECK(q[Block(3)] == 768);
  CHECK(q(Block(1), f.edge(branch, 1)) == 768);
  CHECK(ids(c) == std::vector<unsigned>{1, 3, 2, 4});

  f[f.edge(branch, 0)].weight = f[f.edge(branch, 1)].weight = 0;
  f[Block(2)].cold = true;
  a.reset();
  c.compute(f, a);
  q.compute(f, c, a);
  CHECK(ids(c) == std::vector<unsigned>{1, 3, 2, 4});
  CHECK(q[Block(2)] < 16);
}

TEST_CASE("unreachable blocks have no place and are no one's predecessor") {
  FunctionData f;
  build(f, 4, {{1, 4}, {2, 4}, {3, 2}});
  Arena a;
  Cfg c;
  c.compute(f, a);
  CHECK(ids(c) == std::vector<unsigned>{1, 4});
  CHECK(!c.reachable(Block(2)));
  CHECK(c.predecessors(Block(4)).size() == 1);
  CHECK(c.predecessors(Block(2)).empty());
}

TEST_CASE("an empty function and a function out of memory have an empty order") {
  FunctionData f;
  Arena a;
  Cfg c;
  c.compute(f, a);
  CHECK(c.order().empty());
  build(f, 500, {{1, 2}});
  Arena small(1024);
  c.compute(f, small);
  CHECK(small.failed());
  CHECK(c.order().empty());
}

TEST_CASE("random graphs agree with the definitions") {
  Random r;
  FunctionData f;
  Arena a;
  Cfg c;
  Frequencies q;
  unsigned loops = 0, irreducible = 0;
  for (int round = 0; round < 1500; ++round) {
    const unsigned n = 1 + r() % 24;
    const Graph g = random_graph(r, n);
    build(f, n, g);
    a.reset();
    c.compute(f, a);
    q.compute(f, c, a);
    CAPTURE(round);
    check_dominators(c, n, g);
    check_loops(f, c, n, g);
    for (const Block b : c.order()) REQUIRE(q[b] >= 1);
    loops += c.loop_count();
    irreducible += c.irreducible();
  }
  CHECK(loops > 1000);
  CHECK(irreducible > 100);
}

TEST_CASE("deep and wide graphs take neither the stack nor, when warm, the heap") {
  const unsigned n = 20000;
  FunctionData f;
  for (unsigned b = 0; b < n; ++b) f.new_block();
  const Value c0[] = {f.constant(Type::i1, 0)};
  for (unsigned b = 1; b <= n; ++b) {
    Inst i;
    if (b == n) {
      i = f.new_inst(Opcode::ret, Type::none, {}, {});
    } else if (b <= n / 2) {
      i = f.new_inst(Opcode::br, Type::none, {}, {}, f.new_edge(Block(b + 1), {}).id);
    } else {
      const Edge e = f.new_edge(Block(n + 1 - b), {});
      f.new_edge(Block(b + 1), {});
      i = f.new_inst(Opcode::brif, Type::none, c0, {}, e.id);
    }
    f.append(Block(b), i);
  }
  // Block n/2 + k closes the loop headed by n/2 - k + 1; the entry must stay free of edges.
  f[f.edge(f.terminator(Block(n - 1)), 0)].target = Block(2);
  Arena a;
  Cfg c;
  Frequencies q;
  c.compute(f, a);
  q.compute(f, c, a);
  REQUIRE(c.order().size() == n);
  CHECK(c.loop_count() == n / 2 - 1);
  CHECK(c.loop_depth(Block(n / 2)) == n / 2 - 1);
  CHECK(q[Block(n / 2)] == 0xffffffff);
  const u32 calls = a.heap_calls();
  a.reset();
  c.compute(f, a);
  q.compute(f, c, a);
  CHECK(a.heap_calls() == calls);
}
