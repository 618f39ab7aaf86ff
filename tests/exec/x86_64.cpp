// exec_x86_64 COUNT SEED [wrong]: what tests/roles leaves out of x86-64 executed natively, COUNT operand sets of each
// form: branches, the stack, absolute addresses, and what programs may do with the system's state. `exec_x86_64 names`:
// these forms by name.
//
// An instruction stands in a page of int3. A signal's handler puts all registers to what was drawn and returns into
// it; the next signal, int3 wherever it goes on, or its own, tells all registers and where it stopped. Registers,
// flags, vector registers, MXCSR, segment registers and bases, all memory and that place must be what a model written
// from the manual (Intel SDM vol. 2) says; what no model can know (time, random numbers, cpuid, segments) is bounded by
// what the same instruction gives in inline assembly, before and behind. Privileged instructions must raise SIGSEGV or
// SIGILL and change nothing. With `wrong`, the model is that of another form with the same operands: this must be
// noticed.
//
// Prints `FORM runs N`, `FORM lacks FEATURE`, `fault FORM: what: bytes`, and `noticed N of M`.
#include <jitkit/emit/runtime/cpu_features.hpp>
#include <jitkit/emit/x86_64/disassembler.hpp>

#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "../roles/alone_x86_64.h"

using namespace jitkit;
using namespace jitkit::x86_64;

