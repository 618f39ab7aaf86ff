// A policy out of a YAML file. Unknown keys, missing names and bad numbers are errors with the line.
//
//   calls:      name, id, hvc (true), smc (false)          and one of: value, word, body
//   registers:  name, at: [op0, op1, crn, crm, op2], el0   and one of: value, word, body; write (a word or
//               `ignore`), write_body, watch (a word)
//   hypercalls: immediate, number (x16), calls: name, id, first (an argument in w0)   and one of: value, word, body
//   mmio:       page (an address, or a word that has it), registers: name, offset, bytes (4), narrow (true or `bytes`)   and
//               one of the same, or: banks (words with addresses), span, index, plus
//   watched:    name, page (an address), pages (1), by (translation, or permission: the faults that come), and one or both of:
//               loads, stores (a word for the address; a store's value goes into the next)
//   state:      {name: offset from sp}, or [name, {name: words}], laid out in this order
//   entry:      symbol (hv_fast), free: [x0, x1], saved, area, room (16), words (0): a path before an existing
//               hypervisor's slow path, with this contract (Entry in policy.hpp)
//   prologue:   words (numbers) before the entry of the synchronous slot
//   each:       weight (1): how often it is expected
#ifndef JITKIT_CONSUMERS_HV_TRAP_POLICY_YAML_HPP
#define JITKIT_CONSUMERS_HV_TRAP_POLICY_YAML_HPP

#include <yaml-cpp/yaml.h>

#include <initializer_list>

#include <jitkit/consumers/hv-trap/policy.hpp>

namespace jitkit::hv {

class PolicyReader {
 public:
  PolicyReader(Policy& p, std::vector<std::string>& errors) : p_(p), errors_(errors) {}
  std::string bodies;  // the file that they are in

  void read(const YAML::Node& root) {
    known(root, {"wfi", "state", "bodies", "calls", "hypercalls", "registers", "mmio", "watched", "slow", "prologue", "entry"});
    if (root["entry"]) entry(root["entry"]);
    p_.skip_wfi = root["wfi"] && root["wfi"].as<std::string>() == "skip";
    if (root["wfi"] && !p_.skip_wfi) error(root["wfi"], "wfi: " + root["wfi"].as<std::string>() + "; it can be skip, or be left out");
    for (const auto& n : root["prologue"]) p_.prologue.push_back(n.as<u32>());
    if (root["slow"]) p_.slow = root["slow"].as<std::string>();
    if (root["bodies"]) bodies = root["bodies"].as<std::string>();
    p_.state_end = p_.area().state;
    if (root["state"]) state(root["state"]);
    for (const auto& n : root["calls"]) call(n);
    if (root["hypercalls"]) hypercalls(root["hypercalls"]);
    for (const auto& n : root["registers"]) reg(n);
    for (const auto& page : root["mmio"]) {
      known(page, {"page", "registers"});
      u64 address = 0;
      const bool number = YAML::convert<u64>::decode(page["page"], address);
      const u32 base = number ? 0 : word(page["page"]);
      if (address % 4096 != 0) error(page, "a page that is not a multiple of 4096");
      for (const auto& n : page["registers"]) mmio(n, address, base);
    }
    for (const auto& n : root["watched"]) watched(n);
  }

