/* How the jitkit command and the process that runs compiled code talk: see run_child.c. */
#ifndef JITKIT_TOOLS_JITKIT_RUN_CHILD_H
#define JITKIT_TOOLS_JITKIT_RUN_CHILD_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { jitkit_running = 1, jitkit_returned = 2, jitkit_faulted = 3, jitkit_trapped = 4 };
/* Results: up to 8, each at a multiple of 64 bytes. */
enum { jitkit_result_stride = 64, jitkit_result_bytes = 8 * 64 };

struct jitkit_report {
  uint64_t state;
  /* Of a fault or trap: */
  uint64_t signal;
  uint64_t address;
  uint64_t function; /* that the code is in, or the number of functions */
  uint64_t offset;   /* from its start */
};

struct jitkit_run {
  void (*entry)(void* results);
  void* results;
  const void* const* functions; /* where each starts */
  uint64_t count;
  struct jitkit_report* report;
  void (*finish)(void); /* hands the report over and ends the process */
};

/* Does not return. */
void jitkit_run_child(const struct jitkit_run* run);

#ifdef __cplusplus
}
#endif

#endif
