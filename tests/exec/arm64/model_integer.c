/* Integer arithmetic, logic, shifts by register, multiplication, division, bit counts, CRC: Arm ARM C6.2. */
#include "machine.h"

uint64_t add_with_carry(uint64_t x, uint64_t y, int carry, int bits, int* nzcv) {
  x &= mask_of(bits), y &= mask_of(bits);
  const u128 sum = (u128)x + y + (unsigned)carry;
  const uint64_t result = (uint64_t)sum & mask_of(bits);
  const __int128 signed_sum = (__int128)sign_extend(x, bits) + sign_extend(y, bits) + carry;
  *nzcv = (sign_extend(result, bits) < 0 ? flag_n : 0) | (result == 0 ? flag_z : 0) |
          ((u128)result != sum ? flag_c : 0) | ((__int128)sign_extend(result, bits) != signed_sum ? flag_v : 0);
  return result;
}

uint64_t shifted(uint64_t v, enum Shift shift, int amount, int bits) {
  v &= mask_of(bits);
  switch (shift) {
    case lsr: return v >> amount;
    case asr: return (uint64_t)(sign_extend(v, bits) >> amount) & mask_of(bits);
    case ror: return rotate_right(v, amount, bits);
    case uxtb: v &= 0xff; break;
    case uxth: v &= 0xffff; break;
    case uxtw: v &= 0xffffffff; break;
    case sxtb: v = (uint64_t)sign_extend(v, 8); break;
    case sxth: v = (uint64_t)sign_extend(v, 16); break;
    case sxtw: v = (uint64_t)sign_extend(v, 32); break;
    default: break;
  }
  return (v << amount) & mask_of(bits);
}

uint64_t second(const struct Machine* m, const struct Instruction* i, const struct Operand* o, int bits) {
  return shifted(get(m, o), i->shift, i->amount, bits);
}

/* ---- sums ---- */
enum { subtracts = 1, sets_flags = 2, compares = 4, from_zero = 8, with_carry = 16 };

static void sum(struct Machine* m, const struct Instruction* i, int how) {
  const struct Operand* d = &i->op[0];
  const int bits = d->bits, first = how & compares ? 0 : 1;
  const uint64_t x = how & from_zero ? 0 : get(m, &i->op[first]);
  uint64_t y = second(m, i, &i->op[how & from_zero ? first : first + 1], bits);
  int carry = how & subtracts ? 1 : 0, nzcv;
  if (how & subtracts) y = ~y;
  if (how & with_carry) carry = (flags(m) & flag_c) != 0;
  const uint64_t result = add_with_carry(x, y, carry, bits, &nzcv);
  if (!(how & compares)) set(m, d, result);
  if (how & sets_flags) set_flags(m, nzcv);
}

/* ---- logic ---- */
enum { op_and, op_or, op_eor, inverts = 4, logic_flags = 8, tests = 16, moves = 32 };

static void logic(struct Machine* m, const struct Instruction* i, int how) {
  const int bits = i->op[0].bits, first = how & tests ? 0 : 1;
  const uint64_t x = how & moves ? 0 : get(m, &i->op[first]);
  uint64_t y = second(m, i, &i->op[how & moves ? first : first + 1], bits);
  if (how & inverts) y = ~y;
  uint64_t result = (how & 3) == op_and ? x & y : (how & 3) == op_or ? x | y : x ^ y;
  result &= mask_of(bits);
  if (!(how & tests)) set(m, &i->op[0], result);
  if (how & logic_flags) set_flags(m, (sign_extend(result, bits) < 0 ? flag_n : 0) | (result == 0 ? flag_z : 0));
}

static void mov_wide(struct Machine* m, const struct Instruction* i, int how) { /* 0 movz, 1 movn, 2 movk */
  const uint64_t v = (uint64_t)i->op[1].value << i->amount;
  if (how == 2) return set(m, &i->op[0], (get(m, &i->op[0]) & ~(0xffffull << i->amount)) | v);
  set(m, &i->op[0], how == 1 ? ~v : v);
}

