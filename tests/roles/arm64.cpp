// roles_arm64 SEED COUNT >ITEMS: COUNT random instructions of every AArch64 form that can be executed by itself,
// with what its row says of registers, flags and memory (item.h). `roles_arm64 names`: the forms by number,
// with their feature.
//
// Left out: branches, literal loads, and what works on system registers or on registers the text does not name.
// Operands are not the stack pointer, nor x30: those belong to guest.c.
#include <jitkit/emit/arm64/disassembler.hpp>
#include <jitkit/emit/arm64/text_assembler.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "../support/arm64_samples.hpp"
#include "item.h"

using namespace jitkit;
using namespace jitkit::arm64;

namespace {

bool runs_alone(Form f) {
  const Effects effects = form_effects(f);
  if ((effects & (control | unnamed_registers)) != 0) return false;
  const bool memory = (effects & (reads_memory | writes_memory)) != 0;
  for (const FormOperand& o : form_operands(f))
    if (memory && o.kind == FormOperand::Kind::label) return false;
  return memory || (effects & other_state) == 0;
}

// False if the registers of the word are not for this test.
bool describe(Form f, u32 word, RoleItem& item) {
  if (detail::registers_conflict(f, word)) return false;
  item = {};
  item.form = static_cast<u16>(f);
  item.length = 4;
  std::memcpy(item.code, &word, 4);
  const struct {
    Effects effect;
    u8 bit;
  } effects[] = {{reads_flags, item_reads_flags},
                 {writes_flags, item_writes_flags},
                 {reads_memory, item_reads_memory},
                 {writes_memory, item_writes_memory}};
  for (const auto& e : effects)
    if ((form_effects(f) & e.effect) != 0) item.effects = static_cast<u8>(item.effects | e.bit);
  const DetailedOperands operands(f);
  for (unsigned i = 0; i < operands.size(); ++i) {
    const FormOperand& o = operands[i];
    if (o.kind != FormOperand::Kind::reg) continue;
    const unsigned number = static_cast<unsigned>(decode_operand(operands, i, word));
    if (o.bank == Bank::gpr && number >= 30) return false;
    const unsigned r = o.bank == Bank::gpr ? number : 32 + number;
    const u8 bytes = static_cast<u8>(1U << (o.width - 3));
    if ((o.role & role_use) != 0 && item.use[r] < bytes) item.use[r] = bytes;
    if ((o.role & role_def) != 0 && item.def[r] < bytes) item.def[r] = bytes;
  }
  return true;
}

void print_names() {
  std::puts("none base");
  for (u16 f = 1; f < form_count; ++f) {
    const std::string_view feature = feature_name(form_feature(static_cast<Form>(f)));
    std::printf("%s %.*s\n", form_name(static_cast<Form>(f)), static_cast<int>(feature.size()), feature.data());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "names") return print_names(), 0;
  if (argc != 3) return std::fprintf(stderr, "usage: roles_arm64 SEED COUNT >ITEMS | names\n"), 2;
  test::Arm64Samples samples(std::strtoull(argv[1], nullptr, 10));
  const unsigned long count = std::strtoul(argv[2], nullptr, 10);
  for (u16 f = 1; f < form_count; ++f) {
    const Form form = static_cast<Form>(f);
    if (!runs_alone(form)) continue;
    for (unsigned long n = 0; n < count; ++n) {
      RoleItem item;
      u32 word = 0;
      int tries = 0;
      do {
        if (++tries > 1000 || !samples.draw(form, word))
          return std::fprintf(stderr, "no word of form %s\n", form_name(form)), 1;
      } while (!describe(form, word, item));
      std::fwrite(&item, sizeof item, 1, stdout);
    }
  }
  return 0;
}
