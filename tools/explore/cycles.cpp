// Blocks are regions of one input. Of a block with an instruction that llvm-mca does not know, it leaves that out;
// such a block has no figures, because they would be another block's.
#include "cycles.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <sstream>

namespace jitkit::tools {
namespace {

constexpr const char* mca = "/usr/bin/llvm-mca-19";
constexpr unsigned iterations = 100;
constexpr usize most_text = usize{1} << 20;

struct Processors {
  const char* target;
  const char* triple;
  std::initializer_list<const char*> names;
};
const Processors all_processors[] = {
    {"arm64",
     "--mtriple=aarch64",
     {"neoverse-n1", "neoverse-v1", "neoverse-n2", "neoverse-v2", "cortex-a72", "cortex-a55"}},
    {"x86_64", "--mtriple=x86_64", {"skylake", "icelake-server", "sapphirerapids", "alderlake", "znver3", "znver4"}},
};

// A direct jump's distance is no operand in Intel's syntax of llvm-mc; where it leads does not matter here.
std::string jump_to_here(const std::string& line) {
  const usize space = line.find(' ');
  if (space == std::string::npos || (line[0] != 'j' && line.compare(0, 5, "call ") != 0)) return line;
  const char first = line[space + 1];
  return first == '-' || first == '+' || (first >= '0' && first <= '9') ? line.substr(0, space) + " there" : line;
}

std::string regions(const Json& blocks, bool intel, std::vector<usize>& sizes) {
  std::string text = intel ? ".intel_syntax noprefix\n" : "";
  for (const Json& block : blocks) {
    text += fmt::format("# LLVM-MCA-BEGIN {}\n", sizes.size());
    sizes.push_back(0);
    std::istringstream lines(block.get<std::string>());
    for (std::string line; std::getline(lines, line);) {
      if (line.empty()) continue;
      ++sizes.back();
      text += (intel ? jump_to_here(line) : line) + "\n";
    }
    text += "# LLVM-MCA-END\n";
  }
  return text;
}

Json block_of(const Json& region, usize size) {
  const Json& list = region.at("InstructionInfoView").at("InstructionList");
  if (list.size() != size) return {{"message", "llvm-mca does not know all of its instructions"}};
  Json instructions = Json::array();
  for (const Json& i : list)
    instructions.push_back({{"latency", i.at("Latency")},
                            {"throughput", i.at("RThroughput")},
                            {"uops", i.at("NumMicroOpcodes")}});
  return {{"cycles", region.at("SummaryView").at("TotalCycles").get<double>() / iterations},
          {"instructions", std::move(instructions)}};
}

}  // namespace

Json processors() {
  Json all = Json::object();
  for (const Processors& p : all_processors)
    for (const char* name : p.names) all[p.target].push_back(name);
  return all;
}

Json cycles(const Json& question, const Room& room, const std::atomic<bool>& cancelled) {
  if (access(mca, X_OK) != 0) return {{"message", "cycles need llvm-mca: apt-get install llvm-19"}};
  const std::string target = question.value("target", ""), cpu = question.value("cpu", "");
  const char* triple = nullptr;
  for (const Processors& p : all_processors)
    for (const char* name : p.names)
      if (p.target == target && name == cpu) triple = p.triple;
  if (triple == nullptr) return {{"message", fmt::format("'{}' is no processor that can be asked about", cpu)}};
  std::vector<usize> sizes;
  const std::string text = regions(question.value("blocks", Json::array()), target == "x86_64", sizes);
  if (text.size() > most_text) return {{"message", "too much code for llvm-mca"}};
  Confined run(room);
  if (!run.error().empty()) return {{"message", run.error()}};
  run.limits.output = u64{64} << 20;
  run.write("code.s", text);
  const Outcome o = run.run({mca, triple, "--mcpu=" + cpu, fmt::format("--iterations={}", iterations), "--json",
                             "--resource-pressure=0", "--skip-unsupported-instructions=any", "code.s"},
                            cancelled);
  if (const std::string message = why(o, run.limits); !message.empty()) return {{"message", "llvm-mca " + message}};
  const Json said = Json::parse(o.out, nullptr, false);
  if (o.status != 0 || !said.is_object() || !said.contains("CodeRegions")) return {{"message", "llvm-mca: " + o.err}};
  Json blocks = Json::array();
  for (usize n = 0; n < sizes.size(); ++n) blocks.push_back({{"message", "no instructions"}});
  for (const Json& region : said["CodeRegions"]) {
    const usize n = std::strtoul(region.value("Name", "").c_str(), nullptr, 10);
    if (n < sizes.size()) blocks[n] = block_of(region, sizes[n]);
  }
  return {{"blocks", std::move(blocks)}, {"cpu", cpu}};
}

}  // namespace jitkit::tools
