// The question is parsed and verified, optimised with a look after every pass, and compiled for both targets.
#include "analysis.hpp"

#include <custom_convention.hpp>
#include <fmt/format.h>
#include <jitkit/ir/compile_unit.hpp>
#include <jitkit/ir/optimiser.hpp>
#include <jitkit/ir/parser.hpp>
#include <jitkit/ir/printer.hpp>
#include <jitkit/ir/verifier.hpp>

#include <string>

#include "code_json.hpp"

namespace jitkit::tools {
namespace {

Json errors_of(const ir::Diagnostics& errors) {
  Json list = Json::array();
  for (u32 n = 0; n < errors.list().size(); ++n) {
    const ir::Diagnostic& d = errors.list()[n];
    Json e{{"line", d.at.line}, {"column", d.at.column}, {"message", std::string(errors.message(n))}};
    if (d.rule != 0) e["rule"] = fmt::format("IR{:03}", d.rule);
    list.push_back(std::move(e));
  }
  return list;
}

Json error_of_no_place(const char* message) {
  return Json::array({{{"line", 0}, {"column", 0}, {"message", message}}});
}

// Gives each instruction its line of the text as its source position, so that passes carry it on; a function
// with positions of its own keeps them.
bool number_lines(ir::FunctionData& f, const ir::TextMap& text) {
  for (const ir::SourcePos p : f.positions)
    if (p != 0) return true;
  if (!f.positions.resize_zero(f.insts.size())) return false;
  for (u32 i = 1; i < f.insts.size(); ++i) f.positions[i] = ir::TextMap::get(text.insts, i).line;
  return true;
}

// The body as lines, each with the instruction or block it shows and the line it came from.
class BodyJson {
 public:
  explicit BodyJson(const ir::FunctionData& f) : f_(f), sink_(text_), printer_(f, sink_) {}

  Json lines() {
    Json list = Json::array();
    for (u32 b = 1; b < f_.blocks.size(); ++b) {
      if (!f_.blocks[b].first) continue;
      printer_.block_header(ir::Block(b));
      list.push_back({{"block", b}, {"text", take()}});
      for (ir::Inst i = f_.blocks[b].first; i; i = f_[i].next) list.push_back(inst(i));
    }
    return list;
  }

  Json graph() {
    Json blocks = Json::array(), edges = Json::array();
    for (u32 b = 1; b < f_.blocks.size(); ++b) {
      if (!f_.blocks[b].first) continue;
      const ir::Inst t = f_.terminator(ir::Block(b));
      blocks.push_back(b);
      for (u32 n = 0; n < f_.edge_count(t); ++n) edges.push_back(Json::array({b, f_[f_.edge(t, n)].target.id, n}));
    }
    return {{"blocks", blocks}, {"edges", edges}};
  }

 private:
  std::string take() { return std::exchange(text_, {}); }
  Json inst(ir::Inst i) {
    printer_.inst(i);
    std::string text = take();
    const u32 line = i.id < f_.positions.size() ? f_.positions[i.id] : 0;
    if (line != 0)
      if (const usize at = text.rfind(" !"); at != std::string::npos) text.resize(at);
    Json one{{"inst", i.id}, {"text", std::move(text)}};
    if (line != 0) one["line"] = line;
    return one;
  }

  const ir::FunctionData& f_;
  std::string text_;
  StringSink<std::string> sink_;
  ir::Printer printer_;
};

template <class Target>
Json compiled(ir::Unit& unit, const ir::FunctionData& f, const ir::TextMap& text) {
  using Isa = typename Target::Isa;
  if (f.isa != nullptr && f.isa != &Isa::isa_info()) return {{"absent", fmt::format("this function is for {}", f.isa->name)}};
  typename Isa::Options options;
  options.conventions = custom_conventions<Isa>();
  (void)ir::choose_features<Isa>("", unit, Isa::core_features(), options.features);
  ir::Compiler<Isa> compiler(options);
  compiler.check_allocations = true;
  CodeBuffer code;
  Status s = compiler.compile(f, code);
  if (s.ok()) s = code.finish();
  if (s.ok()) return CodeJson<Target>(compiler, code).make();
  ir::Diagnostics errors;
  ir::explain<Isa>(f, text, s, errors);
  return {{"errors", errors_of(errors)}};
}

ir::OptLevel level_of(const std::string& name) {
  return name == "full" ? ir::OptLevel::full : name == "fast" ? ir::OptLevel::fast : ir::OptLevel::none;
}

}  // namespace

Json analyse(const Json& question) {
  const std::string text = question.value("text", "");
  const std::string wanted = question.value("function", "");
  ir::Unit unit;
  ir::Diagnostics errors;
  const ir::IsaInfo* const targets[] = {&arm64::Isa::isa_info(), &x86_64::Isa::isa_info()};
  if (!ir::parse(text, unit, targets, errors) || !ir::verify(unit, errors)) return {{"errors", errors_of(errors)}};

  Json answer{{"functions", Json::array()}};
  ir::FunctionData* chosen = nullptr;
  bool memory = true;
  unit.for_each([&](ir::FunctionData& f, ir::TextMap& map) {
    const std::string name(unit.module.symbol_name(f.symbol));
    Json params = Json::array();
    for (const ir::Param& p : unit.module.params(f.signature)) params.push_back(ir::name(p.type));
    answer["functions"].push_back({{"name", name}, {"params", params}, {"line", map.function.line}});
    if (chosen == nullptr || name == wanted) chosen = &f;
    memory = number_lines(f, map) && memory;
  });
  if (!memory) {
    answer["errors"] = error_of_no_place(describe(Error::out_of_memory));
    return answer;
  }
  if (chosen == nullptr) return answer;
  const ir::TextMap& map = unit.text_of(chosen->symbol);
  answer["function"] = std::string(unit.module.symbol_name(chosen->symbol));

  // A pass that changed nothing has no lines: they are those of the pass before.
  Json passes = Json::array();
  Json last = BodyJson(*chosen).lines();
  passes.push_back({{"name", "parsed"}, {"lines", last}});
  const ir::PassList list(level_of(question.value("opt", "none")));
  const Status s = ir::Optimiser(list).run(unit, [&](ir::FunctionData& f, ir::Pass p) {
    if (&f != chosen) return;
    Json lines = BodyJson(f).lines();
    Json pass{{"name", ir::info(p).name}, {"meaning", ir::info(p).meaning}, {"changed", lines != last}};
    if (lines != last) pass["lines"] = last = std::move(lines);
    passes.push_back(std::move(pass));
  });
  answer["passes"] = std::move(passes);
  if (!s.ok()) {
    answer["errors"] = error_of_no_place(describe(s.error));
    return answer;
  }
  answer["graph"] = BodyJson(*chosen).graph();
  answer["arm64"] = compiled<Arm64>(unit, *chosen, map);
  answer["x86_64"] = compiled<X86_64>(unit, *chosen, map);
  return answer;
}

}  // namespace jitkit::tools
