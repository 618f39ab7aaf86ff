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

// A leaf as listings show it: its code, and instructions from the vector's entry to its first.
struct LeafInfo {
  std::string name;
  u32 begin = 0, end = 0, before = 0;
};
// An indirect branch and what it can go to.
struct Indirect {
  u32 at;
  u32 first;  // of 32 entries, 32 bytes apart
};

class Generator {
 public:
  CodeBuffer code;
  std::vector<LeafInfo> leaves;
  std::vector<Indirect> indirect;
  std::vector<u32> keyed;    // from here on the exception class is one that the policy lists
  std::vector<u32> watched;  // where a watch goes on to the slow path
  u32 miss_at = 0;
  u32 entry_at = 0;  // of the synchronous exceptions of AArch64 guests

  // Instructions that have run when the path of a hypervisor's is entered.
  u32 before_entry() const { return p_.vectors ? 0 : p_.entry.words; }
  const std::string& symbol() const { return p_.vectors ? vectors_name_ : p_.entry.symbol; }
  u32 alignment() const { return p_.vectors ? 2048 : 64; }

  // x0 and x1 are all that is free: a macro that would borrow x16 or x17 is an error.
  explicit Generator(const Policy& p) : p_(p), area_(p.area()), m_(code) { m_.set_scratch({}); }

  // What is wrong, each with the entry's name; empty if there is code.
  std::vector<std::string> run() {
    if (errors_ = check(p_); !errors_.empty()) return errors_;
    miss_ = code.new_label();
    put_ = code.new_label();
    if (p_.vectors)
      vectors();
    else
      synchronous();
    put_table();
    aborts();
    registers();
    calls();
    miss_at = code.offset();
    code.bind(miss_);
    to_slow_path();
    if (const Status s = code.finish(); !s.ok() && errors_.empty()) errors_.push_back(std::string("vector table: ") + describe(s.error));
    return errors_;
  }

 private:
  static constexpr u32 slot_words = 32, entry_words = 21;

