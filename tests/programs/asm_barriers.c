// Assembler statements without text: barriers that hide values from the optimiser.
#include <stdio.h>
static int hide(int x) { __asm__ volatile("" : "+r"(x)); return x; } static double hide_d(double x) { __asm__("" : "+m"(x)); return x; } int main(void) { int s = 0; for (int i = 0; i < 10; i++) { s += hide(i * 3); __asm__ volatile("" ::: "memory"); } int a = 1, b = 2; __asm__ volatile("" : "+r"(a), "+r"(b)); printf("%d %d %d %g\n", s, a, b, hide_d(2.5)); return 0; }
