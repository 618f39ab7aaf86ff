// Half precision through _Float16 where both compilers have it.
#include <stdio.h>
int main(void) {
  float v[] = {0, 1, -2.5f, 65504, 1e-5f, 0.333333f, 1000.7f, -6e-8f};
  for (int i = 0; i < 8; i++) {
    _Float16 h = (_Float16)v[i];
    unsigned short bits; __builtin_memcpy(&bits, &h, 2);
    _Float16 sum = (_Float16)((float)h + 1.0f);
    printf("%04x %a %a %d\n", bits, (double)(float)h, (double)sum, (int)(float)h);
  }
  return 0;
}
