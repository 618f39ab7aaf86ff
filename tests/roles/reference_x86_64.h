/* What integer instructions of x86-64 do, written from the manuals' pseudo-code (Intel SDM vol. 2, AMD APM vol. 3):
   arithmetic, shifts, bits, BMI, conditions, moves, exchanges. For guest.c, which compares it with the CPU.

   reference() knows an instruction by its mnemonic. It changes `want` and `memory` from what they are before the
   instruction to what they must be behind it, and answers which flags are defined, or -1 if it doesn't know it. */
typedef unsigned __int128 Wide;
enum { CF = 1, PF = 4, AF = 0x10, ZF = 0x40, SF = 0x80, OF = 0x800 };

struct Machine {
  const struct RoleItem *item;
  struct Registers *want;
  uint8_t *memory; /* the area's bytes, which stand at both addresses below */
  uint64_t writable, readable;
};

static uint64_t cut(uint64_t v, unsigned bits) { return bits >= 64 ? v : v & ((1ull << bits) - 1); }
static int64_t extend(uint64_t v, unsigned bits) { return (int64_t)(v << (64 - bits)) >> (64 - bits); }
static int top(uint64_t v, unsigned bits) { return (int)(v >> (bits - 1) & 1); }

static uint64_t address_of(const struct Machine *m, const struct RoleOperand *o) {
  const uint64_t *r = m->want->general;
  return (o->reg == 255 ? 0 : r[o->reg]) + (o->index == 255 ? 0 : r[o->index] << o->scale) + (uint64_t)o->value;
}
static uint8_t *place_of(const struct Machine *m, uint64_t address) {
  const uint64_t at = address - m->writable;
  return m->memory + (at < arena_bytes ? at : address - m->readable);
}
static uint64_t get(const struct Machine *m, const struct RoleOperand *o) {
  uint64_t v = 0;
  if (o->kind == operand_immediate) return (uint64_t)o->value;
  if (o->kind == operand_memory)
    memcpy(&v, place_of(m, address_of(m, o)), o->bits / 8);
  else
    v = o->kind == operand_high_byte ? m->want->general[o->reg] >> 8 & 255 : m->want->general[o->reg];
  return cut(v, o->bits);
}
static void put_general(uint64_t *r, unsigned bits, uint64_t v) {
  *r = bits == 64 ? v : bits == 32 ? cut(v, 32) : (*r & ~((1ull << bits) - 1)) | cut(v, bits);
}
static void put(const struct Machine *m, const struct RoleOperand *o, uint64_t v) {
  uint64_t *r = &m->want->general[o->reg];
  if (o->kind == operand_memory)
    memcpy(place_of(m, address_of(m, o)), &v, o->bits / 8);
  else if (o->kind == operand_high_byte)
    *r = (*r & ~0xff00ull) | (v & 255) << 8;
  else
    put_general(r, o->bits, v);
}

static void set_flags(const struct Machine *m, uint64_t which, uint64_t value) {
  m->want->flags = (m->want->flags & ~which) | (value & which);
}
static uint64_t result_flags(uint64_t v, unsigned bits) {
  v = cut(v, bits);
  return (v == 0 ? ZF : 0) | (top(v, bits) ? SF : 0) | (__builtin_parityll(v & 255) ? 0 : PF);
}
static int is(const char *a, const char *b) { return strcmp(a, b) == 0; }

/* a + b + c, or a - b - c. */
static uint64_t add_flags(const struct Machine *m, uint64_t a, uint64_t b, unsigned c, unsigned bits, int subtract,
                          uint64_t which) {
  a = cut(a, bits), b = cut(b, bits);
  const Wide wide = subtract ? (Wide)a - b - c : (Wide)a + b + c;
  const uint64_t v = cut((uint64_t)wide, bits);
  const int over = subtract ? top((a ^ b) & (a ^ v), bits) : top(~(a ^ b) & (a ^ v), bits);
  set_flags(m, which, ((wide >> bits & 1) != 0 ? CF : 0) | (over ? OF : 0) | ((a ^ b ^ v) & 16) | result_flags(v, bits));
  return v;
}

