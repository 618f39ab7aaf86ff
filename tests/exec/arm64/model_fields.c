/* Bit-fields, extraction and extension: Arm ARM C6.2, DecodeBitMasks in shared/functions. */
#include "machine.h"

/* sbfm, bfm, ubfm as the manual has them: a field is rotated to its place; above it stand zeros, its sign, or what
   the destination held. */
enum { zeros, signs, keeps };

static uint64_t move_field(struct Machine* m, const struct Instruction* i, int rotate, int top, int how) {
  const int bits = i->op[0].bits;
  const uint64_t source = get(m, &i->op[1]), before = how == keeps ? get(m, &i->op[0]) : 0;
  const uint64_t wmask = rotate_right(mask_of(top + 1), rotate, bits);
  const uint64_t tmask = mask_of((top - rotate + bits) % bits + 1);
  const uint64_t bottom = (before & ~wmask) | (rotate_right(source, rotate, bits) & wmask);
  const uint64_t above = how == signs ? (source >> top & 1 ? ~0ull : 0) : before;
  return ((above & ~tmask) | (bottom & tmask)) & mask_of(bits);
}

static void raw(struct Machine* m, const struct Instruction* i, int how) {
  set(m, &i->op[0], move_field(m, i, (int)i->op[2].value, (int)i->op[3].value, how));
}

/* The aliases by what their names say, not by the encoding they share with sbfm, bfm and ubfm. */
static void extract(struct Machine* m, const struct Instruction* i, int how) {
  const int low = (int)i->op[2].value, width = (int)i->op[3].value;
  const uint64_t field = get(m, &i->op[1]) >> low & mask_of(width);
  if (how == keeps) return set(m, &i->op[0], (get(m, &i->op[0]) & ~mask_of(width)) | field);
  set(m, &i->op[0], how == signs ? (uint64_t)sign_extend(field, width) : field);
}
static void insert(struct Machine* m, const struct Instruction* i, int how) {
  const int low = (int)i->op[2].value, width = (int)i->op[3].value;
  const uint64_t field = get(m, &i->op[1]) & mask_of(width);
  if (how == keeps) return set(m, &i->op[0], (get(m, &i->op[0]) & ~(mask_of(width) << low)) | field << low);
  set(m, &i->op[0], (how == signs ? (uint64_t)sign_extend(field, width) : field) << low);
}
static void clear(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  set(m, &i->op[0], get(m, &i->op[0]) & ~(mask_of((int)i->op[2].value) << i->op[1].value));
}
static void extend(struct Machine* m, const struct Instruction* i, int kind) {
  set(m, &i->op[0], shifted(get(m, &i->op[1]), (enum Shift)kind, 0, i->op[0].bits));
}
static void extract_pair(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  const int bits = i->op[0].bits;
  const u128 both = (u128)get(m, &i->op[1]) << bits | get(m, &i->op[2]);
  set(m, &i->op[0], (uint64_t)(both >> i->op[3].value));
}

const struct ModelRow field_models[] = {
    {"sbfm", raw, signs},
    {"bfm", raw, keeps},
    {"ubfm", raw, zeros},
    {"sbfx", extract, signs},
    {"ubfx", extract, zeros},
    {"bfxil", extract, keeps},
    {"sbfiz", insert, signs},
    {"ubfiz", insert, zeros},
    {"bfi", insert, keeps},
    {"bfc", clear, 0},
    {"sxtb", extend, sxtb},
    {"sxth", extend, sxth},
    {"sxtw", extend, sxtw},
    {"uxtb", extend, uxtb},
    {"uxth", extend, uxth},
    {"extr", extract_pair, 0},
    {0, 0, 0},
};
