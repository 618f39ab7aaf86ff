// The policy's C model (hv_model.h): one line per entry, in the order of the policy file.
//
// It says what the vectors do, and it is made from the same policy: it is for reading and for guests that want to know
// what to expect. The proof that the vectors are right is another model, of tests/hypervisor.
#ifndef JITKIT_CONSUMERS_HV_TRAP_C_MODEL_HPP
#define JITKIT_CONSUMERS_HV_TRAP_C_MODEL_HPP

#include <ostream>
#include <set>

#include <jitkit/ir/c_function.hpp>

#include <jitkit/consumers/hv-trap/policy.hpp>

namespace jitkit::hv {

class CModel {
 public:
  CModel(const Policy& p, std::ostream& out) : p_(p), out_(out) {}

  void write(const std::string& origin) {
    out_ << "// Made by hv-trap-gen of " << origin << ": what each listed trap does. All else is the slow path's.\n#include \"hv_model.h\"\n" << pieces;
    bodies();
    calls();
    hypercalls();
    registers();
    loads();
    stores();
    out_ << "\nint hv_model(struct hv_trap *t, uint8_t *vcpu) {\n  const uint32_t e = (uint32_t)t->esr;\n";
    if (p_.skip_wfi) out_ << "  if (e == 0x07e00000) return !aarch32(t) && next(t);  // WFI\n";
    if (!p_.hypercalls.empty()) out_ << "  if (e == " << hex(0x5a000000 | p_.tag) << ") return hypercall(t, vcpu, t->x[" << p_.number << "]);\n";
    out_ << "  if (e == 0x5a000000) return call(t, vcpu, 0);  // HVC #0\n"
            "  if (e == 0x5e000000) return call(t, vcpu, 1);  // SMC #0\n"
            "  if (e >> 22 == 0x188) return system_register(t, vcpu, e & 0x3ffc1f, e >> 5 & 31);\n"
            "  const uint64_t ipa = (e & 0x3c) == 0xc ? hv_stage1(t->far) : (t->hpfar & 0xfffffffffff0) << 8 | (t->far & 0xfff);\n";
    watched(true, 0x9300000c);
    out_ << "  if ((e & 0xff007fbc) != 0x93000004) return 0;  // a data abort with ISV, of a translation fault, and nothing unusual\n"
            "  if (t->hpfar >> 63) return 0;  // NS: Secure state's alone\n";
    watched(false, 0x93000004);
    out_ << "  if ((e >> 22 & 3) == 3 && (e >> 21 & 1)) return 0;\n"
            "  if ((e >> 22 & 3) == 3 && !(e >> 15 & 1)) return 0;  // 8 bytes of a W register: no such instruction\n"
            "  return e >> 6 & 1 ? store(t, vcpu, ipa, e) : load(t, vcpu, ipa, e);\n}\n";
    entries();
  }

 private:
  static constexpr const char* pieces = R"(
static inline uint64_t get(uintptr_t at, int bytes) {
  uint64_t v = 0;
  for (int n = 0; n < bytes; ++n) v |= (uint64_t)((volatile uint8_t *)at)[n] << 8 * n;
  return v;
}
static inline void set(uintptr_t at, uint64_t v, int bytes) {
  for (int n = 0; n < bytes; ++n) ((volatile uint8_t *)at)[n] = (uint8_t)(v >> 8 * n);
}
static inline uint64_t word(uint8_t *vcpu, uint32_t at, int bytes) { return get((uintptr_t)vcpu + at, bytes); }
static inline void set_word(uint8_t *vcpu, uint32_t at, uint64_t v, int bytes) { set((uintptr_t)vcpu + at, v, bytes); }
static inline uint64_t reg(const struct hv_trap *t, uint32_t r) { return r == 31 ? 0 : t->x[r]; }
// The instruction is done: PC, and PSTATE.BTYPE and SS.
static inline int next(struct hv_trap *t) {
  t->elr += 4;
  t->spsr &= ~0x200c00ULL;
  return 1;
}
static inline int give(struct hv_trap *t, uint32_t r, uint64_t v) {
  if (r != 31) t->x[r] = v;
  return next(t);
}
static inline int aarch32(const struct hv_trap *t) { return t->spsr >> 4 & 1; }
static inline int from_el0(const struct hv_trap *t) { return (t->spsr >> 2 & 3) == 0; }
// What a load of syndrome e makes of the register's bits.
static inline int loaded(struct hv_trap *t, uint32_t e, uint64_t v) {
  const int bits = 8 << (e >> 22 & 3);
  if (bits < 64) v &= (1ULL << bits) - 1;
  if ((e >> 21 & 1) && v >> (bits - 1)) v |= ~0ULL << (bits - 1);
  return give(t, e >> 16 & 31, e >> 15 & 1 ? v : (uint32_t)v);
}
// Whether an access is one of the `span` bytes of registers from `first` on: of their own width, or a narrower one that is
// allowed (bit n of `narrow`: 2^n bytes).
static inline int within(uint64_t ipa, uint32_t e, uint64_t first, uint32_t span, uint32_t width, uint32_t narrow) {
  const uint32_t bytes = 1U << (e >> 22 & 3);
  return ipa - first < span && (ipa - first) % bytes == 0 && (bytes == width || (narrow >> (e >> 22 & 3) & 1));
}
// What is `at` in banks of 2^index bytes whose addresses are words.
static inline uint64_t bank(uint8_t *vcpu, uint32_t words, uint32_t index, int plus, uint64_t at, uint32_t e) {
  const uint64_t address = word(vcpu, words + 8 * (uint32_t)(at >> index), 8) + (uint64_t)(int64_t)plus;
  return get((uintptr_t)(address + (at & ((1ULL << index) - 1))), 1 << (e >> 22 & 3));
}
)";

