// AArch64 as a model of ir::Target: what the target-neutral compiler asks of it, in one type.
#ifndef JITKIT_EMIT_ARM64_TARGET_HPP
#define JITKIT_EMIT_ARM64_TARGET_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/emitter.hpp>
#include <jitkit/emit/arm64/lower.hpp>
#include <jitkit/ir/target.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

struct Isa {
  static constexpr const char* name = "arm64";
  using FeatureSet = arm64::FeatureSet;
  using Options = arm64::Options;
  using Buffer = CodeBuffer;
  using Lower = arm64::Lower;
  using Emitter = arm64::Emitter;

  static const ir::IsaInfo& isa_info() {
    static constexpr ir::IsaInfo info{
        name,
        form_count,
        [](u16 form) -> FormName { return form_name(static_cast<Form>(form)); },
        [](u16 form) { return form_effects(static_cast<Form>(form)); },
        [](u16 form) { return form_operands(static_cast<Form>(form)); },
        register_names,
        flag_free,
        nullptr, nullptr,
        {{preg::all_general, preg::all_vector, {}}, preg::frame, RegSet::of(preg::link), RegSet::of(preg::platform)}};
    return info;
  }
  static const ir::Convention& convention(ir::CallConv c) {
    return c == ir::CallConv::darwin ? darwin : aapcs64;
  }
  static ArgumentPlaces places(const ir::Convention& c, Span<const ir::Param> list, u32 fixed, bool results) {
    return {c, list, results ? ~u32{0} : fixed, results};
  }
  static std::string_view feature_name(u64 number) { return arm64::feature_name(static_cast<Feature>(number)); }
  // What core ops cannot do without, and what a form asks for.
  static FeatureSet core_features() {
    FeatureSet set;
    for (const Feature f : {Feature::asimd, Feature::pmull, Feature::crc}) set.enable(f);
    return set;
  }
  static FeatureSet form_features(u16 form) { return FeatureSet::of(form_feature(static_cast<Form>(form))); }
  static bool flag_free(ir::Opcode op, ir::Type t) { return arm64::flag_free(op, t); }

  // For one function, after selection: a frame pointer it needs and the emitter's own are not allocatable.
  static ir::RegisterInfo register_info(const ir::Convention& c, const ir::MachFunction& mf) {
    const PReg frame = c.frame.frame_pointer || mf.dynamic_stack ? preg::frame : PReg();
    ir::RegisterInfo r = ir::register_info(c, frame, machine_subsets);
    r.bank[0] = preg::all_general;
    r.bank[1] = preg::all_vector;
    r.allocatable = r.allocatable - preg::scratches;
    r.transient = preg::scratches;
    r.has_swap[0] = r.has_swap[1] = true;
    return r;
  }

 private:
  static constexpr const char* register_names[] = {
      "x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",  "x8",  "x9",  "x10", "x11", "x12",
      "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25",
      "x26", "x27", "x28", "x29", "x30", "",    "v0",  "v1",  "v2",  "v3",  "v4",  "v5",  "v6",
      "v7",  "v8",  "v9",  "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19",
      "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31"};
};
static_assert(ir::Target<Isa>);

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_TARGET_HPP
