// The machine function: what selection makes, liveness and the allocator complete, and emission reads.
// Target-neutral: an instruction is a form number of the target, operands with constraints, and an
// opaque immediate word that only the target reads.
//
// Invariants:
//  - Instructions are stored in REVERSE program order (selection runs backwards): the instruction after
//    insts[i] is insts[i - 1]. A block owns insts[bottom, top), its first instruction is insts[top - 1].
//    Blocks are in layout order; loops are contiguous in it.
//  - Every VReg has one definition: an operand, a block parameter, or a Remat recipe (no operand).
//    A VReg of Bank::flags is never allocated; order alone keeps it intact.
//  - An operand of an absent optional register has vreg 0.
//  - Moves inserted by the allocator never touch condition flags.
// Vocabulary after regalloc2 (operand, constraint, allocation, edit).
#ifndef JITKIT_IR_MACHINE_HPP
#define JITKIT_IR_MACHINE_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/support/arena.hpp>
#include <jitkit/ir/support/form.hpp>
#include <jitkit/ir/support/index.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/ir/type.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

struct VRegTag;
using VReg = Index<VRegTag>;

// Where a value is at a point of the program.
struct Allocation {
  enum class Kind : u8 { none, reg, slot, incoming, remat };
  u32 bits = 0;

  constexpr Allocation() = default;
  constexpr Allocation(Kind k, u32 index) : bits(static_cast<u32>(k) << 28 | index) {}
  static constexpr Allocation reg(PReg r) { return {Kind::reg, r.id}; }
  // A spill slot; index in the frame's slot units once the frame is laid out, before that the VReg.
  static constexpr Allocation slot(u32 index) { return {Kind::slot, index}; }
  // A slot the caller filled: a stack argument or a parent trace's slot.
  static constexpr Allocation incoming(u32 index) { return {Kind::incoming, index}; }
  static constexpr Allocation remat(u32 index) { return {Kind::remat, index}; }

  constexpr Kind kind() const { return static_cast<Kind>(bits >> 28); }
  constexpr u32 index() const { return bits & 0x0fffffff; }
  constexpr bool is_reg() const { return kind() == Kind::reg; }
  constexpr PReg preg() const { return PReg(index()); }
  constexpr explicit operator bool() const { return bits != 0; }
  friend constexpr bool operator==(Allocation, Allocation) = default;
};

struct Operand {
  VReg vreg;
  u8 role = 0;  // role_use or role_def with their modifiers, tuple flags shifted by tuple_shift
  ConstraintKind constraint = ConstraintKind::reg;
  u8 arg = 0;       // by the constraint: PReg, subset index, position in the tuple
  u8 tied = 0;      // def: 1 + distance back to the use operand whose register it takes; 0: none
  u32 next_use = 0;  // liveness: position of the value's next use after this operand; no_use if none
  Allocation alloc;

  constexpr bool is_use() const { return (role & role_use) != 0; }
  constexpr bool is_def() const { return (role & role_def) != 0; }
};
static_assert(sizeof(Operand) == 16);
// On the first operand of a tuple: its length and flags, in role's upper bits.
inline constexpr u8 role_tuple_even = 32;
inline constexpr u8 role_tuple_wraps = 64;

inline constexpr u32 no_use = ~u32{0};

// Pseudo forms every target emits; the target's own forms start at 1 and stay below.
enum class Pseudo : u16 {
  first = 0xff00,
  copy,       // def <- use, same bank; coalesced when it can be
  jump,       // to edge `extra`
  nothing,    // emits no bytes: keeps uses alive (frame states at safepoints, fixed results)
  param_def,  // defs of the function's parameters at its start, fixed
};

struct MachInst {
  u16 form = 0;      // of the target, or a Pseudo
  u16 operands = 0;
  u32 first = 0;     // into MachFunction::operands
  u64 imm = 0;       // the target's: merged fields, displacement and immediate ...
  u32 extra = 0;     // the target's: first edge of a branch, symbol, stack slot, pool entry ...
  Inst inst;         // the IR instruction it came from: positions and errors
  u16 clobbers = 0;  // index into MachFunction::clobbers; 0: none
  u8 flags = 0;
  u8 aux = 0;        // the target's
  FrameStateRef state;  // its frame state: the `any` operands at its end, in entry order
};
static_assert(sizeof(MachInst) == 32);
inline constexpr u8 mach_terminator = 1;
inline constexpr u8 mach_call = 2;           // for the allocator's preference of saved registers
inline constexpr u8 mach_frame_address = 4;  // the memory base is stack slot `extra`
inline constexpr u8 mach_writes_flags = 8;   // for the checker
inline constexpr u8 mach_plain = 16;  // liveness: uses and defs in any register, nothing destroyed
inline constexpr u8 mach_leaves = 32;  // liveness: uses in any register or anywhere, and a frame state: a guard