/* ---- shifts by a register, or by an immediate ---- */
static void shift(struct Machine* m, const struct Instruction* i, int kind) {
  const int bits = i->op[0].bits;
  const int by = (int)(get(m, &i->op[2]) % (unsigned)bits);
  set(m, &i->op[0], shifted(get(m, &i->op[1]), (enum Shift)kind, by, bits));
}

/* ---- products ---- */
enum { product_subtracts = 1, without_sum = 2, widens = 4, is_signed = 8 };

static void product(struct Machine* m, const struct Instruction* i, int how) {
  uint64_t x = get(m, &i->op[1]), y = get(m, &i->op[2]);
  if ((how & (widens | is_signed)) == (widens | is_signed))
    x = (uint64_t)sign_extend(x, 32), y = (uint64_t)sign_extend(y, 32);
  const uint64_t sum = how & without_sum ? 0 : get(m, &i->op[3]);
  set(m, &i->op[0], how & product_subtracts ? sum - x * y : sum + x * y);
}

static void high_product(struct Machine* m, const struct Instruction* i, int how) {
  const uint64_t x = get(m, &i->op[1]), y = get(m, &i->op[2]);
  const u128 p = how & is_signed ? (u128)((__int128)(int64_t)x * (int64_t)y) : (u128)x * y;
  set(m, &i->op[0], (uint64_t)(p >> 64));
}

static void divide(struct Machine* m, const struct Instruction* i, int how) {
  const int bits = i->op[0].bits;
  const uint64_t x = get(m, &i->op[1]), y = get(m, &i->op[2]);
  uint64_t q = 0;
  if (y != 0 && how & is_signed)
    q = sign_extend(y, bits) == -1 ? 0 - x : (uint64_t)(sign_extend(x, bits) / sign_extend(y, bits));
  else if (y != 0)
    q = x / y;
  set(m, &i->op[0], q);
}

/* ---- counts and reversals ---- */
static void reverse_bits(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  uint64_t result = 0;
  for (int n = 0; n < i->op[0].bits; ++n) result = result << 1 | (get(m, &i->op[1]) >> n & 1);
  set(m, &i->op[0], result);
}
static void reverse_bytes(struct Machine* m, const struct Instruction* i, int container) { /* 0: the register */
  if (container == 0) container = i->op[0].bits;
  const uint64_t v = get(m, &i->op[1]);
  uint64_t result = 0;
  for (int at = 0; at < i->op[0].bits; at += 8) {
    const int to = at / container * container + (container - 8 - at % container);
    result |= (v >> at & 0xff) << to;
  }
  set(m, &i->op[0], result);
}
static int leading_zeros(uint64_t v, int bits) {
  int n = 0;
  while (n < bits && (v >> (bits - 1 - n) & 1) == 0) ++n;
  return n;
}
static void count_zeros(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  set(m, &i->op[0], (uint64_t)leading_zeros(get(m, &i->op[1]), i->op[0].bits));
}
static void count_sign(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  const int bits = i->op[0].bits;
  const uint64_t v = get(m, &i->op[1]);
  set(m, &i->op[0], (uint64_t)leading_zeros((v ^ v >> 1) & mask_of(bits - 1), bits - 1));
}

/* ---- CRC-32: polynomials 0x04c11db7 and 0x1edc6f41 (C), bits in reverse order ---- */
enum { castagnoli = 1 << 8 };
static void crc(struct Machine* m, const struct Instruction* i, int how) {
  const uint64_t polynomial = how & castagnoli ? 0x1edc6f41 : 0x04c11db7;
  const int bits = how & 0xff;
  u128 accumulated = 0;
  const uint64_t sum = get(m, &i->op[1]), v = get(m, &i->op[2]) & mask_of(bits);
  for (int n = 0; n < 32; ++n) accumulated |= (u128)(sum >> n & 1) << (31 - n + bits);
  for (int n = 0; n < bits; ++n) accumulated ^= (u128)(v >> n & 1) << (bits - 1 - n + 32);
  for (int n = bits + 31; n >= 32; --n)
    if (accumulated >> n & 1) accumulated ^= (u128)(polynomial | 1ull << 32) << (n - 32);
  uint64_t result = 0;
  for (int n = 0; n < 32; ++n) result |= ((uint64_t)accumulated >> n & 1) << (31 - n);
  set(m, &i->op[0], result);
}

