// A kernel: prepare() once, then kernel() as often as it is timed; what it returns is compared between builds.
#include <stddef.h>
#include <stdint.h>
void prepare(void);
uint64_t kernel(void);
