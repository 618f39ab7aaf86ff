// What the target-neutral half of the compiler asks of a target: registers, conventions and frames as
// data, and selection and emission as functions. emit/<arch>/target.hpp is a model of this concept.
//
// Invariant: ir/ uses nothing of a target but what is written here.
#ifndef JITKIT_IR_TARGET_HPP
#define JITKIT_IR_TARGET_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/argument_place.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/machine.hpp>
#include <jitkit/status.hpp>

#include <concepts>
#include <string_view>

namespace jitkit::inline JITKIT_ABI::ir {

// A frame, as data: where spill slots are and who makes room for them.
struct FrameSpec {
  PReg base;                 // register slots are addressed from; invalid: the stack pointer
  u32 reserved = 0;          // bytes at the base that belong to the environment
  u32 slot_bytes = 8;        // slot unit: 4 or 8; values larger than it take an aligned run
  u32 alignment = 16;        // of the whole frame, bytes
  u32 max_slots = 1U << 20;  // slot units; 0: a policy of no spills
  u32 min_bytes = 0;         // the frame is at least this large
  bool adjusts_sp = true;    // false: the environment makes room (traces, handlers)
  bool grows_down = false;   // the environment's room lies below the base and `reserved` bytes, not above
  bool incoming_above = false;  // without adjusts_sp: the environment's slots begin where this frame ends
  bool saves_link = true;    // push/pop of return address register and frame pointer as needed
  bool frame_pointer = false;  // keep a frame pointer, so that samplers can walk
  bool slot_from_def = false;  // frame states report a value that is ever spilled in its slot, always
  bool lists_changes = true;   // with slot_from_def: the location map says where those values are all along the code
};

// A calling convention, as data. Register lists end with an invalid PReg.
struct Convention {
  const char* name = "";
  RegSet allocatable;     // pinned registers are not in it
  RegSet preserved;       // boundary-fixed: hold the same at entry and every exit; saved if clobbered
  RegSet preserved_low;   // of the preserved: only the low 64 bits are
  PReg int_args[9];
  PReg fp_args[9];
  PReg int_results[9];
  PReg fp_results[9];
  PReg sret;              // invalid: the first integer argument
  u8 stack_align = 16;
  u8 shadow_bytes = 0;    // caller-provided home space (win64)
  enum class Rules : u8 { sysv, aapcs64, win64, darwin } rules = Rules::sysv;
  FrameSpec frame;
};

// Whether a function of convention `own` may leave through one of convention `callee`: everything it
// promises to preserve, the callee preserves as well.
constexpr bool preserves_for(const Convention& callee, const Convention& own) {
  const RegSet whole = own.preserved - own.preserved_low;
  return (own.preserved - callee.preserved).empty() && (whole & callee.preserved_low).empty();
}

// What the allocator needs of a target, as data; made once per compilation from a Convention.
struct RegisterInfo {
  RegSet bank[3];          // all registers of gpr, vec, mask
  RegSet allocatable;
  RegSet preserved;        // cheap across calls, but must be saved once
  RegSet transient;        // emission overwrites them: a value defined there moves on at once; not allocatable
  const RegSet* subsets = nullptr;  // by Operand::arg of ConstraintKind::subset
  bool has_swap[3] = {false, false, false};  // swap of two registers without a third
  u32 slot_bytes = 8;
  u32 max_slots = 1U << 20;
  bool slot_from_def = false;  // frame-state values that are ever spilled are reported in their slot
  bool lists_changes = true;   // ... and their registers are listed all along the code
};

// What the convention says of registers and slots. `frame_pointer`: taken for the frame of this function,
// or invalid. Banks and swaps are the target's to add.
inline RegisterInfo register_info(const Convention& c, PReg frame_pointer, const RegSet* subsets) {
  RegisterInfo r;
  r.allocatable = c.allocatable;
  if (frame_pointer.valid()) r.allocatable.remove(frame_pointer);
  r.preserved = c.preserved;
  r.subsets = subsets;
  r.slot_bytes = c.frame.slot_bytes;
  r.max_slots = c.frame.max_slots;
  r.slot_from_def = c.frame.slot_from_def;
  r.lists_changes = c.frame.lists_changes;
  return r;
}

// A model of Target provides:
//   name                  "arm64" or "x86_64"
//   isa_info()            the forms, for the IR (native ops)
//   FeatureSet            what the code may use
//   Buffer                CodeBuffer or something that behaves like it
//   convention(CallConv)  the data above
//   places(convention, list, fixed, results)  a walk over where the values of a list are passed: its next()
//   Lower                 selection: Lower(fn, cfg, machine function, options).run() -> Status
//   Emitter               emission: Emitter(fn, machine function, options, buffer).run() -> Status
//   feature_name(number)  of the feature that a form or an error names
//   core_features()       what core ops cannot do without; form_features(form): what a native op asks for
//   flag_free(op, type)   whether selection of the core op can avoid writing flags
template <class T>
concept Target = requires(Opcode op, Type type, CallConv conv, u64 number, u16 form) {
  { T::name } -> std::convertible_to<const char*>;
  { T::isa_info() } -> std::same_as<const IsaInfo&>;
  typename T::FeatureSet;
  typename T::Buffer;
  typename T::Lower;
  typename T::Emitter;
  { T::convention(conv) } -> std::same_as<const Convention&>;
  { T::places(T::convention(conv), Span<const Param>(), u32(), bool()).next() } -> std::same_as<Places>;
  { T::feature_name(number) } -> std::same_as<std::string_view>;
  { T::core_features() } -> std::same_as<typename T::FeatureSet>;
  { T::form_features(form) } -> std::same_as<typename T::FeatureSet>;
  { T::flag_free(op, type) } -> std::same_as<bool>;
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_TARGET_HPP
