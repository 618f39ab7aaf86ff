// What both halves of abi_gcc know of each other.
#include <stdarg.h>
#include <stdio.h>
struct pair { long a, b; }; struct hfa { float x, y, z; }; struct big { long v[5]; }; struct mixed { long l; double d; }; struct tiny { char a; short s; char c; };
typedef float v4 __attribute__((vector_size(16))); typedef int v2 __attribute__((vector_size(8)));
struct calls { double (*back)(struct pair, struct hfa, struct big, int, ...); struct big (*make_big)(long, signed char, float); struct mixed (*make_mixed)(unsigned char, _Bool); struct hfa (*make_hfa)(float); signed char (*narrow)(signed char, unsigned short, _Bool); __int128 (*wide)(int, __int128, unsigned __int128); };
struct pair g_pair(struct pair, int); struct hfa g_hfa(struct hfa, struct mixed); struct big g_big(struct big, struct pair, struct tiny); struct mixed g_mixed(struct mixed, struct hfa, struct hfa, struct hfa); struct tiny g_tiny(struct tiny);
double g_variable(int, ...); double g_structs(int, ...); int g_narrow(signed char, unsigned short, _Bool); unsigned char g_unsigned(unsigned char, unsigned char); __int128 g_wide(int, __int128, int, __int128);
double g_many(char, short, int, long, float, double, int, long, int, long, struct pair, int, struct hfa, double, float, short); v4 g_vector(v4, v2); void g_call(const struct calls *);
