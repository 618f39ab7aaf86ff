// The tree is read off the code: from the vector's entry on, every conditional branch is a node, until a leaf begins
// or the trap is missed. So it shows what was emitted and not what was meant.
#include "policy.hpp"

#ifndef JITKIT_EXPLORE_POLICY
namespace jitkit::tools {
Json policy(const Json&) {
  const char* const why = "this page was built without yaml-cpp: apt-get install libyaml-cpp-dev, then make explore";
  return {{"errors", Json::array({{{"line", 0}, {"in", "policy"}, {"message", why}}})}};
}
}  // namespace jitkit::tools
#else

#include <compilers.hpp>
#include <fmt/format.h>
#include <jitkit/consumers/hv-trap/generator.hpp>
#include <jitkit/consumers/hv-trap/paths.hpp>
#include <jitkit/consumers/hv-trap/policy_yaml.hpp>
#include <jitkit/emit/arm64/disassembler.hpp>
#include <jitkit/ir/parser.hpp>
#include <jitkit/ir/verifier.hpp>

#include <algorithm>

namespace jitkit::tools {
namespace {

u32 word_at(const hv::Generator& g, u32 at) { return at + 4 <= g.code.offset() ? g.word(at) : 0; }
std::string text_at(const hv::Generator& g, u32 at) {
  std::string text;
  StringSink sink(text);
  if (!arm64::disassemble(word_at(g, at), sink)) text = fmt::format(".inst 0x{:08x}", word_at(g, at));
  return text;
}
i32 distance(u32 word, unsigned bits, unsigned lsb) {
  return (static_cast<i32>(word << (32 - bits - lsb)) >> (32 - bits)) * 4;
}

class DispatchTree {
 public:
  explicit DispatchTree(const hv::Generator& g) : g_(g) {}

  // {leaf}, {miss} or {test, steps, no, yes}: `steps` instructions up to the branch and with it. `yes` is where it
  // leads if it is taken. Leaves that begin together are told apart by a branch further on, or are the same.
  Json from(u32 at, u32 steps = 1) {
    std::string of;
    for (;; ++steps, at += 4) {
      if (at == g_.miss_at || ++walked_ > most_walked) return {{"miss", true}};
      for (usize n = 0; n < g_.leaves.size(); ++n)
        if (g_.leaves[n].begin == at) return compared(n, steps - 1);
      for (const hv::Indirect& i : g_.indirect)
        if (i.at == at) return table(i, steps, 0, i.count);
      const u32 word = word_at(g_, at);
      const bool by_bit = (word & 0x7e000000) == 0x36000000;
      if (by_bit || (word & 0xff000010) == 0x54000000 || (word & 0x7e000000) == 0x34000000) {
        const u32 to = at + static_cast<u32>(by_bit ? distance(word, 14, 5) : distance(word, 19, 5));
        std::string test = text_at(g_, at);
        if (!by_bit && !of.empty() && (word & 0xff000010) == 0x54000000) test = of + "; " + test;
        return {{"test", test}, {"at", at}, {"steps", steps}, {"no", from(at + 4)}, {"yes", from(to)}};
      }
      if ((word & 0xfc000000) == 0x14000000)
        at += static_cast<u32>(distance(word, 26, 0)) - 4;
      else if ((word & 0xfe000000) == 0xd6000000 || word == 0)
        return {{"miss", true}};  // br, ret, eret: the way ends
      of = text_at(g_, at);
    }
  }

 private:
  // A leaf whose first branch goes on to other keys; or one that all others have been told from.
  Json compared(usize n, u32 before) {
    for (u32 at = g_.leaves[n].begin; at < g_.leaves[n].end; at += 4) {
      if ((word_at(g_, at) & 0xff000010) != 0x54000000) continue;
      const u32 to = at + static_cast<u32>(distance(word_at(g_, at), 19, 5));
      const bool goes_on =
          std::any_of(g_.nexts.begin(), g_.nexts.end(), [&](Label l) { return g_.code.offset_of(l) == to; });
      if (!goes_on) break;
      const u32 more = (at - g_.leaves[n].begin) / 4 + 1;  // that the others take
      return {
          {"test", text_at(g_, at)}, {"at", at}, {"steps", before}, {"no", leaf(n, 0)}, {"yes", from(to, 1 + more)}};
    }
    return leaf(n, before);
  }
  // The entries [first, first + count) of a branch through a table, as halves of halves.
  Json table(const hv::Indirect& i, u32 steps, u32 first, u32 count) {
    if (count == 1) return from(i.first + first * i.apart);
    const u32 half = count / 2;
    return {{"test", fmt::format("table, from {} on", first + half)},
            {"at", i.at},
            {"steps", steps},
            {"no", table(i, 0, first, half)},
            {"yes", table(i, 0, first + half, half)}};
  }
  Json leaf(usize n, u32 before) const {
    const hv::LeafInfo& first = g_.leaves[n];
    if (n + 1 == g_.leaves.size() || g_.leaves[n + 1].begin != first.begin) return {{"leaf", n}, {"before", before}};
    const bool same = first.choice == ~0U;
    return {{"test", same ? "the same for both" : text_at(g_, first.choice)},
            {"at", same ? first.begin : first.choice},
            {"steps", before},
            {"no", {{"leaf", n + 1}, {"before", 0}}},
            {"yes", {{"leaf", n}, {"before", 0}}}};
  }