namespace {

constexpr usize arena_bytes = 1 << 15, code_bytes = 1 << 16, site = code_bytes / 2;
constexpr u64 status_flags = 0x8d5, direction = 0x400;
enum { rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi };

struct Machine {
  u64 reg[16], flags, fs, gs;
  u32 mxcsr;
  u16 ds, es;
  u8 low[16][16], high[16][16];  // of the ymm registers
};

u8 *arena, *code;
Machine machine;  // goes in, comes out
int caught;       // the signal, and where
u64 stopped;
bool entering, has_bases;
ucontext_t host;
u8 host_vectors[512];
u64 host_fs, host_gs;

u8* high_halves(void* fp) { return static_cast<u8*>(fp) + 576; }
u64& present(void* fp) { return *reinterpret_cast<u64*>(static_cast<u8*>(fp) + 512); }

// Before anything in the handler may look at the thread's own data, and behind everything that did.
[[gnu::always_inline]] inline void leave_bases() {
  if (!has_bases) return;
  __asm__ volatile("rdfsbase %0\nrdgsbase %1" : "=&r"(machine.fs), "=&r"(machine.gs));
  __asm__ volatile("wrfsbase %0\nwrgsbase %1" : : "r"(host_fs), "r"(host_gs));
}
[[gnu::always_inline]] inline void enter_bases() {
  if (has_bases) __asm__ volatile("wrfsbase %0\nwrgsbase %1" : : "r"(machine.fs), "r"(machine.gs));
}

constexpr int order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                           REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

void on_signal(int number, siginfo_t*, void* context) {
  auto* u = static_cast<ucontext_t*>(context);
  auto& g = u->uc_mcontext.gregs;
  auto* fp = u->uc_mcontext.fpregs;
  if (entering) {
    entering = false;
    std::memcpy(&host, u, sizeof host);
    std::memcpy(host_vectors, fp, sizeof host_vectors);
    for (int n = 0; n < 16; ++n) g[order[n]] = static_cast<greg_t>(machine.reg[n]);
    g[REG_EFL] = static_cast<greg_t>(machine.flags);
    g[REG_RIP] = static_cast<greg_t>(reinterpret_cast<u64>(code) + site);
    std::memcpy(fp->_xmm, machine.low, sizeof machine.low);
    std::memcpy(high_halves(fp), machine.high, sizeof machine.high);
    fp->mxcsr = machine.mxcsr;
    present(fp) |= 7;
    enter_bases();
    return;
  }
  leave_bases();
  caught = number;
  stopped = static_cast<u64>(g[REG_RIP]) - reinterpret_cast<u64>(code) - (number == SIGTRAP ? 1 : 0);
  for (int n = 0; n < 16; ++n) machine.reg[n] = static_cast<u64>(g[order[n]]);
  machine.flags = static_cast<u64>(g[REG_EFL]);
  machine.mxcsr = fp->mxcsr;
  std::memset(machine.low, 0, sizeof machine.low);
  std::memset(machine.high, 0, sizeof machine.high);
  if ((present(fp) & 2) != 0) std::memcpy(machine.low, fp->_xmm, sizeof machine.low);
  if ((present(fp) & 4) != 0) std::memcpy(machine.high, high_halves(fp), sizeof machine.high);
  __asm__ volatile("mov %%ds, %0\nmov %%es, %1" : "=r"(machine.ds), "=r"(machine.es));
  const u16 none = 0;
  __asm__ volatile("mov %0, %%ds\nmov %0, %%es" : : "r"(none));
  std::memcpy(g, host.uc_mcontext.gregs, sizeof g);
  std::memcpy(fp, host_vectors, sizeof host_vectors);
  present(fp) |= 7;
}

// Runs the code at `site` with `machine`.
[[gnu::noinline]] void run() {
  entering = true;
  alarm(5);
  __asm__ volatile("int3"
                   :
                   :
                   : "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
                     "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
  alarm(0);
}

std::mt19937_64 random_;
u64 any() { return random_(); }
u64 below(u64 n) { return any() % n; }
u64 at(usize offset) { return reinterpret_cast<u64>(arena) + offset; }
u64 middle(u64 align) { return at(arena_bytes / 2 - 2048 + below(4096) / align * align); }
u64 landing() {
  const u64 to = 256 + below(code_bytes - 512);
  return reinterpret_cast<u64>(code) + (to >= site - 16 && to < site + 32 ? to + 64 : to);
}
u64 word(u64 address) {
  u64 v;
  std::memcpy(&v, reinterpret_cast<const void*>(address), 8);
  return v;
}
void set_word(u64 address, u64 v) { std::memcpy(reinterpret_cast<void*>(address), &v, 8); }

// One instruction with its operands, and what must be behind it.
struct Trial {
  Form form;
  std::string_view name;  // the mnemonic
  Instruction in;
  u8 bytes[16] = {};
  u8 length = 0;
  Machine want{};
  std::vector<u8> memory;  // what the arena must be
  int signal = SIGTRAP;
  u64 stop = 0;  // from code on
  u64 flags = status_flags | direction;
  u64 address = 0;    // of the memory operand
  std::string wrong;  // what an observed value is not

  u8* place(u64 a) { return memory.data() + (a - reinterpret_cast<u64>(arena)); }
  void store(u64 a, u64 v, unsigned size) { std::memcpy(place(a), &v, size); }
  u64 load(u64 a, unsigned size) {
    u64 v = 0;
    std::memcpy(&v, place(a), size);
    return v;
  }
  void push(u64 v, unsigned size = 8) { store(want.reg[rsp] -= size, v, size); }
  u64 pop(unsigned size = 8) {
    const u64 v = load(want.reg[rsp], size);
    want.reg[rsp] += size;
    return v;
  }
  void go(u64 to) { stop = to - reinterpret_cast<u64>(code); }
  void put(u8 r, unsigned bits, u64 v) {
    u64& to = want.reg[r];
    to = bits == 64 ? v : bits == 32 ? v & 0xffffffff : (to & ~low_mask(bits)) | (v & low_mask(bits));
  }
  void must(bool right, const char* what) {
    if (!right && wrong.empty()) wrong = what;
  }
};

bool condition(std::string_view name, u64 f) {
  const bool c = (f & 1) != 0, p = (f & 4) != 0, z = (f & 0x40) != 0, s = (f & 0x80) != 0, o = (f & 0x800) != 0;
  const bool negated = name[0] == 'n' && name != "n";
  if (name == "ae") return !c;
  if (name == "a") return !c && !z;
  if (name == "ge") return s == o;
  if (name == "g") return !z && s == o;
  const std::string_view n = negated ? name.substr(1) : name;
  const bool holds = n == "o"    ? o
                     : n == "b"  ? c
                     : n == "e"  ? z
                     : n == "be" ? c || z
                     : n == "s"  ? s
                     : n == "p"  ? p
                     : n == "l"  ? s != o
                                 : z || s != o;
  return holds != negated;
}

bool is_privileged(std::string_view n) {
  static constexpr std::string_view names[] = {
      "sysret",  "hlt",   "cli",    "sti",    "clts",     "invd",    "wbinvd",    "swapgs", "clac", "stac",
      "monitor", "mwait", "rdmsr",  "wrmsr",  "invpcid",  "invlpg",  "lgdt",      "lidt",   "lldt", "ltr",
      "in",      "out",   "xsetbv", "xsaves", "xsaves64", "xrstors", "xrstors64", "rdpmc"};
  for (const std::string_view p : names)
    if (n == p) return true;
  return false;
}

// Registers, operands and memory; false: these do not go together.
bool draw(Trial& t) {
  Machine& m = machine;
  for (u64& r : m.reg) r = any();
  m.flags = (any() & (status_flags | direction)) | 0x202;
  m.fs = any() >> 17, m.gs = any() >> 17;
  m.ds = m.es = 0;
  m.mxcsr = static_cast<u32>(any() & 0xffff);
  for (auto& v : m.low)
    for (u8& b : v) b = static_cast<u8>(any());
  for (auto& v : m.high)
    for (u8& b : v) b = static_cast<u8>(any());
  for (usize n = 0; n < arena_bytes; n += 8) set_word(at(n), any());
  m.reg[rsp] = middle(below(4) == 0 ? 1 : 8);
  const FormRow row = row_of(t.form);
  t.name = row.text;
  const bool branches = (form_effects(t.form) & control) != 0;
  const bool far = t.name.starts_with("xsave") || t.name.starts_with("xrstor") || t.name.starts_with("fx");
  Instruction& in = t.in;
  in.form = t.form;
  in.count = row.kinds.count;
  for (unsigned i = 0; i < in.count; ++i) {
    const OperandDesc d = operand_of(row, i);
    OperandValue& v = in.operand[i];
    v.cls = d.cls;
    v.bits = d.bits;
    if (d.fixed) {
      v.code = d.fixed_number;
    } else if (d.cls == OpClass::gpr) {
      v.code = static_cast<u8>(below(16));
      if (branches && v.code == rsp) return false;
      if (branches) m.reg[v.code] = landing();
      if (t.name.starts_with("wr")) m.reg[v.code] &= d.bits == 64 ? low_mask(46) : ~u64{0};
      if (t.name == "mov" || t.name.starts_with("ver"))
        m.reg[v.code] = (m.reg[v.code] & ~u64{0xffff}) | (below(2) != 0 ? 0x2b : 0);
    } else if (d.cls == OpClass::segment) {
      v.code = static_cast<u8>(i == 0 ? (below(2) != 0 ? 3 : 0) : below(6));
    } else if (d.cls == OpClass::control || d.cls == OpClass::debug) {
      v.code = static_cast<u8>(d.cls == OpClass::control ? 3 : 7);
    } else if (d.cls == OpClass::moffs) {
      v.cls = OpClass::mem;
      v.imm = static_cast<i64>(t.address = middle(1));
    } else if (d.cls == OpClass::mem) {
      if (d.bits == 0) v.bits = 0;
      v.mem.base = static_cast<u8>(below(16));
      v.mem.index = below(2) == 0 ? Mem::none : static_cast<u8>(below(16));
      if (v.mem.index == rsp || v.mem.index == v.mem.base) v.mem.index = Mem::none;
      v.mem.scale = static_cast<u8>(v.mem.index == Mem::none ? 0 : below(4));
      v.mem.disp = static_cast<i32>(below(3) == 0 ? 0 : below(2) == 0 ? below(256) - 128 : below(4096) - 2048);
      v.imm = v.mem.disp;
      for (unsigned k = 0; k < i; ++k)  // a register that is an operand stays
        if (in.operand[k].cls == OpClass::gpr &&
            (in.operand[k].code == v.mem.base || in.operand[k].code == v.mem.index))
          return false;
      if (v.mem.base == rsp && far) return false;
      if (v.mem.index != Mem::none) m.reg[v.mem.index] = below(128);
      const u64 index = v.mem.index == Mem::none ? 0 : m.reg[v.mem.index] << v.mem.scale;
      if (v.mem.base != rsp) m.reg[v.mem.base] = middle(far ? 64 : 1) - index - static_cast<u64>(i64{v.mem.disp});
      t.address = m.reg[v.mem.base] + index + static_cast<u64>(i64{v.mem.disp});
      if (far && t.address % 64 != 0) return false;
      if (branches) set_word(t.address, landing());
      if (t.name == "mov" || t.name.starts_with("ver"))
        set_word(t.address, (word(t.address) & ~u64{0xffff}) | (below(2) != 0 ? 0x2b : 0));
      if (t.name.ends_with("ldmxcsr")) set_word(t.address, word(t.address) & ~u64{0xffff0000});
    } else {
      v.cls = OpClass::imm;
      const unsigned bits = d.imm_bytes * 8U;
      v.imm = sign_extend(any(), bits);
      if (d.cls == OpClass::rel && bits == 32)
        v.imm = static_cast<i64>(below(code_bytes - 1024)) - static_cast<i64>(site - 512);
      if (d.cls != OpClass::rel && !d.sign_extended) v.imm &= static_cast<i64>(low_mask(bits));
      if (bits == 16 && t.name != "push") v.imm &= 0xfff;
    }
  }
  if (t.name == "int" && (in.operand[0].imm & 255) == 0x80) return false;  // a system call of 32-bit programs
  t.length = encode(in, t.bytes);
  if (t.length == 0) return false;
  const i64 to = in.operand[0].imm + t.length;
  if (branches && in.count == 1 && in.operand[0].cls == OpClass::imm && t.name != "ret" && to >= 0 && to < t.length)
    return false;
  // What the stack or fixed registers must hold.
  if (t.name == "ret" || t.name == "rep ret") set_word(m.reg[rsp], landing());
  if (t.name == "enter" || t.name == "leave") m.reg[rbp] = middle(1);
  if (t.name.starts_with("loop") || t.name == "jrcxz") m.reg[rcx] = below(3) == 0 ? any() : below(3);
  if (t.name == "popfq") set_word(m.reg[rsp], (any() & (status_flags | direction)) | 0x202);
  if (t.name == "cpuid") {
    constexpr u32 leaves[] = {0, 7, 0x80000000, 0x80000002, 0x80000003, 0x80000004};
    m.reg[rax] = (any() << 32) | leaves[below(6)], m.reg[rcx] &= ~u64{0xffffffff};
  }
  if (t.name == "xgetbv" || t.name == "rdpru") m.reg[rcx] &= ~u64{0xffffffff};
  if (t.name == "syscall") m.reg[rax] = 39;  // getpid
  if (t.name == "iretq") {
    u16 cs, ss;
    __asm__("mov %%cs, %0\nmov %%ss, %1" : "=r"(cs), "=r"(ss));
    const u64 frame[] = {landing(), cs, (any() & (status_flags | direction)) | 0x202, any(), ss};
    for (int n = 0; n < 5; ++n) set_word(m.reg[rsp] + 8U * static_cast<unsigned>(n), frame[n]);
  }
  if (far) {
    constexpr u8 parts[] = {2, 3, 4, 6, 7};
    m.reg[rax] = (any() << 32) | parts[below(5)], m.reg[rdx] &= ~u64{0xffffffff};
    const u64 moved = t.in.operand[0].mem.base, index = t.in.operand[0].mem.index;
    if (moved == rax || moved == rdx || index == rax || index == rdx) return false;
    if (t.name.find("rstor") != std::string_view::npos) {
      auto* area = reinterpret_cast<u8*>(t.address);
      std::memset(area, 0, 32), std::memset(area + 32, 0, 128), std::memset(area + 416, 0, 160);
      area[0] = 0x7f, area[1] = 3;
      set_word(t.address + 24, any() & 0xffff);
      if (t.name[0] == 'x') set_word(t.address + 512, 7);
    }
  }
  return true;
}

// What must be behind `name` on t's operands, from `machine` as it was drawn.
void model(Trial& t, std::string_view name) {
  Machine& w = t.want = machine;
  const Instruction& in = t.in;
  const OperandValue& a = in.operand[0];
  t.memory.assign(arena, arena + arena_bytes);
  t.stop = site + t.length;
  const u64 next = reinterpret_cast<u64>(code) + t.stop;
  const auto value = [&](const OperandValue& v, unsigned size) {
    return v.cls == OpClass::mem   ? t.load(t.address, size)
           : v.cls == OpClass::gpr ? w.reg[v.code]
                                   : static_cast<u64>(v.imm);
  };
  const auto target = [&] { return a.cls == OpClass::imm ? next + static_cast<u64>(a.imm) : value(a, 8); };
  if (is_privileged(name) || (name == "mov" && in.count == 2 &&
                              (a.cls == OpClass::control || a.cls == OpClass::debug ||
                               in.operand[1].cls == OpClass::control || in.operand[1].cls == OpClass::debug)))
    t.signal = 0, t.stop = site;  // SIGSEGV or SIGILL
  else if (name == "ud2")
    t.signal = SIGILL, t.stop = site;
  else if (name == "int3" || (name == "int" && (a.imm & 255) == 3))  // of one byte, or two
    t.stop = site + t.length - 1;
  else if (name == "int")  // that of overflow is a trap, not a fault
    t.signal = SIGSEGV, t.stop = (a.imm & 255) == 4 ? site + t.length : site;
  else if (name == "jmp")
    t.go(target());
  else if (name == "call") {
    const u64 to = target();
    t.push(next), t.go(to);
  } else if (name == "ret" || name == "rep ret") {
    t.go(t.pop());
    if (in.count != 0) w.reg[rsp] += static_cast<u64>(a.imm);
  } else if (name == "jrcxz") {
    if (w.reg[rcx] == 0) t.go(target());
  } else if (name.starts_with("loop")) {
    --w.reg[rcx];
    const bool zero = (w.flags & 0x40) != 0;
    if (w.reg[rcx] != 0 && (name == "loop" || (name == "loope") == zero)) t.go(target());
  } else if (name[0] == 'j') {
    if (condition(name.substr(1), w.flags)) t.go(target());
  } else if (name == "push") {
    const unsigned size = (a.cls == OpClass::gpr || a.cls == OpClass::mem) && a.bits == 16 ? 2 : 8;
    t.push(value(a, size), size);
  } else if (name == "pop") {
    const unsigned size = a.bits / 8U;
    const u64 v = t.pop(size);
    if (a.cls == OpClass::mem)
      t.store(t.address + (a.mem.base == rsp ? size : 0), v, size);
    else
      t.put(a.code, a.bits, v);
  } else if (name == "enter") {
    const unsigned level = in.operand[1].imm & 31;
    t.push(w.reg[rbp]);
    const u64 frame = w.reg[rsp];
    for (unsigned n = 1; n < level; ++n) t.push(t.load(w.reg[rbp] -= 8, 8));
    if (level != 0) t.push(frame);
    w.reg[rbp] = frame;
    w.reg[rsp] -= static_cast<u64>(a.imm);
  } else if (name == "leave") {
    w.reg[rsp] = w.reg[rbp];
    w.reg[rbp] = t.pop();
  } else if (name == "pushfq") {
    t.push(w.flags);
  } else if (name == "popfq") {
    w.flags = t.pop();
  } else if (name == "iretq") {
    t.go(t.pop()), t.pop();
    w.flags = t.pop();
    w.reg[rsp] = t.pop();
  } else if (name == "movabs") {
    const unsigned size = row_of(t.form).size / 8U;
    if (a.cls == OpClass::mem)
      t.store(t.address, w.reg[rax], size);
    else
      t.put(rax, size * 8, t.load(t.address, size));
  } else if (name == "cld") {
    w.flags &= ~direction;
  } else if (name == "std") {
    w.flags |= direction;
  } else if (name.ends_with("ldmxcsr")) {
    w.mxcsr = static_cast<u32>(t.load(t.address, 4));
  } else if (name.ends_with("stmxcsr")) {
    t.store(t.address, w.mxcsr, 4);
  } else if (name == "vzeroupper" || name == "vzeroall") {
    std::memset(w.high, 0, sizeof w.high);
    if (name == "vzeroall") std::memset(w.low, 0, sizeof w.low);
  } else if (name.starts_with("fxrstor")) {
    w.mxcsr = static_cast<u32>(t.load(t.address + 24, 4));
    std::memcpy(w.low, t.place(t.address + 160), sizeof w.low);
  } else if (name.starts_with("xrstor")) {
    const u64 parts = w.reg[rax] & 7;
    if ((parts & 6) != 0) w.mxcsr = static_cast<u32>(t.load(t.address + 24, 4));
    if ((parts & 2) != 0) std::memcpy(w.low, t.place(t.address + 160), sizeof w.low);
    if ((parts & 4) != 0) std::memcpy(w.high, t.place(t.address + 576), sizeof w.high);
  } else if (name.starts_with("rdfsbase") || name.starts_with("rdgsbase")) {
    t.put(a.code, a.bits, name[2] == 'f' ? w.fs : w.gs);
  } else if (name.starts_with("wrfsbase") || name.starts_with("wrgsbase")) {
    (name[2] == 'f' ? w.fs : w.gs) = a.bits == 64 ? w.reg[a.code] : w.reg[a.code] & 0xffffffff;
  } else if (name == "syscall") {
    w.reg[rax] = static_cast<u64>(getpid()), w.reg[rcx] = next, w.reg[11] = w.flags;
  } else if (name == "mov" && a.cls == OpClass::segment) {
    const u16 selector = static_cast<u16>(value(in.operand[1], 2));
    if (a.code == 0) w.es = selector;
    if (a.code == 3) w.ds = selector;
  } else if (name == "mov") {  // in the program ds and es are null, and as the guest has them
    u16 selectors[6] = {};
    __asm__("mov %%cs, %0\nmov %%ss, %1\nmov %%fs, %2\nmov %%gs, %3"
            : "=r"(selectors[1]), "=r"(selectors[2]), "=r"(selectors[4]), "=r"(selectors[5]));
    const u16 s = selectors[in.operand[1].code];
    a.cls == OpClass::mem ? t.store(t.address, s, 2) : t.put(a.code, a.bits, s);
  } else if (name == "verr" || name == "verw") {
    const u16 selector = static_cast<u16>(value(a, 2));
    u64 zero = 0;
    if (name == "verr")
      __asm__("verr %1\nsetz %b0" : "+r"(zero) : "r"(selector) : "cc");
    else
      __asm__("verw %1\nsetz %b0" : "+r"(zero) : "r"(selector) : "cc");
    w.flags = (w.flags & ~u64{0x40}) | (zero != 0 ? 0x40U : 0U);
  }
}

// What only looking tells: `out` is checked, and then what `want` is. `before`: the time stamp before the run.
void observe(Trial& t, std::string_view name, const Machine& in, u64 before) {
  const Machine& out = machine;
  Machine& w = t.want;
  const auto low32 = [](u64 v) { return v >> 32 == 0; };
  const auto same = [&](u8 r) { w.reg[r] = out.reg[r]; };
  if (name == "rdtsc" || name == "rdtscp") {
    const u64 stamp = out.reg[rdx] << 32 | out.reg[rax];
    t.must(low32(out.reg[rax]) && low32(out.reg[rdx]) && stamp > before && stamp < __builtin_ia32_rdtsc(),
           "not the time between");
    same(rax), same(rdx);
  }
  if (name == "rdtscp" || name == "rdpid") {
    unsigned id = 0;
    __builtin_ia32_rdtscp(&id);
    if (name == "rdpid")
      w.reg[t.in.operand[0].code] = id;
    else
      w.reg[rcx] = id;
  }
  if (name == "rdpru") {
    t.must(low32(out.reg[rax]) && low32(out.reg[rdx]), "upper halves");
    same(rax), same(rdx);
  }
  if (name == "cpuid") {
    u32 a = static_cast<u32>(in.reg[rax]), b = 0, c = 0, d = 0;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    w.reg[rax] = a, w.reg[rbx] = b, w.reg[rcx] = c, w.reg[rdx] = d;
  }
  if (name == "xgetbv") {
    u32 a = 0, d = 0;
    __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    w.reg[rax] = a, w.reg[rdx] = d;
  }
  if (name == "rdrand" || name == "rdseed") {
    static u64 last[2];
    const OperandValue& r = t.in.operand[0];
    const u64 v = out.reg[r.code], old = in.reg[r.code];
    t.must((out.flags & status_flags) <= 1, "flags");
    t.must((out.flags & 1) != 0 || (v & low_mask(r.bits)) == 0, "a number without carry");
    t.must(r.bits == 64 || (r.bits == 32 ? low32(v) : v >> 16 == old >> 16), "upper bits");
    t.must(r.bits == 16 || (out.flags & 1) == 0 || (v != last[0] && v != last[1] && v != old), "not random");
    last[1] = last[0], last[0] = v;
    same(r.code);
    w.flags = out.flags;
  }
  const bool saves = name.starts_with("fxsave") || name.starts_with("xsave");
  if (!saves || is_privileged(name)) return;
  const u64 parts = name[0] == 'f' ? 3 : in.reg[rax] & 7;
  const u8* area = reinterpret_cast<const u8*>(t.address);
  const auto kept = [&](usize from, usize bytes) {
    return std::memcmp(area + from, t.place(t.address) + from, bytes) == 0;
  };
  u32 mxcsr = 0;
  std::memcpy(&mxcsr, area + 24, 4);
  const bool all =
      name[0] == 'f' || name == "xsave" || name == "xsave64";  // xsavec, xsaveopt: not what is in its first state
  if ((parts & 1) != 0 && (all || (word(t.address + 512) & 1) != 0))
    t.must(area[0] == 0x7f && area[1] == 3, "x87's control word");
  if ((parts & 2) != 0) t.must(mxcsr == in.mxcsr, "mxcsr");
  t.must((parts & 2) != 0 ? std::memcmp(area + 160, in.low, sizeof in.low) == 0 : kept(160, 256), "xmm registers");
  t.must((parts & 4) != 0 ? std::memcmp(area + 576, in.high, sizeof in.high) == 0 : kept(576, 256), "upper halves");
  if (name[0] == 'x') t.must((word(t.address + 512) & parts & 6) == (parts & 6), "the header");
  std::memcpy(t.place(t.address), area, parts > 3 || name[0] == 'x' ? 832 : 512);
}

std::string difference(Trial& t) {
  const Machine &w = t.want, &out = machine;
  if (!t.wrong.empty()) return t.wrong;
  if (t.signal == 0 ? caught != SIGSEGV && caught != SIGILL : caught != t.signal)
    return "signal " + std::to_string(caught);
  if (stopped != t.stop) return "goes on at " + std::to_string(static_cast<i64>(stopped - site));
  for (int n = 0; n < 16; ++n)
    if (w.reg[n] != out.reg[n]) return "general register " + std::to_string(n);
  if (((w.flags ^ out.flags) & t.flags) != 0) return "flags";
  if (w.mxcsr != out.mxcsr) return "mxcsr";
  if (w.ds != out.ds || w.es != out.es) return "segment registers";
  if (has_bases && (w.fs != out.fs || w.gs != out.gs)) return "bases";
  if (std::memcmp(w.low, out.low, sizeof w.low) != 0 || std::memcmp(w.high, out.high, sizeof w.high) != 0)
    return "vector registers";
  if (std::memcmp(t.memory.data(), arena, arena_bytes) != 0) return "memory";
  return {};
}

// The mnemonic of another form with the same operands; none if there is none.
std::string_view another(Form form) {
  const FormRow a = row_of(form);
  for (unsigned k = 1; k < form_limit; ++k) {
    const Form other = static_cast<Form>((static_cast<unsigned>(form) + k) % form_limit);
    if (other == Form::none || !is_form(other) || is_evex(other) || x86_64_runs_alone(other)) continue;
    const FormRow b = row_of(other);
    bool same = a.kinds.count == b.kinds.count && std::string_view(a.text) != b.text && a.size == b.size &&
                !is_privileged(a.text) && is_privileged(b.text) == is_privileged(a.text);
    for (unsigned i = 0; same && i < a.kinds.count; ++i) same = a.kinds.kind[i] == b.kinds.kind[i];
    if (same) return b.text;
  }
  return {};
}

// NOT_RUN of tests/checks/exec_x86_64.py has the reasons.
bool is_left_out(std::string_view n) {
  static constexpr std::string_view names[] = {"sysenter", "sgdt", "sidt", "sldt", "str"};
  for (const std::string_view p : names)
    if (n == p) return true;
  return n.starts_with("vm") || n == "invept" || n == "invvpid";
}

void set_up() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<unsigned>(sched_getcpu()), &one);
  sched_setaffinity(0, sizeof one, &one);
  const int rw = PROT_READ | PROT_WRITE;
  const auto pages = [](usize bytes, int how) {
    void* p = mmap(nullptr, bytes, how, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) std::perror("mmap"), std::exit(2);
    return static_cast<u8*>(p);
  };
  arena = pages(arena_bytes, rw);
  code = pages(code_bytes, rw | PROT_EXEC);
  std::memset(code, 0xcc, code_bytes);
  stack_t stack = {};
  stack.ss_size = 1 << 17;
  stack.ss_sp = std::malloc(stack.ss_size);
  sigaltstack(&stack, nullptr);
  struct sigaction action = {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (const int n : {SIGILL, SIGSEGV, SIGBUS, SIGFPE, SIGTRAP, SIGALRM}) sigaction(n, &action, nullptr);
  has_bases = (getauxval(AT_HWCAP2) & 2) != 0;
  if (has_bases) __asm__ volatile("rdfsbase %0\nrdgsbase %1" : "=r"(host_fs), "=r"(host_gs));
}

}  // namespace

