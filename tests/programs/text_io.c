// The C library: sprintf, sscanf, strtol, getenv-free; stdout through pointers, errno, setjmp-free.
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv) { char b[128]; int n = snprintf(b, sizeof b, "%s|%5d|%-5d|%05d|%+d|%x|%o|%e", "s", 1, 2, 3, 4, 255, 8, 1234.5); fprintf(stdout, "%d %s\n", n, b); int x; double d; char w[20]; n = sscanf("12 3.5 word", "%d %lf %19s", &x, &d, w); printf("%d %d %g %s\n", n, x, d, w); char *e; errno = 0; long v = strtol("99999999999999999999", &e, 10); printf("%d %d %s\n", v == 9223372036854775807L, errno == ERANGE, e); char t[] = "a,b;c d"; for (char *p = strtok(t, ",; "); p; p = strtok(0, ",; ")) printf("<%s>", p); int up = 0; for (const char *p = "Hello World 42"; *p; p++) up = up * 3 + (isupper((unsigned char)*p) ? 2 : isdigit((unsigned char)*p) ? 1 : 0); printf(" %d %d %d\n", up, argc, argv[argc] == 0); fputs("end\n", stdout); fflush(stdout); return 7; }
