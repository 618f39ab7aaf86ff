// Whether the registers and slots that signatures fix can hold their values.
//
// The verifier asks what can be told of a list by itself (PlaceList); compile() asks again with the
// conventions at hand (check_places), which give out registers of their own and say what must be kept.
//
// Invariant: what passed check_places() gives every value a register or slot of its own that arrives.
#ifndef JITKIT_IR_PLACES_HPP
#define JITKIT_IR_PLACES_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/argument_place.hpp>
#include <jitkit/ir/operand_type.hpp>
#include <jitkit/ir/target.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

// The places of one list of values, as they are given out.
struct PlaceList {
  const IsaInfo* isa;  // null: not known
  RegSet kept;         // what a value is lost in
  u32 slot_bytes;
  RegSet taken = {}, fixed = {};
  i64 highest = 0;  // where the slots so far end

  PlaceFault add(Span<const Param> list, u32 n, const Places& at) {
    PlaceFault f = PlaceFault::none;
    for (u32 k = 0; k < at.parts && f == PlaceFault::none; ++k) {
      if (at.part[k].kind == Place::Kind::reg) f = add_register(list[n], at.part[k].reg);
      if (at.part[k].kind == Place::Kind::slot) f = add_slot(list, n, k);
    }
    return f;
  }
  PlaceFault add_register(const Param& p, PReg r) {
    const u8 b = static_cast<u8>(bank(p.type));
    if (!r.valid()) return PlaceFault::no_register;
    if (p.place.kind == FixedPlace::Kind::reg) {
      if (isa != nullptr && (b > 2 || !isa->roles.values[b].has(r))) return PlaceFault::no_register;
      if (kept.has(r)) return PlaceFault::kept;
      fixed.add(r);
    }
    if (taken.has(r)) return PlaceFault::taken;
    taken.add(r);
    return PlaceFault::none;
  }
  // Slots mostly ascend; others are compared with all before.
  PlaceFault add_slot(Span<const Param> list, u32 n, u32 part) {
    const i64 first = i64{list[n].place.slot} + part, end = first + units(list[n]);
    if (first < 0 || end > FixedPlace::slots) return PlaceFault::no_slot;
    for (u32 k = 0; first < highest && k < n + part; ++k) {
      const i64 other = list[k].place.slot, more = k != n && list[k].type == Type::i128 ? 1 : 0;
      if (list[k].place.kind == FixedPlace::Kind::slot && first < other + more + units(list[k]) && other < end)
        return PlaceFault::taken;
    }
    if (end > highest) highest = end;
    return PlaceFault::none;
  }
  i64 units(const Param& p) const { return ((p.type == Type::i128 ? 8 : bytes(p.type)) + slot_bytes - 1) / slot_bytes; }
};

// The signatures that a function is entered, left and calls others by. find(CallConv): the convention, or null.
// `fixed`: all registers they name.
template <Target T, class Find>
Status check_places(const FunctionData& fn, const Convention& own, const Find& find, RegSet& fixed) {
  if (fn.module == nullptr) return {Error::invalid_ir, 0, 0};
  if (!fn.module->has_places()) return {};
  Status status;
  const auto examine = [&](SigRef s, bool results, const Convention& c, RegSet kept, Inst at) {
    const Span<const Param> list = results ? fn.module->results(s) : fn.module->params(s);
    const RegSet platform = T::isa_info().roles.platform - c.allocatable - own.allocatable;
    PlaceList places{&T::isa_info(), kept | platform, own.frame.slot_bytes};
    auto walk = T::places(c, list, fn.module->signature(s).fixed_params, results);
    for (u32 n = 0; n < list.size(); ++n) {
      const PlaceFault f = places.add(list, n, walk.next());
      if (f != PlaceFault::none && status.ok()) status = {Error::place, at.id, place_detail(f, n + 1)};
    }
    fixed = fixed | places.fixed;
  };
  examine(fn.signature, false, own, {}, {});
  examine(fn.signature, true, own, own.preserved, {});
  for (u32 n = 1; n < fn.insts.size(); ++n) {
    const InstData& d = fn.insts[n];
    const bool leaves = d.op == Opcode::exit_;
    if (!leaves && !is_call(d.op)) continue;
    const bool ends = is_terminator(d.op);
    const SigRef s = leaves ? fn.exits[d.aux].places : called_signature(fn, d);
    const Convention* c = find(fn.module->signature(s).conv);
    if (c == nullptr) continue;  // which selection refuses
    const bool bare = leaves && fn.exits[d.aux].epilogue == ExitData::Epilogue::none;
    examine(s, false, *c, !ends ? T::isa_info().roles.link : bare ? RegSet() : own.preserved, Inst(n));
    if (!ends) examine(s, true, *c, c->preserved, Inst(n));
  }
  return status;
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_PLACES_HPP