static int condition(const char *text, uint64_t f) {
  static const char *const names[] = {"o", "b", "e", "be", "s", "p", "l", "le"};
  static const char *const opposites[] = {"no", "ae", "ne", "a", "ns", "np", "ge", "g"};
  const int less = ((f & SF) != 0) != ((f & OF) != 0);
  const int holds[] = {(f & OF) != 0, (f & CF) != 0, (f & ZF) != 0, (f & (CF | ZF)) != 0, (f & SF) != 0,
                       (f & PF) != 0, less, less || (f & ZF) != 0};
  for (int i = 0; i < 8; ++i) {
    if (is(text, names[i])) return holds[i];
    if (is(text, opposites[i])) return !holds[i];
  }
  return -1;
}

static int64_t arithmetic(const struct Machine *m, const char *n) {
  static const char *const names[] = {"add", "adc", "sub", "sbb", "cmp", "and", "or", "xor", "test"};
  const struct RoleOperand *o = m->item->operand;
  const unsigned bits = o->bits, carried = m->want->flags & CF;
  for (unsigned i = 0; i < 9; ++i) {
    if (!is(n, names[i])) continue;
    const uint64_t a = get(m, o), b = get(m, o + 1);
    if (i < 5) {
      const uint64_t v = add_flags(m, a, b, i == 1 || i == 3 ? carried : 0, bits, i > 1, FLAGS);
      if (i != 4) put(m, o, v);
      return FLAGS;
    }
    const uint64_t v = i == 6 ? a | b : i == 7 ? a ^ b : a & b;
    set_flags(m, FLAGS, result_flags(v, bits));
    if (i != 8) put(m, o, v);
    return FLAGS & ~AF;
  }
  if (is(n, "inc") || is(n, "dec")) return put(m, o, add_flags(m, get(m, o), 1, 0, bits, *n == 'd', FLAGS & ~CF)), FLAGS;
  if (is(n, "neg")) return put(m, o, add_flags(m, 0, get(m, o), 0, bits, 1, FLAGS)), FLAGS;
  if (is(n, "not")) return put(m, o, ~get(m, o)), FLAGS;
  if (is(n, "adcx") || is(n, "adox")) {
    const uint64_t flag = n[2] == 'c' ? CF : OF;
    const Wide wide = (Wide)get(m, o) + get(m, o + 1) + ((m->want->flags & flag) != 0);
    return put(m, o, (uint64_t)wide), set_flags(m, flag, (wide >> bits & 1) != 0 ? flag : 0), FLAGS;
  }
  return -1;
}

