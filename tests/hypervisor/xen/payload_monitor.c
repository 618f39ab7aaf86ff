// A dom0 that gives another domain a vm_event monitor and takes it away again, by Xen's public interface. Traps of one kind
// are between markers 1 (before), 2 (while it is there) and 3 (after).
// SPDX-License-Identifier: MIT
#include <stddef.h>

#include "bare.h"

#define __XEN_TOOLS__ 1
#include <public/domctl.h>
#include <public/hvm/hvm_op.h>
#include <public/hvm/params.h>
#include <public/memory.h>

enum { ram = 0x40000, traps = 20 };

extern u64 hvc(u64, u64, u64, u64);
extern u64 hypercall(u64, u64, u64, u64, u64);

// The runner of payload.S is not used here.
static void result(const char* what, u64 v) { say_number(what, v, 16), say("\n"); }

static struct xen_domctl op;
static domid_t domain;
static void domctl(const char* what, uint32_t cmd) {
  op.cmd = cmd, op.interface_version = XEN_DOMCTL_INTERFACE_VERSION, op.domain = domain;
  result(what, hypercall((u64)&op, 0, 0, 0, 36));
}
static struct xen_domctl* fresh(void) {
  memset(&op, 0, sizeof op);
  return &op;
}
static void monitor(const char* what, uint32_t which) {
  struct xen_domctl_vm_event_op* v = &fresh()->u.vm_event_op;
  v->op = which, v->mode = XEN_DOMCTL_VM_EVENT_OP_MONITOR;
  domctl(what, XEN_DOMCTL_vm_event_op);
}
static void make_domain(void) {
  struct xen_domctl_createdomain* c = &fresh()->u.createdomain;
  c->flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap;
  c->max_vcpus = 1, c->max_evtchn_port = 127, c->max_grant_frames = 4, c->max_maptrack_frames = 4;
  c->grant_opts = XEN_DOMCTL_GRANT_version(1);
  c->arch.gic_version = XEN_DOMCTL_CONFIG_GIC_NATIVE;
  domctl("create ", XEN_DOMCTL_createdomain);
  domain = op.domain;
  fresh()->u.max_vcpus.max = 1;
  domctl("vcpus ", XEN_DOMCTL_max_vcpus);
  fresh()->u.paging_mempool.size = 4 << 20;
  domctl("pool ", XEN_DOMCTL_set_paging_mempool_size);
  fresh()->u.max_mem.max_memkb = 4096;
  domctl("memory ", XEN_DOMCTL_max_mem);
  static xen_pfn_t frame = ram;
  static struct xen_memory_reservation r;
  r.extent_start.p = &frame;
  r.nr_extents = 1, r.domid = domain;
  result("populate ", hypercall(XENMEM_populate_physmap, (u64)&r, 0, 0, 12) - 1);
  static struct xen_hvm_param p;
  p.domid = domain, p.index = HVM_PARAM_MONITOR_RING_PFN, p.value = ram;
  result("ring ", hypercall(HVMOP_set_param, (u64)&p, 0, 0, 34));
}

static void __attribute__((noinline)) trap(void) { hvc(0x84000000, 0, 0, 0); }
void main(u64 cpu) {
  (void)cpu;
  make_domain();
  for (int n = 0; n < traps; ++n) {
    __asm__ volatile("movz xzr, #1");
    trap();
    __asm__ volatile("movz xzr, #0");
  }
  monitor("monitor ", XEN_VM_EVENT_ENABLE);
  for (int n = 0; n < traps; ++n) {
    __asm__ volatile("movz xzr, #2");
    trap();
    __asm__ volatile("movz xzr, #0");
  }
  monitor("end ", XEN_VM_EVENT_DISABLE);
  for (int n = 0; n < traps; ++n) {
    __asm__ volatile("movz xzr, #3");
    trap();
    __asm__ volatile("movz xzr, #0");
  }
  say("end\n");
  leave(0);
}
