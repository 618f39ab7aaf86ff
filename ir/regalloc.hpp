// The register allocator: one walk over the instructions in layout order. It keeps, at every point,
// which value each register holds; values that lose their register live in their slot, stored once,
// right where they are defined (SSA: the slot is then right everywhere). Blocks start with the
// registers of their most frequent predecessor; the other edges get the moves that make up for the
// difference.
//
// Invariants:
//  - A value is in at most one register between instructions, or in none: then in its slot, its
//    incoming place, or it is made again (remat). Copies for fixed operands last one instruction.
//  - The moves before one instruction are a parallel move from the registers as the previous
//    instruction left them to those the instruction wants; likewise on an edge. MoveResolver makes
//    sequences of them. None of them touches flags.
//  - Eviction takes the value whose next use is farthest (Belady), with preference for those that need
//    no new store. It never moves anything.
//  - Guards of one frame state report one place for each value. If a register cannot stay the same, the
//    value's slot is reported, which holds it from its definition on.
//  - No value rests in a transient register: one defined there moves on before the next instruction.
//  - A register of the convention's preserved set is saved once if it is ever named (MachFunction::used).
// Next-use eviction and loop entries after Braun and Hack, "Register Spilling and Live-Range Splitting
// for SSA-Form Programs" (CC 2009); registers in one walk over SSA after Hack and Goos, "Optimal
// Register Allocation for SSA-form Programs in polynomial Time" (IPL 2006).
#ifndef JITKIT_IR_REGALLOC_HPP
#define JITKIT_IR_REGALLOC_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/liveness.hpp>
#include <jitkit/ir/machine.hpp>
#include <jitkit/ir/parallel_move.hpp>
#include <jitkit/ir/support/arena.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/ir/target.hpp>
#include <jitkit/status.hpp>

#include <cstring>

namespace jitkit::inline JITKIT_ABI::ir {

class RegisterAllocator {
 public:
  RegisterAllocator(MachFunction& mf, Liveness& live, const RegisterInfo& info, Arena& arena)
      : mf_(mf), vregs_(mf.vregs.data()), widest_vector_(mf.widest_vector()), live_(live), info_(info),
        arena_(arena), resolver_(arena) {
    ends_.attach(arena);
    starts_.attach(arena);
    start_regs_.attach(arena);
    end_regs_.attach(arena);
    pending_.attach(arena);
    touched_.attach(arena);
    edge_free_.attach(arena);
    guards_.attach(arena);
    moved_values_.attach(arena);
    spilled_.attach(arena);
    for (u32 b = 0; b < 3; ++b) {
      bank_regs_[b] = info.bank[b] & info.allocatable;
      const u32 last = 64 - static_cast<u32>(std::countl_zero(info.bank[b].bits));
      if (mf.has_bank(static_cast<Bank>(b)) && width_ < last) width_ = static_cast<u32>(align_up(last, 8));
    }
  }

  Status run();

 private:
  static constexpr RegNumber nowhere = VRegData::nowhere;
  static constexpr u32 slot_sizes = 8;  // powers of two
  static constexpr u8 reload_bonus = 24;  // positions; a value that has a slot is cheaper to evict

  // The guard seen last for a frame state.
  struct GuardSeen {
    u32 inst = no_use;
    u32 moved = 0;  // list in moved_values_
  };
  // A value whose place changed between two guards of a frame state.
  struct MovedValue {
    u32 vreg = 0;
    u32 next = 0;
  };

  VRegData& vreg(u32 v) {
    check(v < mf_.vregs.size());
    return vregs_[v];
  }
  const VRegData& vreg(u32 v) const {
    check(v < mf_.vregs.size());
    return vregs_[v];
  }
  // Registers that v may be in.
  RegSet bank_regs(u32 v) const { return bank_regs_[static_cast<u8>(vreg(v).bank)]; }
  bool has_memory(u32 v) const { return static_cast<bool>(vreg(v).memory); }
  // How soon the value in a register goes: the later it is needed, and the sooner if memory has it already.
  // The register is in the low bits: whoever finds the highest score knows whose it is.
  static u64 score(const VRegData& s) { return (u64{s.next} + (s.memory ? reload_bonus : 0)) * 64 + s.reg; }
  // Where v is when it is in no register.
  Allocation memory_of(u32 v) const {
    const Allocation m = vreg(v).memory;
    return m ? m : Allocation::slot(v);
  }
  Allocation place_of(u32 v) const {
    return vreg(v).reg != nowhere ? Allocation::reg(PReg(vreg(v).reg)) : memory_of(v);
  }

