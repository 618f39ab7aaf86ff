// The interpreter: the meaning of every core op. What compiled code does on values is what run() does.
//
// It executes verified IR. Whatever goes wrong at run time ends in a Run that says what, where and why,
// and never in a crash if memory accesses are checked. Calls within the module take no host stack;
// steps, nesting and stack memory are bounded by Limits.
//
// Beyond the module it reaches by callbacks (Hooks): functions defined elsewhere, addresses of external
// symbols, native ops (one instruction executed alone), safepoints and patch points.
//
// Left to each implementation, and here: accesses may be seq_cst whatever their order; stack memory is
// clear at first and whatever was there later; an out-of-range fptosi saturates.
#ifndef JITKIT_IR_INTERPRETER_HPP
#define JITKIT_IR_INTERPRETER_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/interpreter_memory.hpp>
#include <jitkit/ir/interpreter_varargs.hpp>
#include <jitkit/ir/module.hpp>
#include <jitkit/ir/op_signature.hpp>
#include <jitkit/ir/semantics.hpp>
#include <jitkit/ir/support/arena.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/status.hpp>

#include <cstring>

namespace jitkit::inline JITKIT_ABI::ir {

// How a run ended.
enum class RunEnd : u8 {
  returned,      // values: the results
  exited,        // detail: the ExitRef; values: the operands of exit_
  trapped,       // a trap op (detail: its number) or a division
  guard_failed,  // or a faulting load_trap. detail: the FrameStateRef; values: its entries, in order
  unreachable,   // control came to `unreachable`
  memory_fault,  // detail: the address
  out_of_fuel,
  too_deep,        // more calls within calls than Limits::depth
  stack_overflow,  // stack slots, alloca and argument copies need more than Limits::stack
  out_of_memory,   // for values; detail: the bytes that were needed
  unsupported,     // message says what is missing
};
constexpr const char* describe(RunEnd e) {
  switch (e) {
    case RunEnd::returned: return "returned";
    case RunEnd::exited: return "left through a native exit";
    case RunEnd::trapped: return "trap";
    case RunEnd::guard_failed: return "a guard failed";
    case RunEnd::unreachable: return "reached `unreachable`";
    case RunEnd::memory_fault: return "memory fault";
    case RunEnd::out_of_fuel: return "out of fuel";
    case RunEnd::too_deep: return "calls nested too deep";
    case RunEnd::stack_overflow: return "stack overflow";
    case RunEnd::out_of_memory: return "out of memory";
    case RunEnd::unsupported: return "unsupported";
  }
  return "unknown";
}

struct Run {
  RunEnd end = RunEnd::returned;
  const FunctionData* function = nullptr;  // where it ended
  Inst at;
  u64 detail = 0;
  const char* message = "";         // more words, if there is more to say
  Span<const Datum> values{};  // until the next run
  u64 steps = 0;                    // instructions executed

  bool returned() const { return end == RunEnd::returned; }
};

// A call that leaves the module.
struct OutsideCall {
  const Module& module;
  SymbolRef symbol;  // none: an indirect call
  u64 address = 0;   // 0: a symbol without an address
  SigRef signature;
  Span<const Datum> arguments;
  Span<const Type> argument_types;  // also of those behind the named ones
};

class Interpreter;

// Each may be null: then what needs it ends the run as unsupported. The bool ones give false for the
// same effect.
struct Hooks {
  void* context = nullptr;
  bool (*call)(void* context, const OutsideCall& call, std::span<Datum> results) = nullptr;
  const void* (*symbol)(void* context, const Module& module, SymbolRef symbol) = nullptr;
  // Executes the one native op at `at`; immediates and form are read from the function.
  bool (*native)(void* context, const FunctionData& f, Inst at, std::span<const Datum> operands,
                 std::span<Datum> results) = nullptr;
  // At a safepoint or patch point, whose frame state names values that value() reads and may change.
  // Without it safepoints do nothing, nor do patch points without results.
  bool (*point)(void* context, Interpreter& interpreter, const FunctionData& f, Inst at,
                std::span<Datum> results) = nullptr;
};

struct Limits {
  u64 fuel = ~u64{0};   // instructions
  u32 depth = 10000;    // calls within calls
  u64 stack = 1 << 20;  // bytes; as it is when load() is called
};

class Interpreter {
 public:
  explicit Interpreter(u64 memory_limit = ~u64{0}) : arena_(memory_limit), run_arena_(memory_limit) {}

  Hooks hooks;
  Limits limits;
  VaListAbi va_list_abi = VaListAbi::none;  // of the target that the functions are for

