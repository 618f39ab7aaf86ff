// The frame of an AArch64 function: what is saved, and where everything is.
//
// From the stack pointer upwards: stack arguments of calls, spill slots, stack slots of the IR, saved
// argument registers of a variadic function; then the saved registers, the frame record {x29, x30} first,
// and the caller's stack arguments. With a dynamic stack pointer, or a frame of the environment, all but
// the first are addressed from another register.
//
// Invariant: `offset` of a place counts from base(); the body is a multiple of 16 bytes.
// Source: Procedure Call Standard 6.4.5, 6.4.6.
#ifndef JITKIT_EMIT_ARM64_FRAME_HPP
#define JITKIT_EMIT_ARM64_FRAME_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/abi.hpp>
#include <jitkit/emit/arm64/machine_word.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/machine.hpp>
#include <jitkit/status.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

class Frame {
 public:
  // Registers saved together; b is invalid if a is alone. offset: from the lowest saved register.
  struct Save {
    PReg a, b;
    u32 offset;
    bool full;  // all 128 bits
  };
  static constexpr unsigned sp = 31;

  Frame(const ir::FunctionData& fn, const ir::MachFunction& mf, const ir::Convention& conv, Arena& arena)
      : fn_(fn), mf_(mf), conv_(conv), slots_(arena), saves_(arena) {}

  Status lay_out() {
    bool calls = false, variadic = false;
    for (const ir::MachInst& m : mf_.insts) calls = calls || (m.flags & ir::mach_call) != 0;
    if (!mf_.insts.empty()) variadic = mf_.insts.back().form == static_cast<u16>(ir::Pseudo::param_def) &&
                                       mf_.insts.back().imm != 0;
    keeps_frame_pointer_ = conv_.frame.adjusts_sp && (conv_.frame.frame_pointer || mf_.dynamic_stack);
    choose_saves(calls);
    u64 size = conv_.frame.adjusts_sp ? align_up(mf_.outgoing_bytes, 16) : grows_down() ? 0 : conv_.frame.reserved;
    size = align_up(size, conv_.frame.adjusts_sp ? 16 : conv_.frame.slot_bytes);
    spills_ = size;
    size += u64{mf_.slot_count} * conv_.frame.slot_bytes;
    if (!slots_.assign(fn_.slots.size(), 0)) return {Error::out_of_memory, 0, fn_.slots.size() * 4};
    for (u32 n = 1; n < fn_.slots.size(); ++n) {
      const u64 align = u64{1} << fn_.slots[n].align_log2;
      size = align_up(size, align < 16 ? align : 16);
      slots_[n] = static_cast<u32>(size);
      size += fn_.slots[n].size + (align > 16 ? align - 16 : 0);
    }
    if (variadic) {
      size = align_up(size, 16);
      variadic_ = size;
      size += VaList::save_bytes;
    }
    if (size > max_bytes) return {Error::too_many_slots, 0, (size - max_bytes) / conv_.frame.slot_bytes + 1};
    const bool empty = size == spills_ && saves_.empty();
    body_ = conv_.frame.incoming_above && empty ? 0 : align_up(size, 16);
    if (body_ + save_bytes_ < conv_.frame.min_bytes)  // which counts what is saved
      body_ = align_up(conv_.frame.min_bytes - save_bytes_, 16);
    if (!conv_.frame.adjusts_sp) {  // the environment's room holds the saved registers too
      saves_at_ = body_;
      body_ += save_bytes_;
      if (grows_down()) body_ += align_up(conv_.frame.reserved, 16);
    }
    return {};
  }

  // What the environment has to make room for; with incoming_above, between it and its own slots.
  u32 bytes() const { return static_cast<u32>(body_); }
  const Vec<Save>& saves() const { return saves_; }
  bool saves_link() const { return !saves_.empty() && saves_[0].a == preg::frame && saves_[0].b == preg::link; }
  u32 save_bytes() const { return save_bytes_; }
  i64 saves_at() const { return conv_.frame.adjusts_sp ? 0 : lowered(saves_at_); }  // from the stack pointer, or base()
  i64 body() const { return static_cast<i64>(body_); }
  bool adjusts_sp() const { return conv_.frame.adjusts_sp; }
  bool keeps_frame_pointer() const { return keeps_frame_pointer_; }
  bool is_dynamic() const { return mf_.dynamic_stack; }

