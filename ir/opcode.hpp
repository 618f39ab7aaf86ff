// Opcode, what ops.def says of each op, and the enumerations its options use.
//
// Invariants: opcodes below first_native are rows of ops.def; first_native + f is form f of the
// function's target. Terminators are one run at the end of the table.
#ifndef JITKIT_IR_OPCODE_HPP
#define JITKIT_IR_OPCODE_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/type.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

enum class Opcode : u16 {
  none,
#define JITKIT_OP(name, sig, types, option, effects, meaning) name,
#include <jitkit/ir/ops.def>
  core_count,
  first_native = 1024,
};
inline constexpr unsigned core_op_count = static_cast<unsigned>(Opcode::core_count);
static_assert(core_op_count <= 1024);

constexpr bool is_native(Opcode op) { return op >= Opcode::first_native; }
constexpr u16 native_form(Opcode op) {
  return static_cast<u16>(static_cast<u16>(op) - static_cast<u16>(Opcode::first_native));
}
constexpr Opcode native_opcode(u16 form) {
  return static_cast<Opcode>(static_cast<u16>(Opcode::first_native) + form);
}
constexpr bool is_terminator(Opcode op) { return op >= Opcode::br && op < Opcode::core_count; }
static_assert(static_cast<unsigned>(Opcode::unreachable) + 1 == core_op_count);

// What Inst::aux (and flags) of an op hold.
enum class Option : u8 {
  none,
  icond,        // aux: ICond
  fcond,        // aux: FCond
  lanes,        // flags: Lane
  lane,         // flags: Lane; aux: lane number or count
  shuffle,      // aux: index of 16 (v128) or 8 (v64) mask bytes in the function's data
  imm,          // aux: a number
  mem,          // aux: offset in bytes (signed); flags: MemFlags
  atomic,       // aux: offset in bytes; flags: MemFlags with an order
  order,        // flags: MemFlags with an order
  slot,         // aux: StackSlot
  symbol,       // aux: SymbolRef of the module
  signature,    // aux: SigRef of the module
  frame_state,  // aux: FrameStateRef; flags of a patch_point: bytes of the place
  trap_mem,     // aux: index of a TrapAccess (offset, frame state)
  exit,         // aux: ExitRef
};

// Bits of OpInfo::effects; the names the effects column of ops.def uses.
namespace effect {
inline constexpr u8 pure = 0;
inline constexpr u8 read = 1;
inline constexpr u8 write = 2;
inline constexpr u8 call = 4 | read | write;
inline constexpr u8 trap = 8;
inline constexpr u8 control = 16;
}  // namespace effect

struct OpInfo {
  const char* name;       // in text; without the underscore that C++ keywords need
  const char* signature;  // as in ops.def
  TypeSet types;
  Option option;
  u8 effects;
  const char* meaning;
};