static int64_t multiply(const struct Machine *m, const char *n) {
  const struct RoleOperand *o = m->item->operand;
  const unsigned bits = o->bits;
  uint64_t *r = m->want->general;
  const int is_signed = *n == 'i';
  if (is(n, "mulx")) {
    const Wide wide = (Wide)cut(r[2], bits) * get(m, o + 2);
    return put(m, o + 1, (uint64_t)wide), put(m, o, (uint64_t)(wide >> bits)), FLAGS;
  }
  if (is(n, "mul") || is(n, "imul")) {
    const int one = o[1].kind == operand_none, three = o[2].kind != operand_none;
    const uint64_t a = cut(one ? r[0] : get(m, three ? o + 1 : o), bits);
    const uint64_t b = cut(get(m, three ? o + 2 : one ? o : o + 1), bits);
    const Wide wide = is_signed ? (Wide)((__int128)extend(a, bits) * extend(b, bits)) : (Wide)a * b;
    const uint64_t low = cut((uint64_t)wide, bits), high = cut((uint64_t)(wide >> bits), bits);
    const int over = is_signed ? (__int128)wide != extend(low, bits) : high != 0;
    if (!one)
      put(m, o, low);
    else if (bits == 8)
      put_general(r, 16, low | high << 8);
    else
      put_general(r, bits, low), put_general(r + 2, bits, high);
    return set_flags(m, CF | OF, over ? CF | OF : 0), CF | OF;
  }
  if (!is(n, "div") && !is(n, "idiv")) return -1;
  const uint64_t by = get(m, o);
  const Wide low = bits == 8 ? cut(r[0], 16) : cut(r[0], bits), high = bits == 8 ? 0 : cut(r[2], bits);
  const Wide all = bits == 8 ? low : high << bits | low;
  if (by == 0) return -1;
  uint64_t quotient = (uint64_t)(all / by), rest = (uint64_t)(all % by);
  if (is_signed) {
    const __int128 value = bits == 64 ? (__int128)all : extend((uint64_t)all, 2 * (bits == 8 ? 8 : bits));
    quotient = (uint64_t)(value / extend(by, bits)), rest = (uint64_t)(value % extend(by, bits));
  }
  if (bits == 8)
    put_general(r, 16, cut(quotient, 8) | cut(rest, 8) << 8);
  else
    put_general(r, bits, quotient), put_general(r + 2, bits, rest);
  return 0;
}

static int64_t shift(const struct Machine *m, const char *n) {
  static const char *const names[] = {"rol", "ror", "rcl", "rcr", "shl", "shr", "sar", "shld", "shrd"};
  const struct RoleOperand *o = m->item->operand;
  const unsigned bits = o->bits;
  int kind = 0;
  while (kind < 9 && !is(n, names[kind])) ++kind;
  if (kind == 9) return -1;
  unsigned count = (unsigned)get(m, kind > 6 ? o + 2 : o + 1) & (bits == 64 ? 63 : 31);
  const uint64_t a = get(m, o), fill = kind > 6 ? get(m, o + 1) : 0;
  if (kind > 6 && count > bits) return -1; /* undefined */
  uint64_t v = a;
  unsigned c = m->want->flags & CF;
  const unsigned steps = kind == 2 || kind == 3 ? count % (bits + 1) : count;
  for (unsigned i = 0; i < steps; ++i) { /* a bit at a time, as the manual has it */
    const int left = kind < 7 ? (kind & 1) == 0 && kind != 6 : kind == 7;
    const unsigned out = left ? (unsigned)top(v, bits) : (unsigned)(v & 1);
    uint64_t in = kind < 2 ? out : kind < 4 ? c : kind == 6 ? (uint64_t)top(v, bits) : 0;
    if (kind == 7) in = fill >> (bits - 1 - i) & 1;
    if (kind == 8) in = fill >> i & 1;
    v = left ? cut(v << 1 | in, bits) : v >> 1 | in << (bits - 1);
    c = out;
  }
  put(m, o, v);
  if (count == 0) return FLAGS;
  const int over = kind == 6 ? 0 : top(a ^ v, bits);
  if (kind < 4) return set_flags(m, CF | OF, c | (over ? OF : 0)), count == 1 ? FLAGS : FLAGS & ~OF;
  set_flags(m, FLAGS & ~AF, c | (over ? OF : 0) | result_flags(v, bits));
  const int carry_known = kind > 6 || kind == 6 || count <= bits;
  return (count == 1 ? FLAGS & ~AF : FLAGS & ~(AF | OF)) & ~(uint64_t)(carry_known ? 0 : CF);
}

static uint64_t deposit(uint64_t v, uint64_t mask, int extract) {
  uint64_t out = 0;
  for (unsigned i = 0, k = 0; i < 64; ++i)
    if (mask >> i & 1) {
      out |= extract ? (v >> i & 1) << k : (v >> k & 1) << i;
      ++k;
    }
  return out;
}

