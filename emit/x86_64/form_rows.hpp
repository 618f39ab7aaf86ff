// The forms of x86-64: their numbers and names, and a FormRow of each.
//
// The forms of insts.def are a table. Those of avx512.def are some 13,000 made of 600 rows, so their FormRow is
// made when it is asked for; is_form() tells the numbers that are forms from the gaps.
// Invariants: form_rows has one FormRow per form, in the order of Form. evex_form() and evex_parts() are each
// other's inverse.
#ifndef JITKIT_EMIT_X86_64_FORM_ROWS_HPP
#define JITKIT_EMIT_X86_64_FORM_ROWS_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/evex_rows.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI::x86_64 {

enum class Form : u16 {
  none,
#define JITKIT_X86_FORM(form, ...) form,
#include <jitkit/emit/x86_64/forms.def>
  count
};
inline constexpr usize form_count = static_cast<usize>(Form::count);

namespace table {
inline constexpr FormRow form_rows[] = {
    {"none", "", 0, {}, 0, Format::ZO, Roles::r, Axis::none, Feature::base, false, false, 0},
#define JITKIT_X86_FORM(form, size, mem, alt, text, axis, fmt, kinds, roles, enc, feature, effects)             \
  {#form, text, sized(enc, Axis::axis, size), kinds, size, Format::fmt, Roles::roles, Axis::axis, Feature::feature, \
   mem != 0, alt != 0, (effects)},
#include <jitkit/emit/x86_64/forms.def>
};
}  // namespace table
using table::form_rows;
static_assert(sizeof form_rows / sizeof form_rows[0] == form_count);

// Numbers below form_count are rows of insts.def, numbers below form_limit may be forms of avx512.def.
inline constexpr u16 form_limit = static_cast<u16>(form_count + evex_count * 36);
static_assert(form_count + evex_count * 36 < 0x10000 - 1024);

constexpr Form evex_form(EvexParts p) {
  return static_cast<Form>(form_count + ((static_cast<unsigned>(p.id) * 3 + p.length) * 4 + static_cast<u8>(p.variant)) * 3 +
                           static_cast<u8>(p.masking));
}
constexpr Form evex_form(EvexId id, unsigned bits, EvexVariant variant = EvexVariant::plain, Masking masking = Masking::none) {
  return evex_form({id, static_cast<u8>(log2_floor(bits) - 7), variant, masking});
}
constexpr bool is_evex(Form f) { return static_cast<u16>(f) >= form_count; }
constexpr EvexParts evex_parts(Form f) {
  const unsigned n = static_cast<u16>(f) - static_cast<unsigned>(form_count);
  return {static_cast<EvexId>(n / 36), static_cast<u8>(n / 12 % 3), static_cast<EvexVariant>(n / 3 % 4),
          static_cast<Masking>(n % 3)};
}
constexpr const EvexRow& evex_row_of(Form f) { return evex_rows[static_cast<u16>(evex_parts(f).id)]; }

// The form as a row of its own.
constexpr FormRow evex_row(Form f) {
  const EvexParts p = evex_parts(f);
  const EvexRow& row = evex_row_of(f);
  FormRow r{row.id, row.text, evex_word(p), row.kinds, static_cast<u16>(128 << p.length), row.format, row.roles, Axis::evex,
            row.feature, in_memory(p.variant) && !detail::memory_of(row).always, row.alternate, row.effects};
  r.variant = p.variant;
  r.masking = p.masking;
  r.modes = row.modes;
  return r;
}

constexpr bool is_form(Form f) {
  const u16 n = static_cast<u16>(f);
  return n != 0 && (n < form_count || (n < form_limit && detail::is_evex_form(evex_parts(f))));
}

constexpr FormRow row_of(Form f) { return is_evex(f) ? evex_row(f) : form_rows[static_cast<u16>(f)]; }

// add_rr_64; vaddps_512_m_k.
constexpr FormName form_name(Form f) {
  if (!is_evex(f)) return form_rows[static_cast<u16>(f)].name;
  constexpr const char* lengths[] = {"_128", "_256", "_512"};
  constexpr const char* variants[] = {"", "_m", "_b", "_e"};
  constexpr const char* maskings[] = {"", "_k", "_z"};
  const EvexParts p = evex_parts(f);
  FormName n = evex_row_of(f).id;
  n.append(lengths[p.length]);
  n.append(variants[static_cast<u8>(p.variant)]);
  n.append(maskings[static_cast<u8>(p.masking)]);
  return n;
}

// The form of that name, Form::none if there is none. Linear: for parsers, not for the compile path.
constexpr Form form_by_name(std::string_view name) {
  for (usize i = 1; i < form_count; ++i)
    if (form_rows[i].name == name) return static_cast<Form>(i);
  for (u16 i = 0; i < evex_count; ++i) {
    const std::string_view id = evex_rows[i].id;
    if (!name.starts_with(id) || name.size() == id.size() || name[id.size()] != '_') continue;
    for (unsigned n = 0; n < 36; ++n) {
      const auto f = static_cast<Form>(form_count + i * 36U + n);
      if (is_form(f) && form_name(f) == name) return f;
    }
  }
  return Form::none;
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_FORM_ROWS_HPP
