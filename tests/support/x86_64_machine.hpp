// Runs one x86-64 instruction on this CPU, alone: every register, the flags and a block of memory go in and
// come out. What the tests of the instruction table compare with.
//
// Invariant: an instruction touches no memory but `memory` and the few bytes below the stack pointer given to
// it; one that faults leaves the machine as it was and run() answers false.
#ifndef JITKIT_TESTS_SUPPORT_X86_64_MACHINE_HPP
#define JITKIT_TESTS_SUPPORT_X86_64_MACHINE_HPP

#include <jitkit/emit/runtime/cpu_features.hpp>
#include <jitkit/emit/x86_64/avx512_assembler.hpp>

#include <csetjmp>
#include <csignal>
#include <cstring>
#include <sys/mman.h>

namespace jitkit::test {

struct X86State {
  u64 gpr[16] = {};
  u64 flags = 0;
  u64 mask[8] = {};
  alignas(64) u8 vec[32][64] = {};
  alignas(64) u8 memory[1024] = {};
};
inline constexpr u64 status_flags = 0x8d5;  // CF PF AF ZF SF OF

class X86Machine {
 public:
  // Where an instruction's memory may be, and the stack pointer it runs with.
  u8* memory() { return area_->state.memory; }
  u64 stack_pointer() { return reinterpret_cast<u64>(area_->stack + sizeof area_->stack / 2); }
  const x86_64::FeatureSet& features() const { return features_; }

  X86Machine() : features_(x86_64::detect_features()) {
    void* p = mmap(nullptr, sizeof(Area), PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return;
    area_ = static_cast<Area*>(p);
    write_thunk();
    stack_t alternate{};
    alternate.ss_sp = signal_stack_;
    alternate.ss_size = sizeof signal_stack_;
    sigaltstack(&alternate, &old_stack_);
    struct sigaction action {};
    action.sa_handler = [](int) { siglongjmp(fault_, 1); };
    action.sa_flags = SA_ONSTACK | SA_NODEFER;
    for (unsigned i = 0; i < 4; ++i) sigaction(signals[i], &action, &old_[i]);
  }
  ~X86Machine() {
    if (area_ == nullptr) return;
    for (unsigned i = 0; i < 4; ++i) sigaction(signals[i], &old_[i], nullptr);
    sigaltstack(&old_stack_, nullptr);
    munmap(area_, sizeof(Area));
  }
  X86Machine(const X86Machine&) = delete;
  X86Machine& operator=(const X86Machine&) = delete;
  bool ok() const { return area_ != nullptr; }

  bool run(std::span<const u8> code, const X86State& before, X86State& after) {
    area_->state = before;
    std::memset(area_->code + slot_, 0x90, 15);
    std::memcpy(area_->code + slot_, code.data(), code.size());
    if (sigsetjmp(fault_, 1) != 0) return false;
    reinterpret_cast<void (*)()>(area_->code)();
    after = area_->state;
    return true;
  }

 private:
  struct Area {
    X86State state;
    u64 saved;  // the stack pointer of run()
    u64 top;
    alignas(64) u8 stack[4096];
    alignas(4096) u8 code[4096];
  };
  static constexpr int signals[] = {SIGSEGV, SIGFPE, SIGILL, SIGBUS};

  void write_thunk() {
    using namespace x86_64;
    CodeBuffer buffer;
    Avx512Assembler a(buffer);
    const bool wide = features_.has(Feature::avx512bw), avx = features_.has(Feature::avx);
    area_->top = stack_pointer();
    // The field of the last instruction, which ends it, reaches `what`.
    const auto reach = [&](const void* what) {
      const auto distance = static_cast<i32>(static_cast<const u8*>(what) - (area_->code + buffer.offset()));
      std::memcpy(buffer.data() + buffer.offset() - 4, &distance, 4);
    };
    const Mem here = rip_relative(0);
    const auto vectors = [&](bool load) {
      for (unsigned n = 0; n < (wide ? 32U : 16U); ++n) {
        u8* at = area_->state.vec[n];
        if (wide)
          load ? a.vmovdqu64(Zmm(n), here) : a.vmovdqu64(here, Zmm(n));
        else if (avx)
          load ? a.vmovups(Ymm(n), here) : a.vmovups(here, Ymm(n));
        else
          load ? a.movups(Xmm(n), here) : a.movups(here, Xmm(n));
        reach(at);
      }
      for (unsigned n = 0; n < (wide ? 8U : 0U); ++n) {
        load ? a.kmovq(KReg(n), here) : a.kmovq(here, KReg(n));
        reach(&area_->state.mask[n]);
      }
    };
    constexpr unsigned kept[] = {3, 5, 12, 13, 14, 15};
    for (const unsigned r : kept) a.push(Gp64(r));
    a.mov(here, rsp), reach(&area_->saved);
    vectors(true);
    a.push(qword_ptr[here]), reach(&area_->state.flags);
    a.popfq();
    for (unsigned n = 0; n < 16; ++n) a.mov(Gp64(n), here), reach(&area_->state.gpr[n]);
    slot_ = buffer.offset();
    for (unsigned n = 0; n < 15; ++n) a.nop();
    for (unsigned n = 0; n < 16; ++n) a.mov(here, Gp64(n)), reach(&area_->state.gpr[n]);
    a.mov(rsp, here), reach(&area_->top);
    a.pushfq();
    a.pop(qword_ptr[here]), reach(&area_->state.flags);
    a.cld();
    vectors(false);
    if (avx) a.vzeroupper();
    a.mov(rsp, here), reach(&area_->saved);
    for (unsigned n = 6; n-- > 0;) a.pop(Gp64(kept[n]));
    a.ret();
    std::memcpy(area_->code, buffer.bytes().data(), buffer.bytes().size());
  }

  x86_64::FeatureSet features_;
  Area* area_ = nullptr;
  u32 slot_ = 0;
  stack_t old_stack_{};
  struct sigaction old_[4] {};
  alignas(16) u8 signal_stack_[65536];
  static inline sigjmp_buf fault_;
};

}  // namespace jitkit::test

#endif  // JITKIT_TESTS_SUPPORT_X86_64_MACHINE_HPP
