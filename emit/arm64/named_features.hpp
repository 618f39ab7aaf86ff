// The features of what a form names beside its registers: fields of PSTATE, system registers, operations on caches,
// translations and addresses. Bits 18 to 5 of a word are the name.
//
// Source: Arm ARM C5.3 to C5.5, by the FEAT_ name each description gives.
#ifndef JITKIT_EMIT_ARM64_NAMED_FEATURES_HPP
#define JITKIT_EMIT_ARM64_NAMED_FEATURES_HPP

#include <jitkit/emit/arm64/formats.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

namespace detail {

constexpr Feature pstate_feature(u32 op1, u32 op2) {
  switch (op1 << 3 | op2) {
    case 0b000'011: return Feature::uao;
    case 0b000'100: return Feature::pan;
    case 0b011'001: return Feature::ssbs;
    case 0b011'010: return Feature::dit;
    case 0b011'100: return Feature::mte;
    default: return Feature::base;
  }
}

constexpr Feature cache_feature(u32 op1, u32 crm, u32 op2) {
  if (op1 == 3 && crm == 4) return op2 == 1 ? Feature::base : Feature::mte;  // zva; gva, gzva
  if (op1 == 3 && op2 == 1 && crm == 12) return Feature::dpb;
  if (op1 == 3 && op2 == 1 && crm == 13) return Feature::dpb2;
  return op2 >= 3 ? Feature::mte : Feature::base;  // those of tags
}

// Of the inner and outer shareable domain, of ranges; CRn 9 is nXS, which waits for less.
constexpr Feature translation_feature(u32 crn, u32 crm, u32 op2) {
  if (crn == 9) return Feature::xs;
  const bool by_stage_2 = (crm == 0 || crm == 4) && (op2 & 2) != 0;  // ripas2e1is, ripas2le1os ...
  if (crm == 2 || crm == 5 || crm == 6 || by_stage_2) return Feature::tlbirange;
  return crm == 1 || (crm == 4 && (op2 & 3) == 0) ? Feature::tlbios : Feature::base;
}

}  // namespace detail

// What the word needs beside its form's feature.
constexpr Feature named_feature(Form f, u32 word) {
  const u32 op1 = word >> 16 & 7, crn = word >> 12 & 15, crm = word >> 8 & 15, op2 = word >> 5 & 7;
  switch (f) {
    case Form::msr_pstate: return detail::pstate_feature(op1, op2);
    case Form::dc: return detail::cache_feature(op1, crm, op2);
    case Form::at: return crm == 9 && op2 < 2 ? Feature::pan2 : Feature::base;
    case Form::tlbi:
    case Form::tlbi_reg: return detail::translation_feature(crn, crm, op2);
    case Form::mrs: return op1 == 3 && crn == 2 && crm == 4 && (word >> 19 & 1) != 0 ? Feature::rng : Feature::base;
    default: return Feature::base;
  }
}

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_NAMED_FEATURES_HPP
