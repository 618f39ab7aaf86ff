// SPDX-License-Identifier: MIT
// The policy's C model, which hv-trap-gen writes beside the vectors: what each listed trap does to the guest and to the
// vCPU's state, for reading; and the list of what is listed, for a guest or a test that takes every kind of trap.
#ifndef JITKIT_CONSUMERS_HV_TRAP_HV_MODEL_H
#define JITKIT_CONSUMERS_HV_TRAP_HV_MODEL_H

#include <stdint.h>

// What the guest left, x0 to x30, and the syndrome.
struct hv_trap {
  uint64_t x[31], esr, elr, spsr, far, hpfar;
};

// The user's: the guest's own translation of an address, as AT S1E1R has it, for a watch by permission faults; ~0 if it has none.
uint64_t hv_stage1(uint64_t address);
// Applies the trap to *t and to the state at *vcpu. 1: handled; 0: the slow path's, and only a watched word has changed.
int hv_model(struct hv_trap *t, uint8_t *vcpu);

enum hv_kind { hv_hvc, hv_smc, hv_hypercall, hv_read, hv_write, hv_load, hv_store, hv_wfi };
enum hv_action { hv_constant, hv_word, hv_body, hv_ignore, hv_watch, hv_banks };
struct hv_entry {
  const char *name;
  enum hv_kind kind;
  enum hv_action action;
  uint64_t key;      // the function id; ISS without Rt; the intermediate physical address, or the offset in the page
  uint32_t bytes;    // of MMIO
  uint8_t narrow, el0, permission;  // the last: pages watched by permission faults
  uint32_t word;     // the vCPU's word, if the action has one
  uint32_t base;     // not 0: the word that has the page's address
};
extern const struct hv_entry hv_entries[];
extern const unsigned hv_entry_count;

#endif
