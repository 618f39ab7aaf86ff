// From a Function to machine code in a target's buffer: layout, selection, liveness, allocation (and,
// if asked, the proof of the allocation), emission.
//
// Invariants: a Compiler is used by one thread at a time and keeps its memory, so that a warm one does
// not touch the heap. On failure the buffer holds nothing useful; the Status says what was missing.
// The function must have passed the verifier; nothing here checks it again.
//
// compile() is no inline function: a program with many files that compile says
// `extern template class ir::Compiler<Isa>` in all of them and `template class ...` in one.
#ifndef JITKIT_IR_COMPILE_HPP
#define JITKIT_IR_COMPILE_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/cfg.hpp>
#include <jitkit/ir/cfg_build.hpp>
#include <jitkit/ir/emission.hpp>
#include <jitkit/ir/frequency.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/layout.hpp>
#include <jitkit/ir/liveness.hpp>
#include <jitkit/ir/machine.hpp>
#include <jitkit/ir/places.hpp>
#include <jitkit/ir/regalloc.hpp>
#include <jitkit/ir/regalloc_checker.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/ir/target.hpp>
#include <jitkit/status.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

template <Target T>
class Compiler {
 public:
  using Options = typename T::Options;
  using Buffer = typename T::Buffer;
  using CfiRow = typename T::Emitter::CfiRow;

  // `memory_limit`: bytes the compiler may take from the heap for one function.
  explicit Compiler(const Options& options, u64 memory_limit = ~u64{0})
      : options_(options), arena_(memory_limit) {}

  // Prove every allocation (AllocationChecker); a fault makes compile() fail with invalid_ir.
  bool check_allocations = false;

  // Appends the code of fn to `code`. Its symbols are used by name; see CodeBuffer::relocs(). `cfg`: fn's, if
  // it is known (Optimiser::cfg()).
  Status compile(const FunctionData& fn, Buffer& code, const Cfg* cfg = nullptr);

  const Options& options() const { return options_; }

  // Of the function compiled last, until the next one.
  const MachFunction& machine() const { return machine_; }
  // Which code came from which instruction and where blocks start; unwind rows; exits with their places.
  // Offsets count from start(), where the function's code begins in the buffer.
  u32 start() const { return start_; }
  const CodeMap& code_map() const { return code_map_; }
  Span<const CfiRow> cfi() const { return cfi_; }
  Span<const ExitSite> exits() const { return exits_; }
  // Of a frame without adjusts_sp: its size, from the base.
  u32 frame_bytes() const { return frame_bytes_; }
  // Where the frame states' values are at the exits; OwnedLocationMap keeps a copy.
  const LocationMap& locations() const { return locations_; }
  const AllocationError& fault() const { return fault_; }
  const Arena& arena() const { return arena_; }

 private:
  Status run(const FunctionData& fn, Buffer& code, const Cfg* known);
  static CallConv convention_of(const FunctionData& fn) {
    return fn.module != nullptr && fn.signature ? fn.module->signature(fn.signature).conv : CallConv::c;
  }
  // The convention as data; null for a custom one that the options do not have.
  const Convention* find(CallConv c) const {
    if (c < CallConv::custom0) return &T::convention(c);
    const u32 n = static_cast<u32>(c) - static_cast<u32>(CallConv::custom0);
    return n < options_.conventions.size() ? &options_.conventions[n] : nullptr;
  }

  Options options_;
  Arena arena_;
  MachFunction machine_;
  AllocationError fault_;
  u32 start_ = 0;
  u32 frame_bytes_ = 0;
  CodeMap code_map_;
  Span<const CfiRow> cfi_;
  Span<const ExitSite> exits_;
  LocationMap locations_;
};

// Without memory a phase may end in any error; the cause is what counts.
template <Target T>
Status Compiler<T>::compile(const FunctionData& fn, Buffer& code, const Cfg* cfg) {
  if (!fn.status().ok()) return fn.status();
  arena_.reset();
  const Status s = run(fn, code, cfg);
  return arena_.failed() ? arena_.status() : s;
}

template <Target T>
Status Compiler<T>::run(const FunctionData& fn, Buffer& code, const Cfg* known) {
  fault_ = {};
  code_map_ = {};
  cfi_ = {};
  exits_ = {};
  locations_ = {};
  frame_bytes_ = 0;
  start_ = code.offset();
  const CallConv wanted = convention_of(fn);
  const Convention* convention = find(wanted);
  if (convention == nullptr) return {Error::unsupported, 0, static_cast<u64>(wanted)};
  RegSet fixed;
  if (const Status s = check_places<T>(fn, *convention, [this](CallConv c) { return find(c); }, fixed); !s.ok()) return s;
  machine_.attach(arena_);
  check(known == nullptr || known->fits(fn));
  Cfg own;
  if (known == nullptr) own.compute(fn, arena_, Cfg::Want::no_dominators);
  const Cfg& cfg = known != nullptr ? *known : own;
  Frequencies frequencies;
  frequencies.compute(fn, cfg, arena_);
  if (arena_.failed() || !lay_out(fn, cfg, frequencies, machine_)) return arena_.status();
  typename T::Lower lower(fn, machine_, options_, arena_);
  if (const Status s = lower.run(); !s.ok() || arena_.failed()) return s;
  const RegisterInfo registers = T::register_info(*convention, machine_);
  if ((convention->frame.frame_pointer || machine_.dynamic_stack) && fixed.has(T::isa_info().roles.frame))
    return {Error::place, 0, 0};
  Liveness live(arena_);
  if (!live.compute(machine_)) return arena_.status();
  RegisterAllocator allocator(machine_, live, registers, arena_);
  if (const Status s = allocator.run(); !s.ok()) return s;
  if (check_allocations) {
    fault_ = AllocationChecker(machine_, registers, &T::isa_info(), arena_).run();
    if (!fault_.ok()) return {Error::invalid_ir, fault_.inst, static_cast<u64>(fault_.fault)};
  }
  typename T::Emitter emitter(fn, machine_, *convention, options_, code, arena_);
  if (const Status s = emitter.run(); !s.ok()) return s;
  code_map_ = emitter.code_map();
  cfi_ = {emitter.cfi().data(), emitter.cfi().size()};
  exits_ = {emitter.exits().data(), emitter.exits().size()};
  locations_ = emitter.locations();
  frame_bytes_ = emitter.frame_bytes();
  return code.status();
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_COMPILE_HPP