static void address(struct Machine* m, const struct Instruction* i, int page) {
  const uint64_t from = page ? m->pc & ~4095ull : m->pc;
  set(m, &i->op[0], from + (uint64_t)i->op[1].value);
}

const struct ModelRow integer_models[] = {
    {"add", sum, 0},
    {"adds", sum, sets_flags},
    {"sub", sum, subtracts},
    {"subs", sum, subtracts | sets_flags},
    {"cmn", sum, sets_flags | compares},
    {"cmp", sum, subtracts | sets_flags | compares},
    {"neg", sum, subtracts | from_zero},
    {"negs", sum, subtracts | sets_flags | from_zero},
    {"adc", sum, with_carry},
    {"adcs", sum, with_carry | sets_flags},
    {"sbc", sum, subtracts | with_carry},
    {"sbcs", sum, subtracts | with_carry | sets_flags},
    {"ngc", sum, subtracts | with_carry | from_zero},
    {"ngcs", sum, subtracts | with_carry | from_zero | sets_flags},
    {"and", logic, op_and},
    {"bic", logic, op_and | inverts},
    {"orr", logic, op_or},
    {"orn", logic, op_or | inverts},
    {"eor", logic, op_eor},
    {"eon", logic, op_eor | inverts},
    {"ands", logic, op_and | logic_flags},
    {"bics", logic, op_and | inverts | logic_flags},
    {"tst", logic, op_and | logic_flags | tests},
    {"mvn", logic, op_or | inverts | moves},
    {"mov", logic, op_or | moves},
    {"movz", mov_wide, 0},
    {"movn", mov_wide, 1},
    {"movk", mov_wide, 2},
    {"lsl", shift, lsl},
    {"lsr", shift, lsr},
    {"asr", shift, asr},
    {"ror", shift, ror},
    {"lslv", shift, lsl},
    {"lsrv", shift, lsr},
    {"asrv", shift, asr},
    {"rorv", shift, ror},
    {"madd", product, 0},
    {"msub", product, product_subtracts},
    {"mul", product, without_sum},
    {"mneg", product, product_subtracts | without_sum},
    {"smaddl", product, widens | is_signed},
    {"smsubl", product, widens | is_signed | product_subtracts},
    {"umaddl", product, widens},
    {"umsubl", product, widens | product_subtracts},
    {"smull", product, widens | is_signed | without_sum},
    {"smnegl", product, widens | is_signed | product_subtracts | without_sum},
    {"umull", product, widens | without_sum},
    {"umnegl", product, widens | product_subtracts | without_sum},
    {"smulh", high_product, is_signed},
    {"umulh", high_product, 0},
    {"sdiv", divide, is_signed},
    {"udiv", divide, 0},
    {"rbit", reverse_bits, 0},
    {"rev", reverse_bytes, 0},
    {"rev16", reverse_bytes, 16},
    {"rev32", reverse_bytes, 32},
    {"rev64", reverse_bytes, 64},
    {"clz", count_zeros, 0},
    {"cls", count_sign, 0},
    {"crc32b", crc, 8},
    {"crc32h", crc, 16},
    {"crc32w", crc, 32},
    {"crc32x", crc, 64},
    {"crc32cb", crc, 8 | castagnoli},
    {"crc32ch", crc, 16 | castagnoli},
    {"crc32cw", crc, 32 | castagnoli},
    {"crc32cx", crc, 64 | castagnoli},
    {"adr", address, 0},
    {"adrp", address, 1},
    {0, 0, 0},
};