  // regalloc_blocks.hpp: starts and ends of blocks, edges
  void start_block(u32 k);
  struct Entrance {
    u32 edge = 0;             // whose registers the block starts with
    bool comes_back = false;  // there are edges from blocks that come later
  };
  Entrance entrance_of(const MachBlock& b, u32 k) const;
  void load_state(u32 from);
  void copy_registers(u32* to, const u32* from) const;
  void keep_live(const MachBlock& b, u32 k);
  void drop_if_not_everywhere(u32 k);
  void enter_loop(u32 k);
  void place_params(u32 k, u32 primary_edge);
  void finish_block(u32 k);
  void settle_edge(u32 id);
  bool brings_all(const MachBlock& b, u32 k, u32 primary) const;
  Allocation place_at_end(u32 block, u32 v) const;

  // regalloc_inst.hpp: one instruction
  void allocate(u32 i);
  // regalloc_plain.hpp: one without constraints
  bool allocate_plain(u32 i, const MachInst& m, Span<Operand> ops);
  bool allocate_guard(u32 i, const MachInst& m, Span<Operand> ops);
  bool fetch_operands(u32 i, Span<Operand> ops);
  bool free_tied(u32 i, Operand& o);
  void define_result(u32 i, Operand& o);
  void define_results(u32 i, Span<Operand> ops);
  u8 take_plain(u32 v);
  u8 take_held(u32 v, PReg free);
  u32 in_the_way_home(u32 v) const;

  static constexpr u8 has_pinned = 1, has_subset = 2, has_tuple = 4, has_any = 8, has_tied = 16,
                      has_early_or_late = 32, has_clobbers = 64;
  static u8 traits_of(const MachInst& m, Span<const Operand> ops);
  bool is_register(const Operand& o) const;
  bool is_pinned_place(const Operand& o) const;
  PReg pinned_place(const Operand& o) const;
  RegSet allowed(const Operand& o) const;
  RegSet allowed_in_tuple(const Operand& o) const;
  bool lives_on(u32 v) const;
  bool needed_elsewhere(u32 v, Span<const Operand> ops) const;
  bool shared_with_other_tie(Span<const Operand> ops, const Operand& o, u32 v) const;
  Allocation origin_of(u32 v) const;
  void allocate_copy(u32 i, Span<Operand> ops);
  void allocate_constrained(u32 i, const MachInst& m, Span<Operand> ops, u8 traits);
  void choose_tuples(Span<Operand> ops, u8 role);
  u8 tuple_base(Span<Operand> ops, Span<const u32> members, RegSet taken) const;
  void place_fixed_uses(Span<Operand> ops);
  void place_fixed_use(Operand& o);
  void place_uses(Span<Operand> ops);
  void place_tied(Span<Operand> ops);
  void place_early_defs(u32 i, Span<Operand> ops, RegSet clobbered);
  void save_clobbered(const Clobbers& c, Span<const Operand> ops);
  void place_any(Span<Operand> ops);
  bool has_moved(const GuardSeen& g, u32 v) const {
    for (u32 n = g.moved; n != 0; n = moved_values_[n].next)
      if (moved_values_[n].vreg == v) return true;
    return false;
  }
  void same_places(u32 i, const MachInst& m, Span<Operand> ops);
  void place_defs(u32 i, Span<Operand> ops, RegSet clobbered);
  void leave_transient(u32 i);
  void load(u32 v, RegSet regs);
  void detach(u32 v);
  void move_home(u32 v, RegSet candidates);
  void define_operand(u32 i, Operand& o, RegSet regs);
  void define_in(u32 i, Operand& o, u8 r);
  void forget_touched();

  // Registers
  void occupy(u32 v, u8 r);
  void vacate(u32 v);
  void touch(u32 v);
  void set_next(u32 v, u32 next);
  void spill(u32 v);
  void leave_in_memory(u32 v);
  void evict(u32 v);
  u8 take_register(u32 v, RegSet candidates);
  PReg choose_free(u32 v, RegSet candidates) const;
  u32 farthest(RegSet candidates);
  void copy_to(u32 v, u8 r, Allocation from);
  void flush_moves(u32 i);
  void define(u32 v, u32 next, u8 r, u32 at);
  void fail_registers(u32 missing);

  // regalloc_frame.hpp: slots, stores, final places
  Status lay_out_slots();
  void name_late_places();
  bool assign_slots();
  void sort_by_definition();
  void resolve_edges();
  Allocation final_place(Allocation a) const;
  void insert_stores();
  void list_register_changes();  // regalloc_changes.hpp

  MachFunction& mf_;
  VRegData* const vregs_;     // of mf_
  const Type widest_vector_;  // of mf_
  Liveness& live_;
  const RegisterInfo& info_;
  Arena& arena_;
  MoveResolver resolver_;
  Status status_;
  u32 width_ = 0;  // registers that can hold anything are numbered below this; a multiple of 8
  RegSet bank_regs_[4];  // that values may be in, by bank

