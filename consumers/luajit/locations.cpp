// See locations.hpp.
#include <jitkit/consumers/luajit/locations.hpp>

namespace jitkit::luajit {

void clear_places(Trace& t) {
  for (IRIns *i = &t.ir[t.T->nk], *end = &t.ir[REF_BASE]; i < end; ++i) {
    i->prev = REGSP_INIT;
    if (irt_is64(i->t) && i->o != IR_KNULL) ++i;  // the next holds the constant
  }
  t.ir[REF_BASE].prev = REGSP_INIT;
  for (IRRef r = REF_FIRST; r < t.last; ++r) {
    IRIns& i = t.ir[r];
    if (t.T->sinktags != 0 && (i.r == RID_SINK || i.r == RID_SUNK))
      i.r = RID_SINK;
    else
      i.prev = REGSP_INIT;
  }
}

bool Locations::place_of(const Location& l, u16& place) {
  if (l.kind == Location::Kind::reg) {
    place = static_cast<u16>(REGSP(l.reg.id, 0));
    return true;
  }
  if (l.kind != Location::Kind::memory || l.reg != Target::stack || l.offset < 0 || l.offset / 4 > 255) return false;
  place = static_cast<u16>(REGSP(RID_INIT, static_cast<u32>(l.offset / 4)));
  return true;
}

bool Locations::write(Trace& t, const LocationMap& map) {
  count_ = 0;
  for (IRRef r = REF_FIRST; r < t.last; ++r) now_[r] = 0;
  u64 before = 0;
  for (const LocationMap::State& s : map.states) {
    if (s.id < before) return t.fail("snapshots out of order"), false;
    before = s.id;
    for (const FrameValue& v : map.entries(s)) {
      const IRRef ref = static_cast<IRRef>(v.key);
      u16 place = 0;
      if (!place_of(v.part[0], place)) return v.part[0].kind == Location::Kind::memory ? t.exceed("spill slots") : t.fail("place of a value"), false;
      ++place;  // 0: not seen yet
      if (now_[ref] == 0) {
        t.ir[ref].prev = static_cast<u16>(place - 1);
      } else if (now_[ref] != place) {
        if (count_ == most_renames) return t.fail("too many renames"), false;
        renames_[count_++] = {ref, static_cast<u32>(s.id), static_cast<u16>(place - 1)};
      }
      now_[ref] = place;
    }
  }
  return true;
}

void Locations::append(Trace& t, IRRef from, IRRef to) const {
  for (IRRef r = from; r < to - count_; ++r) lj_ir_nop(&t.ir[r]);
  for (u32 n = 0; n < count_; ++n) {
    const Rename& r = renames_[count_ - 1 - n];
    IRIns& i = t.ir[to - count_ + n];
    i.ot = IRT(IR_RENAME, IRT_NIL);
    i.op1 = static_cast<IRRef1>(r.ref);
    i.op2 = static_cast<IRRef1>(r.snapshot);
    i.prev = r.place;
  }
}

bool write_snapshot_offsets(Trace& t, std::span<const ir::CodePosition> positions, u32 head) {
  GCtrace& T = *t.T;
  constexpr u32 unit = sizeof(MCode);
  u32 reached = 0;
  u32 next = 0;  // instruction of jitkit's with which another snapshot begins
  T.snap[0].mcofs = 0;
  u32 offset = head;
  for (const ir::CodePosition& p : positions) {
    if (!p.inst) continue;
    offset = head + p.offset;
    if (p.inst.id < next) continue;
    while (reached + 1 < T.nsnap && t.first_inst[reached + 1] <= p.inst.id) {
      if (offset / unit >= 0x10000) return false;
      T.snap[++reached].mcofs = static_cast<u16>(offset / unit);
    }
    next = reached + 1 < T.nsnap ? t.first_inst[reached + 1] : ~u32{0};
  }
  while (reached + 1 < T.nsnap) {
    if (offset / unit >= 0x10000) return false;
    T.snap[++reached].mcofs = static_cast<u16>(offset / unit);
  }
  return true;
}

}  // namespace jitkit::luajit
