// The frame of an x86-64 function: what is saved, and where everything is.
//
// From the stack pointer upwards: stack arguments of calls, spill slots, stack slots of the IR, the save
// area of a variadic function, the scratch slot, saved vector registers; then the pushed registers, the
// frame pointer if there is one, the return address and the caller's stack arguments.
//
// Invariants: places count from base(). The body keeps the stack pointer a multiple of 16. A slot that
// needs more makes the prologue round the stack pointer down; places are then addressed from it, and
// what the caller wrote from the frame pointer.
// Sources: System V ABI AMD64 1.0 section 3.2.2; Microsoft x64 stack usage (learn.microsoft.com).
#ifndef JITKIT_EMIT_X86_64_EMITTER_FRAME_HPP
#define JITKIT_EMIT_X86_64_EMITTER_FRAME_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/abi.hpp>
#include <jitkit/emit/x86_64/machine_word.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/machine.hpp>
#include <jitkit/status.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

// The slots behind those of the IR that selection may ask for.
inline constexpr u32 variadic_save_bytes = 176;
inline constexpr u32 scratch_slot_bytes = 48;

class Frame {
 public:
  struct Place {
    u8 base;  // PReg number
    i32 offset;
  };

  Frame(const ir::FunctionData& fn, const ir::MachFunction& mf, const ir::Convention& conv, Arena& arena)
      : fn_(fn), mf_(mf), conv_(conv), slots_(arena) {}

  Status lay_out() {
    const u32 ir_slots = fn_.slots.size();
    bool variadic = false, scratch = false;
    u8 flags = 0;
    for (const ir::MachInst& m : mf_.insts) {
      flags |= m.flags;
      if (m.form == form_of(Macro::lower_stack)) is_dynamic_ = true;
      if ((m.flags & ir::mach_frame_address) == 0) continue;
      variadic = variadic || m.extra == ir_slots;
      scratch = scratch || m.extra == ir_slots + 1;
    }
    const bool calls = (flags & ir::mach_call) != 0;
    keeps_frame_pointer_ = adjusts_sp() && (conv_.frame.frame_pointer || mf_.dynamic_stack);
    choose_saves();
    outgoing_ = static_cast<u32>(align_up(mf_.outgoing_bytes, 16));
    u64 size = adjusts_sp() ? outgoing_ : grows_down() ? 0 : align_up(conv_.frame.reserved, conv_.frame.slot_bytes);
    spills_ = size;
    size += u64{mf_.slot_count} * conv_.frame.slot_bytes;
    if (!slots_.assign(ir_slots + 2, 0)) return {Error::out_of_memory, 0, (ir_slots + 2) * 4};
    const auto add = [&](u32 slot, u32 bytes, u64 align) {
      size = align_up(size, align);
      slots_[slot] = static_cast<u32>(size);
      size += bytes;
      if (align > alignment_) alignment_ = align;
    };
    for (u32 n = 1; n < ir_slots; ++n) add(n, fn_.slots[n].size, u64{1} << fn_.slots[n].align_log2);
    if (variadic) add(ir_slots, variadic_save_bytes, 16);
    if (scratch) add(ir_slots + 1, scratch_slot_bytes, 16);
    const bool empty = size == spills_ && saved_.empty();
    size = align_up(size, 16);
    vector_saves_ = size;
    size += u64{(saved_ & preg::all_vec).count()} * 16;
    if (!adjusts_sp()) {  // the environment's room holds the saved general registers too
      pushes_at_ = size;
      size += u64{(saved_ & preg::all_gpr).count()} * 8;
    }
    if (size > max_bytes) return {Error::too_many_slots, 0, (size - max_bytes) / conv_.frame.slot_bytes + 1};
    if (alignment_ > 16 && (is_dynamic_ || !adjusts_sp())) return {Error::unsupported, 0, alignment_};
    choose_body(size, calls, empty);
    return {};
  }

