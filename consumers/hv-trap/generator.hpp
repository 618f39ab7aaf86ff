// From a policy to a complete EL2 vector table, or to a path before an existing hypervisor's slow path: entry, dispatch,
// leaves, exits.
//
// At entry sp is the vCPU's (Area). The code uses x0 and x1, which a table saves and a path finds saved; a leaf that is
// an IR function saves what else it takes. x18, vector registers and the stack are never touched.
//
// Invariants:
//  - Nothing of the guest's is changed before the last test of a leaf: all misses end at `miss_`, which puts x0
//    and x1 back and branches to the slow path. (A watch writes its word first: that is its purpose.)
//  - A leaf compares every bit of the syndrome that it does not use; the tree before it proves nothing.
//  - Each eret is followed by a speculation barrier; what an indirect branch goes to begins with bti.
//
// Sources: Arm Architecture Reference Manual (DDI 0487): D1.3 exceptions, D24.2 ESR_EL2, HPFAR_EL2, SPSR_EL2.
#ifndef JITKIT_CONSUMERS_HV_TRAP_GENERATOR_HPP
#define JITKIT_CONSUMERS_HV_TRAP_GENERATOR_HPP

#include <jitkit/emit/arm64/macro_assembler.hpp>
#include <jitkit/emit/arm64/system_names.hpp>
#include <jitkit/emit/arm64/target.hpp>
#include <jitkit/ir/compile.hpp>
#include <jitkit/ir/status_text.hpp>

#include <jitkit/consumers/hv-trap/body_shape.hpp>
#include <jitkit/consumers/hv-trap/dispatch.hpp>
#include <jitkit/consumers/hv-trap/policy.hpp>

namespace jitkit::hv {

using namespace arm64;

// A leaf as listings show it: its code, and instructions from the vector's entry to its first. Two can be the same code
// up to one branch, and differ in whether it is taken.
struct LeafInfo {
  std::string name;
  u32 begin = 0, end = 0, before = 0;
  u32 choice = ~0U;  // where that branch is
  bool taken = false;
};
// An indirect branch and what it can go to.
struct Indirect {
  u32 at;
  u32 first, count, apart;  // entries, in bytes
};

// How the keys of one kind are told apart.
struct Dispatch {
  std::string name;
  std::vector<Key> keys;
  unsigned width;
  Costs costs;
  Plan plan;
};

class Generator {
 public:
  CodeBuffer code;
  std::vector<LeafInfo> leaves;
  std::vector<Indirect> indirect;
  std::vector<u32> keyed;    // from here on the exception class is one that the policy lists
  std::vector<Dispatch> dispatches;
  std::vector<Label> nexts;  // here a leaf's path has ended: the key is another
  std::vector<u32> watched;  // where a watch goes on to the slow path
  u32 miss_at = 0, aarch32_at = 0;
  u32 entry_at = 0;  // of the synchronous exceptions of AArch64 guests

  // Instructions that have run when the path of a hypervisor's is entered.
  u32 before_entry() const { return p_.vectors ? 0 : p_.entry.words; }
  const std::string& symbol() const { return p_.vectors ? vectors_name_ : p_.entry.symbol; }
  u32 alignment() const { return put_bytes; }
  u32 word(u32 at) const {
    u32 w = 0;
    std::memcpy(&w, code.bytes().data() + at, 4);
    return w;
  }

  // x0 and x1 are all that is free: a macro that would borrow x16 or x17 is an error.
  explicit Generator(const Policy& p) : p_(p), area_(p.area()), m_(code) { m_.set_scratch({}); }

  // What is wrong, each with the entry's name; empty if there is code.
  std::vector<std::string> run() {
    if (errors_ = check(p_); !errors_.empty()) return errors_;
    for (Label* l : {&miss_, &put_, &aarch32_, &aborts_, &registers_, &calls_}) *l = code.new_label();
    if (p_.vectors) vectors();
    else synchronous();
    aborts();
    registers();
    calls();
    aarch32_at = code.offset();
    code.bind(aarch32_);
    to_slow_path();
    miss_at = code.offset();
    code.bind(miss_);
    to_slow_path();
    put_table();
    if (const Status s = code.finish(); !s.ok() && errors_.empty()) errors_.push_back(std::string("vector table: ") + describe(s.error));
    for (const Indirect& i : indirect)
      for (u32 n = 0; errors_.empty() && n < i.count; ++n)
        if (word(i.first + i.apart * n) != bti_j) errors_.push_back("vector table: no landing pad at " + hex(i.first + i.apart * n));
    return errors_;
  }

