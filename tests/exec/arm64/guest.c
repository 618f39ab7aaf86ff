/* guest LINES WORDS STATES SEED: executes each instruction of LINES (`FORM WORD TEXT`) STATES times, each time with
   other registers, flags and memory, and compares all of them afterwards with
     - what the model of the text's mnemonic says (model_*.c), or
     - where there is none, what the word does that the C compiler's assembler makes of the text: its number in WORDS.
   One line per fault, `FORM what: WORD TEXT`; then for each form `FORM runs N by model|compiler`, or `FORM never:
   reason`. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "arena.h"
#include "branches.h"
#include "enter.h"

enum { code_bytes = frame_distance + sizeof(struct Frame), tries = 60, max_forms = 1 << 14 };
static const uint32_t nop = 0xd503201f;

/* Two places for code, so that neither of an instruction and its reference is written again and again: QEMU
   translates what was written anew. */
struct Place {
  uint8_t* code;
  struct Frame* frame;
  uint32_t words[3];
};
static struct Place places[2];
static sigjmp_buf jump;
static uint8_t saved[arena_bytes];

static const void* signal_at;
static void on_signal(int number, siginfo_t* info, void* context) {
  (void)context;
  signal_at = info->si_addr;
  siglongjmp(jump, number);
}

struct Item {
  unsigned form;
  uint32_t word, other;
  const struct ModelRow* row;
  struct Instruction text;
};

/* A load-exclusive of zero registers, of the address and size of a store-exclusive; else nop. Of pairs it loads x29
   as well, which the model is told of. */
static uint32_t marking_load(const struct Item* item, int* loads_x29) {
  const struct Instruction* i = &item->text;
  const uint32_t base = (uint32_t)i->base.number << 5;
  *loads_x29 = i->count == 3;
  if (*loads_x29) return 0x887f0000u | (i->op[1].bits == 64) << 30 | 31 << 10 | base | 29;
  const char last = i->mnemonic[strlen(i->mnemonic) - 1];
  const uint32_t size = last == 'b' ? 0 : last == 'h' ? 1 : i->op[1].bits == 32 ? 2 : 3;
  return 0x085f7c00u | size << 30 | base | 31;
}

static int is_store_exclusive(const struct Instruction* i) {
  return strncmp(i->mnemonic, "stx", 3) == 0 || strncmp(i->mnemonic, "stlx", 4) == 0;
}
static int names_x29(const struct Instruction* i) {
  for (int n = 0; n < i->count; ++n)
    if (i->op[n].number == 29) return 1;
  return i->base.number == 29;
}

static void put(struct Place* p, uint32_t word, uint32_t before) {
  const uint32_t words[] = {before, word, 0x14000000u | (leave_distance - 8) / 4};
  if (memcmp(p->words, words, sizeof words) == 0) return;
  memcpy(p->words, words, sizeof words);
  memcpy(p->code, words, sizeof words);
  __builtin___clear_cache((char*)p->code, (char*)p->code + sizeof words);
}

/* 0, or the signal that ended it: SIGPROF for what goes on and on. */
static int run(const struct Place* p, const struct Branch* b) {
  const int caught = sigsetjmp(jump, 0);
  if (caught != 0) return caught;
  if (b)
    run_branch(b);
  else
    enter(p->code);
  return 0;
}

/* ---- registers ---- */
static uint64_t any_general(void) {
  static const uint64_t limits[] = {0,          1,          ~0ull,      1ull << 63,  ~0ull >> 1, 0x7fffffff,
                                    0x80000000, 0xffffffff, 0x7f,       0x80,        0xff,       0x7fff,
                                    0x8000,     0xffff,     1ull << 32, ~0ull << 31, ~0ull << 32};
  switch (next() % 4) {
    case 0: return next() % 70;
    case 1: return ~(next() % 70);
    case 2: return limits[next() % (sizeof limits / sizeof *limits)];
    default: return next();
  }
}

/* Numbers at their limits, as integers and as floating-point numbers of each size. */
static uint64_t any_part(void) {
  static const uint64_t parts[] = {0,
                                   ~0ull,
                                   0x3f800000bf800000,
                                   0x7ff0000000000000,
                                   0xfff8000000000001,
                                   0x7ff0000000000001,
                                   0x7f8000007fc00000,
                                   0xff8000017f7fffff,
                                   0x8000000080000000,
                                   0x7fffffff80000000,
                                   0x7fffffffffffffff,
                                   0x3ff0000000000000,
                                   0xc000000000000000,
                                   0x0000000100000001,
                                   0x0010000000000001,
                                   0x3c00bc007c00fc00,
                                   0x7e017c0103ff0001,
                                   0x7fff80007fff8000,
                                   0x807f807f00ff01fe};
  return next() % 2 == 0 ? parts[next() % (sizeof parts / sizeof *parts)] : next();
}