  u32 holder_[64] = {};  // VReg in each register; 0: free
  u64 score_[64] = {};   // of that value: the higher, the sooner it goes; from the first question in a block on
  bool scored_ = false;
  RegSet survivors_;     // registers that every call leaves as they are and that need no saving
  RegSet held_;          // registers that hold a value
  RegSet free_;          // allocatable and holding nothing
  RegSet locked_;        // named by an operand of the current instruction
  RegSet fixed_results_; // registers the current instruction's fixed results will be in
  RegSet copies_;        // hold a copy for the current instruction only
  Vec<Move> pending_;    // moves before the current instruction, in parallel
  Vec<u32> touched_;     // values whose register changed before the current instruction
  Vec<u32> starts_;      // register contents at the start and the end of each block ...
  Vec<u32> ends_;
  Vec<u64> start_regs_;  // ... and which registers hold anything
  Vec<u64> end_regs_;
  Vec<u64> edge_free_;   // by edge: registers its moves may use
  Vec<GuardSeen> guards_;  // by FrameStateRef
  Vec<MovedValue> moved_values_;  // 0 is a dummy
  Vec<u32> spilled_;  // VRegs that have a slot
  u32 position_ = 0;
  u32 current_ = 0;
  u32 block_ = 0;
  u32 next_call_ = 0;  // index into live_.calls of the next call
  u32 scratch_slot_ = 0;
  bool need_scratch_ = false;
  bool any_in_memory_ = false;  // some `any` operand is not in a register
};

inline Status RegisterAllocator::run() {
  const u32 blocks = mf_.blocks.size();
  if (!starts_.resize_raw(blocks * width_) ||
      !ends_.resize_raw(blocks * width_) || !start_regs_.resize_zero(blocks) || !end_regs_.resize_zero(blocks) ||
      !edge_free_.resize_zero(mf_.edges.size()))
    return arena_.status();
  free_ = info_.allocatable;
  if (!live_.calls.empty()) survivors_ = info_.allocatable - info_.preserved;
  for (const Clobbers& c : mf_.clobbers) survivors_ = survivors_ - c.full;
  next_call_ = live_.calls.size();
  for (u32 k = 0; k < blocks && status_.ok() && !arena_.failed(); ++k) {
    block_ = k;
    start_block(k);
    const MachBlock& b = mf_.blocks[k];
    for (u32 i = b.top; i-- > b.bottom && status_.ok();) allocate(i);
    finish_block(k);
  }
  if (status_.ok()) status_ = arena_.status();
  if (status_.ok()) status_ = lay_out_slots();
  return status_;
}

// --- Registers

inline void RegisterAllocator::occupy(u32 v, u8 r) {
  check(holder_[r] == 0);
  holder_[r] = v;
  VRegData& s = vreg(v);
  s.reg = RegNumber{r};
  if (scored_) score_[r] = score(s);
  held_.add(PReg(r));
  free_.remove(PReg(r));
  mf_.used.add(PReg(r));
}

inline void RegisterAllocator::vacate(u32 v) {
  VRegData& s = vreg(v);
  if (s.reg == nowhere) return;
  holder_[s.reg] = 0;
  held_.remove(PReg(s.reg));
  free_ = free_ | (RegSet::of(PReg(s.reg)) & info_.allocatable);
  s.reg = nowhere;
}

// Remembers where v was before the moves of the current instruction.
inline void RegisterAllocator::touch(u32 v) {
  VRegData& s = vreg(v);
  if (s.touched) return;
  s.touched = true;
  s.origin = s.reg;
  touched_.push(v);
}

inline void RegisterAllocator::set_next(u32 v, u32 next) {
  VRegData& s = vreg(v);
  s.next = next;
  if (scored_ && s.reg != nowhere) score_[s.reg] = score(s);
}

// v gets a slot, unless it is in memory anyway or can be made again.
inline void RegisterAllocator::spill(u32 v) {
  VRegData& s = vreg(v);
  if (s.memory) return;
  s.memory = Allocation::slot(v);
  if (scored_ && s.reg != nowhere) score_[s.reg] = score(s);
  spilled_.push(v);
}

// The value loses its register; its slot (or recipe) has it. No code.
inline void RegisterAllocator::leave_in_memory(u32 v) {
  spill(v);
  vacate(v);
}

// The same while moves before the current instruction are gathered.
inline void RegisterAllocator::evict(u32 v) {
  spill(v);
  touch(v);
  vacate(v);
}

// The register among the candidates that suits v best, of those that are free.
inline PReg RegisterAllocator::choose_free(u32 v, RegSet candidates) const {
  candidates = candidates & free_;
  if (candidates.empty()) return {};
  const VRegData& d = vreg(v);
  const bool meets_call = next_call_ != 0 && d.range.end > live_.calls[next_call_ - 1] + 1;
  const RegSet lasting = meets_call ? candidates & survivors_ : RegSet();
  const auto suits = [&](u8 r) { return r < 64 && candidates.has(PReg(r)) && (lasting.empty() || lasting.has(PReg(r))); };
  if (suits(d.hint)) return PReg(d.hint);
  if (d.partner) {
    const VRegData& p = vreg(d.partner.id);
    const u8 r = p.reg != nowhere ? p.reg : p.hint;
    if (suits(r)) return PReg(r);
  }
  if (!lasting.empty()) return lasting.first();
  const bool crosses_call = meets_call && !d.is_remat();
  const RegSet liked = crosses_call ? candidates & info_.preserved : candidates - info_.preserved - survivors_;
  if (!liked.empty()) return liked.first();
  if (!crosses_call && !(candidates & mf_.used).empty()) return (candidates & mf_.used).first();
  return candidates.first();
}

// The value in one of the candidate registers that is needed last; 0 if there is none to evict.
inline u32 RegisterAllocator::farthest(RegSet candidates) {
  if (!scored_) for_each_bit(held_.bits, [&](unsigned r) { score_[r] = score(vreg(holder_[r])); });
  scored_ = true;
  u64 most = 0;
  for (u64 left = (candidates & held_).bits & ~(locked_ | copies_).bits; left != 0; left &= left - 1) {
    const u64 score = score_[ctz(left)];
    most = score > most ? score : most;
  }
  return most != 0 ? holder_[most % 64] : 0;
}

// A free register for v, evicting another value if it must be; nowhere (and an error) if it cannot.
inline u8 RegisterAllocator::take_register(u32 v, RegSet candidates) {
  PReg r = choose_free(v, candidates);
  if (r.valid()) return r.id;
  const u32 victim = farthest(candidates);
  if (victim == 0) {
    fail_registers(1);
    return nowhere;
  }
  const u8 freed = vreg(victim).reg;
  evict(victim);
  return freed;
}

inline void RegisterAllocator::fail_registers(u32 missing) {
  if (status_.ok()) status_ = {Error::no_register, mf_.insts[current_].inst.id, missing};
}

// Register r holds a copy of v while the current instruction runs.
inline void RegisterAllocator::copy_to(u32 v, u8 r, Allocation from) {
  copies_.add(PReg(r));
  free_.remove(PReg(r));
  mf_.used.add(PReg(r));
  pending_.push({from, Allocation::reg(PReg(r)), vreg(v).type, false, VReg(v)});
}

// Emits the moves that have gathered before instruction i.
inline void RegisterAllocator::flush_moves(u32 i) {
  RegSet before;  // registers whose old contents are still needed
  for (const u32 v : touched_) {
    VRegData& s = vreg(v);
    s.touched = false;
    const Allocation from = s.origin != nowhere ? Allocation::reg(PReg(s.origin)) : memory_of(v);
    if (s.reg != nowhere && s.reg != s.origin)
      pending_.push({from, Allocation::reg(PReg(s.reg)), vreg(v).type, false, VReg(v)});
  }
  touched_.clear();
  if (pending_.empty()) return;
  for (const Move& m : pending_) {
    if (m.from.is_reg()) before.add(m.from.preg());
    if (m.to.is_reg()) before.add(m.to.preg());
  }
  MoveResources r;
  r.free = free_ - before - locked_;
  for (u32 b = 0; b < 3; ++b) {
    r.bank[b] = bank_regs_[b];
    r.has_swap[b] = info_.has_swap[b];
  }
  r.widest_vector = widest_vector_;
  r.scratch = Allocation::slot(0);
  r.borrow = Allocation::slot(0);
  resolver_.resolve({pending_.data(), pending_.size()}, r, [&](const Move& m) {
    if (m.to.is_reg()) mf_.used.add(m.to.preg());
    mf_.edits.push({i, m});
  });
  need_scratch_ = need_scratch_ || r.used_scratch;
  pending_.clear();
}

// v is defined in register r by the instruction before `at`.
inline void RegisterAllocator::define(u32 v, u32 next, u8 r, u32 at) {
  VRegData& s = vreg(v);
  s.next = next;
  s.def_at = at;
  s.def_reg = RegNumber{r};
  const VReg partner = vreg(v).partner;
  if (partner && vreg(partner.id).hint == 0xff) vreg(partner.id).hint = RegNumber{r};
  occupy(v, r);
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#include <jitkit/ir/regalloc_blocks.hpp>
#include <jitkit/ir/regalloc_changes.hpp>
#include <jitkit/ir/regalloc_frame.hpp>
#include <jitkit/ir/regalloc_inst.hpp>
#include <jitkit/ir/regalloc_plain.hpp>

#endif  // JITKIT_IR_REGALLOC_HPP