 private:
  static constexpr u32 slot_words = 32, entry_words = 21, most_miss = 22, bti_j = 0xd503249f;
  static constexpr u32 put_bytes = 2048;  // of put_table; its alignment too, and so that of the code

  // --- pieces ----------------------------------------------------------------------------------------
  void leave(bool restore = true) {
    if (restore) guest_pair();
    m_.eret();
    m_.dsb(Barrier::nsh);
    m_.isb();
  }
  void guest_pair() { m_.ldp(x0, x1, sp, i64{area_.saved}); }
  void to_slow_path() {
    guest_pair();
    m_.jump_far(code.symbol(p_.slow));
  }
  void load(XReg r, u64 v) {
    if (plan_constant(v).count == 1) m_.mov(r, v);
    else if (v >> 32 == 0) m_.load_literal(WReg(r.id), static_cast<u32>(v));
    else m_.load_literal(r, v);
  }
  // Leaves SPSR_EL2 in x1.
  void refuse_el0() {
    m_.mrs(x1, sys_reg("spsr_el2"));
    m_.tbz(w1, 2, miss_);  // M[3:2] is 0 for EL0, 1 for EL1
  }
  // Past the instruction that trapped: all are of 4 bytes, since IL has been compared with 1. `both`: AArch32 at EL0 under
  // AArch64 at EL1 raises it too, by the same vector; SPSR_EL2 has IT where AArch64's has BTYPE, so that is the slow path's.
  void advance(bool el0 = true, bool both = false) {
    if (el0) m_.mrs(x1, sys_reg("spsr_el2"));
    else refuse_el0();
    if (both) m_.tbnz(w1, 4, aarch32_);  // M[4]
    m_.and_(x1, x1, ~u64{3U << 10});  // BTYPE
    m_.and_(x1, x1, ~u64{1U << 21});  // SS
    m_.msr(sys_reg("spsr_el2"), x1);
    m_.mrs(x1, sys_reg("elr_el2"));
    m_.add(x1, x1, 4);
    m_.msr(sys_reg("elr_el2"), x1);
  }
  void adr(Label l, i64 plus = 0) { code.put32(0x10000001, l, FixupKind::a64_adr21, plus); }  // into x1
  // x1 = table + (Rt << 5 + log2), of a syndrome in x0 that has Rt in bits 9:5 and whose bits 15:0 are otherwise `rest`.
  void table_by_iss(Label table, u32 rest, unsigned log2 = 0, u32 plus = 0) {
    adr(table, i64{plus} - (i64{rest & 0xfc1f} << log2));
    m_.add(x1, x1, w0, *arg::wext::make(uxth(log2)));
  }
  void table_by_srt(Label table) {
    m_.ubfx(x0, x0, field(16, 5));
    adr(table);
    m_.add(x1, x1, x0, lsl(5));
  }
  // For each transfer register: [sp, value] goes there, x0 and x1 come back, out. First for a W register, then for X.
  void put_table() {
    const auto whole = begin_table(code, put_, put_bytes, put_bytes);
    const u32 at = code.offset_of(put_);
    for (unsigned n = 0; n < 64; ++n) {
      code.seek(at + 32 * n);
      m_.bti(Landing::j);
      guest_pair();
      const unsigned r = n / 2;
      if (r < 31 && n % 2 != 0) m_.ldr(XReg(r), sp, i64{area_.value});
      else if (r < 31) m_.ldr(WReg(r), sp, i64{area_.value});
      leave(false);
    }
    code.seek(at + put_bytes);
    for (const usize n : puts_) indirect[n].first += at;
  }
  // By a syndrome in x0: SRT 20:16, SF 15, and 14:10, which are 0.
  void put_by_srt() {
    adr(put_);
    m_.bfxil(x1, x0, field(10, 11));
    put(0, 64, 32);
  }
  void put_by_iss(u32 rest) {
    table_by_iss(put_, rest, 1, 32);
    put(32, 32, 64);
  }
  void put(u32 first, u32 count, u32 apart) {
    puts_.push_back(indirect.size());
    indirect.push_back({code.offset(), first, count, apart});
    m_.br(x1);
  }
  // To the entry that x1 holds of the table that follows: `bytes` of a transfer register go to [sp, to]; then on, behind the table.
  void get_table(Label table, u32 bytes, u32 to) {
    const Label done = code.new_label();
    const u32 at = code.offset();
    m_.br(x1);
    const auto whole = begin_table(code, table, 31 * 32 + 8, 4);
    const u32 first = code.offset_of(table);
    indirect.push_back({at, first, 32, 32});
    for (unsigned r = 0; r < 32; ++r) {
      code.seek(first + 32 * r);
      m_.bti(Landing::j);
      if (r < 2) guest_pair();
      m_.put_access(u32{log2_of(bytes)} << 30 | 0x38000000 | r, 31, i64{to});  // stur's; register 31 is xzr
      if (r != 31) m_.b(done);
    }
    code.bind(done);
  }
  static constexpr u32 log2_of(u32 bytes) { return bytes == 8 ? 3 : bytes >> 1; }
  // Tells keys apart, so that a miss takes no more than most_miss where it can be: `before` instructions have run, and in a leaf
  // there are up to `checks` before it.
  template <class Leaf>
  void tell(const std::string& name, XReg in, const std::vector<Key>& keys, unsigned width, const Costs& costs, u32 before, u32 checks, const Leaf& leaf) {
    keyed.push_back(code.offset());
    const u32 own = before - entry_ + 3 + checks + 2;  // what runs ahead of the first test does so without the path too, but for one
    const unsigned left = most_miss - std::min(most_miss, own);
    const Plan plan = make_plan(keys, width, costs, std::max(left, least_depth(keys, width)));
    dispatches.push_back({name, keys, width, costs, plan});
    const auto each = [&](u32 n, u32 depth, Label other) {
      if (other != miss_) nexts.push_back(other);
      const usize had = leaves.size();
      leaf(n, before + depth, other);
      for (usize at = had; at < leaves.size(); ++at) leaves[at].end = code.offset();
    };
    emit_plan(m_, in, plan, miss_, each, costs, [&](u32 at, u32 first, u32 count, u32 apart) { indirect.push_back({at, first, count, apart}); });
  }
  void begin_leaf(const std::string& name, u32 before) { leaves.push_back({name, code.offset(), 0, before}); }
  void error(const std::string& name, const std::string& what) { errors_.push_back(name + ": " + what); }

