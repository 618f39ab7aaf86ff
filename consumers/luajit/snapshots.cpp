// Snapshots as frame states: what an exit has to find, by reference.
//
// Invariants: an entry's key is LuaJIT's reference, its id the number of the snapshot. An allocation that
// was sunk is marked so and replaced by what would be stored in it; a conversion that only exits use is
// replaced by the integer it is made from (lj_snap.c knows both).
#include <jitkit/consumers/luajit/translate.hpp>

namespace jitkit::luajit {

bool Translator::is_sunk_store(IRRef allocation, const IRIns& store) const {
  if (store.s != 255) return &t_.ir[allocation] + store.s == &store;
  if (store.o != IR_ASTORE && store.o != IR_HSTORE && store.o != IR_FSTORE && store.o != IR_XSTORE) return false;
  const IRIns* to = &ins(store.op1);
  if (to->o == IR_AREF || to->o == IR_HREFK) to = &ins(to->op1);
  return to->op1 == allocation;
}

void Translator::add_entry(IRRef ref, IRRef snapshot_ref) {
  if (irref_isk(ref) || t_.failed()) return;
  for (u32 n = 0; n < entry_count_; ++n)
    if (entries_[n].key == ref) return;
  IRIns& i = t_.ir[ref];
  if (i.r == RID_SINK || i.r == RID_SUNK) {
    i.r = RID_SUNK;
    if (i.o == IR_CNEWI) return add_entry(i.op2, snapshot_ref);
    for (IRRef r = ref + 1; r < snapshot_ref; ++r)
      if (ins(r).r == RID_SINK && is_sunk_store(ref, ins(r))) add_entry(ins(r).op2, snapshot_ref);
    return;
  }
  if (!is_wanted(ref)) return add_entry(i.op1, snapshot_ref);
  Value& v = t_.values[ref];
  if (!v) return fail("snapshot", "of a reference without a value");
  if (t_.fn.is_constant(v)) v = b_.freeze(v);  // a snapshot has no room for one
  if (entry_count_ == 512) return fail("snapshot", "too large");
  entries_[entry_count_++] = ir::Builder::entry_of(ref, v);
}

ir::FrameStateRef Translator::state(u32 snapshot) {
  ir::FrameStateRef& s = t_.states[snapshot];
  if (s) return s;
  const SnapShot& snap = t_.T->snap[snapshot];
  entry_count_ = 0;
  for (u32 n = 0; n < snap.nent; ++n) add_entry(snap_ref(t_.T->snapmap[snap.mapofs + n]), snap.ref);
  s = b_.frame_state(snapshot, std::span<const ir::FrameEntry>(entries_, entry_count_));
  return s;
}

}  // namespace jitkit::luajit
