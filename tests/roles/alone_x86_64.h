// Which x86-64 forms are executed by themselves with all registers and memory drawn: tests/roles. All others are
// tests/exec's.
#ifndef JITKIT_TESTS_ROLES_ALONE_X86_64_H
#define JITKIT_TESTS_ROLES_ALONE_X86_64_H

#include <jitkit/emit/x86_64/disassembler.hpp>

#include <string_view>

inline bool x86_64_is_string(const jitkit::x86_64::FormRow& row) {
  using jitkit::x86_64::Roles;
  return row.roles >= Roles::movs8 && row.roles <= Roles::rep_lods64;
}

inline bool x86_64_runs_alone(jitkit::x86_64::Form form) {
  using namespace jitkit;
  using namespace jitkit::x86_64;
  const FormRow row = row_of(form);
  const Effects effects = form_effects(form);
  if ((effects & (control | unnamed_registers)) != 0) return false;
  if ((effects & other_state) != 0 && !x86_64_is_string(row)) return false;
  const FormName form_text = form_name(form);
  const std::string_view name = form_text;
  return name.find("moffs") == std::string_view::npos && row.format != Format::ACC;
}

#endif
