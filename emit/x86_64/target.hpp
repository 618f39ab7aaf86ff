// x86-64 as a model of ir::Target: what the target-neutral compiler asks of it, in one type.
#ifndef JITKIT_EMIT_X86_64_TARGET_HPP
#define JITKIT_EMIT_X86_64_TARGET_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/emitter.hpp>
#include <jitkit/emit/x86_64/lower.hpp>
#include <jitkit/ir/target.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI::x86_64 {

struct Isa {
  static constexpr const char* name = "x86_64";
  using FeatureSet = x86_64::FeatureSet;
  using Options = x86_64::Options;
  using Buffer = CodeBuffer;
  using Lower = x86_64::Lower;
  using Emitter = x86_64::Emitter;

  static const ir::IsaInfo& isa_info() {
    static constexpr ir::IsaInfo info{
        name,
        form_limit,
        [](u16 form) { return form_name(static_cast<Form>(form)); },
        [](u16 form) { return form_effects(static_cast<Form>(form)); },
        [](u16 form) { return form_operands(static_cast<Form>(form)); },
        register_names,
        flag_free_selection,
        [](u16 form) { return is_form(static_cast<Form>(form)); },
        [](std::string_view form) { return static_cast<u16>(form_by_name(form)); },
        {{preg::all_gpr - RegSet::of(preg::rsp), preg::all_vec, preg::all_mask - RegSet::of(preg::k(0))},
         preg::rbp, {}, {}}};
    return info;
  }
  static const ir::Convention& convention(ir::CallConv c) {
    return conventions[c == ir::CallConv::win64 ? 1 : 0];
  }
  static ArgumentPlaces places(const ir::Convention& c, Span<const ir::Param> list, u32, bool results) {
    return {c, list, results};
  }
  static std::string_view feature_name(u64 number) { return x86_64::feature_name(static_cast<Feature>(number)); }
  // What core ops cannot do without, and what a form asks for.
  static FeatureSet core_features() {
    FeatureSet set;
    for (const Feature f : {Feature::cx16, Feature::sse4_2, Feature::aes, Feature::pclmulqdq, Feature::fma, Feature::f16c})
      set.enable(f);
    return set;
  }
  static FeatureSet form_features(u16 form) { return required_features(static_cast<Form>(form)); }
  static bool flag_free(ir::Opcode op, ir::Type t) { return flag_free_selection(op, t); }

  // For one function, after selection: a frame pointer it needs is not allocatable.
  static ir::RegisterInfo register_info(const ir::Convention& c, const ir::MachFunction& mf) {
    const PReg frame = c.frame.frame_pointer || mf.dynamic_stack ? preg::rbp : PReg();
    ir::RegisterInfo r = ir::register_info(c, frame, register_subsets);
    r.bank[0] = preg::all_gpr;
    r.bank[1] = preg::all_vec;
    r.bank[2] = preg::all_mask;
    r.has_swap[0] = r.has_swap[1] = r.has_swap[2] = true;
    return r;
  }

 private:
  static constexpr const char* register_names[] = {
      "rax",  "rcx",  "rdx",   "rbx",   "rsp",   "rbp",   "rsi",   "rdi",   "r8",    "r9",
      "r10",  "r11",  "r12",   "r13",   "r14",   "r15",   "xmm0",  "xmm1",  "xmm2",  "xmm3",
      "xmm4", "xmm5", "xmm6",  "xmm7",  "xmm8",  "xmm9",  "xmm10", "xmm11", "xmm12", "xmm13",
      "xmm14", "xmm15", "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23",
      "xmm24", "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k0",    "k1",
      "k2",   "k3",   "k4",    "k5",    "k6",    "k7"};
};
static_assert(ir::Target<Isa>);

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_TARGET_HPP
