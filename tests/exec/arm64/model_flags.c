/* What depends on the condition flags or only writes them: Arm ARM C6.2, ConditionHolds in shared/functions. */
#include "machine.h"

int holds(int number, int nzcv) {
  const int n = (nzcv & flag_n) != 0, z = (nzcv & flag_z) != 0, c = (nzcv & flag_c) != 0, v = (nzcv & flag_v) != 0;
  int result = 1;
  switch (number >> 1) {
    case 0: result = z; break;
    case 1: result = c; break;
    case 2: result = n; break;
    case 3: result = v; break;
    case 4: result = c && !z; break;
    case 5: result = n == v; break;
    case 6: result = n == v && !z; break;
    default: return 1; /* al, and nv too */
  }
  return number & 1 ? !result : result;
}

/* ---- selection: what the second choice undergoes ---- */
enum { as_is, increments, inverts, negates };
static uint64_t changed(uint64_t v, int how) {
  return how == increments ? v + 1 : how == inverts ? ~v : how == negates ? 0 - v : v;
}
static void choose(struct Machine* m, const struct Instruction* i, int how) {
  const uint64_t n = get(m, &i->op[1]), other = get(m, &i->op[2]);
  set(m, &i->op[0], holds(i->op[3].number, flags(m)) ? n : changed(other, how));
}
static void change_if(struct Machine* m, const struct Instruction* i, int how) {
  const uint64_t n = get(m, &i->op[1]);
  set(m, &i->op[0], holds(i->op[2].number, flags(m)) ? changed(n, how) : n);
}
static void set_if(struct Machine* m, const struct Instruction* i, int all) {
  set(m, &i->op[0], !holds(i->op[1].number, flags(m)) ? 0 : all ? ~0ull : 1);
}

static void compare_if(struct Machine* m, const struct Instruction* i, int subtracts) {
  int nzcv = (int)i->op[2].value;
  if (holds(i->op[3].number, flags(m))) {
    const uint64_t y = get(m, &i->op[1]);
    add_with_carry(get(m, &i->op[0]), subtracts ? ~y : y, subtracts, i->op[0].bits, &nzcv);
  }
  set_flags(m, nzcv);
}

/* ---- the flags themselves ---- */
static void rotate_into(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  const int from = (int)rotate_right(get(m, &i->op[0]), (int)i->op[1].value, 64) & 15, mask = (int)i->op[2].value;
  set_flags(m, (flags(m) & ~mask) | (from & mask));
}
static void of_narrow(struct Machine* m, const struct Instruction* i, int bits) {
  const uint64_t v = get(m, &i->op[0]);
  const int top = (int)(v >> (bits - 1)) & 1, beyond = (int)(v >> bits) & 1;
  set_flags(m, (flags(m) & flag_c) | (top ? flag_n : 0) | ((v & mask_of(bits)) == 0 ? flag_z : 0) |
                   (top != beyond ? flag_v : 0));
}
static void invert_carry(struct Machine* m, const struct Instruction* i, int unused) {
  (void)i, (void)unused;
  set_flags(m, flags(m) ^ flag_c);
}
/* From the flags of a comparison of floating-point numbers to those other architectures use, and back. */
static void to_external(struct Machine* m, const struct Instruction* i, int unused) {
  (void)i, (void)unused;
  const int f = flags(m), z = (f & flag_z) != 0, c = (f & flag_c) != 0, v = (f & flag_v) != 0;
  set_flags(m, (z || v ? flag_z : 0) | (c && !v ? flag_c : 0));
}
static void from_external(struct Machine* m, const struct Instruction* i, int unused) {
  (void)i, (void)unused;
  const int f = flags(m), z = (f & flag_z) != 0, c = (f & flag_c) != 0;
  set_flags(m, (!c && !z ? flag_n : 0) | (z && c ? flag_z : 0) | (c || z ? flag_c : 0) | (!c && z ? flag_v : 0));
}

const struct ModelRow flag_models[] = {
    {"csel", choose, as_is},
    {"csinc", choose, increments},
    {"csinv", choose, inverts},
    {"csneg", choose, negates},
    {"cinc", change_if, increments},
    {"cinv", change_if, inverts},
    {"cneg", change_if, negates},
    {"cset", set_if, 0},
    {"csetm", set_if, 1},
    {"ccmn", compare_if, 0},
    {"ccmp", compare_if, 1},
    {"rmif", rotate_into, 0},
    {"setf8", of_narrow, 8},
    {"setf16", of_narrow, 16},
    {"cfinv", invert_carry, 0},
    {"axflag", to_external, 0},
    {"xaflag", from_external, 0},
    {0, 0, 0},
};
