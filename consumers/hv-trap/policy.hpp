// A trap policy: what a hypervisor's fast path answers by itself, as plain data; and what makes a policy bad.
//
// Everything that is not listed goes to the slow path with every register as the guest left it.
// Keys are in the form the syndrome has: a function id, an ISS without Rt, an intermediate physical address.
//
// At sp is what belongs to the vCPU. A table of vectors has its structure there, with x0 to x30 first; a path before an
// existing hypervisor's slow path has what its Entry says. The words of the policy (`state`) are at offsets from sp.
#ifndef JITKIT_CONSUMERS_HV_TRAP_POLICY_HPP
#define JITKIT_CONSUMERS_HV_TRAP_POLICY_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/c_header.hpp>
#include <jitkit/ir/unit.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace jitkit::hv {

// Offsets from sp of what the generated code uses.
struct Area {
  i32 saved = 0;          // the guest's x0 and x1
  u32 value = 248;        // what moves to or from a transfer register
  u32 room = 256;         // registers that an IR body saves
  u32 room_regs = 16;
  u32 state = 384;        // the policy's words
  static constexpr u32 end = 4096;
};

// The contract of a path before an existing hypervisor's slow path: how it is entered. It leaves by eret, or with every
// register as the guest left it by a branch to Policy::slow.
struct Entry {
  std::string symbol = "hv_fast";
  std::vector<std::string> free;  // registers that the hypervisor has saved: x0 and x1, at [sp + saved]
  i32 saved = 0;
  u32 area = 0;   // [sp + area]: 8 bytes for a value in transit, then `room` registers, then the policy's words
  u32 room = 16;  // how many registers IR bodies may save
  u32 words = 0;  // instructions from the vector to the path's first, for listings
};

// What a listed trap does.
struct Action {
  enum class Kind : u8 {
    constant,  // reads: this value; writes: refused by check()
    word,      // reads and writes a word of the vCPU's state
    body,      // an IR function
    ignore,    // writes: nothing
    watch,     // writes: the value goes into a word, then the slow path sees the trap
    banks,     // MMIO reads: `word` begins an array of addresses, one for each 2^index bytes of the span; read at [address + plus]
  };
  Kind kind = Kind::constant;
  u64 value = 0;
  u32 word = 0;      // offset from the vCPU's structure
  std::string body;  // of the policy's unit
  u32 index = 0;
  i32 plus = 0;
};

struct Listed {
  std::string name;
  Action action;
  u32 weight = 1;  // how often it is expected
};
struct Call : Listed {  // HVC or SMC #0 with this function id in w0 (SMC Calling Convention 1.4, 2.5)
  u32 id = 0;
  bool hvc = true, smc = false;
};
// HVC with the policy's immediate: the number is in a register of its own, arguments from x0 on, the result goes to x0.
struct Hypercall : Listed {  // a body gets x1 to x3
  u32 id = 0;
  bool has_first = false;
  u32 first = 0;  // only with this argument in w0
};
struct Register : Listed {  // MRS or MSR
  u32 iss = 0;  // ISS of EC 0x18 without Rt: Op0 21:20, Op2 19:17, Op1 16:14, CRn 13:10, CRm 4:1, read 0
  bool el0 = false;  // also for EL0; otherwise such a trap is the slow path's
};
struct Mmio : Listed {
  u64 ipa = 0;
  u32 base = 0;    // not 0: a word that has the page's address; then ipa is the offset in it
  u32 bytes = 4;   // the register's width
  u32 span = 0;    // of banks: how many bytes from ipa on
  u32 narrow = 0;  // narrower reads too: bit n for 2^n bytes
  bool write = false, permission = false;  // watched pages by permission faults, otherwise by translation faults
  u32 pages = 0;   // not 0: all of so many pages is watched, accesses of any width; their address goes into the word, a store's X register into the next
  u64 size() const { return pages != 0 ? u64{pages} << 12 : std::max(span, bytes); }
};

struct Policy {
  std::string slow = "hv_slow";  // symbol of the slow path; the other vectors: hv_vector_<slot>
  bool vectors = true;           // a complete table; otherwise a path that begins as `entry` says
  Entry entry;
  bool skip_wfi = false;
  std::vector<u32> prologue;  // words before the entry of the synchronous slot (a branch-history loop)
  std::map<std::string, u32> state;
  u32 state_end = 0;  // where its words end
  std::vector<Call> calls;
  u32 tag = 0;           // the immediate of hypercalls
  u32 number = 16;       // the register that their number is in
  std::vector<Hypercall> hypercalls;
  std::vector<Register> registers;
  std::vector<Mmio> mmio;
  ir::Unit* unit = nullptr;  // where bodies are

