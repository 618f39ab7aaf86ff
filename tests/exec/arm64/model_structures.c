/* ld1 to ld4, st1 to st4 of whole registers, of one lane, and to all lanes (ld1r): Arm ARM C7.2. */
#include "arena.h"

uint64_t address_of(struct Machine*, const struct Instruction*);
void write_back(struct Machine*, const struct Instruction*);

enum { loads = 1, replicates = 2, interleaved_by = 4 }; /* elements of a structure in the bits from 4 on */

static void move(struct Machine* m, Vector* v, int element, int bytes, uint64_t at, int how) {
  if (how & loads) {
    const uint64_t value = load(m, at, bytes);
    for (int n = 0; n < bytes; ++n) v->b[element * bytes + n] = (uint8_t)(value >> 8 * n);
    return;
  }
  uint64_t value = 0;
  for (int n = 0; n < bytes; ++n) value |= (uint64_t)v->b[element * bytes + n] << 8 * n;
  store(m, at, bytes, value);
}

static void structures(struct Machine* m, const struct Instruction* i, int how) {
  const int bytes = i->op[0].bits / 8, elements = i->op[0].elements;
  const int together = how / interleaved_by; /* ld1 of several registers: one behind the other */
  uint64_t at = address_of(m, i);
  write_back(m, i);
  if (i->op[0].kind == lane) {
    for (int r = 0; r < i->count; ++r, at += (unsigned)bytes)
      move(m, &m->r.v[i->op[r].number], i->op[r].index, bytes, at, how);
    return;
  }
  if (how & loads)
    for (int r = 0; r < i->count; ++r) m->r.v[i->op[r].number] = (Vector){{0}};
  if (how & replicates) {
    for (int r = 0; r < i->count; ++r, at += (unsigned)bytes)
      for (int e = 0; e < elements; ++e) move(m, &m->r.v[i->op[r].number], e, bytes, at, how);
    return;
  }
  for (int group = 0; group < i->count; group += together)
    for (int e = 0; e < elements; ++e)
      for (int r = 0; r < together; ++r, at += (unsigned)bytes)
        move(m, &m->r.v[i->op[group + r].number], e, bytes, at, how);
}

const struct ModelRow structure_models[] = {
    {"ld1", structures, loads | 1 * interleaved_by},
    {"ld2", structures, loads | 2 * interleaved_by},
    {"ld3", structures, loads | 3 * interleaved_by},
    {"ld4", structures, loads | 4 * interleaved_by},
    {"st1", structures, 1 * interleaved_by},
    {"st2", structures, 2 * interleaved_by},
    {"st3", structures, 3 * interleaved_by},
    {"st4", structures, 4 * interleaved_by},
    {"ld1r", structures, loads | replicates | 1 * interleaved_by},
    {"ld2r", structures, loads | replicates | 2 * interleaved_by},
    {"ld3r", structures, loads | replicates | 3 * interleaved_by},
    {"ld4r", structures, loads | replicates | 4 * interleaved_by},
    {0, 0, 0},
};