  // --- IR bodies -------------------------------------------------------------------------------------
  // Their shape is body_shape.hpp's. What they don't return is kept: a body saves what it takes into the vCPU's room.
  void body(const std::string& name, BodyKind kind, const std::string& function) {
    ir::FunctionData* f = p_.unit != nullptr ? p_.unit->find(function) : nullptr;
    if (f == nullptr) return error(name, "there is no function @" + function);
    for (u32 n = 1; n < f->values.size(); ++n)
      if (ir::bank(f->values[n].type) == Bank::vec) return error(name, "@" + function + " uses a vector or floating-point register; a leaf has none");
    if (const std::string wrong = unfit(*f, kind); !wrong.empty()) return error(name, "@" + function + ": " + wrong);
    ir::Convention c = aapcs64;
    c.name = "trap leaf";
    c.allocatable = RegSet::range(0, 2 + area_.room_regs) - preg::scratches;
    c.preserved = preg::all_general - RegSet::range(0, kind == BodyKind::call ? 1 : 2);
    c.preserved_low = {};
    c.frame.adjusts_sp = c.frame.saves_link = false;
    c.frame.reserved = area_.room;
    c.frame.max_slots = 0;
    arm64::Options options;
    options.conventions = {&c, 1};
    // With landing pads a switch has no table, which would be an indirect branch to what is none; it begins with one instruction more.
    options.landing_pads = std::any_of(f->insts.begin(), f->insts.end(), [](const ir::InstData& d) { return d.op == ir::Opcode::switch_; });
    ir::Compiler<Isa> compiler(options);
    compiler.check_allocations = true;
    const Status s = compiler.compile(*f, code);
    const std::string who = "@" + function + ": ";
    if (const ir::Inst at = ir::blamed(*f, s); at && s.error == Error::unsupported && (*f)[at].op == ir::Opcode::exit_)
      return error(name, who + "code is behind its exit, where the leaf goes on; the exit's block has to be the last, reached with values from blocks that only branch to it");
    std::string text;
    StringSink sink(text);
    if (!s.ok()) ir::print_status<Isa>(*f, s, sink);
    else if (compiler.frame_bytes() > area_.state)
      text = std::to_string(compiler.frame_bytes() - area_.room) + " bytes of registers and slots; the vCPU's room has " + std::to_string(8 * area_.room_regs);
    for (const Reloc& r : code.relocs())
      if (text.empty() && r.offset >= compiler.start()) sink << "needs " << code.symbol_name(r.symbol) << "; a leaf has no relocations";
    if (!text.empty()) error(name, who + text);
  }