 private:
  void error(const YAML::Node& n, const std::string& what) {
    errors_.push_back("line " + std::to_string(n.Mark().line + 1) + ": " + what);
  }
  void known(const YAML::Node& n, std::initializer_list<const char*> names) {
    for (const auto& item : n) {
      bool found = false;
      for (const char* name : names) found = found || item.first.as<std::string>() == name;
      if (!found) error(item.first, "unknown key '" + item.first.as<std::string>() + "'");
    }
  }
  // Names with offsets, or a list that is laid out from the first word on: `name`, or `{name: how many words}`.
  void state(const YAML::Node& n) {
    u32 at = p_.area().state;
    const auto put = [&](const YAML::Node& name, u32 offset, u32 words) {
      if (!p_.state.insert({name.as<std::string>(), offset}).second) error(name, "a second state word '" + name.as<std::string>() + "'");
      p_.state_end = std::max(p_.state_end, offset + 8 * words);
    };
    if (!n.IsSequence()) {
      for (const auto& word : n) put(word.first, word.second.as<u32>(), 1);
      return;
    }
    for (const auto& item : n) {
      const YAML::Node name = item.IsMap() ? item.begin()->first : item;
      const u32 words = item.IsMap() ? item.begin()->second.as<u32>() : 1;
      if (words == 0 || words > Area::end / 8) error(item, "a state word that is " + std::to_string(words) + " words");
      put(name, at, words);
      at += 8 * words;
    }
  }
  void entry(const YAML::Node& n) {
    known(n, {"symbol", "free", "saved", "area", "room", "words"});
    p_.vectors = false;
    Entry& e = p_.entry;
    e.symbol = n["symbol"].as<std::string>(e.symbol);
    for (const auto& r : n["free"]) e.free.push_back(r.as<std::string>());
    e.saved = n["saved"].as<i32>();
    e.area = n["area"].as<u32>();
    e.room = n["room"].as<u32>(e.room);
    e.words = n["words"].as<u32>(0);
  }
  u32 word(const YAML::Node& n) {
    const auto at = p_.state.find(n.as<std::string>());
    if (at != p_.state.end()) return at->second;
    error(n, "there is no state word '" + n.as<std::string>() + "'");
    return p_.area().state;
  }
  // What the entry does; whether it is a write.
  Action action(const YAML::Node& n, bool& write) {
    Action a;
    unsigned found = 0;
    const auto has = [&](const char* key) { return n[key] && ++found != 0; };
    write = false;
    if (has("value")) a.value = n["value"].as<u64>();
    if (has("word")) a.kind = Action::Kind::word, a.word = word(n["word"]);
    if (has("body")) a.kind = Action::Kind::body, a.body = n["body"].as<std::string>();
    if (has("write_body")) write = true, a.kind = Action::Kind::body, a.body = n["write_body"].as<std::string>();
    if (has("watch")) write = true, a.kind = Action::Kind::watch, a.word = word(n["watch"]);
    if (has("banks")) {
      a.kind = Action::Kind::banks, a.word = word(n["banks"]);
      a.index = n["index"].as<u32>(), a.plus = n["plus"].as<i32>(0);
    }
    if (has("write")) {
      write = true;
      a.kind = n["write"].as<std::string>() == "ignore" ? Action::Kind::ignore : Action::Kind::word;
      if (a.kind == Action::Kind::word) a.word = word(n["write"]);
    }
    if (found != 1) error(n, "an entry does one thing, not " + std::to_string(found));
    return a;
  }
  template <class Entry>
  void common(const YAML::Node& n, Entry& e) {
    if (n["name"]) e.name = n["name"].as<std::string>();
    else error(n, "an entry without a name");
    e.weight = n["weight"].as<u32>(1);
  }
  void call(const YAML::Node& n) {
    known(n, {"name", "id", "hvc", "smc", "value", "word", "body", "weight"});
    Call c;
    bool write = false;
    common(n, c);
    c.id = n["id"].as<u32>();
    c.hvc = n["hvc"].as<bool>(true);
    c.smc = n["smc"].as<bool>(false);
    c.action = action(n, write);
    p_.calls.push_back(c);
  }
  void hypercalls(const YAML::Node& n) {
    known(n, {"immediate", "number", "calls"});
    p_.tag = n["immediate"].as<u32>();
    const std::string number = n["number"].as<std::string>("x16");
    if (number.size() > 1 && number[0] == 'x') p_.number = YAML::Node(number.substr(1)).as<u32>();
    else error(n, "number: " + number + " is no register");
    for (const auto& c : n["calls"]) {
      known(c, {"name", "id", "first", "value", "word", "body", "weight"});
      Hypercall h;
      bool write = false;
      common(c, h);
      h.id = c["id"].as<u32>();
      h.has_first = c["first"].IsDefined();
      h.first = c["first"].as<u32>(0);
      h.action = action(c, write);
      p_.hypercalls.push_back(h);
    }
  }
  void reg(const YAML::Node& n) {
    known(n, {"name", "at", "el0", "value", "word", "body", "write", "write_body", "watch", "weight"});
    Register r;
    bool write = false;
    common(n, r);
    if (n["at"].size() != 5) return error(n, "at: [op0, op1, crn, crm, op2]");
    static constexpr u32 most[] = {3, 7, 15, 15, 7};
    const auto field = [&](unsigned i) { return n["at"][i].as<u32>(); };
    for (unsigned i = 0; i < 5; ++i)
      if (field(i) > most[i]) return error(n, r.name + ": at: " + std::to_string(field(i)) + " is above " + std::to_string(most[i]));
    r.action = action(n, write);
    r.iss = field(0) << 20 | field(4) << 17 | field(1) << 14 | field(2) << 10 | field(3) << 1 | (write ? 0 : 1);
    r.el0 = n["el0"].as<bool>(false);
    p_.registers.push_back(r);
  }
  void mmio(const YAML::Node& n, u64 page, u32 base) {
    known(n, {"name", "offset", "bytes", "narrow", "banks", "span", "index", "plus", "value", "word", "body", "write", "write_body", "watch", "weight"});
    Mmio m;
    common(n, m);
    if (n["offset"].as<u64>() >= 4096) error(n, m.name + ": an offset beyond the page");
    m.ipa = page + n["offset"].as<u64>();
    m.bytes = n["bytes"].as<u32>(4);
    m.base = base;
    m.span = n["span"].as<u32>(0);
    if (n["narrow"]) m.narrow = n["narrow"].as<std::string>() == "bytes" ? 1 : n["narrow"].as<bool>() ? m.bytes - 1 : 0;
    m.action = action(n, m.write);
    p_.mmio.push_back(m);
  }
  void watched(const YAML::Node& n) {
    known(n, {"name", "page", "pages", "by", "loads", "stores", "weight"});
    const std::string by = n["by"].as<std::string>("translation");
    if (by != "translation" && by != "permission") error(n["by"], "by: " + by + "; it can be translation or permission");
    if (!n["loads"] && !n["stores"]) error(n, "neither loads nor stores are watched");
    for (const char* way : {"loads", "stores"}) {
      if (!n[way]) continue;
      Mmio m;
      common(n, m);
      m.ipa = n["page"].as<u64>();
      if ((m.pages = n["pages"].as<u32>(1)) == 0) error(n, m.name + ": no pages");
      m.write = way[0] == 's', m.permission = by == "permission";
      m.action.kind = Action::Kind::watch, m.action.word = word(n[way]);
      p_.mmio.push_back(m);
    }
  }

  Policy& p_;
  std::vector<std::string>& errors_;
};

}  // namespace jitkit::hv

#endif  // JITKIT_CONSUMERS_HV_TRAP_POLICY_YAML_HPP
