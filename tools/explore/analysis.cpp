// The question is parsed and verified, optimised with a look after every pass, and compiled for both targets.
#include "analysis.hpp"

#include <custom_convention.hpp>
#include <fmt/format.h>
#include <jitkit/ir/compile_unit.hpp>
#include <jitkit/ir/optimiser.hpp>
#include <jitkit/ir/parser.hpp>
#include <jitkit/ir/printer.hpp>
#include <jitkit/ir/verifier.hpp>

#include <optional>
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
Json compiled(ir::Unit& unit, const ir::FunctionData& f, const ir::TextMap& text, bool places) {
  using Isa = typename Target::Isa;
  if (f.isa != nullptr && f.isa != &Isa::isa_info())
    return {{"absent", fmt::format("this function is for {}", f.isa->name)}};
  typename Isa::Options options;
  options.conventions = custom_conventions<Isa>();
  (void)ir::choose_features<Isa>("", unit, Isa::core_features(), options.features);
  ir::Compiler<Isa> compiler(options);
  compiler.check_allocations = true;
  CodeBuffer code;
  Status s = compiler.compile(f, code);
  if (s.ok()) s = code.finish();
  if (s.ok()) return CodeJson<Target>(compiler, code).make(places);
  ir::Diagnostics errors;
  ir::explain<Isa>(f, text, s, errors);
  return {{"errors", errors_of(errors)}};
}

// A text, and one of its functions as the page shows it.
class Program {
 public:
  explicit Program(const std::string& text, const std::string& wanted) : wanted_(wanted) {
    const ir::IsaInfo* const targets[] = {&arm64::Isa::isa_info(), &x86_64::Isa::isa_info()};
    ir::Diagnostics errors;
    if (!ir::parse(text, unit_, targets, errors) || !ir::verify(unit_, errors)) {
      errors_ = errors_of(errors);
      return;
    }
    unit_.for_each([&](ir::FunctionData& f, ir::TextMap& map) { take(f, map); });
  }

  const Json& errors() const { return errors_; }
  const Json& functions() const { return functions_; }
  bool has_function() const { return chosen_ != nullptr; }
  std::string function() const { return std::string(unit_.module.symbol_name(chosen_->symbol)); }
  Json graph() const { return BodyJson(*chosen_).graph(); }

  // The passes, each with its lines if it changed something and `all` are wanted; the last has them always.
  Json optimise(ir::OptLevel level, bool all) {
    Json passes = Json::array();
    Json last = BodyJson(*chosen_).lines();
    passes.push_back({{"name", "parsed"}});
    if (all) passes.back()["lines"] = last;
    const Status s = ir::Optimiser(ir::PassList(level)).run(unit_, [&](ir::FunctionData& f, ir::Pass p) {
      if (&f != chosen_) return;
      Json lines = BodyJson(f).lines();
      const bool changed = lines != last;
      passes.push_back({{"name", ir::info(p).name}, {"meaning", ir::info(p).meaning}, {"changed", changed}});
      if (changed) last = std::move(lines);
      if (changed && all) passes.back()["lines"] = last;
    });
    passes.back()["lines"] = std::move(last);
    if (!s.ok()) errors_ = error_of_no_place(describe(s.error));
    return passes;
  }
  template <class Target>
  Json code(bool places) {
    return compiled<Target>(unit_, *chosen_, unit_.text_of(chosen_->symbol), places);
  }

 private:
  void take(ir::FunctionData& f, ir::TextMap& map) {
    const std::string name(unit_.module.symbol_name(f.symbol));
    Json params = Json::array();
    for (const ir::Param& p : unit_.module.params(f.signature)) params.push_back(ir::name(p.type));
    functions_.push_back({{"name", name}, {"params", params}, {"line", map.function.line}});
    if (chosen_ == nullptr || name == wanted_) chosen_ = &f;
    if (!number_lines(f, map)) errors_ = error_of_no_place(describe(Error::out_of_memory));
  }

  const std::string& wanted_;
  ir::Unit unit_;
  ir::FunctionData* chosen_ = nullptr;
  Json errors_, functions_ = Json::array();
};

}  // namespace

Json analyse(const Json& question) {
  const std::string text = question.value("text", ""), arm64_text = question.value("arm64_text", "");
  const std::string wanted = question.value("function", ""), show = question.value("show", "");
  const bool all_passes = show.empty() || show == "passes", places = show.empty() || show == "registers";
  Program program(text, wanted);
  if (!program.errors().empty()) return {{"errors", program.errors()}};
  Json answer{{"functions", program.functions()}, {"show", show}};
  if (!program.has_function()) return answer;
  const std::string function = program.function();
  answer["function"] = function;
  ir::OptLevel level = ir::OptLevel::none;
  ir::level_named(question.value("opt", "none"), level);

  // Where each target has a text of its own, the views of the IR show one of the two.
  std::optional<Program> own;
  if (!arm64_text.empty()) {
    own.emplace(arm64_text, function);
    if (own->errors().empty() && !own->has_function()) return answer;
    if (!own->errors().empty()) return {{"errors", own->errors()}};
  }
  Program& other = own ? *own : program;
  Json passes = program.optimise(level, all_passes);
  Json of_arm64 = own ? own->optimise(level, all_passes) : Json();
  for (const Program* p : {&program, &other})
    if (!p->errors().empty()) answer["errors"] = p->errors();
  if (answer.contains("errors")) return answer;
  answer["arm64"] = other.code<Arm64>(places);
  answer["x86_64"] = program.code<X86_64>(places);
  const bool shows_arm64 = own && question.value("ir_of", "") == "arm64";
  answer["graph"] = (shows_arm64 ? other : program).graph();
  if (own) {
    answer["arm64"]["lines"] = of_arm64.back()["lines"];
    answer["x86_64"]["lines"] = passes.back()["lines"];
  }
  answer["passes"] = std::move(shows_arm64 ? of_arm64 : passes);
  return answer;
}

}  // namespace jitkit::tools
