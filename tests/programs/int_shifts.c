// Shifts of all widths and counts, rotates, and shifts by constants.
#include <stdint.h>
#include <stdio.h>
static uint32_t rotl32(uint32_t x, unsigned n) { return x << (n & 31) | x >> (-n & 31); }
static uint64_t rotr64(uint64_t x, unsigned n) { return x >> (n & 63) | x << (-n & 63); }
static uint16_t rotl16(uint16_t x, unsigned n) { return (uint16_t)(x << (n & 15) | x >> (16 - (n & 15))); }
static uint8_t rotr8(uint8_t x, unsigned n) { return (uint8_t)(x >> (n & 7) | x << (8 - (n & 7))); }
int main(void) {
  uint64_t x = 0x8123456789abcdefu;
  for (unsigned n = 0; n < 64; n++) {
    printf("%u %llx %llx %llx %llx", n, (unsigned long long)(x << n), (unsigned long long)(x >> n),
           (unsigned long long)((int64_t)x >> n), (unsigned long long)rotr64(x, n));
    printf(" %x %x %x", (uint32_t)x << (n & 31), (uint32_t)x >> (n & 31), (unsigned)((int32_t)x >> (n & 31)));
    printf(" %x %x %x %d\n", rotl32((uint32_t)x, n), rotl16((uint16_t)x, n), rotr8((uint8_t)x, n), (int8_t)x >> (n & 7));
  }
  return 0;
}
