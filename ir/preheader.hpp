// Preheaders: for a loop, the block whose end is the only way in from outside; one is made where there
// is none. What a pass puts at its end runs once before the loop.
//
// Invariant: the Cfg stays as it was computed; a new block is not in it, and belongs to the loop around.
#ifndef JITKIT_IR_PREHEADER_HPP
#define JITKIT_IR_PREHEADER_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/pass.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

class Preheaders {
 public:
  // False when out of memory. The context's Cfg must not be asked for anew while this is used.
  bool prepare(PassContext& context) {
    f_ = &context.function();
    cfg_ = &context.cfg();
    arena_ = &context.arena();
    known_.attach(*arena_);
    return known_.assign(cfg_->loop_count() + 1, {});
  }

  // None when out of memory.
  Block of(Loop l) {
    Known& k = known_[l.id];
    if (!k.looked) k = {find(l), true};
    return k.block;
  }
  // Whether a block was made: then the Cfg is no more that of the function.
  bool changed() const { return changed_; }
  // The edge from the preheader into the loop.
  Edge entry(Loop l) { return f_->edge(f_->terminator(of(l)), 0); }

 private:
  struct Known {
    Block block;
    bool looked = false;
  };

  Block find(Loop l) {
    Edge only;
    u32 count = 0;
    for (const Edge e : cfg_->predecessors((*cfg_)[l].header))
      if (!cfg_->contains(l, cfg_->source(e))) {
        only = e;
        ++count;
      }
    const Block from = cfg_->source(only);
    return count == 1 && (*f_)[f_->terminator(from)].op == Opcode::br ? from : make(l);
  }
  // A new block takes the edges from outside, with parameters for what they bring.
  Block make(Loop l) {
    const Block header = (*cfg_)[l].header, made = forwarding_block(*f_, header, *arena_);
    if (!made) return {};
    changed_ = true;
    bool all_cold = true;
    for (const Edge e : cfg_->predecessors(header)) {
      if (cfg_->contains(l, cfg_->source(e))) continue;
      (*f_)[e].target = made;
      all_cold = all_cold && (*f_)[cfg_->source(e)].cold;
    }
    (*f_)[made].cold = all_cold || (*f_)[header].cold;
    return made;
  }

  FunctionData* f_ = nullptr;
  const Cfg* cfg_ = nullptr;
  Arena* arena_ = nullptr;
  Vec<Known> known_;
  bool changed_ = false;
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_PREHEADER_HPP