  // --- entry -----------------------------------------------------------------------------------------
  void vectors() {
    for (u32 slot = 0; slot < 16; ++slot) {
      code.seek(slot * 0x80);
      if (slot != 8) {
        m_.jump_far(code.symbol("hv_vector_" + std::to_string(slot)));
        continue;
      }
      entry_at = code.offset();
      if (p_.prologue.size() + entry_words > slot_words) {
        error("prologue", "too long by " + std::to_string(p_.prologue.size() + entry_words - slot_words) + " instructions for its slot of 32");
        continue;
      }
      const auto limit = code.limited(0x80);
      for (const u32 word : p_.prologue) code.put32(word);
      m_.stp(x0, x1, sp);
      synchronous();
    }
    code.seek(0x800);
  }
  // With x0 and x1 saved.
  void synchronous() {
    m_.mrs(x0, sys_reg("esr_el2"));
    m_.tbnz(w0, 31, aborts_);
    m_.tbnz(w0, 29, registers_);
    m_.tbnz(w0, 30, calls_);
    // Instructions up to and with the first test.
    entry_ = before_entry() + (p_.vectors ? static_cast<u32>(p_.prologue.size()) + 1 : 0) + 2;
    begin_leaf("WFI", entry_ + 2);
    if (!p_.skip_wfi) return m_.b(miss_);
    m_.mov(x1, u64{0x07e00000});  // EC 1, IL, COND 14, CV as from AArch64, TI 0
    m_.cmp(w0, w1);
    m_.b(Cond::ne, miss_);
    advance(true, true);
    leave();
    leaves.back().end = code.offset();
  }