static int64_t bit(const struct Machine *m, const char *n) {
  const struct RoleOperand *o = m->item->operand;
  const unsigned bits = o->bits;
  const uint64_t a = get(m, o + (o[1].kind != operand_none)), b = o[2].kind != operand_none ? get(m, o + 2) : 0;
  if (n[0] == 'b' && n[1] == 't' && (n[2] == 0 || (n[3] == 0 && strchr("src", n[2])))) {
    if (o->kind == operand_memory && o[1].kind != operand_immediate) return -1; /* a string of bits */
    const unsigned at = (unsigned)a & (bits - 1);
    const uint64_t v = get(m, o), one = 1ull << at;
    set_flags(m, CF, v >> at & 1);
    if (n[2] != 0) put(m, o, n[2] == 's' ? v | one : n[2] == 'r' ? v & ~one : v ^ one);
    return CF | ZF;
  }
  if (is(n, "bsf") || is(n, "bsr")) {
    set_flags(m, ZF, a == 0 ? ZF : 0);
    if (a == 0) return -1; /* the destination is undefined */
    return put(m, o, (uint64_t)(n[2] == 'f' ? __builtin_ctzll(a) : 63 - __builtin_clzll(a))), ZF;
  }
  if (is(n, "lzcnt") || is(n, "tzcnt")) {
    const unsigned v = a == 0 ? bits : *n == 'l' ? (unsigned)__builtin_clzll(a) - (64 - bits) : (unsigned)__builtin_ctzll(a);
    return set_flags(m, CF | ZF, (a == 0 ? CF : 0) | (v == 0 ? ZF : 0)), put(m, o, v), CF | ZF;
  }
  if (is(n, "popcnt"))
    return set_flags(m, FLAGS, a == 0 ? ZF : 0), put(m, o, (uint64_t)__builtin_popcountll(a)), FLAGS;
  const uint64_t logic = FLAGS & ~(AF | PF);
  uint64_t v, c = 0;
  if (is(n, "andn")) return v = ~a & b, set_flags(m, logic, result_flags(v, bits)), put(m, o, v), logic;
  if (is(n, "blsi") || is(n, "blsr") || is(n, "blsmsk")) {
    v = n[3] == 'i' ? a & (0 - a) : n[3] == 'r' ? a & (a - 1) : a ^ (a - 1);
    c = n[3] == 'i' ? a != 0 : a == 0;
    return set_flags(m, logic, c | result_flags(v, bits)), put(m, o, v), logic;
  }
  if (is(n, "bzhi")) {
    const unsigned at = (unsigned)b & 255;
    v = at < bits ? cut(a, at) : a;
    return set_flags(m, logic, (at >= bits ? CF : 0) | result_flags(v, bits)), put(m, o, v), logic;
  }
  if (is(n, "bextr")) {
    const unsigned from = (unsigned)b & 255, size = (unsigned)(b >> 8) & 255;
    v = cut(from < bits ? a >> from : 0, size);
    return set_flags(m, CF | OF | ZF, v == 0 ? ZF : 0), put(m, o, v), CF | OF | ZF;
  }
  if (is(n, "pdep") || is(n, "pext")) return put(m, o, cut(deposit(a, b, n[2] == 'x'), bits)), FLAGS;
  const unsigned by = (unsigned)b & (bits - 1);
  if (is(n, "rorx")) return put(m, o, by == 0 ? a : a >> by | a << (bits - by)), FLAGS;
  if (is(n, "shlx")) return put(m, o, a << by), FLAGS;
  if (is(n, "shrx")) return put(m, o, a >> by), FLAGS;
  if (is(n, "sarx")) return put(m, o, (uint64_t)(extend(a, bits) >> by)), FLAGS;
  if (is(n, "crc32")) {
    uint64_t crc = cut(get(m, o), 32);
    for (unsigned i = 0; i < o[1].bits; ++i) crc = crc >> 1 ^ (((crc ^ a >> i) & 1) != 0 ? 0x82f63b78u : 0);
    return put(m, o, crc), FLAGS;
  }
  return -1;
}

