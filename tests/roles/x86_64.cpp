// roles_x86_64 SEED COUNT [EVEX_COUNT] >ITEMS: COUNT random instructions of every x86-64 form that can be executed by
// itself (EVEX_COUNT of those of AVX-512), with what its row says of registers, flags and memory, and the text of a
// twin with other registers (item.h). `roles_x86_64 wrong SEED`: one of every form, each under the name of another
// form with the same operands. `roles_x86_64 names`: the forms by number, with their feature.
//
// Left out: branches, what works on the stack, on system state or on an absolute address (tests/exec). rsp is no operand: it
// belongs to guest.c.
#include <jitkit/emit/x86_64/disassembler.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "alone_x86_64.h"
#include "item.h"

using namespace jitkit;
using namespace jitkit::x86_64;

namespace {

constexpr u8 first_vector = 16, first_mask = 48;

// The registers of an instruction: PReg numbers in the order of its register operands.
struct Drawn {
  u8 reg[12] = {};
  unsigned count = 0;
  i32 disp = 0;
  u8 scale = 0;
  i64 imm = 0;
};

class Items {
 public:
  explicit Items(u64 seed) : random_(seed) {}

  // An instruction of the form under the name of another; false if these registers do not go together.
  bool draw(Form form, Form named, RoleItem& item) {
    const FormRow row = row_of(form);
    item = {};
    item.form = static_cast<u16>(form);
    item.effects = effects(form, row);
    for (unsigned i = 0; i < 64; ++i) item.place[i] = static_cast<u8>(i);
    Drawn d;
    const FormOperands operands = form_operands(form);
    for (const FormOperand& o : operands) {
      if (o.kind != FormOperand::Kind::reg) continue;
      const u8 r = reg(o, is_evex(form), d);
      d.reg[d.count++] = r;
      if (r != reg_none) name(o, r, item);
    }
    d.disp = displacement(form_effects(form));
    d.scale = static_cast<u8>(below(4));
    d.imm = immediate();
    make_alignable(operands, d);
    item.length = encode(form, d.reg, d.disp, d.scale, d.imm, item.code);
    if (item.length == 0 || conflict(form, d)) return false;
    const Instruction own = instruction(named, d, item);
    for (const OperandValue& v : own.operand)
      if (v.cls == OpClass::mem && v.mem.base == Mem::none && v.mem.index == Mem::none) return false;
    if (below(4) == 0 && high_bytes(own, item)) return true;
    describe(own, item);
    move_registers(operands, is_evex(form), item);
    text(instruction(named, d, item), item);
    return true;
  }
  u32 below(u32 n) { return static_cast<u32>(random_() % n); }

 private:
  // Locked accesses that cross a cache line cost milliseconds on some systems.
  i32 displacement(Effects e) {
    i32 any = below(2) == 0 ? 0 : static_cast<i32>(below(512)) - 256;
    if (below(2) == 0) any &= ~31;
    return (e & reads_memory) != 0 && (e & writes_memory) != 0 ? any & ~7 : any;
  }
  i64 immediate() { return below(2) == 0 ? static_cast<i64>(below(256)) : static_cast<i64>(random_()); }

