// hv-trap-gen POLICY.yaml OUT: writes OUT.o, OUT.S, OUT.c (the C model), OUT.txt (the listing), OUT.h (how it is entered, and
// where the state's words are) and OUT.d (what it was made of, for make), or says what is wrong with the policy.
#include <jitkit/emit/arm64/disassembler.hpp>
#include <jitkit/emit/object.hpp>
#include <jitkit/ir/parser.hpp>
#include <jitkit/ir/verifier.hpp>

#include <cstdio>
#include <fstream>
#include <sstream>

#include <jitkit/consumers/hv-trap/c_model.hpp>
#include <jitkit/consumers/hv-trap/generator.hpp>
#include <jitkit/consumers/hv-trap/paths.hpp>
#include <jitkit/consumers/hv-trap/policy_yaml.hpp>

using namespace jitkit;

namespace {

int refuse(const std::string& file, const std::vector<std::string>& errors) {
  for (const std::string& e : errors) std::fprintf(stderr, "%s: error: %s\n", file.c_str(), e.c_str());
  return 1;
}

void read_bodies(const std::string& path, ir::Unit& unit, std::vector<std::string>& errors) {
  std::ifstream in(path);
  std::stringstream text;
  if (!(text << in.rdbuf())) return errors.push_back(path + ": cannot be read");
  const std::string source = text.str();
  const ir::IsaInfo* const targets[] = {&arm64::Isa::isa_info()};
  ir::Diagnostics wrong;
  if (ir::parse(source, unit, targets, wrong) && ir::verify(unit, wrong)) return;
  for (u32 n = 0; n < wrong.list().size(); ++n)
    errors.push_back(path + ":" + std::to_string(wrong.list()[n].at.line) + ": " + std::string(wrong.message(n)));
}

// How keys are told apart, and the mean of it over the weights in instructions, beside what one way alone would take.
void write_dispatch(const hv::Dispatch& d, std::ostream& out) {
  using Kind = hv::Plan::Kind;
  std::vector<hv::Key> keys = d.keys;
  std::sort(keys.begin(), keys.end(), [](const hv::Key& a, const hv::Key& b) { return a.weight > b.weight; });
  u64 chain = 0;
  for (u32 n = 0; n < keys.size(); ++n) chain += u64{n} * std::max(d.costs.compare, 3U) * keys[n].weight;
  const auto mean = [&](u64 cost) { return static_cast<double>(cost) / static_cast<double>(weight_of(keys)); };
  char text[256];
  std::snprintf(text, sizeof text, "%s: %zu keys, %u bit tests, %u compared first, %u tables: mean %.2f; bit tests alone %.2f, comparisons alone %.2f, a table %s\n",
                d.name.c_str(), keys.size(), d.plan.count(Kind::bit), d.plan.count(Kind::first), d.plan.count(Kind::table), mean(d.plan.cost),
                mean(make_plan(keys, d.width, {}, hv::any_depth).cost), mean(chain), table_bits(keys, d.costs.table_bits) != 0 ? std::to_string(hv::Costs::table).c_str() : "-");
  out << text;
}

void write_listing(const hv::Generator& g, std::ostream& out) {
  hv::Paths paths(g);
  for (const hv::Dispatch& d : g.dispatches) write_dispatch(d, out);
  out << "instructions from the vector's entry: shortest and longest path to eret (of a watch: to the slow path), longest path of a\n"
         "miss to the slow path; - where there is none, or no longest\n";
  const auto line = [&](hv::Range done, hv::Range miss, const std::string& name) {
    for (const u32 n : {done.least, done.most, miss.most}) {
      char number[16];
      std::snprintf(number, sizeof number, "%4u", n);
      out << (n == hv::Range::none ? "   -" : number) << " ";
    }
    out << " " << name << "\n";
  };
  line({}, paths.class_miss(), "(unlisted class)");
  for (const hv::LeafInfo& leaf : g.leaves) line(paths.of(leaf), paths.miss(leaf), leaf.name);
  for (u32 at = 0; at < g.code.offset(); at += 4) {
    for (const hv::LeafInfo& leaf : g.leaves)
      if (leaf.begin == at) out << leaf.name << ":\n";
    const u32 word = g.word(at);
    std::string text;
    StringSink sink(text);
    if (word != 0 && !arm64::disassemble(word, sink)) text = ".inst";
    char number[32];
    std::snprintf(number, sizeof number, "%5x  %08x  ", at, word);
    if (word != 0) out << number << text << "\n";
  }
}

// Words, with a symbolic branch where the code leaves. False if it does so otherwise than by plain branches.
bool write_assembly(const hv::Generator& g, std::ostream& out) {
  const std::string& name = g.symbol();
  out << ".section .text\n.balign " << g.alignment() << "\n.global " << name << "\n.type " << name << ", %function\n" << name << ":\n";
  for (u32 at = 0; at < g.code.offset(); at += 4) {
    const u32 word = g.word(at);
    std::string branch;
    for (const Reloc& r : g.code.relocs())
      if (r.offset == at) {
        if (r.kind != FixupKind::a64_branch26 || r.addend != 0 || word >> 26 != 5) return false;
        branch = std::string(g.code.symbol_name(r.symbol));
      }
    char text[32];
    std::snprintf(text, sizeof text, ".inst 0x%08x\n", word);
    if (branch.empty()) out << text;
    else out << "b " << branch << "\n";
  }
  out << ".size " << name << ", .-" << name << "\n.section .note.GNU-stack,\"\",%progbits\n";
  return true;
}

// The contract for C and for assembly: offsets from sp, which registers are the path's, and constants to compare with.
void write_header(const hv::Policy& p, const hv::Generator& g, std::ostream& out) {
  const hv::Area a = p.area();
  out << "/* " << g.symbol() << ": sp is the vCPU's, x0 and x1 are at [sp + HV_SAVED]; a miss branches to " << p.slow
      << ". */\n#define HV_SAVED (" << a.saved << ")\n#define HV_FREE 0x" << (p.vectors ? 0 : 3) << " /* bit n: xn is free at entry */\n#define HV_AREA "
      << a.value << "\n#define HV_AREA_END " << p.state_end << "\n#define HV_NO_PAGE (~0UL) /* a page's word while there is none */\n";
  for (const auto& [name, at] : p.state) out << "#define HV_STATE_" << name << " " << at << "\n";
  std::map<std::string, u64> values;
  p.each([&](const hv::Listed& e) {
    if (e.action.kind == hv::Action::Kind::constant) values.insert({e.name, e.action.value});
  });
  for (const auto& [name, v] : values) out << "#define HV_VALUE_" << name << " " << v << "UL\n";
}

// A path as make takes it.
std::string escaped(std::string path) {
  for (usize at = 0; (at = path.find(' ', at)) != path.npos; at += 2) path.insert(at, "\\");
  return path;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: hv-trap-gen POLICY.yaml OUT\n");
    return 2;
  }
  const std::string file = argv[1], out = argv[2];
  hv::Policy policy;
  ir::Unit unit;
  std::vector<std::string> errors;
  hv::PolicyReader reader(policy, errors);
  try {
    reader.read(YAML::LoadFile(file));
  } catch (const YAML::Exception& e) {
    return refuse(file, {e.what()});
  }
  policy.unit = &unit;
  const std::string bodies = reader.bodies.empty() ? "" : file.substr(0, file.find_last_of('/') + 1) + reader.bodies;
  if (!bodies.empty()) read_bodies(bodies, unit, errors);
  if (!errors.empty()) return refuse(file, errors);
  hv::Generator g(policy);
  if (errors = g.run(); !errors.empty()) return refuse(file, errors);

  std::ofstream listing(out + ".txt"), assembly(out + ".S"), model(out + ".c"), header(out + ".h"), made_of(out + ".d"), object_file(out + ".o", std::ios::binary);
  hv::CModel(policy, model).write(file.substr(file.find_last_of('/') + 1));
  write_listing(g, listing);
  write_header(policy, g, header);
  made_of << escaped(out) << ".o: " << escaped(file) << " " << escaped(bodies) << "\n";
  if (!write_assembly(g, assembly)) return refuse(out + ".S", {"a relocation that is no branch"});
  Arena arena;
  ObjectWriter object(arena, Machine::arm64);
  Status s = object.add_function(g.code, {.name = g.symbol(), .align = g.alignment(), .unwind = false, .landing_pads = true});
  Vec<u8> bytes(arena);
  if (s.ok()) s = object.write(bytes);
  if (!s.ok()) return refuse(out + ".o", {describe(s.error)});
  object_file.write(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  listing.close(), assembly.close(), model.close(), header.close(), made_of.close(), object_file.close();
  return listing && assembly && model && header && made_of && object_file ? 0 : refuse(out, {"cannot be written"});
}