// Registers an instruction destroys besides its defs: wholly, or above their low 64 bits.
struct Clobbers {
  RegSet full;
  RegSet upper;
};

// How to make a value again anywhere, without inputs: a constant, a stack or symbol address.
struct Remat {
  u16 form = 0;  // the target's
  u64 imm = 0;
  u32 extra = 0;
};

// Where a VReg is defined and how far it lives, in positions of the layout; to share spill slots.
struct LiveRange {
  u32 def = 0;
  u32 end = 0;
};

// A PReg's number where it is written often: a store of a byte may change any object, one of this type may not.
enum RegNumber : u8 {};

// A virtual register, with what each phase keeps of it: one cache line, set up once.
struct alignas(16) VRegData {
  static constexpr RegNumber nowhere{0xff};

  Type type = Type::none;
  Bank bank = Bank::flags;  // flags: never in a register (condition flags, absent operands)
  RegNumber hint = nowhere;  // PReg it would like
  RegNumber reg = nowhere;   // allocator: where it is now
  // Where it is when in no register; none: no place yet. A remat, an incoming slot, or its own spill slot,
  // stored once at the definition.
  Allocation memory;
  VReg partner;   // would like the register of this one (block parameter, copy, tied def)
  u32 next = 0;   // position of the next use, for liveness and again for the allocator
  LiveRange range;
  // Liveness:
  u32 place = 0;  // 1 + index in the list of what is live; 0: not live
  u32 loop = 0;   // live in all of this loop
  u32 def_block = 0;  // if there are loops
  // The allocator:
  u32 seen = 0;      // 1 + the last block at whose start the value was live
  u32 def_at = 0;    // instruction before which a store of the value would stand
  u32 late_at = 0;   // position of the instruction that needs it until its end
  u32 param_of = 0;  // 1 + the block whose parameter it is
  u32 slot = 0;      // spilled: offset in slot units after layout
  RegNumber def_reg = nowhere;
  RegNumber origin = nowhere;  // where it was before the current instruction's moves; valid if touched
  bool touched = false;

  bool spilled() const { return memory.kind() == Allocation::Kind::slot; }
  bool is_remat() const { return memory.kind() == Allocation::Kind::remat; }
};
static_assert(sizeof(VRegData) == 64);

struct LiveIn {
  VReg vreg;
  u32 next_use;  // position
};

struct MachBlock {
  u32 bottom = 0;  // insts[bottom, top)
  u32 top = 0;
  Block block;     // of the IR
  u32 first_pred = 0;  // into MachFunction::preds: Edge ids
  u32 preds = 0;
  u32 first_param = 0;  // into MachFunction::params
  u32 params = 0;
  u32 loop = 0;  // innermost loop, 0: none
  u32 first_edge = 0;  // of its terminator, consecutive
  u32 edges = 0;
  u32 frequency = 0;  // relative to the entry's, see Frequencies
  u32 first_live_in = 0;  // liveness: into MachFunction::live_ins; the parameters' stand before it
  u32 live_ins = 0;
  u32 more_live_in = 0;  // liveness: list in MachFunction::loop_live_ins
};

struct MachLoop {
  u32 first = 0;  // layout index of the header
  u32 last = 0;   // layout index of the last block
  u32 parent = 0;
  u32 depth = 0;
  bool irreducible = false;
  u32 pressure[3] = {0, 0, 0};  // liveness: most values of the bank live at once inside
};

// An edge of the IR, between layout indices, with arguments as VRegs (i128 takes two).
struct MachEdge {
  u32 from = 0;  // layout index
  u32 to = 0;
  u32 first_arg = 0;  // into MachFunction::args
  u32 args = 0;
  enum class Place : u8 { none, pred_end, succ_start, split };
  Place place = Place::none;  // where its moves go; none: it has none
  u32 first_move = 0;         // into MachFunction::edge_moves
  u32 moves = 0;
};

