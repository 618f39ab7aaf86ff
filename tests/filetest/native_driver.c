/* Calls compiled functions: Records (native_program.hpp) from standard input, one answer each to
   standard output. A call that faults is answered with its signal, or with `fuzz_trapped` if it was one of the
   instructions that traps compile to, and the next one goes on. After a load that may fault it goes on at its exit. */
#include "../../tools/fuzz/preserving_call.h"

enum { slot_count = 24 };

struct record {
  uint64_t what;
  uint64_t broken;
  unsigned char slots[slot_count][16];
};

extern void (*const jitkit_calls[])(void*);

/* Of each file pairs of a load's address and its exit's, up to a null. */
struct landing {
  uint64_t load, to;
};
extern const struct landing* const jitkit_landings[];

static int land(int signal, ucontext_t* c) {
  if (signal != SIGSEGV && signal != SIGBUS) return 0;
  for (const struct landing* const* file = jitkit_landings; *file != 0; ++file)
    for (const struct landing* l = *file; l->load != 0; ++l)
      if (l->load == pc_of(c)) {
        set_pc(c, l->to);
        return 1;
      }
  return 0;
}

int main(void) {
  static struct record r;
  catch_signals();
  goes_on = land;
  while (read_all(&r, sizeof r)) {
    r.what = guarded_call(jitkit_calls[r.what], r.slots, &r.broken);
    if (!write_all(&r, sizeof r)) return 1;
  }
  return 0;
}