  // All entries, as Listed.
  template <class F>
  void each(const F& f) const {
    std::for_each(calls.begin(), calls.end(), f);
    std::for_each(hypercalls.begin(), hypercalls.end(), f);
    std::for_each(registers.begin(), registers.end(), f);
    std::for_each(mmio.begin(), mmio.end(), f);
  }
  Area area() const {
    if (vectors) return {};
    return {entry.saved, entry.area, entry.area + 8, entry.room, entry.area + 8 + 8 * entry.room};
  }
};

inline std::string hex(u64 v) {
  std::string s = "0x";
  StringSink(s).hex(v);
  return s;
}

// What is wrong with the contract.
inline void check_entry(const Policy& p, std::vector<std::string>& errors) {
  const Entry& e = p.entry;
  const auto wrong = [&](const std::string& what) { errors.push_back("entry " + e.symbol + ": " + what); };
  for (const char* needed : {"x0", "x1"})
    if (std::find(e.free.begin(), e.free.end(), needed) == e.free.end()) wrong(std::string(needed) + " is not free; leaves need x0 and x1");
  for (const std::string& r : e.free)
    if (r != "x0" && r != "x1") wrong(r + " is free, but only x0 and x1 are put back from the frame");
  if (e.saved % 8 != 0 || e.saved < -512 || e.saved > 504) wrong("saved: " + std::to_string(e.saved) + " is no offset of a pair, -512 to 504 in steps of 8");
  if (e.area % 8 != 0 || e.area > 2048) wrong("area: " + std::to_string(e.area) + " is not a multiple of 8 up to 2048");
  if (e.room > 16) wrong("room: " + std::to_string(e.room) + " registers; at most 16 are used");
  if (e.saved > -16 && e.saved < static_cast<i32>(Area::end)) wrong("saved: " + std::to_string(e.saved) + " is among the words above sp");
  if (!p.prologue.empty()) wrong("a prologue belongs to a table of vectors");
}

inline bool check_banks(const Mmio& m, const Area& area, std::vector<std::string>& errors) {
  const Action& a = m.action;
  const u64 least = errors.size();
  const auto wrong = [&](const std::string& what) { errors.push_back(m.name + ": " + what); };
  if (m.write) wrong("a write can't go to banks");
  if (m.span < m.bytes || m.span > 4096 || (m.span & (m.span - 1)) != 0 || m.ipa % m.span != 0)
    wrong("a span of " + std::to_string(m.span) + " bytes; it has to be a power of two up to 4096 that the offset is a multiple of");
  else if (a.index > 12 || u32{1} << a.index < m.bytes || u32{1} << a.index > m.span)
    wrong("index " + std::to_string(a.index) + " is not between the register's width and the span");
  else if (a.word < area.state || a.word % 8 != 0 || a.word > Area::end - 8 * (m.span >> a.index))
    wrong("its addresses do not fit the state");
  if (a.plus < -256 || a.plus > 255) wrong("plus: " + std::to_string(a.plus) + " is not -256 to 255");
  return errors.size() == least;
}

// What is watched is one run of the bits that an address has.
inline void check_pages(const Mmio& m, const Area& area, std::vector<std::string>& errors) {
  if ((m.pages & (m.pages - 1)) != 0 || m.ipa % m.size() != 0)
    errors.push_back(m.name + ": " + std::to_string(m.pages) + " pages; they have to be a power of two that the address is a multiple of");
  if (m.action.word < area.state || m.action.word % 8 != 0 || m.action.word > Area::end - (m.write ? 16 : 8))
    errors.push_back(m.name + ": the place for address and value is not of the state or not aligned to 8 bytes");
}

// Names become C macros, functions and strings, and symbols of an assembly file.
inline void check_names(const Policy& p, std::vector<std::string>& errors) {
  const auto named = [&](const std::string& what, const std::string& name) {
    if (!ir::CHeader::is_identifier(name)) errors.push_back(what + "'" + name + "' is no identifier");
  };
  named("slow: ", p.slow);
  if (!p.vectors) named("entry: symbol ", p.entry.symbol);
  for (const auto& [name, at] : p.state) named("a state word's name ", name);
  p.each([&](const Listed& e) {
    named("an entry's name ", e.name);
    if (e.action.kind == Action::Kind::body) named(e.name + ": a body's name ", e.action.body);
  });
}