// A move the allocator inserts. from may be a remat; swap exchanges two registers.
struct Move {
  Allocation from;
  Allocation to;
  Type type = Type::none;  // decides width and bank
  bool swap = false;
  VReg vreg;               // whose value moves; for the checker and listings
};
// A move right before instruction `at` (in program order, after what stands before it).
struct Edit {
  u32 at;
  Move move;
};
// From instruction `at` on, in layout order and after its edits, the value is in `reg`; invalid: in no
// register.
struct RegisterChange {
  u32 at;
  VReg vreg;
  PReg reg;
};

class MachFunction {
 public:
  // Forgets everything; memory comes from `a`, which the owner resets.
  void attach(Arena& a) {
    insts.attach(a);
    operands.attach(a);
    vregs.attach(a);
    blocks.attach(a);
    loops.attach(a);
    edges.attach(a);
    preds.attach(a);
    params.attach(a);
    args.attach(a);
    clobbers.attach(a);
    remats.attach(a);
    literals.attach(a);
    live_ins.attach(a);
    loop_live_ins.attach(a);
    edits.attach(a);
    edge_moves.attach(a);
    register_changes.attach(a);
    vregs.push({});
    loops.push({});
    clobbers.push({});
    remats.push({});
    edges.push({});
    loop_live_ins.push({});
    used = {};
    slot_count = 0;
    outgoing_bytes = 0;
    dynamic_stack = false;
    tracks_values = false;
    types = 0;
  }

  Vec<MachInst> insts;
  Vec<Operand> operands;
  Vec<VRegData> vregs;
  Vec<MachBlock> blocks;  // layout order; no dummy
  Vec<MachLoop> loops;    // 0 is a dummy
  Vec<MachEdge> edges;    // by IR Edge; 0 is a dummy
  Vec<u32> preds;         // Edge ids
  Vec<u32> params;        // VReg ids
  Vec<u32> args;          // VReg ids
  Vec<Clobbers> clobbers;
  Vec<Remat> remats;
  Vec<ConstantData> literals;  // of up to 16 bytes, which a Remat or a memory operand names by index
  Vec<LiveIn> live_ins;
  struct LoopLiveIn {
    LiveIn value{};
    u32 next = 0;
  };
  Vec<LoopLiveIn> loop_live_ins;
  TypeSet types = 0;           // of the VRegs
  u32 outgoing_bytes = 0;      // of stack arguments, at the bottom of the frame
  bool dynamic_stack = false;  // the body moves the stack pointer (alloca)
  // Made by the allocator:
  Vec<Edit> edits;  // in program order
  Vec<Move> edge_moves;
  // With FrameSpec::slot_from_def, of the values that frame states name; in program order.
  Vec<RegisterChange> register_changes;
  bool tracks_values = false;  // whether that was asked for
  RegSet used;         // every register an operand or a move names
  u32 slot_count = 0;  // spill area, in slot units

  [[gnu::always_inline]] VReg new_vreg(Type t) {
    VRegData* d = vregs.extend(1);
    if (d == nullptr) return {};
    *d = {};
    d->type = t;
    d->bank = bank(t);
    types |= set_of(t);
    return VReg(vregs.size() - 1);
  }
  Span<Operand> operands_of(const MachInst& i) { return operands.slice(i.first, i.operands); }
  Span<const Operand> operands_of(const MachInst& i) const {
    return operands.slice(i.first, i.operands);
  }
  bool has_bank(Bank b) const {
    for (u32 t = 0; t < type_count; ++t)
      if (contains(types, static_cast<Type>(t)) && bank(static_cast<Type>(t)) == b) return true;
    return false;
  }
  // Of the vector types that VRegs have; at least v128.
  Type widest_vector() const {
    return contains(types, Type::v512) ? Type::v512 : contains(types, Type::v256) ? Type::v256 : Type::v128;
  }
  VRegData& operator[](VReg v) { return vregs[v.id]; }
  const VRegData& operator[](VReg v) const { return vregs[v.id]; }
  // What the function's code may change: what it names and what its calls destroy. Of registers in
  // `low_only` nobody expects the upper part to survive.
  RegSet changed(RegSet low_only) const {
    RegSet all = used;
    for (const Clobbers& c : clobbers) all = all | c.full | (c.upper - low_only);
    return all;
  }
  // Position of insts[i] in program order: even, so that positions between instructions exist; larger
  // is later.
  u32 position(u32 i) const { return (insts.size() - i) * 2; }
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_MACHINE_HPP
