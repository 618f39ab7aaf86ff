/* Reads standard assembler text into struct Instruction: "add w3, wsp, w5, uxtb #2", "ldr q0, [x1, #16]!",
   "ld2 { v31.b, v0.b }[3], [x2], #2". What is not understood makes the whole line unknown (0). */
#include <stdlib.h>
#include <string.h>

#include "machine.h"

static const char* const shift_names[] = {"",     "lsl",  "lsr",  "asr",  "ror",  "msl",  "uxtb",
                                          "uxth", "uxtw", "uxtx", "sxtb", "sxth", "sxtw", "sxtx"};
static const char* const condition_names[] = {"eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc",
                                              "hi", "ls", "ge", "lt", "gt", "le", "al", "nv"};
static const struct {
  const char* name;
  int elements, bits;
} arrangements[] = {{"8b", 8, 8},  {"16b", 16, 8}, {"4h", 4, 16},  {"8h", 8, 16}, {"2s", 2, 32}, {"4s", 4, 32},
                    {"1d", 1, 64}, {"2d", 2, 64},  {"1q", 1, 128}, {"b", 1, 8},   {"h", 1, 16},  {"s", 1, 32},
                    {"d", 1, 64},  {"q", 1, 128},  {"4b", 4, 8},   {"2h", 2, 16}};

static int find(const char* word, const char* const* names, int count) {
  for (int n = 0; n < count; ++n)
    if (strcmp(word, names[n]) == 0) return n;
  return -1;
}

static int number_in(const char* digits, int* number) {
  char* end;
  if (*digits < '0' || *digits > '9') return 0;
  *number = (int)strtol(digits, &end, 10);
  return *end == 0 && *number < 32;
}

static int general_register(const char* word, struct Operand* o) {
  const int is_x = word[0] == 'x' || strcmp(word, "sp") == 0;
  o->kind = general;
  o->bits = is_x ? 64 : 32;
  o->number = 31;
  if (strcmp(word, "sp") == 0 || strcmp(word, "wsp") == 0) return o->is_sp = 1;
  if (word[0] != 'x' && word[0] != 'w') return 0;
  return strcmp(word + 1, "zr") == 0 || number_in(word + 1, &o->number);
}

/* b3, q0; v3.16b, v3.s and what stands behind it in brackets. */
static int vector_register(const char* word, struct Operand* o) {
  static const char letters[] = "bhsdq";
  const char* letter = strchr(letters, word[0]);
  if (letter && number_in(word + 1, &o->number)) {
    o->kind = scalar;
    o->bits = 8 << (letter - letters);
    return 1;
  }
  if (word[0] != 'v') return 0;
  char* end;
  o->number = (int)strtol(word + 1, &end, 10);
  if (end == word + 1 || *end++ != '.') return 0;
  const size_t length = strcspn(end, "[");
  for (unsigned n = 0; n < sizeof arrangements / sizeof *arrangements; ++n) {
    if (strncmp(arrangements[n].name, end, length) != 0 || arrangements[n].name[length] != 0) continue;
    o->kind = n < 9 ? vector : lane;
    o->elements = arrangements[n].elements;
    o->bits = arrangements[n].bits;
    if (end[length] == '[') o->index = atoi(end + length + 1);
    return 1;
  }
  return 0;
}

static int immediate_value(const char* word, struct Operand* o) {
  if (*word++ != '#') return 0;
  o->kind = immediate;
  if (strchr(word, '.')) return 1; /* of floating point, which no model takes */
  o->value = *word == '-' ? strtoll(word, NULL, 0) : (int64_t)strtoull(word, NULL, 0);
  return 1;
}

/* One operand, or a modifier of the one before. */
static int operand(const char* word, struct Instruction* i, struct Operand* o) {
  *o = (struct Operand){.kind = no_operand};
  char first[24] = {0};
  const size_t length = strcspn(word, " ");
  if (length >= sizeof first) return 0;
  memcpy(first, word, length);
  const int shift = find(first, shift_names, sxtx + 1);
  if (shift > 0) {
    i->shift = (enum Shift)shift;
    i->amount = word[length] ? atoi(word + length + 2) : 0;
    return 1;
  }
  o->number = find(first, condition_names, 16);
  if (o->number >= 0) return o->kind = condition, 1;
  o->number = 0;
  if (general_register(word, o) || vector_register(word, o) || immediate_value(word, o)) return 1;
  *o = (struct Operand){.kind = name_of_something};
  if (length < sizeof o->name) memcpy(o->name, first, length);
  return word[0] >= 'a' && word[0] <= 'z';
}

/* Inside [ ]: base, then an offset or an index with its extension. */
static int memory(char* inside, struct Instruction* i) {
  i->has_memory = 1;
  for (char* word = inside; word;) {
    char* comma = strstr(word, ", ");
    if (comma) *comma = 0;
    struct Operand o;
    if (!operand(word, i, &o)) return 0;
    if (word == inside)
      i->base = o;
    else if (o.kind == immediate)
      i->offset = o.value;
    else if (o.kind == general)
      i->index = o, i->has_index = 1;
    word = comma ? comma + 2 : NULL;
  }
  return i->base.kind == general;
}

static int add_operand(const char* word, struct Instruction* i) {
  struct Operand o;
  if (!operand(word, i, &o)) return 0;
  if (o.kind == no_operand) return 1; /* a modifier */
  if (i->has_memory) {                /* behind the brackets: what is added to the base */
    i->post = 1;
    if (o.kind == immediate) return i->offset = o.value, 1;
    return i->index = o, i->has_index = 1;
  }
  if (i->count == max_operands) return 0;
  i->op[i->count++] = o;
  return 1;
}

/* { v0.16b, v1.16b }, perhaps with a lane behind it, as vectors or lanes. */
static char* list(char* at, struct Instruction* i) {
  const int first = i->count;
  char* end = strchr(at, '}');
  if (!end) return NULL;
  *end++ = 0;
  for (char* word = strtok(at, " ,"); word; word = strtok(NULL, " ,"))
    if (!add_operand(word, i)) return NULL;
  if (*end != '[') return end;
  for (int n = first; n < i->count; ++n) i->op[n].index = atoi(end + 1);
  end = strchr(end, ']');
  return end ? end + 1 : NULL;
}

int parse(const char* text, struct Instruction* i) {
  char line[256];
  memset(i, 0, sizeof *i);
  if (strlen(text) >= sizeof line) return 0;
  strcpy(line, text);
  char* at = line + strcspn(line, " ");
  if (*at) *at++ = 0;
  if (strlen(line) >= sizeof i->mnemonic) return 0;
  strcpy(i->mnemonic, line);
  while (*at) {
    if (*at == ',' || *at == ' ') {
      ++at;
    } else if (*at == '{') {
      at = list(at + 1, i);
      if (!at) return 0;
    } else if (*at == '[') {
      char* end = strchr(at, ']');
      if (!end) return 0;
      *end++ = 0;
      if (!memory(at + 1, i)) return 0;
      if (*end == '!') i->pre = 1, ++end;
      at = end;
    } else {
      char* end = at + strcspn(at, ",");
      char word[64] = {0};
      if ((size_t)(end - at) >= sizeof word) return 0;
      memcpy(word, at, (size_t)(end - at));
      if (!add_operand(word, i)) return 0;
      at = end;
    }
  }
  if ((strcmp(i->mnemonic, "dc") == 0 || strcmp(i->mnemonic, "ic") == 0) && i->count == 2) /* dc zva, x0 */
    i->base = i->op[1], i->has_memory = 1;
  return 1;
}