// What is wrong with it, one per line and each with the entry's name; empty if good.
inline std::vector<std::string> check(const Policy& p) {
  std::vector<std::string> errors;
  std::map<std::string, std::string> seen;
  const auto once = [&](const std::string& key, const std::string& name) {
    const auto [at, fresh] = seen.insert({key, name});
    if (!fresh) errors.push_back(name + ": " + key + " is " + at->second + "'s already");
  };
  const Area area = p.area();
  check_names(p, errors);
  if (!p.vectors) check_entry(p, errors);
  const auto action = [&](const std::string& name, const Action& a, bool write, u32 bytes) {
    using Kind = Action::Kind;
    if (write ? a.kind == Kind::constant : a.kind == Kind::ignore || a.kind == Kind::watch)
      errors.push_back(name + (write ? ": a write can't be a constant" : ": only writes are ignored or watched"));
    if ((a.kind == Kind::word || a.kind == Kind::watch) &&
        (a.word < area.state || a.word > Area::end - bytes || a.word % bytes != 0))
      errors.push_back(name + ": word " + hex(a.word) + " is not an aligned place of the state, " + hex(area.state) + " to " + hex(Area::end));
    if (a.kind == Kind::constant && bytes < 8 && a.value >> (8 * bytes) != 0)
      errors.push_back(name + ": " + hex(a.value) + " does not fit " + std::to_string(bytes) + " bytes");
  };
  for (const Call& c : p.calls) {
    if (c.hvc) once("hvc " + hex(c.id), c.name);
    if (c.smc) once("smc " + hex(c.id), c.name);
    if (!c.hvc && !c.smc) errors.push_back(c.name + ": neither hvc nor smc");
    action(c.name, c.action, false, 8);
  }
  if (!p.hypercalls.empty()) {
    if (p.tag == 0 || p.tag > 0xfff) errors.push_back("hypercalls: immediate " + hex(p.tag) + " is not 1 to 0xfff");
    if (p.number < 2 || p.number > 30) errors.push_back("hypercalls: the number is in x" + std::to_string(p.number) + "; it can be x2 to x30");
  }
  for (const Hypercall& h : p.hypercalls) {
    once("hypercall " + hex(h.id), h.name);
    if (h.id > 0xfff) errors.push_back(h.name + ": number " + hex(h.id) + " is above 0xfff");
    action(h.name, h.action, false, 8);
  }
  for (const Register& r : p.registers) {
    once("register " + hex(r.iss), r.name);
    if ((r.iss & ~0x3ffc1fU) != 0) errors.push_back(r.name + ": " + hex(r.iss) + " is no system register's syndrome");
    action(r.name, r.action, (r.iss & 1) == 0, 8);
  }
  for (const Mmio& m : p.mmio) {
    if (m.bytes != 1 && m.bytes != 2 && m.bytes != 4 && m.bytes != 8) {
      errors.push_back(m.name + ": a width of " + std::to_string(m.bytes) + " bytes");
      continue;
    }
    if (m.base != 0 && m.ipa >= 4096) errors.push_back(m.name + ": " + hex(m.ipa) + " is beyond the page that a word has");
    const bool banks = m.action.kind == Action::Kind::banks;
    const std::string place = m.base != 0 ? "the page of word " + hex(m.base) + " + " : "";
    if (m.ipa % m.bytes != 0 || (m.ipa + m.size() - 1) >> 48 != 0) errors.push_back(m.name + ": " + hex(m.ipa) + " is not aligned or beyond 48 bits");
    if (m.narrow != 0 && (m.write || m.action.kind == Action::Kind::body))
      errors.push_back(m.name + ": narrow accesses are reads of a constant, a word or banks");
    if (m.base != 0 && (m.base < area.state || m.base > Area::end - 8 || m.base % 8 != 0))
      errors.push_back(m.name + ": the page's word " + hex(m.base) + " is not of the state or not aligned to 8 bytes");
    if (banks && !check_banks(m, area, errors)) continue;
    if (!banks && m.span != 0) errors.push_back(m.name + ": only banks have a span");
    for (const Mmio* o = p.mmio.data(); o != &m; ++o)
      if (o->write == m.write && o->permission == m.permission && o->base == m.base && o->ipa < m.ipa + m.size() && m.ipa < o->ipa + o->size())
        errors.push_back(m.name + (m.write ? ": store to " : ": load from ") + place + hex(std::max(m.ipa, o->ipa)) + " is " + o->name + "'s already");
    if (m.pages != 0) check_pages(m, area, errors);
    else if (!banks) action(m.name, m.action, m.write, m.bytes);
  }
  return errors;
}

}  // namespace jitkit::hv

#endif  // JITKIT_CONSUMERS_HV_TRAP_POLICY_HPP
