// The forms of x86-64: their numbers and names, and a FormRow of each.
//
// Forms are made of the rows: some 3,200 of the 1,300 of insts.def, 13,000 of the 600 of avx512.def. Their FormRow
// is made when it is asked for, as every unit that includes a table pays for each line of it; is_form() tells the
// numbers that are forms from the gaps.
// Invariants: a form of insts.def has its row and its size in form_index, in the order of Form. evex_form() and
// evex_parts() are each other's inverse.
#ifndef JITKIT_EMIT_X86_64_FORM_ROWS_HPP
#define JITKIT_EMIT_X86_64_FORM_ROWS_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/evex_rows.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI::x86_64 {

enum class Form : u16 {
  none,
#define JITKIT_X86_FORM(form) form,
#include <jitkit/emit/x86_64/forms.def>
  count
};
inline constexpr usize form_count = static_cast<usize>(Form::count);

namespace table {
// The rows of insts.def, each as register or memory variant, without a size.
inline constexpr InstRow inst_rows[] = {
    {"none", "", 0, {}, 0, Format::ZO, Roles::r, Axis::none, Feature::base, false, false, 0},
#define JITKIT_X86_ROW(name, mem, alt, text, axis, fmt, n, a, b, c, d, roles, enc, feature, effects) \
  {#name, text, enc, {{a, b, c, d}, n}, 0, Format::fmt, Roles::roles, Axis::axis, Feature::feature, mem != 0, alt != 0, (effects)},
#include <jitkit/emit/x86_64/forms.def>
};
}  // namespace table
using table::inst_rows;

namespace detail {

// The row and the size of each form.
struct FormIndex {
  u16 row[form_count] = {};
  u16 size[form_count] = {};
  usize count = 0;
  constexpr FormIndex() {
    for (u16 r = 0; r < sizeof inst_rows / sizeof inst_rows[0]; ++r)
      for (unsigned sizes = axis_sizes[static_cast<u8>(inst_rows[r].axis)], bits = 8; sizes != 0; sizes >>= 1, bits *= 2) {
        if ((sizes & 1) == 0) continue;
        row[count] = r;
        size[count++] = static_cast<u16>(bits & 0x1f8);  // 512: none
      }
  }
};
inline constexpr FormIndex form_index;
static_assert(form_index.count == form_count);

}  // namespace detail

constexpr const InstRow& inst_row_of(Form f) { return inst_rows[detail::form_index.row[static_cast<u16>(f)]]; }
constexpr u16 size_of(Form f) { return detail::form_index.size[static_cast<u16>(f)]; }

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
  return {{row.id, row.text, evex_word(p), row.kinds, static_cast<u16>(128 << p.length), row.format, row.roles, Axis::evex,
           row.feature, in_memory(p.variant) && !detail::memory_of(row).always, row.alternate, row.effects},
          p.variant, p.masking, row.modes};
}

constexpr bool is_form(Form f) {
  const u16 n = static_cast<u16>(f);
  return n != 0 && (n < form_count || (n < form_limit && detail::is_evex_form(evex_parts(f))));
}

constexpr FormRow row_of(Form f) {
  if (is_evex(f)) return evex_row(f);
  FormRow r{inst_row_of(f)};
  r.size = size_of(f);
  r.enc = sized(r.enc, r.axis, r.size);
  return r;
}

// add_rr_64; vaddps_512_m_k.
constexpr FormName form_name(Form f) {
  if (!is_evex(f)) {
    constexpr const char* sizes[] = {"_8", "_16", "_32", "_64", "_128", "_256"};
    FormName n = inst_row_of(f).name;
    if (const unsigned size = size_of(f); size != 0) n.append(sizes[log2_floor(size) - 3]);
    return n;
  }
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
  for (usize i = 1; i < form_count; ++i) {
    const auto f = static_cast<Form>(i);
    if (name.starts_with(inst_row_of(f).name) && form_name(f) == name) return f;
  }
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