  // What the environment has to make room for; with incoming_above, between it and its own slots.
  u32 bytes() const { return static_cast<u32>(body_); }
  RegSet saved() const { return saved_; }  // without the frame pointer
  bool adjusts_sp() const { return conv_.frame.adjusts_sp; }
  bool keeps_frame_pointer() const { return keeps_frame_pointer_; }
  bool restores_from_frame_pointer() const { return keeps_frame_pointer_ && (is_dynamic_ || alignment_ > 16); }
  u64 alignment() const { return alignment_; }
  i32 body() const { return static_cast<i32>(body_); }
  i32 pushed_bytes() const { return static_cast<i32>(pushed_); }  // below the frame pointer's own
  i32 entry_bytes() const { return keeps_frame_pointer_ ? 16 : 8; }

  Place spill(u32 slot) const { return at(spills_ + u64{slot} * conv_.frame.slot_bytes); }
  Place slot(u32 n) const { return at(slots_[n]); }
  Place vector_save(u32 n) const { return at(vector_saves_ + u64{n} * 16); }
  Place general_save(u32 n) const { return at(pushes_at_ + u64{n} * 8); }
  Place outgoing() const { return {preg::rsp.id, 0}; }
  // Above the stack arguments of calls: where dynamic memory begins.
  Place dynamic() const { return {preg::rsp.id, static_cast<i32>(outgoing_)}; }
  // The caller's stack arguments.
  Place incoming() const {
    if (!adjusts_sp()) return {environment_base(), 0};
    if (keeps_frame_pointer_) return {preg::rbp.id, 16};
    return {preg::rsp.id, static_cast<i32>(body_ + pushed_ + 8)};
  }
  // An incoming slot: from the base the environment gives; without one they are the caller's stack arguments.
  Place environment(u32 slot) const {
    const i32 distance = static_cast<i32>(slot * conv_.frame.slot_bytes + (conv_.frame.incoming_above ? body_ : 0));
    if (conv_.frame.base.valid() || !adjusts_sp()) return {environment_base(), distance};
    return {incoming().base, incoming().offset + distance};
  }

 private:
  static constexpr u64 max_bytes = u64{1} << 30;

  bool grows_down() const { return !adjusts_sp() && conv_.frame.grows_down; }
  u8 environment_base() const { return conv_.frame.base.valid() ? conv_.frame.base.id : preg::rsp.id; }

  Place at(u64 offset) const {
    if (grows_down()) return {environment_base(), static_cast<i32>(offset) - static_cast<i32>(body_)};
    if (!adjusts_sp()) return {environment_base(), static_cast<i32>(offset)};
    if (is_dynamic_) return {preg::rbp.id, static_cast<i32>(offset) - static_cast<i32>(body_ + pushed_)};
    return {preg::rsp.id, static_cast<i32>(offset)};
  }

  void choose_saves() {
    saved_ = mf_.changed(preg::all_vec) & conv_.preserved;
    if (keeps_frame_pointer_) saved_.remove(preg::rbp);
    if (adjusts_sp()) pushed_ = (saved_ & preg::all_gpr).count() * 8;
  }

  // With calls or a body, what is pushed and the body together leave the stack pointer aligned.
  void choose_body(u64 size, bool calls, bool empty) {
    if (!adjusts_sp()) {
      if (conv_.frame.incoming_above && empty) size = 0;
      if (size < conv_.frame.min_bytes) size = align_up(conv_.frame.min_bytes, 16);
      body_ = size + (grows_down() ? align_up(conv_.frame.reserved, 16) : 0);
      return;
    }
    const u64 above = pushed_ + static_cast<u32>(entry_bytes());
    if (above + size < conv_.frame.min_bytes) size = conv_.frame.min_bytes - above;
    body_ = size != 0 || calls || is_dynamic_ ? align_up(above + size, 16) - above : 0;
  }

  const ir::FunctionData& fn_;
  const ir::MachFunction& mf_;
  const ir::Convention& conv_;
  jitkit::Vec<u32> slots_;  // offsets by StackSlot
  RegSet saved_;
  bool keeps_frame_pointer_ = false;
  bool is_dynamic_ = false;
  u32 pushed_ = 0, outgoing_ = 0;
  u64 alignment_ = 16, spills_ = 0, vector_saves_ = 0, pushes_at_ = 0, body_ = 0;
};

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_EMITTER_FRAME_HPP