  // --- HVC and SMC -----------------------------------------------------------------------------------
  void calls() {
    code.bind(calls_);
    const Label others = code.new_label(), smc = code.new_label();
    const u32 before = entry_ + 2 + 3;
    m_.mov(x1, u64{0x5a000000});  // EC 0x16, IL, #0
    m_.eor(w1, w1, w0);
    m_.cbnz(w1, others);
    call_tree(false, before + 1);
    code.bind(others);
    if (!p_.hypercalls.empty()) {
      m_.tbnz(w1, 26, smc);
      m_.cmp(w1, p_.tag);
      m_.b(Cond::ne, miss_);
      hypercalls(before + 3);
    }
    code.bind(smc);
    m_.eor(w1, w1, 0x04000000);  // EC 0x17
    m_.cbnz(w1, miss_);
    call_tree(true, before + (p_.hypercalls.empty() ? 2 : 3) + 1);
  }
  // With the guest's registers in place.
  void result(const std::string& name, const Action& a) {
    switch (a.kind) {
      case Action::Kind::word: m_.ldr(x0, sp, i64{a.word}); break;
      case Action::Kind::body:
        m_.mov(x0, sp);
        body(name, BodyKind::call, a.body);
        break;
      default: load(x0, a.value); break;
    }
    leave(false);
  }
  void hypercalls(u32 before) {
    std::vector<Key> keys;
    for (u32 n = 0; n < p_.hypercalls.size(); ++n) keys.push_back({p_.hypercalls[n].id, p_.hypercalls[n].weight, n});
    const XReg number(p_.number);
    tell("hypercalls", number, keys, 12, {2, 12}, before, 6, [&](u32 n, u32 so_far, Label other) {
      const Hypercall& h = p_.hypercalls[n];
      begin_leaf("HVC " + h.name, so_far);
      m_.cmp(number, h.id);
      m_.b(Cond::ne, other);
      guest_pair();
      if (h.has_first && h.first == 0) {
        m_.cbnz(w0, miss_);
      } else if (h.has_first) {
        load(x1, h.first);
        m_.cmp(w0, w1);
        m_.b(Cond::ne, miss_);
        guest_pair();
      }
      result(h.name, h.action);
    });
  }
  void call_tree(bool smc, u32 before) {
    std::vector<Key> keys;
    for (u32 n = 0; n < p_.calls.size(); ++n)
      if (smc ? p_.calls[n].smc : p_.calls[n].hvc) keys.push_back({p_.calls[n].id, p_.calls[n].weight, n});
    if (keys.empty()) return m_.b(miss_);
    guest_pair();
    tell(smc ? "SMC" : "HVC", x0, keys, 32, {3, 32}, before, 3, [&](u32 n, u32 so_far, Label other) {
      const Call& c = p_.calls[n];
      begin_leaf((smc ? "SMC " : "HVC ") + c.name, so_far);
      load(x1, c.id);
      m_.cmp(w0, w1);
      m_.b(Cond::ne, other);
      if (smc) advance();  // a trapped SMC has not been executed; an HVC has
      guest_pair();
      result(c.name, c.action);
    });
  }

  // --- system registers --------------------------------------------------------------------------------
  void registers() {
    code.bind(registers_);
    std::vector<Key> keys;
    for (u32 n = 0; n < p_.registers.size(); ++n) keys.push_back({0x62000000 | p_.registers[n].iss, p_.registers[n].weight, n});
    if (keys.empty()) return m_.b(miss_);
    m_.tst(w0, 0x1c000000);  // EC 0x18, but for bits that the leaf compares
    m_.b(Cond::ne, miss_);
    tell("system registers", x0, keys, 32, {4, 5}, entry_ + 1 + 2, 6, [&](u32 n, u32 before, Label other) { register_leaf(p_.registers[n], before, other); });
  }
  void register_leaf(const Register& r, u32 before, Label other) {
    const u32 key = 0x62000000 | r.iss;
    begin_leaf(((r.iss & 1) != 0 ? "MRS " : "MSR ") + r.name, before);
    load(x1, key);
    m_.eor(w1, w1, w0);
    m_.tst(w1, 0xfffffc1f);
    m_.b(Cond::ne, other);
    if ((r.iss & 1) != 0) read_register(r, key);
    else write_register(r, key);
  }
  void read_register(const Register& r, u32 key) {
    if (r.action.kind == Action::Kind::body) {
      if (!r.el0) refuse_el0();
      m_.mov(x0, sp);
      body(r.name, BodyKind::read, r.action.body);
      m_.str(x1, sp, i64{area_.value});
      advance();
      m_.mrs(x0, sys_reg("esr_el2"));
    } else {
      advance(r.el0);
      if (r.action.kind == Action::Kind::word) m_.ldr(x1, sp, i64{r.action.word});
      else load(x1, r.action.value);
      m_.str(x1, sp, i64{area_.value});
    }
    put_by_iss(key);
  }
  void write_register(const Register& r, u32 key) {
    if (r.action.kind != Action::Kind::watch) advance(r.el0);
    else if (!r.el0) refuse_el0();
    if (r.action.kind == Action::Kind::ignore) return leave();
    const Label table = code.new_label();
    table_by_iss(table, key);
    write(r.name, r.action, table, 8);
  }
  // x1 is the entry of the table that follows.
  void write(const std::string& name, const Action& a, Label table, u32 bytes) {
    get_table(table, bytes, a.kind == Action::Kind::body ? area_.value : a.word);
    if (a.kind == Action::Kind::watch) {
      watched.push_back(code.offset());
      return to_slow_path();
    }
    if (a.kind == Action::Kind::body) {
      m_.mov(x0, sp);
      load_from(31, i64{area_.value}, log2_of(bytes));
      body(name, BodyKind::write, a.body);
    }
    leave();
  }