  // Often one that is an operand already.
  u8 reg(const FormOperand& o, bool evex, const Drawn& before) {
    if (o.constraint == ConstraintKind::fixed) return o.arg;
    if ((o.role & role_optional) != 0 && below(4) == 0) return reg_none;
    const bool k0 = o.constraint != ConstraintKind::subset;
    if (before.count != 0 && below(3) == 0) {
      const u8 r = before.reg[below(before.count)];
      const Bank bank = r < first_vector ? Bank::gpr : r < first_mask ? Bank::vec : Bank::mask;
      if (r != reg_none && bank == o.bank && (k0 || r != first_mask)) return r;
    }
    if (o.bank == Bank::vec) return static_cast<u8>(first_vector + below(evex ? 32 : 16));
    if (o.bank == Bank::mask) return static_cast<u8>(first_mask + (k0 ? below(8) : 1 + below(7)));
    constexpr u8 no_rsp[] = {0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return no_rsp[below(15)];
  }

  // So that registers can be found with which an address is aligned.
  static void make_alignable(const FormOperands& operands, Drawn& d) {
    unsigned at = 0;
    for (const FormOperand& o : operands) {
      if (o.kind != FormOperand::Kind::reg) continue;
      if ((o.role & role_optional) != 0 && at + 1 < d.count) {  // the base
        if (d.reg[at] == d.reg[at + 1] && d.scale == 0) d.scale = 1;
        if (d.reg[at] == reg_none) d.disp &= ~63;
        return;
      }
      ++at;
    }
  }

  // A gather names each vector and mask register once.
  static bool conflict(Form form, const Drawn& d) {
    const Effects e = form_effects(form);
    if ((effects(form, row_of(form)) & item_gathers) == 0 || (e & reads_memory) == 0) return false;
    for (unsigned a = 0; a < d.count; ++a)
      for (unsigned b = 0; b < a; ++b)
        if (d.reg[a] == d.reg[b] && d.reg[a] >= first_vector && d.reg[a] != reg_none) return true;
    return false;
  }

  static void name(const FormOperand& o, u8 r, RoleItem& item) {
    const u8 bytes = static_cast<u8>(o.width <= 3 ? 1U : 1U << (o.width - 3));
    if ((o.role & role_use) != 0 && item.use[r] < bytes) item.use[r] = bytes;
    if ((o.role & role_def) != 0 && item.def[r] < bytes) item.def[r] = bytes;
  }

  static u8 effects(Form form, const FormRow& row) {
    const Effects e = form_effects(form);
    u8 bits = 0;
    if ((e & reads_flags) != 0) bits |= item_reads_flags;
    if ((e & writes_flags) != 0) bits |= item_writes_flags;
    if ((e & reads_memory) != 0) bits |= item_reads_memory;
    if ((e & writes_memory) != 0) bits |= item_writes_memory;
    if ((e & keeps_carry) != 0) bits |= item_keeps_carry;
    if ((e & only_carry) != 0) bits |= item_only_carry;
    if ((e & only_overflow) != 0) bits |= item_only_overflow;
    for (unsigned i = 0; i < row.kinds.count; ++i)
      if (operand_of(row, i).index != 0) bits |= item_gathers;
    return bits;
  }

  // The drawn registers, as item.place moves them, as operands of `form`.
  static Instruction instruction(Form form, const Drawn& drawn, const RoleItem& item) {
    const FormRow row = row_of(form);
    Instruction in;
    in.form = form;
    in.count = row.kinds.count;
    in.zero = row.masking == Masking::zero;
    if (row.variant == EvexVariant::rounding)
      in.rounding = (row.modes & table::er) != 0 ? static_cast<Rounding>(2 + (drawn.imm & 3)) : Rounding::sae;
    unsigned at = 0;
    const auto next = [&] { return drawn.reg[at] == reg_none ? reg_none : item.place[drawn.reg[at]]; };
    for (unsigned i = 0; i < in.count; ++i) {
      const OperandDesc d = operand_of(row, i);
      OperandValue& v = in.operand[i];
      v.cls = d.cls;
      v.bits = d.cls == OpClass::vec && d.bits < 128 ? u16{128} : d.bits;
      if (d.cls == OpClass::gpr) {
        v.code = d.bits == 8 ? byte_code(next()) : next();
        ++at;
      } else if (d.cls == OpClass::vec || d.cls == OpClass::mask) {
        v.code = static_cast<u8>(next() - (d.cls == OpClass::vec ? first_vector : first_mask));
        ++at;
      } else if (d.cls == OpClass::mem) {
        const u8 base = next();
        ++at;
        const u8 index = next();
        ++at;
        v.mem.base = base == reg_none ? Mem::none : base;
        v.mem.index = index == reg_none       ? Mem::none
                      : index >= first_vector ? static_cast<u8>((index - first_vector) | Mem::vector_index)
                                              : index;
        v.mem.scale = drawn.scale;
        v.mem.disp = drawn.disp;
        v.imm = drawn.disp;
        v.broadcast = d.broadcast;
        v.index_bits = d.index;
        if (d.index != 0 || d.addr64) v.bits = 0;
      } else {
        v = {};
        v.cls = OpClass::imm;
        const unsigned bits = d.imm_bytes * 8U;
        v.imm = d.cls == OpClass::one ? 1
                : d.any64             ? drawn.imm
                : d.unsigned_text     ? drawn.imm & static_cast<i64>(low_mask(bits))
                                      : sign_extend(static_cast<u64>(drawn.imm), bits);
      }
      if (i != 0 || row.masking == Masking::none) continue;
      in.mask = static_cast<u8>(next() - first_mask);
      ++at;
    }
    return in;
  }

  // With a second byte where a byte register is one of the first four. The twin has the same registers.
  bool high_bytes(Instruction in, RoleItem& item) {
    bool any = false;
    for (unsigned i = 0; i < in.count; ++i) {
      OperandValue& v = in.operand[i];
      if (v.cls != OpClass::gpr || v.bits != 8 || operand_of(row_of(in.form), i).fixed || v.code > 3) continue;
      const u8 r = v.code;
      v.code = Gp8::high_byte(r).code;
      any = true;
      if (item.use[r] < 2) item.use[r] = 2;  // the first byte stays
      if (item.def[r] != 0 && item.def[r] < 2) item.def[r] = 2;
    }
    u8 code[16];
    const u8 length = any ? encode(in, code) : 0;
    if (length == 0) return false;
    std::memcpy(item.code, code, sizeof code);
    item.length = length;
    describe(in, item);
    text(in, item);
    return true;
  }

  static void describe(const Instruction& in, RoleItem& item) {
    std::snprintf(item.name, sizeof item.name, "%s", row_of(in.form).text);
    for (unsigned i = 0; i < in.count; ++i) {
      const OperandValue& v = in.operand[i];
      RoleOperand& o = item.operand[i];
      o.bits = v.bits;
      o.value = v.imm;
      if (v.cls == OpClass::imm) o.kind = operand_immediate;
      if (v.cls == OpClass::gpr) {
        const bool high = (v.code & code_forbids_rex) != 0;
        o.kind = high ? operand_high_byte : operand_register;
        o.reg = static_cast<u8>(high ? (v.code & 15) - 4 : v.code & 15);
      }
      if (v.cls == OpClass::vec || v.cls == OpClass::mask) {
        o.kind = operand_register;
        o.reg = static_cast<u8>(v.code + (v.cls == OpClass::vec ? first_vector : first_mask));
      }
      if (v.cls == OpClass::mem) {
        o.kind = operand_memory;
        o.reg = v.mem.base == Mem::none ? u8{255} : v.mem.base;
        o.index = v.mem.index == Mem::none ? u8{255} : v.mem.index;
        o.scale = v.mem.scale;
      }
    }
  }

  static void text(const Instruction& in, RoleItem& item) {
    std::string s;
    StringSink sink(s);
    print(in, sink);
    if (s.size() < sizeof item.text) std::memcpy(item.text, s.data(), s.size());
  }

  // Chooses where the twin has its registers: those that the instruction fixes, rsp and k0 stay.
  void move_registers(const FormOperands& operands, bool evex, RoleItem& item) {
    bool stays[64] = {};
    stays[4] = stays[first_mask] = true;
    for (const FormOperand& o : operands)
      if (o.kind == FormOperand::Kind::reg && o.constraint == ConstraintKind::fixed) stays[o.arg] = true;
    const auto shuffle = [&](unsigned first, unsigned count) {
      for (unsigned n = count; n-- > 1;) {
        const unsigned a = first + n, b = first + below(n + 1);
        if (!stays[a] && !stays[b]) std::swap(item.place[a], item.place[b]);
      }
    };
    shuffle(0, 16);
    shuffle(first_vector, evex ? 32 : 16);
    shuffle(first_mask, 8);
  }

  std::mt19937_64 random_;
};

// Another form with the same operands, by which an instruction of `form` may be called; none if there is none near.
Form another(Form form, u32 steps) {
  const FormRow a = row_of(form);
  const u16 n = static_cast<u16>(form);
  for (unsigned k = 1; k < 2000; ++k) {
    const unsigned g = (k & 1) != 0 ? n + k / 2 + 1 : n - k / 2;
    if (g == 0 || g >= form_limit || !is_form(static_cast<Form>(g)) || is_evex(form) != is_evex(static_cast<Form>(g))) continue;
    const FormRow b = row_of(static_cast<Form>(g));
    bool same = b.kinds.count == a.kinds.count && b.size == a.size && b.variant == a.variant && b.masking == a.masking &&
                b.roles == a.roles && b.modes == a.modes && b.mem == a.mem && x86_64_runs_alone(static_cast<Form>(g)) &&
                std::string_view(a.text) != b.text;
    for (unsigned i = 0; same && i < a.kinds.count; ++i) same = a.kinds.kind[i] == b.kinds.kind[i];
    if (same && steps-- == 0) return static_cast<Form>(g);
  }
  return Form::none;
}

void print_names() {
  for (u16 f = 0; f < form_limit; ++f) {
    const Form form = static_cast<Form>(f);
    if (f != 0 && !is_form(form)) {
      std::puts("- -");
      continue;
    }
    const FormName form_text = form_name(form);
    const std::string_view name = form_text, feature = feature_name(row_of(form).feature);
    const bool both = is_evex(form) && !feature.starts_with("avx512");  // gfni, vaes ...
    std::printf("%.*s %.*s%s\n", static_cast<int>(name.size()), name.data(), static_cast<int>(feature.size()), feature.data(),
                both ? "+avx512f" : "");
  }
}

int write_items(Items& items, Form form, Form named, unsigned long count) {
  for (unsigned long n = 0; n < count; ++n) {
    RoleItem item;
    for (int tries = 0; !items.draw(form, named, item); ++tries) {
      if (tries <= 1000) continue;
      const FormName name = form_name(form);
      return std::fprintf(stderr, "no instruction of form %.*s\n", static_cast<int>(name.view().size()), name.view().data()), 1;
    }
    std::fwrite(&item, sizeof item, 1, stdout);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "names") return print_names(), 0;
  const bool wrong = argc == 3 && std::string_view(argv[1]) == "wrong";
  if (argc != 3 && argc != 4)
    return std::fprintf(stderr, "usage: roles_x86_64 SEED COUNT [EVEX_COUNT] >ITEMS | wrong SEED >ITEMS | names\n"), 2;
  Items items(std::strtoull(argv[wrong ? 2 : 1], nullptr, 10));
  const unsigned long count = wrong ? 1 : std::strtoul(argv[2], nullptr, 10);
  const unsigned long evex_count = argc == 4 ? std::strtoul(argv[3], nullptr, 10) : count;
  for (u16 f = 1; f < form_limit; ++f) {
    const Form form = static_cast<Form>(f);
    if (!is_form(form) || !x86_64_runs_alone(form)) continue;
    const Form named = wrong ? another(form, items.below(4)) : form;
    if (named == Form::none) continue;
    if (const int status = write_items(items, form, named, is_evex(form) ? evex_count : count); status != 0) return status;
  }
  return 0;
}
