// Whether an IR function can be a leaf's body: a leaf goes on behind it, with nothing but the vCPU's room.
//
// Calls: (ptr in x0, i64 in x1, x2, x3) to i64 in x0; reads: (ptr in x0) to i64 in x1; writes: (ptr in x0, i64 in
// x1) to nothing. The last parameters may be left out. All of convention custom0, left by exits that go nowhere else.
#ifndef JITKIT_CONSUMERS_HV_TRAP_BODY_SHAPE_HPP
#define JITKIT_CONSUMERS_HV_TRAP_BODY_SHAPE_HPP

#include <jitkit/ir/function.hpp>

#include <string>

namespace jitkit::hv {

enum class BodyKind : u8 { call, read, write };

inline std::string exit_unfit(const ir::FunctionData& f, const ir::ExitData& e, BodyKind kind) {
  if (e.target || e.epilogue != ir::ExitData::Epilogue::full) return "an exit that is bare or goes to a symbol";
  const auto places = f.module->params(e.places);
  if (kind == BodyKind::write) return places.empty() ? "" : "a write's exit with a result";
  const unsigned wanted = kind == BodyKind::call ? 0 : 1;
  const bool good = places.size() == 1 && places[0].type == ir::Type::i64 && places[0].place.kind == ir::FixedPlace::Kind::reg &&
                    places[0].place.reg.id == wanted;
  return good ? "" : "an exit whose result is not one i64 in reg(" + std::to_string(wanted) + ")";
}

// What stands in the way; empty if nothing does. The function has passed the verifier.
inline std::string unfit(const ir::FunctionData& f, BodyKind kind) {
  using ir::Opcode;
  if (f.module->signature(f.signature).conv != ir::CallConv::custom0) return "its convention is not custom0";
  const auto params = f.module->params(f.signature);
  if (params.size() > (kind == BodyKind::call ? 4U : kind == BodyKind::read ? 1U : 2U)) return "more parameters than there are";
  for (u32 n = 0; n < params.size(); ++n)
    if (params[n].type != (n == 0 ? ir::Type::ptr : ir::Type::i64) || params[n].place.kind != ir::FixedPlace::Kind::reg || params[n].place.reg.id != n)
      return "parameter " + std::to_string(n) + " is not " + (n == 0 ? "a ptr" : "an i64") + " in reg(" + std::to_string(n) + ")";
  u32 exits = 0;
  for (u32 b = 1; b < f.blocks.size(); ++b)
    for (ir::Inst i = f.blocks[b].first; i; i = f[i].next) {
      const ir::InstData& d = f[i];
      constexpr u8 leaves = ir::effect::trap | (ir::effect::call & ~(ir::effect::read | ir::effect::write));
      const bool control = (f.effects(d) & ir::effect::control) != 0;
      const bool stays = d.op == Opcode::br || d.op == Opcode::brif || d.op == Opcode::switch_ || d.op == Opcode::exit_;
      if ((f.effects(d) & leaves) != 0 || (control && !stays) || d.op == Opcode::alloca_)
        return "`" + std::string(ir::is_native(d.op) ? f.isa->form_name(ir::native_form(d.op)).view() : ir::name(d.op)) + "` has no place in a leaf";
      if (d.op != Opcode::exit_) continue;
      if (++exits == 2) return "a second exit; a leaf goes on behind the one in its last block";
      if (std::string wrong = exit_unfit(f, f.exits[d.aux], kind); !wrong.empty()) return wrong;
    }
  return "";
}

}  // namespace jitkit::hv

#endif  // JITKIT_CONSUMERS_HV_TRAP_BODY_SHAPE_HPP
