// A compiled function as the page shows it: its machine code by instruction, each with the IR instruction it
// came from, and what its registers and slots hold.
#ifndef JITKIT_TOOLS_EXPLORE_CODE_JSON_HPP
#define JITKIT_TOOLS_EXPLORE_CODE_JSON_HPP

#include <fmt/format.h>
#include <jitkit/ir/status_text.hpp>
#include <jitkit/ir/support/sink.hpp>
#include <targets.hpp>

#include <nlohmann/json.hpp>
#include <string>

#include "bit_fields.hpp"
#include "occupancy.hpp"
#include "question.hpp"

namespace jitkit::tools {

inline std::string hex_text(std::span<const u8> bytes, bool as_word) {
  std::string s;
  for (usize n = 0; n < bytes.size(); ++n) s += fmt::format("{:02x}", bytes[as_word ? bytes.size() - 1 - n : n]);
  return s;
}

template <class Target>
class CodeJson {
  using Isa = typename Target::Isa;
  using Text = typename Target::Listing::InstructionText;

 public:
  // The function compiled last into `code`, finished and not placed.
  CodeJson(const ir::Compiler<Isa>& compiler, CodeBuffer& code)
      : compiler_(compiler), code_(code), size_(code.offset()) {}

  Json make(bool with_places) {
    Json all{{"bytes", size_}};
    all["code"] = instructions();
    if (with_places) all["places"] = places();
    return all;
  }

 private:
  Json instructions() {
    Json list = Json::array();
    const auto positions = compiler_.code_map().positions;
    const auto blocks = compiler_.code_map().blocks;
    usize position = 0, block = 0;
    for (u32 at = 0; at < size_;) {
      while (position + 1 < positions.size() && positions[position + 1].offset <= at) ++position;
      while (block < blocks.size() && blocks[block] <= at) ++block;
      u32 end = position + 1 < positions.size() ? positions[position + 1].offset : size_;
      Json one{{"at", at}};
      if (const ir::Inst i = positions.empty() ? ir::Inst() : positions[position].inst) one["inst"] = i.id;
      if (block != 0 && block < blocks.size())
        one["block"] = compiler_.machine().blocks[static_cast<u32>(block - 1)].block.id;
      u32 length = 0;
      if (const u32 after = ir::data_end(code_, at, end); after != 0) {
        length = std::min(after - at, 16U);
        one["data"] = true;
        one["text"] = "data";
      } else {
        std::string text;
        StringSink sink(text);
        length = Text::instruction(code_.bytes().subspan(at, end - at), sink);
        one["text"] = text;
      }
      const std::span<const u8> bytes = code_.bytes().subspan(at, length);
      one["hex"] = hex_text(bytes, Text::unit == length && length > 1);
      if (std::string to = references(at, at + length); !to.empty()) one["to"] = to;
      list.push_back(std::move(one));
      at += length;
    }
    return list;
  }

  std::string references(u32 begin, u32 end) const {
    std::string s;
    for (const auto& r : code_.relocs()) {
      if (r.offset < begin || r.offset >= end) continue;
      if (r.symbol)
        s += fmt::format("@{}{}", code_.symbol_name(r.symbol), r.addend != 0 ? fmt::format("{:+}", r.addend) : "");
      else
        s += fmt::format("→ {:04x}", static_cast<u64>(r.addend));
    }
    return s;
  }

  std::string name(ir::Allocation a) const {
    if (!a.is_reg()) return fmt::format("slot {}", a.index());
    const unsigned id = a.preg().id;
    return Isa::isa_info().registers[id];
  }

  Json places() {
    const ir::MachFunction& mf = compiler_.machine();
    const Occupancy occupancy(mf);
    std::map<u32, Json> rows;
    for (const Stretch& s : occupancy.stretches())
      rows[s.place.bits].push_back(Json::array({s.begin, s.end, s.value.id}));
    Json places = Json::array();
    for (auto& [bits, stretches] : rows) {
      ir::Allocation a;
      a.bits = bits;
      places.push_back({{"name", name(a)}, {"slot", !a.is_reg()}, {"held", std::move(stretches)}});
    }
    // Columns: what each row of the occupancy came from, and where blocks start.
    Json columns = Json::array();
    for (u32 i = mf.insts.size(); i-- > 0;) columns.push_back(mf.insts[i].inst.id);
    Json starts = Json::array();
    for (u32 k = 0; k < mf.blocks.size(); ++k)
      if (mf.blocks[k].top != mf.blocks[k].bottom)
        starts.push_back(Json::array({occupancy.row(mf.blocks[k].top - 1), mf.blocks[k].block.id}));
    Json moves = Json::array();
    for (const ir::Edit& e : mf.edits) {
      using Kind = ir::Allocation::Kind;
      const ir::Move& m = e.move;
      const char* kind = m.to.kind() == Kind::slot ? "spill" : m.from.kind() == Kind::slot ? "reload"
                         : m.from.kind() == Kind::remat ? "made again" : "move";
      moves.push_back({{"at", occupancy.row(e.at)}, {"kind", kind}, {"value", m.vreg.id}});
    }
    return {{"rows", places}, {"columns", columns}, {"blocks", starts}, {"moves", moves}};
  }

  const ir::Compiler<Isa>& compiler_;
  CodeBuffer& code_;
  u32 size_;
};

}  // namespace jitkit::tools

#endif  // JITKIT_TOOLS_EXPLORE_CODE_JSON_HPP
