// A monitor at EL2 for one guest on two vCPUs. What the generated vectors do not answer comes here: slow_path.c.
//
// Memory of qemu's virt board (IPA = PA for what the guest has): the monitor from 0x40080000, the guest from 0x44000000.
// SPDX-License-Identifier: MIT
#ifndef JITKIT_CONSUMERS_HV_TRAP_MONITOR_MONITOR_H
#define JITKIT_CONSUMERS_HV_TRAP_MONITOR_MONITOR_H

#include "bare.h"

enum { cpus = 2, guest_base = 0x44000000, guest_bytes = 0x200000 };
// Granules of 64 KiB: one that the policy watches stores into by its permissions; one beside the GIC that is RAM at another place,
// so that the last level of the tables stands beside a device; and one that the policy watches, which stage 2 does not have.
enum { guarded_ipa = 0x44100000, alias_ipa = 0x08040000, alias_pa = 0x44110000, sealed_ipa = 0x44120000, counter_offset = 1000000 };

// Calls of our own, all the slow path's.
enum {
  call_get_state = 0xc6000001,    // x1: where the guest wants the policy's words
  call_set_state = 0xc6000002,    // x1: where they are
  call_say = 0xc6000004,          // x1: a text
  call_empty = 0xc6000005,        // nothing: what a full frame and C cost
};

// At sp while the guest runs. The first 4 KiB is the generated code's and the policy's (consumers/hv-trap/policy.hpp).
struct vcpu {
  u64 x[31];
  u8 transit[384 - 248];
  u64 state[12];                  // 384: the policy's words
  u8 pad[2048 - 480];
  u64 stack, cpu;                 // 2048: where C's stack is
  u64 entry, context;             // of PSCI CPU_ON
  u64 pending;                    // interrupts that wait for a list register, by number
  volatile u32 on;
} __attribute__((aligned(4096)));
extern struct vcpu vcpus[cpus];

// Words of the state, as policy.yaml names them.
enum { word_actlr, word_oslar, word_ticks, word_ring, word_sgi, word_isenabler, word_tvm, word_pmcr, word_seen, word_seen_value, word_guarded, word_guarded_value };

#define TEXT(x) #x
#define read_sysreg(name) ({ u64 v_; __asm__ volatile("mrs %0, " TEXT(name) : "=r"(v_)); v_; })
#define write_sysreg(name, value) __asm__ volatile("msr " TEXT(name) ", %0" ::"r"((u64)(value)) : "memory")
#define isb() __asm__ volatile("isb" ::: "memory")

static inline u64 field(u64 v, int high, int low) { return v >> low & ((2ULL << (high - low)) - 1); }

// boot.S
extern char hv_vectors[];
extern void run_guest(struct vcpu *v) __attribute__((noreturn));
extern u64 host_psci(u64 id, u64 a, u64 b, u64 c);
extern void second(void);
// slow_path.c
void slow_path(struct vcpu *v);
// stage2.c: tables of granules of 4, 16 or 64 KiB; leaves VTCR_EL2 and VTTBR_EL2 set.
void make_stage2(u32 granule_kib);
void use_stage2(void);
// devices.c: an access that the policy does not list; 0 if there is no such register.
int device_access(struct vcpu *v, u64 ipa, u32 bytes, int write, u64 *value);
// gic.c: the machine's GIC, and the guest's interrupts.
void gic_init(int cpu);
void raise(struct vcpu *v, u32 interrupt);
void send_sgis(struct vcpu *v);
void flush_pending(struct vcpu *v);
void physical_interrupt(struct vcpu *v);

#endif
