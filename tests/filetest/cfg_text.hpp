// What `test: cfg` shows of a function: order, dominators, loops, critical edges, frequencies.
#ifndef JITKIT_TESTS_FILETEST_CFG_TEXT_HPP
#define JITKIT_TESTS_FILETEST_CFG_TEXT_HPP

#include <jitkit/ir/cfg.hpp>
#include <jitkit/ir/frequency.hpp>
#include <jitkit/ir/support/sink.hpp>

namespace filetest {

using namespace jitkit;

// Frequencies in units of the entry's, with one decimal.
inline void print_frequency(Sink& out, u32 frequency) {
  const u64 tenths = (u64{frequency} * 10 + ir::Frequencies::entry / 2) / ir::Frequencies::entry;
  out.udec(tenths / 10).put('.').udec(tenths % 10);
}

inline void print_cfg(Sink& out, const ir::FunctionData& f) {
  Arena arena;
  ir::Cfg cfg;
  ir::Frequencies frequencies;
  cfg.compute(f, arena);
  frequencies.compute(f, cfg, arena);
  out << "@" << f.module->symbol_name(f.symbol) << (cfg.irreducible() ? " irreducible" : "") << "\n";
  for (const ir::Block b : cfg.order()) {
    (out << "  b").udec(b.id);
    if (cfg.idom(b)) (out << " idom b").udec(cfg.idom(b).id);
    if (cfg.loop(b)) {
      const ir::LoopData& l = cfg[cfg.loop(b)];
      (out << " loop b").udec(l.header.id) << " depth ";
      out.udec(l.depth);
    }
    out << " runs ";
    print_frequency(out, frequencies[b]);
    for (const ir::Edge e : cfg.predecessors(b)) {
      (out << " <- b").udec(cfg.source(e).id);
      out << (cfg.is_back_edge(e) ? " back" : "") << (cfg.is_critical(e) ? " critical" : "");
    }
    out << "\n";
  }
  for (u32 b = 1; b < f.blocks.size(); ++b)
    if (!cfg.reachable(ir::Block(b))) (out << "  b").udec(b) << " unreachable\n";
}

}  // namespace filetest

#endif  // JITKIT_TESTS_FILETEST_CFG_TEXT_HPP