  static constexpr u32 most_walked = 200000;
  const hv::Generator& g_;
  u32 walked_ = 0;
};

Json number(u32 n) { return n == hv::Range::none ? Json() : Json(n); }

Json leaves_of(const hv::Generator& g) {
  hv::Paths paths(g);
  Json list = Json::array();
  for (const hv::LeafInfo& leaf : g.leaves) {
    const hv::Range done = paths.of(leaf), miss = paths.miss(leaf);
    Json code = Json::array();
    for (u32 at = leaf.begin; at < leaf.end; at += 4)
      code.push_back({{"at", at}, {"text", text_at(g, at)}, {"hex", fmt::format("{:08x}", word_at(g, at))}});
    list.push_back({{"name", leaf.name},
                    {"least", number(done.least)},
                    {"most", number(done.most)},
                    {"miss", number(miss.most)},
                    {"before", leaf.before},
                    {"code", std::move(code)}});
  }
  return list;
}

Json error(u64 line, const std::string& message, const char* in) {
  return {{"line", line}, {"message", message}, {"in", in}};
}

// The generator's errors begin with a line or with an entry's name.
Json errors_of(const std::vector<std::string>& errors, const std::string& text) {
  Json list = Json::array();
  for (const std::string& e : errors) {
    u64 line = 0;
    usize from = 0;
    if (e.starts_with("line ")) {
      line = std::strtoul(e.c_str() + 5, nullptr, 10);
      from = e.find(": ") + 2;
    } else if (const usize at = text.find("name: " + e.substr(0, e.find(':'))); at != std::string::npos) {
      line = 1 + static_cast<u64>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    }
    list.push_back(error(line, e.substr(from), "policy"));
  }
  return list;
}

Json read_bodies(const std::string& text, ir::Unit& unit) {
  const ir::IsaInfo* const targets[] = {&arm64::Isa::isa_info()};
  ir::Diagnostics wrong;
  Json list = Json::array();
  if (ir::parse(text, unit, targets, wrong) && ir::verify(unit, wrong)) return list;
  for (u32 n = 0; n < wrong.list().size(); ++n) {
    list.push_back(error(wrong.list()[n].at.line, std::string(wrong.message(n)), "bodies"));
    list.back()["column"] = wrong.list()[n].at.column;
  }
  return list;
}

}  // namespace

Json policy(const Json& question) {
  const std::string text = question.value("text", "");
  hv::Policy policy;
  ir::Unit unit;
  std::vector<std::string> errors;
  hv::PolicyReader reader(policy, errors);
  try {
    reader.read(YAML::Load(text));
  } catch (const YAML::Exception& e) {
    const u64 line = e.mark.is_null() ? 0 : static_cast<u64>(e.mark.line) + 1;
    return {{"errors", Json::array({error(line, e.msg, "policy")})}};
  }
  policy.unit = &unit;
  Json wrong = reader.bodies.empty() ? Json::array() : read_bodies(question.value("bodies", ""), unit);
  for (Json& e : errors_of(errors, text)) wrong.push_back(std::move(e));
  if (!wrong.empty()) return {{"errors", wrong}};
  hv::Generator g(policy);
  if (errors = g.run(); !errors.empty()) return {{"errors", errors_of(errors, text)}};
  return {{"bytes", g.code.bytes().size()},
          {"unlisted", number(hv::Paths(g).class_miss().most)},
          {"before", g.before_entry()},
          {"leaves", leaves_of(g)},
          {"tree", DispatchTree(g).from(g.entry_at)}};
}

}  // namespace jitkit::tools
#endif