  // --- data aborts -------------------------------------------------------------------------------------
  // What accesses are told apart by, in x0: the offset in the page 55:44, the page 43:4, SAS 2:1, SSE 0. Loads and stores
  // each have one tree; the class, which is all else of the syndrome but the transfer register and SF, is compared before.
  static constexpr unsigned key_bits = 56, offset_at = 44;
  struct Place {
    const Mmio* entry;
    unsigned log2;  // of the access
    u64 ipa;
    bool either;  // signed loads too: SSE is not of its key
    u32 bytes() const { return u32{1} << log2; }
    u32 inside() const { return static_cast<u32>(ipa - entry->ipa); }
    // Of watched pages the width and the offset are left out, of their numbers what they don't have in common. By permission they
    // are where PAR_EL1 has them.
    u64 key() const { return entry->permission ? ipa : entry->pages != 0 ? ipa >> 12 << 4 : (ipa & low_mask(12)) << offset_at | ipa >> 12 << 4 | u64{log2} << 1; }
    // The bits of the key that count.
    u64 care() const {
      if (entry->pages != 0) return (low_mask(40) & ~u64{entry->pages - 1}) << (entry->permission ? 12 : 4);
      const u64 offset = (low_mask(12) & ~u64{entry->span != 0 ? entry->span - 1 : 0}) << offset_at;
      return offset | (entry->base != 0 ? 0 : low_mask(40) << 4) | (either ? 6 : 7);
    }
    // Instructions of a miss that are more than a comparison with a constant takes.
    unsigned extra() const { return entry->permission ? 0 : entry->pages != 0 ? 2 : (entry->base != 0 ? 2U : 0U) + (entry->span != 0 ? 1U : 0U) + (log2 == 3 ? 2U : 0U); }
  };

  std::vector<Place> places(bool write, bool permission) const {
    std::vector<Place> all;
    for (const Mmio& r : p_.mmio)
      for (unsigned log2 = 0; log2 < 4; ++log2) {
        const u32 bytes = u32{1} << log2;
        if (r.write != write || r.permission != permission || bytes > r.bytes || (r.pages != 0 && bytes != r.bytes) || (bytes < r.bytes && (r.narrow >> log2 & 1) == 0)) continue;
        const bool either = r.pages == 0 && !write && log2 < 3 && r.action.kind != Action::Kind::body;
        for (u32 at = 0; at < (r.span + r.pages != 0 ? 1 : r.bytes); at += bytes) all.push_back({&r, log2, r.ipa + at, either});
      }
    return all;
  }

