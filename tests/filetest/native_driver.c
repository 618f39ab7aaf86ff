/* Calls compiled functions: Records (native_program.hpp) from standard input, one answer each to
   standard output. A call that faults is answered with its signal, or with `fuzz_trapped` if it was one of the
   instructions that traps compile to, and the next one goes on. */
#include "../../tools/fuzz/preserving_call.h"

enum { slot_count = 24 };

struct record {
  uint64_t what;
  uint64_t broken;
  unsigned char slots[slot_count][16];
};

extern void (*const jitkit_calls[])(void*);

int main(void) {
  static struct record r;
  catch_signals();
  while (read_all(&r, sizeof r)) {
    r.what = guarded_call(jitkit_calls[r.what], r.slots, &r.broken);
    if (!write_all(&r, sizeof r)) return 1;
  }
  return 0;
}
