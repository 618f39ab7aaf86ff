// roles_x86_64 SEED COUNT >ITEMS: COUNT random instructions of every x86-64 form that can be executed by itself,
// with what its row says of registers, flags and memory (item.h). `roles_x86_64 names`: the forms by number, with
// their feature.
//
// Left out: branches, what works on the stack, on system state or on an absolute address. rsp is no operand: it
// belongs to guest.c.
#include <jitkit/emit/x86_64/formats.hpp>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string_view>

#include "item.h"

using namespace jitkit;
using namespace jitkit::x86_64;

namespace {

class Items {
 public:
  explicit Items(u64 seed) : random_(seed) {}

  // An instruction of the form; false if these registers do not go together.
  bool draw(Form form, RoleItem& item) {
    item = {};
    item.form = static_cast<u16>(form);
    item.effects = effects(form_effects(form));
    u8 regs[12] = {};
    unsigned count = 0;
    for (const FormOperand& o : form_operands(form)) {
      if (o.kind != FormOperand::Kind::reg) continue;
      const u8 r = reg(o);
      regs[count++] = r;
      if (r != reg_none) name(o, r, item);
    }
    item.length = encode(form, regs, displacement(form_effects(form)), static_cast<u8>(below(4)), immediate(), item.code);
    return item.length != 0;
  }

 private:
  u32 below(u32 n) { return static_cast<u32>(random_() % n); }
  // Locked accesses that cross a cache line cost milliseconds on some systems.
  i32 displacement(Effects e) {
    i32 any = below(2) == 0 ? 0 : static_cast<i32>(below(512)) - 256;
    if (below(2) == 0) any &= ~31;
    return (e & reads_memory) != 0 && (e & writes_memory) != 0 ? any & ~7 : any;
  }
  i64 immediate() { return below(2) == 0 ? static_cast<i64>(below(256)) : static_cast<i64>(random_()); }

  u8 reg(const FormOperand& o) {
    if (o.constraint == ConstraintKind::fixed) return o.arg;
    if ((o.role & role_optional) != 0 && below(4) == 0) return reg_none;
    if (o.bank != Bank::gpr) return static_cast<u8>(16 + below(16));
    constexpr u8 no_rsp[] = {0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return no_rsp[below(15)];
  }

  static void name(const FormOperand& o, u8 r, RoleItem& item) {
    const u8 bytes = static_cast<u8>(o.width <= 3 ? 1U : 1U << (o.width - 3));
    if ((o.role & role_use) != 0 && item.use[r] < bytes) item.use[r] = bytes;
    if ((o.role & role_def) != 0 && item.def[r] < bytes) item.def[r] = bytes;
  }

  static u8 effects(Effects e) {
    u8 bits = 0;
    if ((e & reads_flags) != 0) bits |= item_reads_flags;
    if ((e & writes_flags) != 0) bits |= item_writes_flags;
    if ((e & reads_memory) != 0) bits |= item_reads_memory;
    if ((e & writes_memory) != 0) bits |= item_writes_memory;
    if ((e & keeps_carry) != 0) bits |= item_keeps_carry;
    if ((e & only_carry) != 0) bits |= item_only_carry;
    if ((e & only_overflow) != 0) bits |= item_only_overflow;
    return bits;
  }

  std::mt19937_64 random_;
};

bool runs_alone(Form form) {
  if ((form_effects(form) & (control | other_state | unnamed_registers)) != 0) return false;
  // tests/unit/x86_64_execution.cpp runs those that name masks or gather.
  if (row_of(form).roles == Roles::gather) return false;
  for (const FormOperand& o : form_operands(form))
    if (o.bank == Bank::mask) return false;
  const FormName form_text = form_name(form);
  const std::string_view name = form_text;
  return name.find("moffs") == std::string_view::npos && row_of(form).format != Format::ACC;
}

void print_names() {
  for (u16 f = 0; f < form_count; ++f) {
    const std::string_view feature = feature_name(row_of(static_cast<Form>(f)).feature);
    std::printf("%s %.*s\n", row_of(static_cast<Form>(f)).name, static_cast<int>(feature.size()), feature.data());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "names") return print_names(), 0;
  if (argc != 3) return std::fprintf(stderr, "usage: roles_x86_64 SEED COUNT >ITEMS | names\n"), 2;
  Items items(std::strtoull(argv[1], nullptr, 10));
  const unsigned long count = std::strtoul(argv[2], nullptr, 10);
  for (u16 f = 1; f < form_count; ++f) {
    if (!runs_alone(static_cast<Form>(f))) continue;
    for (unsigned long n = 0; n < count; ++n) {
      RoleItem item;
      for (int tries = 0; !items.draw(static_cast<Form>(f), item); ++tries)
        if (tries > 1000) return std::fprintf(stderr, "no instruction of form %s\n", row_of(static_cast<Form>(f)).name), 1;
      std::fwrite(&item, sizeof item, 1, stdout);
    }
  }
  return 0;
}