  // --- pieces ----------------------------------------------------------------------------------------
  void barrier() {
    m_.dsb(Barrier::nsh);
    m_.isb();
  }
  void leave(bool restore = true) {
    if (restore) guest_pair();
    m_.eret();
    barrier();
  }
  void guest_pair() { m_.ldp(x0, x1, sp, i64{area_.saved}); }
  void to_slow_path() {
    guest_pair();
    m_.jump_far(code.symbol(p_.slow));
  }
  void load(XReg r, u64 v) {
    if (plan_constant(v).count == 1)
      m_.mov(r, v);
    else if (v >> 32 == 0)
      m_.load_literal(WReg(r.id), static_cast<u32>(v));
    else
      m_.load_literal(r, v);
  }
  // Leaves SPSR_EL2 in x1.
  void refuse_el0() {
    m_.mrs(x1, sys_reg("spsr_el2"));
    m_.tbz(w1, 2, miss_);  // M[3:2] is 0 for EL0, 1 for EL1
  }
  void clear_step(bool el0 = true) {
    if (el0) m_.mrs(x1, sys_reg("spsr_el2"));
    else refuse_el0();
    m_.and_(x1, x1, ~u64{3U << 10});  // BTYPE
    m_.and_(x1, x1, ~u64{1U << 21});  // SS
    m_.msr(sys_reg("spsr_el2"), x1);
  }
  // Past the instruction that trapped: all are of 4 bytes, since IL has been compared with 1.
  void advance(bool el0 = true) {
    clear_step(el0);
    m_.mrs(x1, sys_reg("elr_el2"));
    m_.add(x1, x1, 4);
    m_.msr(sys_reg("elr_el2"), x1);
  }
  void jump(u32 first) {
    indirect.push_back({code.offset(), first});
    m_.br(x1);
  }
  // x1 = table + 32 * Rt, of a syndrome in x0 that has Rt in bits 9:5 and whose bits 15:0 are otherwise `rest`.
  void table_by_iss(Label table, u32 rest) {
    code.put32(0x10000001, table, FixupKind::a64_adr21, -i64{rest & 0xfc1f});
    m_.add(x1, x1, w0, uxth(0));
  }
  void table_by_srt(Label table) {
    m_.ubfx(x0, x0, field(16, 5));
    code.put32(0x10000001, table, FixupKind::a64_adr21);
    m_.add(x1, x1, x0, lsl(5));
  }
  // For each transfer register: [sp, value] goes there, x0 and x1 come back, out.
  void put_table() {
    code.bind(put_);
    put_at_ = code.offset();
    for (unsigned r = 0; r < 32; ++r) {
      code.seek(put_at_ + 32 * r);
      m_.bti(Landing::j);
      guest_pair();
      if (r < 31) m_.ldr(XReg(r), sp, i64{area_.value});
      leave(false);
    }
    code.seek(put_at_ + 32 * 32);
  }
  // For each transfer register: `bytes` of it go to [sp, to]; then on, behind the table. x1 holds the entry.
  Label get_table(u32 bytes, u32 to, u32& first) {
    const Label done = code.new_label();
    first = code.offset();
    for (unsigned r = 0; r < 32; ++r) {
      code.seek(first + 32 * r);
      m_.bti(Landing::j);
      if (r < 2) guest_pair();
      m_.put_access(u32{log2_of(bytes)} << 30 | 0x38000000 | r, 31, i64{to});  // stur's; register 31 is xzr
      if (r != 31) m_.b(done);
    }
    code.bind(done);
    return done;
  }
  static constexpr u32 log2_of(u32 bytes) { return bytes == 8 ? 3 : bytes >> 1; }
  void begin_leaf(const std::string& name, u32 before) { leaves.push_back({name, code.offset(), 0, before}); }
  void end_leaf() { leaves.back().end = code.offset(); }
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
    ir::Compiler<Isa> compiler(options);
    compiler.check_allocations = true;
    const Status s = compiler.compile(*f, code);
    if (s.ok()) return check_body(name, function, compiler.start(), compiler.frame_bytes());
    std::string text;
    StringSink sink(text);
    ir::print_status<Isa>(*f, s, sink);
    error(name, "@" + function + ": " + text);
  }

  // What only the code shows.
  void check_body(const std::string& name, const std::string& function, u32 start, u32 frame) {
    if (frame > area_.state)
      error(name, "@" + function + ": " + std::to_string(frame - area_.room) + " bytes of registers and slots; the vCPU's room has " + std::to_string(8 * area_.room_regs));
    for (const Reloc& r : code.relocs())
      if (r.offset >= start) return error(name, "@" + function + ": needs " + std::string(code.symbol_name(r.symbol)) + "; a leaf has no relocations");
    for (u32 at = start; at + 4 <= code.offset(); at += 4) {
      u32 word = 0;
      std::memcpy(&word, code.bytes().data() + at, 4);
      if ((word & 0xffdffc1f) == 0xd61f0000) return error(name, "@" + function + ": an indirect branch; fewer cases in a switch need none");
    }
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
    aborts_ = code.new_label();
    registers_ = code.new_label();
    calls_ = code.new_label();
    m_.mrs(x0, sys_reg("esr_el2"));
    m_.tbnz(w0, 31, aborts_);
    m_.tbnz(w0, 29, registers_);
    m_.tbnz(w0, 30, calls_);
    // Instructions up to and with the first test.
    entry_ = before_entry() + (p_.vectors ? static_cast<u32>(p_.prologue.size()) + 1 : 0) + 2;
    begin_leaf("WFI", entry_ + 2);
    if (p_.skip_wfi) {
      m_.mov(x1, u64{0x07e00000});  // EC 1, IL, COND 14, CV as from AArch64, TI 0
      m_.cmp(w0, w1);
      m_.b(Cond::ne, miss_);
      advance();
      leave();
    } else {
      m_.b(miss_);
    }
    end_leaf();
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
    keyed.push_back(code.offset());
    emit_tree(m_, number, keys, 12, [&](u32 n, unsigned depth) {
      const Hypercall& h = p_.hypercalls[n];
      begin_leaf("HVC " + h.name, before + depth);
      m_.cmp(number, h.id);
      m_.b(Cond::ne, miss_);
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
      end_leaf();
    });
  }
  void call_tree(bool smc, u32 before) {
    std::vector<Key> keys;
    for (u32 n = 0; n < p_.calls.size(); ++n)
      if (smc ? p_.calls[n].smc : p_.calls[n].hvc) keys.push_back({p_.calls[n].id, p_.calls[n].weight, n});
    if (keys.empty()) return m_.b(miss_);
    keyed.push_back(code.offset());
    guest_pair();
    emit_tree(m_, x0, keys, 32, [&](u32 n, unsigned depth) {
      const Call& c = p_.calls[n];
      begin_leaf((smc ? "SMC " : "HVC ") + c.name, before + depth);
      load(x1, c.id);
      m_.cmp(w0, w1);
      m_.b(Cond::ne, miss_);
      if (smc) advance();  // a trapped SMC has not been executed; an HVC has
      guest_pair();
      result(c.name, c.action);
      end_leaf();
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
    keyed.push_back(code.offset());
    emit_tree(m_, x0, keys, 32, [&](u32 n, unsigned depth) { register_leaf(p_.registers[n], entry_ + 1 + 2 + depth); });
  }
  void register_leaf(const Register& r, u32 before) {
    const u32 key = 0x62000000 | r.iss;
    begin_leaf(((r.iss & 1) != 0 ? "MRS " : "MSR ") + r.name, before);
    load(x1, key);
    m_.eor(w1, w1, w0);
    m_.tst(w1, 0xfffffc1f);
    m_.b(Cond::ne, miss_);
    if ((r.iss & 1) != 0)
      read_register(r, key);
    else
      write_register(r, key);
    end_leaf();
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
      if (r.action.kind == Action::Kind::word)
        m_.ldr(x1, sp, i64{r.action.word});
      else
        load(x1, r.action.value);
      m_.str(x1, sp, i64{area_.value});
    }
    table_by_iss(put_, key);
    jump(put_at_);
  }
  void write_register(const Register& r, u32 key) {
    if (r.action.kind == Action::Kind::ignore) {
      advance(r.el0);
      return leave();
    }
    if (!r.el0) refuse_el0();
    const Label table = code.new_label();
    table_by_iss(table, key);
    write(r.name, r.action, table, 8);
  }
  // x1 is the entry of the table that follows.
  void write(const std::string& name, const Action& a, Label table, u32 bytes) {
    const bool in_word = a.kind != Action::Kind::body;
    u32 first = 0;
    const u32 at = code.offset();
    m_.br(x1);
    code.bind(table);
    get_table(bytes, in_word ? a.word : area_.value, first);
    indirect.push_back({at, first});
    if (a.kind == Action::Kind::watch) {
      watched.push_back(code.offset());
      return to_slow_path();
    }
    if (a.kind == Action::Kind::body) {
      m_.mov(x0, sp);
      switch (bytes) {
        case 1: m_.ldrb(w1, sp, i64{area_.value}); break;
        case 2: m_.ldrh(w1, sp, i64{area_.value}); break;
        case 4: m_.ldr(w1, sp, i64{area_.value}); break;
        default: m_.ldr(x1, sp, i64{area_.value}); break;
      }
      body(name, BodyKind::write, a.body);
    }
    advance();
    leave();
  }

  // --- data aborts -------------------------------------------------------------------------------------
  // One kind of access: WnR, SAS and SSE; its registers have a tree of their own.
  struct Group {
    u32 esr;  // as ESR_EL2 has it, EC 0x24, IL, ISV and a translation fault with it
    bool sign;
    unsigned log2;
    std::vector<Key> keys;
  };
  // Shifted right by 2, so that the level is out, the bits to compare are one run: 31:21 and 14:2.
  static constexpr u32 access_bits = 0xfff81fff, class_bits = 0x3fc00000;
  // 8 bytes and a word that is sign-extended: no instruction moves them to or from a W register, SF is 1.
  static constexpr bool into_x(unsigned log2, bool sign) { return log2 == 3 || (log2 == 2 && sign); }
  static constexpr u32 access(bool write, unsigned log2, bool sign) {
    return 0x93000004 | log2 << 22 | (into_x(log2, sign) ? 1U << 15 : 0) | (sign ? 1U << 21 : 0) | (write ? 1U << 6 : 0);
  }

  std::vector<Group> groups(bool write) const {
    std::vector<Group> all;
    for (unsigned log2 = 0; log2 < 4; ++log2)
      for (const bool sign : {false, true}) {
        if (sign && (write || log2 == 3)) continue;
        Group g{access(write, log2, sign), sign, log2, {}};
        for (u32 n = 0; n < p_.mmio.size(); ++n) {
          const Mmio& r = p_.mmio[n];
          if (r.write != write || u32{1} << log2 > r.bytes) continue;
          const bool whole = r.bytes == u32{1} << log2;
          if ((!whole && (r.narrow >> log2 & 1) == 0) || (sign && r.action.kind == Action::Kind::body)) continue;
          const u64 care = r.base != 0 ? low_mask(12) : low_mask(48);
          if (r.span != 0)
            g.keys.push_back({r.ipa, r.weight, n, care & ~u64{r.span - 1}});
          else
            for (u32 at = 0; at < r.bytes; at += u32{1} << log2) g.keys.push_back({r.ipa + at, r.weight, n, care});
        }
        if (!g.keys.empty()) all.push_back(std::move(g));
      }
    std::sort(all.begin(), all.end(), [](const Group& a, const Group& b) { return a.keys.size() * (a.sign ? 1 : 4) > b.keys.size() * (b.sign ? 1 : 4); });
    return all;
  }

  void aborts() {
    code.bind(aborts_);
    const Label stores = code.new_label();
    m_.tbnz(w0, 6, stores);
    access_groups(groups(false), entry_ + 1);
    code.bind(stores);
    access_groups(groups(true), entry_ + 1);
  }
  // The first group by one comparison; the others by a tree of their syndromes' bits, after the class is known.
  void access_groups(const std::vector<Group>& all, u32 before) {
    if (all.empty()) return m_.b(miss_);
    const Label others = code.new_label();
    group(all[0], all.size() > 1 ? others : miss_, before);
    if (all.size() == 1) return;
    code.bind(others);
    m_.tst(w1, class_bits);
    m_.b(Cond::ne, miss_);
    keyed.push_back(code.offset());
    std::vector<Key> keys;
    for (u32 n = 1; n < all.size(); ++n) keys.push_back({all[n].esr & ~(u64{1} << 15), static_cast<u32>(all[n].keys.size()), n});  // SF tells no groups apart
    emit_tree(m_, x0, keys, 32, [&](u32 n, unsigned depth) { group(all[n], miss_, before + 4 + 2 + depth); });
  }
  void group(const Group& g, Label otherwise, u32 before) {
    load(x1, g.esr >> 2);
    m_.eor(w1, w1, w0, lsr(2));
    if (into_x(g.log2, g.sign))
      m_.tst(w1, access_bits | 1U << 13);  // SF too
    else
      m_.tst(w1, access_bits);
    m_.b(Cond::ne, otherwise);
    keyed.push_back(code.offset());
    m_.mrs(x1, sys_reg("far_el2"));    // the offset in the page, and
    m_.mrs(x0, sys_reg("hpfar_el2"));  // the page, in bits 43:4: of a translation fault both are valid
    m_.lsl(x0, x0, 8);
    m_.bfxil(x0, x1, field(0, 12));
    if (const auto two = confused(g.keys, 48))
      error(p_.mmio[two->second].name, "can't be told from " + p_.mmio[two->first].name + " by the low 12 bits, which are all that is known of a page in a word");
    std::vector<Key> keys = g.keys;
    for (u32 n = 0; n < keys.size(); ++n) keys[n].entry = n;
    emit_tree(m_, x0, keys, 48, [&](u32 n, unsigned depth) { access_leaf(p_.mmio[g.keys[n].entry], g, g.keys[n].bits, before + 8 + depth); });
  }
  void access_leaf(const Mmio& r, const Group& g, u64 ipa, u32 before) {
    static constexpr const char* sizes[] = {"b", "h", "w", "x"};
    const u32 inside = static_cast<u32>(ipa - r.ipa);
    begin_leaf(std::string(r.write ? "STR" : g.sign ? "LDRS" : "LDR") + sizes[g.log2] + " " + r.name + (inside != 0 ? "+" + std::to_string(inside) : ""), before);
    compare_place(r, g, ipa);
    if (r.write)
      store(r);
    else
      load_mmio(r, g, inside);
    end_leaf();
  }
  // Of banks, x1 is the offset in the span then.
  void compare_place(const Mmio& r, const Group& g, u64 ipa) {
    if (r.base == 0) {
      load(x1, ipa);
      if (r.span != 0) m_.sub(x1, x0, x1);
      else m_.cmp(x0, x1);
    } else {
      m_.ldr(x1, sp, i64{r.base});
      m_.sub(x1, x0, x1);
      if (r.span == 0) m_.cmp(x1, ipa);
      else if (ipa != 0) m_.sub(x1, x1, ipa);
    }
    if (r.span != 0) m_.tst(x1, ~u64{r.span - (u32{1} << g.log2)});
    m_.b(Cond::ne, miss_);
  }
  void load_bank(const Action& a, const Group& g) {
    const bool inside = u32{1} << g.log2 < u32{1} << a.index, shift = inside || a.index > 3;
    if (inside) m_.and_(x0, x1, low_mask(a.index));
    if (shift) m_.lsr(x1, x1, *arg::Ximmr::make(a.index));
    m_.add(x1, sp, x1, *arg::xext::make(uxtx(shift ? 3 : 3 - i64{a.index})));
    m_.ldr(x1, x1, i64{a.word});
    if (inside) m_.add(x1, x1, x0);
    load_from(x1, a.plus, g);
  }
  void store(const Mmio& r) {
    if (r.action.kind == Action::Kind::ignore) {
      advance();
      return leave();
    }
    const Label table = code.new_label();
    m_.mrs(x0, sys_reg("esr_el2"));
    table_by_srt(table);
    write(r.name, r.action, table, r.bytes);
  }
  void load_mmio(const Mmio& r, const Group& g, u32 inside) {
    const u32 bytes = u32{1} << g.log2;
    if (r.action.kind == Action::Kind::body) {
      m_.mov(x0, sp);
      body(r.name, BodyKind::read, r.action.body);
      if (bytes < 8) m_.and_(x1, x1, low_mask(8 * bytes));
      m_.str(x1, sp, i64{area_.value});
    }
    if (r.action.kind == Action::Kind::banks) {
      load_bank(r.action, g);
      m_.str(x1, sp, i64{area_.value});
    }
    advance();
    m_.mrs(x0, sys_reg("esr_el2"));
    const bool narrowed = g.sign && !into_x(g.log2, true);  // where SF is 0 it goes into a W register
    if (r.action.kind == Action::Kind::word)
      load_from(sp, i64{r.action.word} + inside, g);
    else if (r.action.kind == Action::Kind::banks && narrowed)
      m_.ldr(x1, sp, i64{area_.value});
    else if (r.action.kind == Action::Kind::constant)
      load(x1, extended(r.action.value >> (8 * inside), g));
    if (narrowed) {
      const Label wide = code.new_label();
      m_.tbnz(w0, 15, wide);
      m_.mov(w1, w1);
      code.bind(wide);
    }
    if (r.action.kind == Action::Kind::word || r.action.kind == Action::Kind::constant || narrowed) m_.str(x1, sp, i64{area_.value});
    table_by_srt(put_);
    jump(put_at_);
  }
  static u64 extended(u64 v, const Group& g) {
    if (g.log2 == 3) return v;
    const unsigned bits = 8U << g.log2;
    v &= low_mask(bits);
    return g.sign && (v >> (bits - 1)) != 0 ? v | ~low_mask(bits) : v;
  }
  template <class Base>
  void load_from(Base base, i64 from, const Group& g) {
    switch (g.log2) {
      case 0: g.sign ? m_.ldrsb(x1, base, from) : m_.ldrb(w1, base, from); break;
      case 1: g.sign ? m_.ldrsh(x1, base, from) : m_.ldrh(w1, base, from); break;
      case 2: g.sign ? m_.ldrsw(x1, base, from) : m_.ldr(w1, base, from); break;
      default: m_.ldr(x1, base, from); break;
    }
  }

  inline static const std::string vectors_name_ = "hv_vectors";
  const Policy& p_;
  Area area_;
  MacroAssembler m_;
  std::vector<std::string> errors_;
  Label miss_, put_, aborts_, registers_, calls_;
  u32 put_at_ = 0, entry_ = 0;
};

}  // namespace jitkit::hv

#endif  // JITKIT_CONSUMERS_HV_TRAP_GENERATOR_HPP