static int64_t move(const struct Machine *m, const char *n) {
  const struct RoleOperand *o = m->item->operand;
  const unsigned bits = o->bits;
  uint64_t *r = m->want->general;
  if (strncmp(n, "set", 3) == 0 || strncmp(n, "cmov", 4) == 0) {
    const int set = *n == 's', holds = condition(n + (set ? 3 : 4), m->want->flags);
    if (holds < 0) return -1;
    return put(m, o, set ? (uint64_t)holds : get(m, holds ? o + 1 : o)), FLAGS;
  }
  if (is(n, "mov") || is(n, "movabs") || is(n, "movzx") || is(n, "movnti")) return put(m, o, get(m, o + 1)), FLAGS;
  if (is(n, "movsx") || is(n, "movsxd")) return put(m, o, (uint64_t)extend(get(m, o + 1), o[1].bits)), FLAGS;
  if (is(n, "movbe")) return put(m, o, __builtin_bswap64(get(m, o + 1)) >> (64 - bits)), FLAGS;
  if (is(n, "bswap") && bits > 16) return put(m, o, __builtin_bswap64(get(m, o)) >> (64 - bits)), FLAGS;
  if (is(n, "lea")) return put(m, o, address_of(m, o + 1)), FLAGS;
  const uint64_t a = get(m, o), b = get(m, o + 1);
  /* Memory is written first: a register may be part of its address. */
  const int first = o[1].kind == operand_memory;
  if (is(n, "xchg")) return put(m, o + first, first ? a : b), put(m, o + !first, first ? b : a), FLAGS;
  if (is(n, "xadd")) {
    const uint64_t v = add_flags(m, a, b, 0, bits, 0, FLAGS);
    if (o->kind == operand_memory) return put(m, o, v), put(m, o + 1, a), FLAGS;
    return put(m, o + 1, a), put(m, o, v), FLAGS;
  }
  if (is(n, "cmpxchg")) {
    add_flags(m, cut(r[0], bits), a, 0, bits, 1, FLAGS);
    return cut(r[0], bits) == a ? put(m, o, b) : put_general(r, bits, a), FLAGS;
  }
  if (is(n, "cbw")) return put_general(r, 16, (uint64_t)extend(r[0], 8)), FLAGS;
  if (is(n, "cwde")) return put_general(r, 32, (uint64_t)extend(r[0], 16)), FLAGS;
  if (is(n, "cdqe")) return put_general(r, 64, (uint64_t)extend(r[0], 32)), FLAGS;
  if (is(n, "cwd")) return put_general(r + 2, 16, (uint64_t)(extend(r[0], 16) >> 15)), FLAGS;
  if (is(n, "cdq")) return put_general(r + 2, 32, (uint64_t)(extend(r[0], 32) >> 31)), FLAGS;
  if (is(n, "cqo")) return put_general(r + 2, 64, (uint64_t)((int64_t)r[0] >> 63)), FLAGS;
  return -1;
}

static int64_t reference(const struct Machine *m) {
  const struct RoleItem *item = m->item;
  const char *n = item->name + (strncmp(item->name, "lock ", 5) == 0 ? 5 : 0);
  for (int i = 0; i < 4; ++i) {
    const struct RoleOperand *o = &item->operand[i];
    if (o->bits > 64 || (o->kind == operand_register && o->reg >= general_count)) return -1;
  }
  int64_t (*const families[])(const struct Machine *, const char *) = {arithmetic, multiply, shift, bit, move};
  const struct Registers before = *m->want;
  for (unsigned i = 0; i < sizeof families / sizeof *families; ++i) {
    const int64_t defined = families[i](m, n);
    if (defined >= 0) return defined;
    *m->want = before;
  }
  return -1;
}
