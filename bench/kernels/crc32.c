// CRC-32 by a table of 256 words.
#include "kernel.h"
enum { N = 1 << 20 };
static uint8_t text[N];
static uint32_t table[256];
void prepare(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t c = i;
    for (int k = 0; k < 8; k++) c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
    table[i] = c;
  }
  for (int i = 0; i < N; i++) text[i] = (uint8_t)(i * 13 + i / 33);
}
uint64_t kernel(void) {
  uint32_t c = ~0u;
  for (const uint8_t *p = text, *end = text + N; p != end; p++) c = table[(c ^ *p) & 255] ^ c >> 8;
  return ~c;
}
