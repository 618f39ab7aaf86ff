/* What programs may do of the system's instructions: two registers, caches, barriers and hints. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "arena.h"

static void read_register(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  set(m, &i->op[0], strcmp(i->op[1].name, "nzcv") == 0 ? m->r.nzcv : m->r.fpsr);
}
static void write_register(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  const uint64_t v = get(m, &i->op[1]);
  if (strcmp(i->op[0].name, "nzcv") == 0) m->r.nzcv = v & 0xf0000000;
  if (strcmp(i->op[0].name, "fpsr") == 0) m->r.fpsr = v & 0xf800009f; /* with AArch32's flags */
}
/* dc zva sets the block of zva_bytes to zero; others change nothing. */
static void data_cache(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  if (strcmp(i->op[0].name, "zva") != 0) return;
  const uint64_t at = get(m, &i->base) & ~(uint64_t)(zva_bytes() - 1);
  for (int n = 0; n < zva_bytes(); n += 8) store(m, at + (unsigned)n, 8, 0);
}
static void nothing(struct Machine* m, const struct Instruction* i, int unused) { (void)m, (void)i, (void)unused; }

/* A system call that there is not: aim() has chosen the number. */
static void system_call(struct Machine* m, const struct Instruction* i, int unused) {
  (void)i, (void)unused;
  m->r.x[0] = (uint64_t)-ENOSYS;
}
static void raises(struct Machine* m, const struct Instruction* i, int number) {
  (void)i;
  m->signal = number;
}

const struct ModelRow system_models[] = {
    {"mrs", read_register, 0},
    {"msr", write_register, 0},
    {"dc", data_cache, 0},
    {"ic", nothing, 0},
    {"dsb", nothing, 0},
    {"dmb", nothing, 0},
    {"isb", nothing, 0},
    {"dfb", nothing, 0},
    {"ssbb", nothing, 0},
    {"pssbb", nothing, 0},
    {"sb", nothing, 0},
    {"clrex", nothing, 0},
    {"nop", nothing, 0},
    {"yield", nothing, 0},
    {"wfe", nothing, 0},
    {"wfi", nothing, 0},
    {"sev", nothing, 0},
    {"sevl", nothing, 0},
    {"hint", nothing, 0},
    {"dgh", nothing, 0},
    {"esb", nothing, 0},
    {"csdb", nothing, 0},
    {"clrbhb", nothing, 0},
    {"bti", nothing, 0},
    {"svc", system_call, 0},
    {"brk", raises, SIGTRAP},
    {"udf", raises, SIGILL},
    {"hvc", raises, SIGILL},
    {"smc", raises, SIGILL},
    {"dcps1", raises, SIGILL},
    {"dcps2", raises, SIGILL},
    {"dcps3", raises, SIGILL},
    {"psb", nothing, 0},
    {"tsb", nothing, 0},
    {0, 0, 0},
};
