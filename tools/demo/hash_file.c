/* A C program that is linked with an object made by jitkit (objects.hpp).
 *
 * hash_file FILE [FLIP]       hashes FILE through each function, a line per function:
 *                               sha1 native DIGEST    or    sha1 native refused FEATURE
 *                             FLIP: changes that byte of what is hashed
 * hash_file --call NAME       calls that function once, on SAMPLE_BYTES bytes of zeros
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__aarch64__)
#include <sys/auxv.h>
#else
#include <cpuid.h>
#endif

typedef void block_function(uint32_t *state, const uint8_t *data, uint64_t blocks);
block_function sha1_native, sha1_portable, sha256_native, sha256_portable;

struct function {
  const char *algorithm, *version;
  block_function *run;
  unsigned words; /* of the state */
};
static const struct function functions[] = {{"sha1", "native", sha1_native, 5},
                                            {"sha1", "portable", sha1_portable, 5},
                                            {"sha256", "native", sha256_native, 8},
                                            {"sha256", "portable", sha256_portable, 8}};
enum { FUNCTIONS = 4, BLOCK = 64, BUFFER = 1 << 18 };

static const uint32_t starts[2][8] = {
    {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0},
    {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};

/* The feature that the CPU lacks for f; null if it has all. */
static const char *lacking(const struct function *f) {
  if (strcmp(f->version, "native") != 0) return NULL;
#if defined(__aarch64__)
  if (f->words == 5) return getauxval(AT_HWCAP) & HWCAP_SHA1 ? NULL : "sha1";
  return getauxval(AT_HWCAP) & HWCAP_SHA2 ? NULL : "sha2";
#else
  unsigned a, b, c, d;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1) ? NULL : "sha";
#endif
}

/* Hashes the rest of a file. The buffer has room for a block more than is read at a time. */
static int digest(const struct function *f, FILE *file, long long flip, uint32_t *state) {
  static uint8_t buffer[BUFFER + 2 * BLOCK];
  uint64_t total = 0;
  memcpy(state, starts[f->words == 8], 32);
  for (;;) {
    size_t n = fread(buffer, 1, BUFFER, file);
    if (ferror(file)) return 0;
    if (flip >= (long long)total && flip < (long long)(total + n)) buffer[flip - (long long)total] ^= 1;
    total += n;
    if (n == BUFFER) {
      f->run(state, buffer, n / BLOCK);
      continue;
    }
    uint64_t blocks = (n + 9 + BLOCK - 1) / BLOCK;
    memset(buffer + n, 0, blocks * BLOCK - n);
    buffer[n] = 0x80;
    for (int k = 0; k < 8; ++k) buffer[blocks * BLOCK - 1 - k] = (uint8_t)(total * 8 >> 8 * k);
    f->run(state, buffer, blocks);
    return 1;
  }
}

static int hash(const char *name, long long flip) {
  for (int k = 0; k < FUNCTIONS; ++k) {
    const struct function *f = &functions[k];
    const char *missing = lacking(f);
    printf("%s %s ", f->algorithm, f->version);
    if (missing) {
      printf("refused %s\n", missing);
      continue;
    }
    uint32_t state[8];
    FILE *file = fopen(name, "rb");
    if (!file || !digest(f, file, flip, state)) {
      fprintf(stderr, "%s: %s\n", name, strerror(errno));
      return 1;
    }
    fclose(file);
    for (unsigned n = 0; n < f->words; ++n) printf("%08" PRIx32, state[n]);
    printf("\n");
  }
  return 0;
}

static int call(const char *name) {
  static uint8_t zeros[SAMPLE_BYTES];
  uint32_t state[8] = {0};
  char symbol[32];
  for (int k = 0; k < FUNCTIONS; ++k) {
    snprintf(symbol, sizeof symbol, "%s_%s", functions[k].algorithm, functions[k].version);
    if (strcmp(symbol, name) == 0) return functions[k].run(state, zeros, SAMPLE_BYTES / BLOCK), 0;
  }
  return 2;
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "--call") == 0) return call(argv[2]);
  if (argc < 2 || argc > 3) return 2;
  return hash(argv[1], argc == 3 ? atoll(argv[2]) : -1);
}