int main(int argc, char** argv) {
  const bool names = argc == 2 && std::string_view(argv[1]) == "names";
  const bool wrong = argc == 4 && std::string_view(argv[3]) == "wrong";
  if (!names && argc != 3 && !wrong) return std::fprintf(stderr, "usage: exec_x86_64 COUNT SEED [wrong] | names\n"), 2;
  set_up();
  const FeatureSet has = host_features();
  const unsigned long count = names ? 0 : std::strtoul(argv[1], nullptr, 10);
  random_.seed(names ? 0 : std::strtoull(argv[2], nullptr, 10));
  unsigned long tried = 0, noticed = 0;
  for (u16 f = 1; f < form_limit; ++f) {
    const Form form = static_cast<Form>(f);
    if (!is_form(form) || x86_64_runs_alone(form)) continue;
    const FormRow row = row_of(form);
    const FormName form_text = form_name(form);
    const std::string text(form_text.view());
    if (names) {
      std::puts(text.c_str());
      continue;
    }
    if (is_left_out(row.text)) continue;
    const std::string_view called = wrong ? another(form) : std::string_view(row.text);
    if (called.empty()) continue;
    const bool lacks = !has.has(row.feature) || (row.feature == Feature::fsgsbase && !has_bases);
    if (lacks && !is_privileged(row.text)) {
      const std::string feature(feature_name(row.feature));
      if (!wrong) std::printf("%s lacks %s\n", text.c_str(), feature.c_str());
      continue;
    }
    for (unsigned long n = 0; n < count; ++n) {
      Trial t;
      for (int tries = 0; t = {}, t.form = form, !draw(t); ++tries)
        if (tries > 2000) return std::fprintf(stderr, "no operands for %s\n", text.c_str()), 1;
      model(t, called);
      std::memcpy(code + site, t.bytes, t.length);
      const Machine in = machine;
      const u64 before = __builtin_ia32_rdtsc();
      run();
      observe(t, called, in, before);
      const std::string what = difference(t);
      std::memset(code + site, 0xcc, sizeof t.bytes);
      ++tried;
      noticed += !what.empty();
      if (what.empty() || wrong) continue;
      std::printf("fault %s: %s:", text.c_str(), what.c_str());
      for (unsigned k = 0; k < t.length; ++k) std::printf(" %02x", t.bytes[k]);
      std::puts("");
    }
    if (!wrong) std::printf("%s runs %lu\n", text.c_str(), count);
  }
  if (wrong) std::printf("noticed %lu of %lu\n", noticed, tried);
  return 0;
}