  // The register places are addressed from (sp is 31), and their distance from it.
  unsigned base() const {
    if (!conv_.frame.adjusts_sp) return conv_.frame.base.valid() ? conv_.frame.base.id : sp;
    return mf_.dynamic_stack ? preg::frame.id : sp;
  }
  i64 spill(u32 slot) const { return lowered(spills_ + u64{slot} * conv_.frame.slot_bytes); }
  i64 incoming() const {
    return conv_.frame.adjusts_sp ? lowered(body_ + save_bytes_) : 0;
  }
  // A slot that needs more than the stack pointer's alignment: its address is rounded up to this at run
  // time. 0: as it is.
  u64 over_alignment(u32 slot) const {
    const bool is_slot = slot < fn_.slots.size();
    return is_slot && fn_.slots[slot].align_log2 > 4 ? u64{1} << fn_.slots[slot].align_log2 : 0;
  }
  i64 place(u32 slot) const {
    switch (slot) {
      case frame_incoming: return incoming();
      case frame_variadic: return lowered(variadic_);
      case frame_environment: return conv_.frame.incoming_above ? body() : 0;
      default: return lowered(slots_[slot]);
    }
  }

 private:
  static constexpr u64 max_bytes = u64{1} << 30;

  bool grows_down() const { return !conv_.frame.adjusts_sp && conv_.frame.grows_down; }
  // From the base, of what lies `offset` bytes above the lowest place of the body.
  i64 lowered(u64 offset) const {
    const bool from_top = adjusts_sp() ? base() == preg::frame.id : grows_down();
    return static_cast<i64>(offset) - (from_top ? static_cast<i64>(body_) : 0);
  }

  // Whether emission can do without x16 and x17: a short function of plain instructions in a small frame. The
  // emitter then treats them as kept throughout, so that a mistake here is refused and not silent.
  bool leaves_scratches() const {
    if ((conv_.preserved & preg::scratches).empty() || mf_.dynamic_stack || grows_down()) return false;
    if (mf_.insts.size() > 4000 || fn_.slots.size() > 1 || mf_.outgoing_bytes != 0) return false;
    if (conv_.frame.reserved + u64{mf_.slot_count} * conv_.frame.slot_bytes > 240) return false;
    for (const ir::MachInst& m : mf_.insts)
      if (!is_plain(m)) return false;
    const auto moved = [&](const ir::Move& m) {
      return m.from.kind() != ir::Allocation::Kind::remat || mf_.remats[m.from.index()].form == form_of(Macro::integer);
    };
    for (const ir::Edit& e : mf_.edits)
      if (!moved(e.move)) return false;
    for (const ir::Move& m : mf_.edge_moves)
      if (!moved(m)) return false;
    return true;
  }
  static bool is_plain(const ir::MachInst& m) {
    if ((m.flags & (ir::mach_call | ir::mach_frame_address)) != 0 || m.state) return false;
    if (!is_macro(m.form)) return true;  // also what is the same on every target
    const Macro f = static_cast<Macro>(m.form);
    return f == Macro::ret || f == Macro::exit_ || f == Macro::trap_if || f == Macro::integer || f == Macro::word;
  }

  void choose_saves(bool calls) {
    RegSet saved = mf_.changed(conv_.preserved_low) & conv_.preserved;
    if (!leaves_scratches()) saved = saved | (preg::scratches & conv_.preserved);
    const bool link = conv_.frame.saves_link && conv_.frame.adjusts_sp;
    if (link && (calls || keeps_frame_pointer_ || saved.has(preg::link) || saved.has(preg::frame))) {
      saved.add(preg::frame);
      saved.add(preg::link);
      add({preg::frame, preg::link, 0, false});
      saved.remove(preg::frame);
      saved.remove(preg::link);
    }
    PReg pending;
    const auto pair_up = [&](RegSet set, bool full) {
      pending = PReg();
      for_each_bit(set.bits, [&](unsigned r) {
        if (!pending.valid()) {
          pending = PReg(r);
          return;
        }
        add({pending, PReg(r), 0, full});
        pending = PReg();
      });
      if (pending.valid()) add({pending, PReg(), 0, full});
    };
    pair_up(saved & preg::scratches, false);  // before what they may be needed for
    pair_up((saved & preg::all_general) - preg::scratches, false);
    pair_up(saved & preg::all_vector & conv_.preserved_low, false);
    pair_up((saved & preg::all_vector) - conv_.preserved_low, true);
    save_bytes_ = static_cast<u32>(align_up(save_bytes_, 16));
  }
  void add(Save s) {
    const u32 unit = s.full ? 16 : 8;
    save_bytes_ = static_cast<u32>(align_up(save_bytes_, unit));
    s.offset = save_bytes_;
    saves_.push(s);
    save_bytes_ += s.b.valid() ? 2 * unit : unit;
  }

  const ir::FunctionData& fn_;
  const ir::MachFunction& mf_;
  const ir::Convention& conv_;
  Vec<u32> slots_;  // offsets by StackSlot
  Vec<Save> saves_;
  u32 save_bytes_ = 0;
  bool keeps_frame_pointer_ = false;
  u64 spills_ = 0, variadic_ = 0, body_ = 0, saves_at_ = 0;
};

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_FRAME_HPP
