// Bit-fields: signed, unsigned, across units, packed, in unions; reads, writes and increments.
#include <stdio.h>
#include <string.h>
struct A { unsigned a : 3; int b : 5; unsigned c : 10; signed d : 13; unsigned e : 1; };
struct B { long long a : 33; unsigned long long b : 31; int c : 7; };
struct __attribute__((packed)) C { unsigned a : 24; char b; unsigned c : 17; signed long long d : 40; };
struct D { unsigned char a : 1, b : 2, : 0, c : 7; short d : 9; };
struct E { unsigned x : 24; };
union U { struct A a; unsigned w; };
static void bytes(const void *p, int n) { for (int i = 0; i < n; i++) printf("%02x", ((const unsigned char *)p)[i]); printf("\n"); }
int main(void) {
  struct A a; struct B b; struct C c; struct D d; struct E e = {0xabcdef};
  memset(&a, 0, sizeof a); memset(&b, 0, sizeof b); memset(&c, 0, sizeof c); memset(&d, 0, sizeof d);
  for (int i = 0; i < 40; i++) {
    a.a = i * 3; a.b += i - 7; a.c ^= i * 91; a.d = a.d * 3 + i; a.e = i > 20;
    b.a = b.a * 5 - i; b.b += 0x12345 * i; b.c--;
    c.a += 0x10203 * i; c.b = i; c.c = c.a >> 3; c.d = c.d * -9 + 1;
    d.a++; d.b += d.a; d.c = d.c * 3 + 1; d.d -= 77; e.x = e.x * 5 + 1;
    printf("%d %d %d %d %d | %lld %llu %d | %d %d %d %lld | %d %d %d %d %x\n", a.a, a.b, a.c, a.d, a.e, (long long)b.a, (unsigned long long)b.b, b.c,
           c.a, c.b, c.c, (long long)c.d, d.a, d.b, d.c, d.d, e.x);
  }
  union U u; u.w = 0; u.a.c = 1023; printf("%x %zu %zu %zu %zu\n", u.w, sizeof(struct A), sizeof(struct B), sizeof c, sizeof d);
  bytes(&a, sizeof a); bytes(&b, sizeof b); bytes(&c, sizeof c); bytes(&d, sizeof d);
  return 0;
}