  void watched(bool permission, u32 syndrome) {
    for (const Mmio& m : p_.mmio)
      if (m.pages != 0 && m.permission == permission)
        out_ << "  if ((e & 0xff007ffc) == " << hex(syndrome | u32{m.write} << 6) << " && ipa - " << hex(m.ipa) << " < " << hex(m.size()) << ") return set_word(vcpu, "
             << m.action.word << ", ipa, 8)" << (m.write ? ", set_word(vcpu, " + std::to_string(m.action.word + 8) + ", reg(t, e >> 16 & 31), 8)" : "")
             << ", 0;  // " << m.name << "\n";
  }
  void bodies() {
    std::set<std::string> names;
    p_.each([&](const Listed& e) {
      if (e.action.kind == Action::Kind::body) names.insert(e.action.body);
    });
    for (const std::string& name : names) {
      static constexpr std::string_view arguments[] = {"(uintptr_t)vcpu", "x1", "x2", "x3"};
      const std::string head = "uint64_t body_" + name + "(uint8_t *vcpu, uint64_t x1, uint64_t x2, uint64_t x3)";
      std::string text;
      StringSink sink(text);
      ir::CFunction body(*p_.unit->find(name), sink);
      if (body.write(arguments)) out_ << "\nstatic " << head << " {\n  (void)vcpu, (void)x1, (void)x2, (void)x3;\n" << text << "}\n";
      else out_ << "\n// " << name << ": `" << body.missing << "` has no C here; this function is the user's.\n" << head << ";\n";
    }
  }
  // A value that is read.
  std::string read(const Action& a, u32 bytes, bool call) const {
    switch (a.kind) {
      case Action::Kind::word: return "word(vcpu, " + std::to_string(a.word) + ", " + std::to_string(bytes) + ")";
      case Action::Kind::body: return "body_" + a.body + (call ? "(vcpu, t->x[1], t->x[2], t->x[3])" : "(vcpu, 0, 0, 0)");
      default: return hex(a.value) + "ULL";
    }
  }
  // What a write does with `value`, up to the return.
  std::string written(const Action& a, u32 bytes, const std::string& value) const {
    const std::string to_word = "set_word(vcpu, " + std::to_string(a.word) + ", " + value + ", " + std::to_string(bytes) + ")";
    switch (a.kind) {
      case Action::Kind::word: return "return " + to_word + ", next(t);";
      case Action::Kind::watch: return "return " + to_word + ", 0;";
      case Action::Kind::body: return "return body_" + a.body + "(vcpu, " + value + ", 0, 0), next(t);";
      default: return "return next(t);";
    }
  }
  void calls() {
    out_ << "\nstatic int call(struct hv_trap *t, uint8_t *vcpu, int smc) {\n  (void)vcpu, (void)smc;\n  switch ((uint32_t)t->x[0]) {\n";
    std::set<u32> done;
    for (const Call& c : p_.calls) {
      if (!done.insert(c.id).second) continue;
      out_ << "    case " << hex(c.id) << ":\n";
      for (const Call& d : p_.calls)  // an id can have an entry for HVC and another for SMC
        if (d.id == c.id)
          out_ << "      " << (d.hvc && d.smc ? "" : d.smc ? "if (smc) " : "if (!smc) ") << "return t->x[0] = " << read(d.action, 8, true)
               << ", smc ? next(t) : 1;  // " << d.name << "\n";
      out_ << "      return 0;\n";
    }
    out_ << "    default: return 0;\n  }\n}\n";
  }
  void hypercalls() {
    if (p_.hypercalls.empty()) return;
    out_ << "\nstatic int hypercall(struct hv_trap *t, uint8_t *vcpu, uint64_t number) {\n  (void)vcpu;\n  switch (number) {\n";
    for (const Hypercall& h : p_.hypercalls) {
      out_ << "    case " << h.id << ": ";
      if (h.has_first) out_ << "if ((uint32_t)t->x[0] != " << hex(h.first) << ") return 0; ";
      out_ << "return t->x[0] = " << read(h.action, 8, true) << ", 1;  // " << h.name << "\n";
    }
    out_ << "    default: return 0;\n  }\n}\n";
  }
  void registers() {
    out_ << "\nstatic int system_register(struct hv_trap *t, uint8_t *vcpu, uint32_t iss, uint32_t rt) {\n  (void)t, (void)vcpu, (void)rt;\n  switch (iss) {\n";
    for (const Register& r : p_.registers) {
      out_ << "    case " << hex(r.iss) << ":  // " << ((r.iss & 1) != 0 ? "MRS " : "MSR ") << r.name << "\n";
      if (!r.el0) out_ << "      if (from_el0(t)) return 0;\n";
      out_ << "      " << ((r.iss & 1) != 0 ? "return give(t, rt, " + read(r.action, 8, false) + ");" : written(r.action, 8, "reg(t, rt)")) << "\n";
    }
    out_ << "    default: return 0;\n  }\n}\n";
  }
  // Where its registers begin; a page's address can be a word.
  static std::string first(const Mmio& m) {
    return m.base == 0 ? hex(m.ipa) : "(word(vcpu, " + std::to_string(m.base) + ", 8) + " + hex(m.ipa) + ")";
  }
  static std::string within(const Mmio& m) {
    return "within(ipa, e, " + first(m) + ", " + std::to_string(m.span != 0 ? m.span : m.bytes) + ", " + std::to_string(m.bytes) + ", " + std::to_string(m.narrow) + ")";
  }
  void loads() {
    out_ << "\nstatic int load(struct hv_trap *t, uint8_t *vcpu, uint64_t ipa, uint32_t e) {\n  (void)t, (void)vcpu, (void)ipa, (void)e;\n  if (aarch32(t)) return 0;\n";
    for (const Mmio& m : p_.mmio) {
      if (m.write || m.pages != 0) continue;
      out_ << "  if (" << within(m) << ") return ";
      if (m.action.kind == Action::Kind::body) out_ << "e >> 21 & 1 ? 0 : ";
      const std::string inside = "(ipa - " + first(m) + ")";
      const Action& a = m.action;
      if (a.kind == Action::Kind::banks)
        out_ << "loaded(t, e, bank(vcpu, " << a.word << ", " << a.index << ", " << a.plus << ", " << inside << ", e)";
      else
        out_ << "loaded(t, e, " << read(a, m.bytes, false) << (m.narrow != 0 ? " >> 8 * " + inside : "");
      out_ << ");  // " << m.name << "\n";
    }
    out_ << "  return 0;\n}\n";
  }
  void stores() {
    out_ << "\nstatic int store(struct hv_trap *t, uint8_t *vcpu, uint64_t ipa, uint32_t e) {\n  const int bits = 8 << (e >> 22 & 3);\n"
            "  const uint64_t v = reg(t, e >> 16 & 31) & (~0ULL >> (64 - bits));\n  (void)vcpu, (void)ipa, (void)v;\n  if (e >> 21 & 1) return 0;\n";
    for (const Mmio& m : p_.mmio)
      if (m.write && m.pages == 0) out_ << "  if (" << (m.action.kind != Action::Kind::watch ? "!aarch32(t) && " : "") << within(m) << ") " << written(m.action, m.bytes, "v") << "  // " << m.name << "\n";
    out_ << "  return 0;\n}\n";
  }
  void entries() {
    static constexpr const char* actions[] = {"hv_constant", "hv_word", "hv_body", "hv_ignore", "hv_watch", "hv_banks"};
    u32 count = 0;
    const auto entry = [&](const std::string& name, const char* kind, const Action& a, u64 key, u32 bytes, bool narrow, bool el0, u32 base = 0, bool permission = false) {
      const bool has_word = a.kind == Action::Kind::word || a.kind == Action::Kind::watch || a.kind == Action::Kind::banks;
      out_ << "  {\"" << name << "\", " << kind << ", " << actions[static_cast<u8>(a.kind)] << ", " << hex(key) << ", " << bytes << ", " << narrow << ", " << el0
           << ", " << permission << ", " << (has_word ? a.word : 0) << ", " << base << "},\n";
      ++count;
    };
    out_ << "\nconst struct hv_entry hv_entries[] = {\n";
    for (const Call& c : p_.calls) {
      if (c.hvc) entry(c.name, "hv_hvc", c.action, c.id, 0, false, false);
      if (c.smc) entry(c.name, "hv_smc", c.action, c.id, 0, false, false);
    }
    for (const Hypercall& h : p_.hypercalls) entry(h.name, "hv_hypercall", h.action, h.id, 0, false, false);
    for (const Register& r : p_.registers) entry(r.name, (r.iss & 1) != 0 ? "hv_read" : "hv_write", r.action, r.iss, 0, false, r.el0);
    for (const Mmio& m : p_.mmio) entry(m.name, m.write ? "hv_store" : "hv_load", m.action, m.ipa, m.pages != 0 ? static_cast<u32>(m.size()) : m.bytes, m.narrow != 0, false, m.base, m.permission);
    if (p_.skip_wfi) entry("WFI", "hv_wfi", {}, 0, 0, false, true);
    if (count == 0) out_ << "  {0},\n";
    out_ << "};\nconst unsigned hv_entry_count = " << count << ";\n";
  }

  const Policy& p_;
  std::ostream& out_;
};

}  // namespace jitkit::hv

#endif  // JITKIT_CONSUMERS_HV_TRAP_C_MODEL_HPP
