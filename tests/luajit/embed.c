// A C program with LuaJIT in it: C functions called from traces, errors that leave a trace for a lua_pcall in C,
// callbacks from C into Lua, two states side by side. Prints a line per thing, the same with any backend.
// embed threads: states in threads of their own make THREADS * ROUNDS * LOOPS traces at the same time, no more, no less.
#include <lauxlib.h>
#include <lua.h>
#include <luajit.h>
#include <lualib.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 4, ROUNDS = 20, LOOPS = 100 };

static const char program[] =
    "local ffi = require('ffi')\n"
    "ffi.cdef[[ int abs(int); typedef struct { double x, y; } embed_point; typedef int (*embed_order)(const int *, const int *);\n"
    "           void qsort(int *, size_t, size_t, embed_order); ]]\n"
    "function sum(n) local s = 0; for i = 1, n do s = s + twice(i) % 7 + ffi.C.abs(-i) end; return s end\n"
    "function field(n) local p = ffi.new('embed_point', 1, 2); for i = 1, n do p.x = p.x + p.y * 0.5 end; return p.x end\n"
    "function fail(n) local t = {}; for i = 1, n do t[i] = i; if i == n then error('at ' .. i) end end end\n"
    "function order(n)\n"
    "  local a = ffi.new('int[?]', n); for i = 0, n - 1 do a[i] = i * 7919 % n end\n"
    "  local f = ffi.cast('embed_order', function(x, y) return x[0] - y[0] end)\n"
    "  ffi.C.qsort(a, n, 4, f); f:free()\n"
    "  for i = 1, n - 1 do if a[i - 1] > a[i] then return false end end\n"
    "  return true\n"
    "end\n"
    "function text(n) local t = {}; for i = 1, n do t[#t + 1] = ('%d:%s'):format(i, tostring(i / 4)) end; return #table.concat(t, ',') end\n";

static int twice(lua_State* L) {
  lua_pushnumber(L, 2 * luaL_checknumber(L, 1));
  return 1;
}

static void call(lua_State* L, const char* name, int n) {
  lua_getglobal(L, name);
  lua_pushinteger(L, n);
  const int status = lua_pcall(L, 1, 1, 0);
  if (lua_isboolean(L, -1))
    printf("%s(%d): %d, %s\n", name, n, status, lua_toboolean(L, -1) ? "true" : "false");
  else
    printf("%s(%d): %d, %s\n", name, n, status, lua_tostring(L, -1) ? lua_tostring(L, -1) : "nothing");
  lua_pop(L, 1);
}

static lua_State* make(void) {
  lua_State* L = luaL_newstate();
  if (L == NULL) exit(2);
  luaL_openlibs(L);
  lua_register(L, "twice", twice);
  if (luaL_loadbuffer(L, program, sizeof program - 1, "embed") != 0 || lua_pcall(L, 0, 0, 0) != 0) {
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    exit(2);
  }
  return L;
}

static void* make_traces(void* failed) {
  for (int round = 0; round < ROUNDS; ++round) {
    lua_State* L = luaL_newstate();
    if (L == NULL) exit(2);
    luaL_openlibs(L);
    if (luaL_dostring(L, "jit.opt.start('hotloop=1')") != 0) *(int*)failed = 1;
    for (int n = 0; n < LOOPS; ++n)
      if (luaL_dostring(L, "for i = 1, 100 do end") != 0) *(int*)failed = 1;
    lua_close(L);
  }
  return NULL;
}

static int run_threads(void) {
  pthread_t threads[THREADS];
  int failed[THREADS] = {0}, all = 0;
  for (int n = 0; n < THREADS; ++n)
    if (pthread_create(&threads[n], NULL, make_traces, &failed[n]) != 0) exit(2);
  for (int n = 0; n < THREADS; ++n) {
    pthread_join(threads[n], NULL);
    all |= failed[n];
  }
  printf("%d\n", THREADS * ROUNDS * LOOPS);
  return all;
}

int main(int argc, char** argv) {
  if (argc > 1 && argv[1][0] == 't') return run_threads();
  lua_State* states[2] = {make(), make()};
  printf("%s\n", LUAJIT_VERSION);
  if (argc > 1 && argv[1][0] == 'i')
    for (int s = 0; s < 2; ++s) luaJIT_setmode(states[s], 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
  for (int round = 0; round < 3; ++round)
    for (int s = 0; s < 2; ++s) {
      call(states[s], "sum", 5000 + round);
      call(states[s], "field", 3000);
      call(states[s], "fail", 200);
      call(states[s], "order", 300);
      call(states[s], "text", 400);
    }
  lua_close(states[0]);
  call(states[1], "sum", 10000);
  luaJIT_setmode(states[1], 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_FLUSH);
  call(states[1], "sum", 10001);
  lua_close(states[1]);
  return 0;
}
