/* The memory that instructions access, and a second one, the shadow, that models access in its place: between two
   instructions both hold the same. */
#ifndef JITKIT_TESTS_EXEC_ARM64_ARENA_H
#define JITKIT_TESTS_EXEC_ARM64_ARENA_H

#include "machine.h"

enum { arena_bytes = 1 << 18 };
extern uint8_t* arena;

extern uint64_t seed;
uint64_t next(void);

int map_arena(void);
int has_pauth(void); /* whether addresses can be signed */
int has_tags(void);  /* whether memory has tags */
int zva_bytes(void); /* of the block that dc zva clears */
/* Lets the instruction's address lie in the middle of the arena: sets base and index. */
void aim(struct Registers*, const struct Instruction*);
/* Of instructions that authenticate a pointer: lets half of them accept it. */
void aim_pointer(struct Registers*, const struct Instruction*);

/* Around one run of a model and of its instruction. */
void begin_memory(void);
void undo_memory(void); /* what the model wrote */
int same_memory(void);  /* where the model was, and 64 bytes around; makes it the same */
int same_arena(void);   /* all of it */
void restore_memory(void);

/* For models; outside of the arena: a fault. `bytes` up to 8. */
uint64_t load(struct Machine*, uint64_t address, int bytes);
void store(struct Machine*, uint64_t address, int bytes, uint64_t value);
unsigned load_memory_tag(struct Machine*, uint64_t address);
void store_memory_tag(struct Machine*, uint64_t address, unsigned tag);
/* Tags that addg, subg and irg do not choose, a bit for each: aim() changes them. */
unsigned excluded_tags(void);
/* Puts a value where an atomic is about to look, in both memories, so that comparisons succeed too. */
void plant(struct Machine*, uint64_t address, int bytes, uint64_t value);

#endif