  // Takes a module and the functions it defines, lays out its globals and relocates them. Anything
  // loaded before is forgotten, memory() too. Error::symbol_undefined: a global refers to a symbol
  // that neither the module nor Hooks::symbol has an address for.
  Status load(const Module& module, Span<const FunctionData* const> functions);

  InterpreterMemory& memory() { return memory_; }
  // Where a symbol stands; 0 if that is unknown. A function's address is good for calls by the
  // interpreter only.
  u64 address(SymbolRef s) const;

  // Runs a function that was loaded. `types` of the arguments matter only past the named parameters.
  Run run(const FunctionData& f, Span<const Datum> arguments, Span<const Type> types = {});

  // A value of the function the run ended in, or is in when a hook is called.
  Datum& value(Value v) { return registers_[frames_.back().registers + v.id]; }

 private:
  struct Frame {
    const FunctionData* f = nullptr;
    Inst at;            // to execute next; in a caller: the call
    u32 registers = 0;  // first of its values; its unnamed arguments follow them
    u32 unnamed = 0;    // number of those
    u32 types = 0;      // first of their types
    u32 slots = 0;      // first of its stack slots' addresses
    u64 stack = 0;      // bytes in use when it was entered
    u8* va_area = nullptr;
  };

  Datum operand(const FunctionData& f, Inst i, u32 n) { return read(f, f.operand(i, n)); }
  u64 address_operand(const FunctionData& f, Inst i, u32 n = 0) { return operand(f, i, n).low.lo; }
  Datum read(const FunctionData& f, Value v) {
    if (!f.is_constant(v)) return value(v);
    return {{f.constant(v).lo, f.constant(v).hi}};
  }
  static Datum clean(Datum d, Type t);

  void stop(RunEnd end, u64 detail = 0, const char* message = "") {
    result_.end = end;
    result_.detail = detail;
    result_.message = message;
    running_ = false;
  }
  void no_memory() { stop(RunEnd::out_of_memory, run_arena_.status().detail); }
  void fail_guard(const FunctionData& f, FrameStateRef s);

  // Each executes the instruction i of f and either moves on or stops.
  void step();
  void compute(const FunctionData& f, Inst i);
  void native(const FunctionData& f, Inst i);
  void guard(const FunctionData& f, Inst i);
  void point(const FunctionData& f, Inst i);
  void follow(const FunctionData& f, Edge e);
  void switch_edge(const FunctionData& f, Inst i);
  void next(const FunctionData& f, Inst i) { frames_.back().at = f[i].next; }
  void set(const FunctionData& f, Inst i, const Datum& d) { value(f.result(i)) = d; }
  void set_all(const FunctionData& f, Inst i, Span<const Datum> results);

  bool permitted(u64 address, u64 bytes, bool write);
  bool permitted(const FunctionData& f, Inst i, u64 address, u64 bytes, bool write);
  void load(const FunctionData& f, Inst i);
  void store(const FunctionData& f, Inst i);
  void atomic(const FunctionData& f, Inst i);
  void bulk(const FunctionData& f, Inst i);
  void load_trap(const FunctionData& f, Inst i);

  u8* take_stack(u64 bytes, u64 align);
  void allocate_stack(const FunctionData& f, Inst i);
  void symbol_address(const FunctionData& f, Inst i);
  void va_start(const FunctionData& f, Inst i);

  // Values on their way: to a callee, another block, a caller, or the end of the run.
  void gather(const FunctionData& f, Span<const u32> values);
  void call(const FunctionData& f, Inst i);
  void call_outside(const FunctionData& f, Inst i, SymbolRef s, u64 address, SigRef sig);
  void enter(const FunctionData& callee);
  void take_slots(const FunctionData& callee);
  void copy_by_value(const FunctionData& callee);
  void drop_frame();
  void give_back();
  const FunctionData* function_at(u64 address) const;
  u64 place_global(SymbolRef s);
  Status relocate_globals();

  Arena arena_;        // what lives as long as the module is loaded
  Arena run_arena_;    // what lives as long as a run
  InterpreterMemory memory_;
  const Module* module_ = nullptr;
  Vec<const FunctionData*> functions_;  // by symbol; null if not defined here
  Vec<u64> addresses_;                  // by symbol; 0 if unknown
  u8* stack_ = nullptr;
  u64 stack_bytes_ = 0;
  u64 stack_used_ = 0;

  Vec<Frame> frames_;
  Vec<Datum> registers_;
  Vec<u64> slots_;   // addresses of the frames' stack slots
  Vec<Type> types_;  // of unnamed arguments
  Vec<Datum> moving_;  // what gather() collected
  Vec<Type> moving_types_;
  Vec<Datum> values_;  // of the result
  Run result_;
  bool running_ = false;
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#include <jitkit/ir/interpreter_run.hpp>

#endif  // JITKIT_IR_INTERPRETER_HPP