static void randomize(struct Registers* r) {
  memset(r, 0, sizeof *r);
  for (int n = 0; n < 32; ++n) {
    r->x[n] = n > 0 && next() % 8 == 0 ? r->x[n - 1] : any_general();
    for (int part = 0; part < 2; ++part) r->v[n].d[part] = any_part();
    if (n > 0 && next() % 8 == 0) r->v[n] = r->v[n - 1];
  }
  r->x[30] = 0;
  r->nzcv = next() & 0xf0000000;
  r->fpsr = next() & 0x0800009f;
}

/* ---- one instruction ---- */
static unsigned long faults;
static const char* line_text;

static int complain(const struct Item* item, const char* what, int number) {
  ++faults;
  printf("%u %s", item->form, what);
  if (number >= 0) printf(" %d", number);
  printf(": %08x %s\n", item->word, line_text);
  return 1;
}

static int compare(const struct Item* item, const struct Registers* expected, const struct Registers* out) {
  for (int n = 0; n < 32; ++n)
    if (expected->x[n] != out->x[n]) return complain(item, "gives another general register", n);
  for (int n = 0; n < 32; ++n)
    if (memcmp(&expected->v[n], &out->v[n], 16) != 0) return complain(item, "gives another vector register", n);
  if (expected->nzcv != out->nzcv) return complain(item, "gives other flags", -1);
  if (expected->fpsr != out->fpsr) return complain(item, "gives another FPSR", -1);
  if (expected->pc != out->pc) return complain(item, "goes elsewhere", -1);
  return 0;
}

/* Writes the code; before half of all store-exclusives stands the load that lets them store. */
static void mark(const struct Item* item, struct Machine* m) {
  uint32_t before = nop;
  if (is_store_exclusive(&item->text) && !names_x29(&item->text) && next() % 2 == 0) {
    int loads_x29;
    before = marking_load(item, &loads_x29);
    m->monitor = m->r.x[item->text.base.number];
    if (loads_x29) m->r.x[29] = load(m, m->monitor, item->text.op[1].bits / 8);
  }
  put(&places[0], item->word, before);
}

/* With a model: 0 if it ran. */
static int by_model(const struct Item* item) {
  struct Registers* in = &places[0].frame->in;
  struct Machine m;
  int n = 0;
  do {
    if (++n > tries) return SIGSEGV;
    randomize(in);
    aim(in, &item->text);
    memset(&m, 0, sizeof m);
    m.r = *in;
    m.pc = (uint64_t)places[0].code + 4;
    begin_memory();
    mark(item, &m);
    item->row->model(&m, &item->text, item->row->argument);
    if (m.fault) undo_memory();
  } while (m.fault);
  const int caught = run(&places[0], NULL);
  if (m.signal) {
    if (caught != m.signal || signal_at != places[0].code + 4) complain(item, "raises another signal than", m.signal);
    return 0;
  }
  if (caught) {
    undo_memory();
    if (caught != SIGILL) complain(item, "ends with signal", caught);
    return caught;
  }
  if (m.tagged) {
    const uint64_t tag = places[0].frame->out.x[m.tagged - 1] & 15ull << 56;
    if (!(m.tags >> (tag >> 56) & 1)) complain(item, "chooses an excluded tag", -1);
    m.r.x[m.tagged - 1] |= tag;
  }
  compare(item, &m.r, &places[0].frame->out);
  if (!same_memory()) complain(item, "leaves other memory", -1);
  return 0;
}

/* Against the word of the compiler's assembler, which runs first. */
static int by_compiler(const struct Item* item) {
  struct Registers* in = &places[1].frame->in;
  int caught = SIGSEGV;
  const int memory = item->text.has_memory;
  put(&places[0], item->word, nop);
  put(&places[1], item->other, nop);
  for (int n = 0; n < tries && caught != 0 && caught != SIGILL; ++n) {
    randomize(in);
    aim(in, &item->text);
    caught = run(&places[1], NULL);
    if (caught && memory) restore_memory();
  }
  if (caught) return caught;
  if (memory) {
    memcpy(saved, arena, arena_bytes);
    restore_memory();
  }
  places[0].frame->in = *in;
  caught = run(&places[0], NULL);
  if (caught) {
    complain(item, "ends with signal", caught);
  } else {
    compare(item, &places[1].frame->out, &places[0].frame->out);
    if (memory && memcmp(saved, arena, arena_bytes) != 0) complain(item, "leaves other memory", -1);
  }
  if (memory) restore_memory();
  return 0;
}

/* Branches, literal loads and what works on x30. */
static int by_branch(const struct Item* item) {
  struct Machine m;
  memset(&m, 0, sizeof m);
  randomize(&branch_frame.in);
  branch_frame.in.x[30] = any_general();
  struct Branch b = place_branch(item->row ? item->word : item->other, &item->text);
  aim_branch(&branch_frame.in, &item->text, &b);
  m.r = branch_frame.in;
  m.pc = b.pc;
  m.literal = (const uint8_t*)b.target;
  int caught = 0;
  if (item->row) {
    item->row->model(&m, &item->text, item->row->argument);
  } else {
    caught = run(NULL, &b);
    m.r = branch_frame.out;
    m.r.pc = 0;
    place_branch(item->word, &item->text);
  }
  if (caught == 0) caught = run(NULL, &b);
  if (caught == SIGILL && signal_at == (const void*)b.pc) {
    clear_branch(&b);
    return caught;
  }
  end_branch();
  if (caught)
    complain(item, "ends with signal", caught);
  else
    compare(item, &m.r, &branch_frame.out);
  clear_branch(&b);
  return 0;
}