  void aborts() {
    code.bind(aborts_);
    const auto none = [&](bool write) { return places(write, false).empty() && places(write, true).empty(); };
    if (none(false) && none(true)) return m_.b(miss_);
    if (none(false) || none(true)) return accesses(none(false), entry_);
    const Label second = code.new_label();
    m_.tbnz(w0, 6, second);
    accesses(false, entry_ + 1);
    code.bind(second);
    accesses(true, entry_ + 1);
  }
  void accesses(bool write, u32 before) {
    const std::vector<Place> all = places(write, false), guarded = places(write, true);
    const Label others = guarded.empty() ? miss_ : code.new_label();
    // Shifted right by 2, so that the level is out, what the class says is one run, 31:22 and 12:0; SAS and SSE are 21:19.
    load(x1, (0x93000004 | (write ? 1U << 6 : 0)) >> 2);  // EC 0x24, IL, ISV, WnR, a translation fault
    m_.eor(w1, w1, w0, lsr(2));
    m_.ands(w0, w1, 0xffc01fff);
    m_.b(Cond::ne, others);
    m_.mrs(x0, sys_reg("hpfar_el2"));  // of a translation fault it is valid
    m_.orr(x0, x0, x1, lsr(19));
    m_.mrs(x1, sys_reg("far_el2"));
    m_.bfi(x0, x1, field(offset_at, 12));
    tell_places(write ? "stores" : "loads", x0, all, before + 8, 3);
    if (guarded.empty()) return;
    // Of a permission fault it is not: the guest's stage 1 is asked for the address of FAR_EL2, and PAR_EL1 is put back.
    code.bind(others);
    m_.cmp(w0, 2);  // a permission fault, and all else as above
    m_.b(Cond::ne, miss_);
    m_.mrs(x0, sys_reg("par_el1"));
    m_.mrs(x1, sys_reg("far_el2"));
    m_.sys(0, 7, 8, 0, x1);  // AT S1E1R
    m_.isb();
    m_.mrs(x1, sys_reg("par_el1"));
    m_.msr(sys_reg("par_el1"), x0);
    tell_places(write ? "stores by permission" : "loads by permission", x1, guarded, before + 12, 3);
  }
  void tell_places(const char* name, XReg in, const std::vector<Place>& all, u32 before, u32 checks) {
    std::vector<Key> keys;
    for (u32 n = 0; n < all.size(); ++n) {
      const Mmio& r = *all[n].entry;
      keys.push_back({all[n].key(), r.weight * (all[n].bytes() == r.bytes ? 4 : 1), n, all[n].care(), all[n].extra()});
    }
    if (keys.empty()) return m_.b(miss_);
    if (const auto two = confused(keys, key_bits))
      return error(all[two->second].entry->name, "can't be told from " + all[two->first].entry->name + " by the low 12 bits, which are all that is known of a page in a word");
    tell(name, in, keys, key_bits, {}, before, checks, [&](u32 n, u32 so_far, Label) { access_leaf(all[n], so_far); });
  }
  static std::string leaf_name(const Place& p, bool sign) {
    const std::string inside = p.inside() != 0 ? "+" + std::to_string(p.inside()) : "";
    return std::string(p.entry->write ? "STR" : sign ? "LDRS" : "LDR") + "bhwx"[p.log2] + " " + p.entry->name + inside;
  }
  void access_leaf(const Place& p, u32 before) {
    if (p.entry->pages != 0) return watched_pages(p, before);
    const usize first = leaves.size();
    begin_leaf(leaf_name(p, false), before);
    compare_place(p);
    if (p.log2 == 3) {  // no instruction moves 8 bytes to or from a W register
      m_.mrs(x0, sys_reg("esr_el2"));
      m_.tbz(w0, 15, miss_);
    }
    if (p.entry->write) store(p.entry->action, p.entry->bytes, p.entry->name, p.log2 == 3);
    else load_mmio(p);
    if (!p.either) return;
    LeafInfo sign = leaves[first];
    sign.name = leaf_name(p, true);
    sign.taken = false;
    leaves.push_back(sign);
  }
  void watched_pages(const Place& p, u32 before) {
    const Mmio& r = *p.entry;
    begin_leaf((r.write ? "STR " : "LDR ") + r.name, before);
    const XReg key = r.permission ? x0 : x1;
    load(key, p.key());
    m_.eor(key, x1, x0);
    m_.tst(key, p.care());
    m_.b(Cond::ne, miss_);
    if (r.permission) {
      // PAR_EL1.F: the guest has changed its tables. The walk has left 47:16 as 0 then, which other pages' addresses are not.
      if (r.ipa >> 16 == 0) m_.tbnz(w1, 0, miss_);
      m_.mrs(x0, sys_reg("far_el2"));
      m_.and_(x1, x1, low_mask(40) << 12);
      m_.bfxil(x1, x0, field(0, 12));
    } else {
      m_.tbnz(x1, 63, miss_);  // HPFAR_EL2.NS
      m_.lsr(x1, x0, offset_at);
      m_.lsr(x0, x0, 4);
      m_.bfi(x1, x0, field(12, 40));
    }
    m_.str(x1, sp, i64{r.action.word});
    if (r.write) {
      Action value = r.action;
      value.word += 8;
      return store(value, 8, r.name, false);
    }
    watched.push_back(code.offset());
    to_slow_path();
  }
  // Of banks, x1 is the offset in the span then, from bit `at` on: that of the offset, or one below it where SSE is out.
  static unsigned offset_bit(const Place& p) { return offset_at - (p.either ? 1 : 0); }
  void compare_place(const Place& p) {
    const Mmio& r = *p.entry;
    const unsigned out = p.either ? 1 : 0;
    load(x1, p.key() >> out);
    if (r.base != 0) {  // the page's address; rotated by 8 it is where the key has it
      m_.eor(x0, x1, x0, *arg::Xsh::make(lsr(out)));
      m_.ldr(x1, sp, i64{r.base});
      if (r.span == 0) {
        m_.eor(x0, x0, x1, *arg::Xsh::make(ror(8 + out)));
        return m_.cbnz(x0, miss_);
      }
      m_.eor(x1, x0, x1, *arg::Xsh::make(ror(8 + out)));
    } else if (r.span == 0) {
      m_.cmp(x1, x0, *arg::Xash::make(lsr(out)));
      return m_.b(Cond::ne, miss_);
    } else {
      m_.eor(x1, x1, x0, *arg::Xsh::make(lsr(out)));
    }
    m_.tst(x1, ~(u64{r.span - p.bytes()} << offset_bit(p)));
    m_.b(Cond::ne, miss_);
  }
  void load_bank(const Place& p) {
    const Action& a = p.entry->action;
    const bool inside = p.bytes() < u32{1} << a.index;
    if (inside) m_.ubfx(x0, x1, *arg::Xextract::make(field(offset_bit(p), a.index)));
    m_.lsr(x1, x1, *arg::Ximmr::make(offset_bit(p) + a.index));
    m_.add(x1, sp, x1, uxtx(3));
    m_.ldr(x1, x1, i64{a.word});
    if (inside) m_.add(x1, x1, x0);
    load_from(1, a.plus, p.log2);
  }
  // `syndrome`: x0 has it.
  void store(const Action& a, u32 bytes, const std::string& name, bool syndrome) {
    if (a.kind != Action::Kind::watch) advance(true, true);
    if (a.kind == Action::Kind::ignore) return leave();
    const Label table = code.new_label();
    if (!syndrome) m_.mrs(x0, sys_reg("esr_el2"));
    table_by_srt(table);
    write(name, a, table, bytes);
  }
  void load_mmio(const Place& p) {
    const Action& a = p.entry->action;
    const u64 constant = a.value >> (8 * p.inside()) & low_mask(8 * p.bytes());
    if (a.kind == Action::Kind::body) advance(true, true);
    switch (a.kind) {
      case Action::Kind::body:
        m_.mov(x0, sp);
        body(p.entry->name, BodyKind::read, a.body);
        if (p.log2 < 3) m_.and_(x1, x1, low_mask(8 * p.bytes()));
        break;
      case Action::Kind::banks: load_bank(p); break;
      case Action::Kind::word: load_from(31, i64{a.word} + p.inside(), p.log2); break;
      default: load(x1, constant); break;
    }
    if (p.log2 < 3 || a.kind == Action::Kind::body || a.kind == Action::Kind::banks) m_.mrs(x0, sys_reg("esr_el2"));
    if (p.either && (a.kind != Action::Kind::constant || constant >> (8 * p.bytes() - 1) != 0)) extend(p.log2);
    m_.str(x1, sp, i64{area_.value});
    if (a.kind != Action::Kind::body) advance(true, true);
    put_by_srt();
  }
  // x1, if the syndrome in x0 says so: SSE.
  void extend(unsigned log2) {
    const Label zero = code.new_label();
    leaves.back().choice = code.offset();
    leaves.back().taken = true;
    m_.tbz(w0, 21, zero);
    m_.sbfx(x1, x1, *arg::Xextract::make(field(0, i64{8} << log2)));
    code.bind(zero);
  }
  // x1, from [base + at]; 31 is sp.
  void load_from(u32 base, i64 at, u32 log2) { m_.put_access(log2 << 30 | 0x38400001, base, at); }  // ldur's

  inline static const std::string vectors_name_ = "hv_vectors";
  const Policy& p_;
  Area area_;
  MacroAssembler m_;
  std::vector<std::string> errors_;
  Label miss_, put_, aarch32_, aborts_, registers_, calls_;
  std::vector<usize> puts_;  // those of `indirect` that are relative to put_
  u32 entry_ = 0;
};

}  // namespace jitkit::hv

#endif  // JITKIT_CONSUMERS_HV_TRAP_GENERATOR_HPP