namespace detail {
using namespace types;
using namespace effect;
inline constexpr OpInfo op_infos[core_op_count] = {
    {"none", "", 0, Option::none, 0, ""},
#define JITKIT_OP(name, sig, set, option, effects, meaning) \
  {#name, sig, set, Option::option, static_cast<u8>(effects), meaning},
#include <jitkit/ir/ops.def>
};
}  // namespace detail

constexpr const OpInfo& info(Opcode op) { return detail::op_infos[static_cast<u16>(op)]; }

// The text name: that of the row without the trailing underscore of C++ keywords.
constexpr std::string_view name(Opcode op) {
  std::string_view n = info(op).name;
  if (n.back() == '_') n.remove_suffix(1);
  return n;
}

// Types an S operand of `op` may have when the op's type is t.
constexpr TypeSet source_types(Opcode op, Type t) {
  TypeSet s = 0;
  for (unsigned i = 1; i < type_count; ++i) {
    const Type c = static_cast<Type>(i);
    const bool smaller = bits(c) < bits(t);
    switch (op) {
      case Opcode::zext:
      case Opcode::sext:
        if (contains(types::int_or_bool, c) && smaller) s |= set_of(c);
        break;
      case Opcode::trunc:
        if (contains(types::integer, c) && bits(c) > bits(t)) s |= set_of(c);
        break;
      case Opcode::bitcast:
        if (contains(types::memory, c) && c != t && bits(c) == bits(t) &&
            (c == Type::mask) == (t == Type::mask))
          s |= set_of(c);
        break;
      case Opcode::fpext:
        if (contains(types::any_fp, c) && smaller) s |= set_of(c);
        break;
      case Opcode::fptrunc:
        if (contains(types::fp, c) && bits(c) > bits(t)) s |= set_of(c);
        break;
      case Opcode::sitofp:
      case Opcode::uitofp:
        if (contains(types::wide_int, c)) s |= set_of(c);
        break;
      case Opcode::fptosi:
      case Opcode::fptoui:
      case Opcode::fptosi_sat:
      case Opcode::fptoui_sat:
        if (contains(types::fp, c)) s |= set_of(c);
        break;
      default: break;
    }
  }
  return s;
}

// Lanes a vector op may have (a bit mask by Lane); for ops with Option::lanes or Option::lane.
constexpr u8 legal_lanes(Opcode op) {
  constexpr u8 b = 1, h = 2, w = 4, d = 8, hf = 16, sf = 32, df = 64;
  switch (op) {
    case Opcode::vsplat:
    case Opcode::vextract:
    case Opcode::vinsert: return b | h | w | d | hf | sf | df;
    case Opcode::vadd:
    case Opcode::vsub: return b | h | w | d | sf | df;
    case Opcode::vmul: return h | w | sf | df;
    case Opcode::vfdiv: return sf | df;
    case Opcode::vsmin:
    case Opcode::vsmax:
    case Opcode::vumin:
    case Opcode::vumax: return b | h | w;
    case Opcode::vcmpeq:
    case Opcode::vcmpgt: return b | h | w | d;
    case Opcode::vshl_imm:
    case Opcode::vlshr_imm: return h | w | d;
    case Opcode::vashr_imm: return h | w;
    default: return 0;
  }
}

// What the compiler shows of a row of ops.def that lacks its case above: the op, as an argument.
namespace detail {
template <Opcode op>
struct SourceTypes {
  static_assert(op == Opcode::core_count, "source_types() has no case for this op, whose signature has an S");
  static constexpr bool there = true;
};
template <Opcode op>
struct LegalLanes {
  static_assert(op == Opcode::core_count, "legal_lanes() has no case for this op, whose option is lanes or lane");
  static constexpr bool there = true;
};
// The first op without, core_count if there is none.
consteval Opcode without_source_types() {
  for (unsigned n = 1; n < core_op_count; ++n) {
    const Opcode op = static_cast<Opcode>(n);
    bool found = std::string_view(info(op).signature).find('S') == std::string_view::npos;
    for (unsigned t = 1; t < type_count && !found; ++t) found = source_types(op, static_cast<Type>(t)) != 0;
    if (!found) return op;
  }
  return Opcode::core_count;
}
consteval Opcode without_legal_lanes() {
  for (unsigned n = 1; n < core_op_count; ++n) {
    const Opcode op = static_cast<Opcode>(n);
    const Option o = info(op).option;
    if ((o == Option::lanes || o == Option::lane) && legal_lanes(op) == 0) return op;
  }
  return Opcode::core_count;
}
static_assert(SourceTypes<without_source_types()>::there);
static_assert(LegalLanes<without_legal_lanes()>::there);
}  // namespace detail

// Integer comparisons; inverse(c) is c ^ 1.
enum class ICond : u8 { eq, ne, slt, sge, sgt, sle, ult, uge, ugt, ule };
inline constexpr unsigned icond_count = 10;
inline constexpr const char* icond_names[icond_count] = {"eq",  "ne",  "slt", "sge", "sgt",
                                              "sle", "ult", "uge", "ugt", "ule"};
constexpr ICond inverse(ICond c) { return static_cast<ICond>(static_cast<u8>(c) ^ 1); }
// The condition that holds of (y, x) when c holds of (x, y).
constexpr ICond swapped(ICond c) {
  constexpr ICond to[] = {ICond::eq,  ICond::ne,  ICond::sgt, ICond::sle, ICond::slt,
                          ICond::sge, ICond::ugt, ICond::ule, ICond::ult, ICond::uge};
  return to[static_cast<u8>(c)];
}

// IEEE comparisons: o.. is false, u.. is true if either operand is a NaN. inverse(c) is c ^ 1.
enum class FCond : u8 { oeq, une, olt, uge, ole, ugt, ogt, ule, oge, ult, one, ueq, ord, uno };
inline constexpr unsigned fcond_count = 14;
inline constexpr const char* fcond_names[fcond_count] = {"oeq", "une", "olt", "uge", "ole", "ugt", "ogt",
                                              "ule", "oge", "ult", "one", "ueq", "ord", "uno"};
constexpr FCond inverse(FCond c) { return static_cast<FCond>(static_cast<u8>(c) ^ 1); }
constexpr FCond swapped(FCond c) {
  constexpr FCond to[] = {FCond::oeq, FCond::une, FCond::ogt, FCond::ule, FCond::oge,
                          FCond::ult, FCond::olt, FCond::uge, FCond::ole, FCond::ugt,
                          FCond::one, FCond::ueq, FCond::ord, FCond::uno};
  return to[static_cast<u8>(c)];
}

enum class Order : u8 { relaxed, acquire, release, acq_rel, seq_cst };
inline constexpr const char* order_names[] = {"relaxed", "acquire", "release", "acq_rel",
                                              "seq_cst"};

// Alignment, volatility and order of a memory access, in Inst::flags.
struct MemFlags {
  u8 bits = 0;

  constexpr MemFlags() = default;
  constexpr explicit MemFlags(u8 b) : bits(b) {}
  // `align`: bytes, a power of two up to 16384; 1 if nothing is known.
  static constexpr MemFlags make(u32 align, bool is_volatile = false,
                                 Order order = Order::relaxed) {
    return MemFlags(static_cast<u8>(log2_floor(align) | (is_volatile ? 16U : 0U) |
                                    static_cast<u32>(order) << 5));
  }
  constexpr u32 align() const { return u32{1} << (bits & 15); }
  constexpr bool is_volatile() const { return (bits & 16) != 0; }
  constexpr Order order() const { return static_cast<Order>(bits >> 5); }
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_OPCODE_HPP