static int is_general_only(const struct Instruction* i) {
  if (i->has_memory) return 0;
  for (int n = 0; n < i->count; ++n)
    if (i->op[n].kind != general && i->op[n].kind != immediate && i->op[n].kind != condition) return 0;
  return 1;
}

static const struct ModelRow* find_model(const struct Instruction* i) {
  static const struct {
    const struct ModelRow* rows;
    int general_only;
  } families[] = {{integer_models, 1}, {field_models, 1}, {flag_models, 1},   {memory_models, 0}, {structure_models, 0},
                  {crypto_models, 0},  {hash_models, 0},  {system_models, 0}, {pauth_models, 0},  {tag_models, 0}};
  for (unsigned f = 0; f < sizeof families / sizeof *families; ++f)
    for (const struct ModelRow* row = families[f].rows; row->mnemonic; ++row)
      if (strcmp(row->mnemonic, i->mnemonic) == 0 && (!families[f].general_only || is_general_only(i))) return row;
  const struct ModelRow* atomic = find_atomic(i);
  return atomic ? atomic : find_branch(i);
}

static void set_up(void) {
  if (!map_arena() || !map_branches()) perror("mmap"), exit(2);
  for (int n = 0; n < 2; ++n) {
    uint8_t* code = mmap(NULL, code_bytes, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (code == MAP_FAILED) perror("mmap"), exit(2);
    memcpy(code + leave_distance, leave, (size_t)(leave_end - leave));
    places[n].code = code;
    places[n].frame = (struct Frame*)(code + frame_distance);
  }
  const stack_t stack = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16};
  sigaltstack(&stack, NULL);
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_ONSTACK | SA_NODEFER | SA_SIGINFO};
  const int signals[] = {SIGILL, SIGSEGV, SIGBUS, SIGFPE, SIGTRAP, SIGPROF};
  for (unsigned n = 0; n < sizeof signals / sizeof *signals; ++n) sigaction(signals[n], &action, NULL);
}

static struct {
  unsigned runs, seen;
  int reason, by_model;
} forms[max_forms];

/* Of this process's own time, so that a busy machine ends nothing. */
static void limit_time(void) {
  const struct itimerval limit = {.it_value = {.tv_sec = 20}};
  setitimer(ITIMER_PROF, &limit, NULL);
}

static void execute(struct Item* item, int states) {
  limit_time();
  item->row = find_model(&item->text);
  if (!item->row && item->other == 0) {
    ++forms[item->form].seen;
    if (forms[item->form].reason == 0) forms[item->form].reason = -1;
    return;
  }
  const int branches = wants_branch_place(&item->text);
  for (int n = 0; n < states; ++n) {
    const int caught = branches ? by_branch(item) : item->row ? by_model(item) : by_compiler(item);
    ++forms[item->form].seen;
    forms[item->form].runs += caught == 0;
    forms[item->form].by_model |= item->row != NULL;
    if (caught) forms[item->form].reason = caught;
  }
}

int main(int argc, char** argv) {
  FILE *lines = argc == 5 ? fopen(argv[1], "r") : NULL, *words = argc == 5 ? fopen(argv[2], "rb") : NULL;
  if (!lines || !words) return fprintf(stderr, "usage: guest LINES WORDS STATES SEED\n"), 2;
  seed = strtoull(argv[4], NULL, 10) * 0x9e3779b97f4a7c15ull | 1;
  set_up();
  char line[300];
  while (fgets(line, sizeof line, lines)) {
    struct Item item = {0};
    int text = 0;
    line[strcspn(line, "\n")] = 0;
    if (sscanf(line, "%u %x %n", &item.form, &item.word, &text) != 2 || item.form >= max_forms || text == 0)
      return fprintf(stderr, "bad line: %s\n", line), 2;
    if (fread(&item.other, 4, 1, words) != 1) return fprintf(stderr, "too few words\n"), 2;
    line_text = line + text;
    if (!parse(line_text, &item.text)) complain(&item, "has text that is not understood", -1);
    execute(&item, atoi(argv[3]));
  }
  if (!same_arena()) printf("0 something stores elsewhere: 00000000 -\n");
  for (unsigned f = 0; f < max_forms; ++f) {
    if (forms[f].runs)
      printf("%u runs %u by %s\n", f, forms[f].runs, forms[f].by_model ? "model" : "compiler");
    else if (forms[f].seen)
      printf("%u never: %s %d\n", f, forms[f].reason < 0 ? "no reference" : "signal", forms[f].reason);
  }
  return 0;
}
