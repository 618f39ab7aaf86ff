// ExitThunk: what the exit stubs of compiled functions go to (Options::exit_symbol). It saves the whole
// register file in a MachineState on the stack, calls a C function with it, and goes on where that
// function left the state: at state.pc with all registers as they then are.
//
// Invariants:
//  - state.pc is the address of the stub on entry; the registry finds the function, its LocationMap
//    the frame state (state_of_stub).
//  - The handler may change everything; it must not lower sp below where the frame left it. x16 and
//    x17 do not reach the code it goes on with.
//  - x86-64: vectors are saved at 256 bits if the CPU has them. Mask registers are not saved.
//  - No unwind rows: exceptions do not pass through a handler.
// Sources: System V ABI AMD64 3.2.2 (red zone); Procedure Call Standard for AArch64 6.1.
#ifndef JITKIT_EMIT_RUNTIME_EXIT_THUNK_HPP
#define JITKIT_EMIT_RUNTIME_EXIT_THUNK_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/code_buffer.hpp>
#include <jitkit/emit/runtime/cpu_features.hpp>
#include <jitkit/emit/runtime/exec_memory.hpp>
#include <jitkit/emit/runtime/machine_state.hpp>
#include <jitkit/status.hpp>

#if defined(__x86_64__)
#include <jitkit/emit/x86_64/assembler.hpp>
#else
#include <jitkit/emit/arm64/macro_assembler.hpp>
#endif

namespace jitkit::inline JITKIT_ABI {

class ExitThunk {
 public:
  using Handler = void (*)(MachineState& state, void* context);

  explicit ExitThunk(ExecMemory& memory) : memory_(memory) {}
  ExitThunk(const ExitThunk&) = delete;
  ExitThunk& operator=(const ExitThunk&) = delete;
  ~ExitThunk() { memory_.free(block_); }

  // Once.
  Status create(Handler handler, void* context, bool landing_pad = false) {
    CodeBuffer code;
    write(code, reinterpret_cast<u64>(handler), reinterpret_cast<u64>(context), landing_pad);
    if (!code.status().ok()) return code.status();
    return memory_.add(code, block_);
  }
  u64 address() const { return block_.run; }

 private:
  static constexpr int size = sizeof(MachineState);
  static constexpr int pc_at = offsetof(MachineState, pc);
  static constexpr int flags_at = offsetof(MachineState, flags);
  static constexpr int sp_at = 8 * MachineState::sp_number;
  static constexpr int vector_at(u32 n) {
    return static_cast<int>(offsetof(MachineState, vector) + n * MachineState::vector_bytes);
  }

#if defined(__x86_64__)
  static void write(CodeBuffer& code, u64 handler, u64 context, bool landing_pad) {
    using namespace x86_64;
    constexpr int call_bytes = 5;  // the stub's call pushed the address behind it
    const bool avx = detect_features().has(Feature::avx);
    Assembler a(code);
    const auto general = [](u32 n) { return qword_ptr[rsp + static_cast<int>(8 * n)]; };
    const auto vectors = [&](bool save) {
      for (u32 n = 0; n < MachineState::vector_count; ++n) {
        const Mem at = rsp + vector_at(n);
        if (avx)
          save ? a.vmovups(ymmword_ptr[at], Ymm(n)) : a.vmovups(Ymm(n), ymmword_ptr[at]);
        else
          save ? a.movups(xmmword_ptr[at], Xmm(n)) : a.movups(Xmm(n), xmmword_ptr[at]);
      }
    };
    if (landing_pad) a.endbr64();
    a.lea(rsp, ptr[rsp - size]);
    for (u32 n = 0; n < MachineState::general_count; ++n)
      if (n != MachineState::sp_number) a.mov(general(n), Gp64(n));
    a.pushfq();
    a.pop(rax);
    a.mov(qword_ptr[rsp + flags_at], rax);
    a.lea(rax, ptr[rsp + (size + 8)]);
    a.mov(qword_ptr[rsp + sp_at], rax);
    a.mov(rax, qword_ptr[rsp + size]);
    a.lea(rax, ptr[rax - call_bytes]);
    a.mov(qword_ptr[rsp + pc_at], rax);
    vectors(true);
    a.mov(rbp, rsp);
    a.mov(rdi, rsp);
    a.mov(rsi, static_cast<i64>(context));
    a.mov(rax, static_cast<i64>(handler));
    a.and_(rsp, -16);
    a.cld();
    if (avx) a.vzeroupper();
    a.call(rax);
    a.mov(rsp, rbp);
    vectors(false);
    // The pc goes below the new stack pointer, where signal handlers do not write.
    a.mov(rax, qword_ptr[rsp + sp_at]);
    a.mov(rcx, qword_ptr[rsp + pc_at]);
    a.mov(qword_ptr[rax - 8], rcx);
    a.push(qword_ptr[rsp + flags_at]);
    a.popfq();
    for (u32 n = 0; n < MachineState::general_count; ++n)
      if (n != MachineState::sp_number) a.mov(Gp64(n), general(n));
    a.mov(rsp, qword_ptr[rsp + sp_at]);
    a.jmp(qword_ptr[rsp - 8]);
  }
#else
  static void write(CodeBuffer& code, u64 handler, u64 context, bool landing_pad) {
    using namespace arm64;
    MacroAssembler a(code);
    const auto transfer = [&](bool save) {
      for (u32 n = 0; n < MachineState::vector_count; ++n)
        save ? a.str(QReg(n), sp, i64{vector_at(n)}) : a.ldr(QReg(n), sp, i64{vector_at(n)});
      for (u32 n = 0; n < MachineState::general_count; ++n) {
        if (!save && (n == 16 || n == 17)) continue;
        save ? a.str(XReg(n), sp, i64{8 * n}) : a.ldr(XReg(n), sp, i64{8 * n});
      }
    };
    if (landing_pad) code.put32(0xd50324df);  // bti jc
    a.sub(sp, sp, i64{size});
    transfer(true);
    a.str(x17, sp, i64{pc_at});  // the stub's address
    a.add(x16, sp, i64{size});
    a.str(x16, sp, i64{sp_at});
    code.put32(0xd53b4210);  // mrs x16, nzcv
    a.str(x16, sp, i64{flags_at});
    a.add(x0, sp, i64{0});
    a.mov(x1, static_cast<i64>(context));
    a.mov(x16, static_cast<i64>(handler));
    a.blr(x16);
    a.ldr(x16, sp, i64{flags_at});
    code.put32(0xd51b4210);  // msr nzcv, x16
    transfer(false);
    a.ldr(x17, sp, i64{pc_at});
    a.ldr(x16, sp, i64{sp_at});
    a.add(sp, x16, i64{0});
    a.br(x17);
  }
#endif

  ExecMemory& memory_;
  ExecBlock block_;
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_RUNTIME_EXIT_THUNK_HPP
