// SPDX-License-Identifier: MIT
#include "model.h"

#ifdef POLICY
#include POLICY
#else
#include "policy_again.h"
#endif

static u64 field(u64 v, int high, int low) { return v >> low & ((2ULL << (high - low)) - 1); }
static u64 low(u64 v, u32 bytes) { return bytes == 8 ? v : v & ((1ULL << 8 * bytes) - 1); }
static u64 get(const u8* p, u32 bytes) {
  u64 v = 0;
  for (u32 n = 0; n < bytes; ++n) v |= (u64)p[n] << 8 * n;
  return v;
}
static void set(u8* p, u64 v, u32 bytes) {
  for (u32 n = 0; n < bytes; ++n) p[n] = (u8)(v >> 8 * n);
}
// Register 31 is the zero register (C1.2.5).
static u64 source(const struct trap* t, u32 r, int fault) { return r == 31 ? (fault == 1 ? 1 : 0) : t->x[r]; }
static void target(struct trap* t, u32 r, u64 v, int fault) {
  if (fault == 2 && r == 30) r = 29;
  if (r != 31) t->x[r] = v;
}
// What completing the instruction does: the PC goes past it (D1.3.1: the preferred return address of a trap is the
// instruction itself), PSTATE.BTYPE becomes 0 (after an instruction other than an indirect branch) and a step is done:
// PSTATE.SS becomes 0 (D2.12.3). SPSR_EL2: BTYPE 11:10, SS 21 (C5.2.20).
static void complete(struct trap* t, int fault) {
  t->elr += fault == 3 ? 2 : 4;
  t->spsr &= ~(fault == 4 ? 0ULL : 0xc00ULL) & ~(fault == 5 ? 0ULL : 1ULL << 21);
}
static u64 run_body(u64 which, struct trap* t, u8* v, u64 value) {
  switch (which) {
    case arch_features: return (u32)t->x[1] >= 0x80000000 && (u32)t->x[1] < 0x80000002 ? 0 : ~0ULL;
    case psci_features: return (u32)t->x[1] == 0x84000000 ? 0 : ~0ULL;
    case mix: {
      const u64 a = t->x[1], b = t->x[2], c = t->x[3], d = a * b, e = b ^ c, f = a + c;
      return (d - e + f * e) * (d ^ f) + get(v + 400, 8);
    }
    case xen_arch_features:  // of the workarounds: words that Xen fills
      return (u32)t->x[1] == 0x80008000 ? get(v + 152, 8) : (u32)t->x[1] == 0x80007fff ? get(v + 160, 8) : (u32)t->x[1] == 0x80003fff ? get(v + 168, 8) : ~0ULL;
    case xen_psci_features: {
      static const u32 there[] = {0x80000000, 0x84000000, 0x84000001, 0x84000002, 0x84000003, 0x84000004, 0x84000006, 0x84000008, 0x84000009, 0x8400000a,
                                  0xc4000001, 0xc4000003, 0xc4000004};
      for (u32 n = 0; n < sizeof there / sizeof *there; ++n)
        if (there[n] == (u32)t->x[1]) return 0;
      return ~0ULL;
    }
    case every: {  // every.jk
      const u64 a = t->x[1], b = t->x[2], c = t->x[3];
      const long long product = (long long)(signed char)get(v + 401, 1) * (long long)get(v + 402, 2);
      const u32 low = ((u32)get(v + 409, 1) + (u32)(short)get(v + 410, 2)) | (u32)get(v + 412, 4);
      const u64 q = (((u64)product - (u64)(long long)(int)get(v + 404, 4)) ^ low) + get(v + 412, 4), x = (u64)(long long)(int)a;
      const int y = (short)b, z = (int)a >> 5, ge = b >= c, odd = (y < z) ^ ge;
      const u64 t2 = (u64)((long long)(~c << (b & 63)) >> ((c >> (a & 63)) & 63));
      set(v + 416, a, 1), set(v + 418, (u64)z, 2), set(v + 420, (u64)(u32)-y, 4), set(v + 424, t2, 4);
      switch (a & 3) {
        case 0: return (odd ? (u32)-y : (u32)z) - q;
        case 1: return ge ? x - q : (odd ? ~0ULL : 0) - q;
        case 3: return q - t2;
        default: return t2 - x;
      }
    }
    case ticks_left: return (u32)-get(v + 400, 8);
    case send_sgi: set(v + 416, get(v + 416, 8) | 1ULL << field(value, 27, 24), 8); return 0;
    case enable: set(v + 424, get(v + 424, 4) | value, 4); return 0;
    default: set(v + 424, get(v + 424, 4) & ~value, 4); return 0;
  }
}
// HVC and SMC from AArch64 (D24.2.37, ISS encodings for HVC and SMC): imm16 in ISS 15:0. The SMC Calling Convention:
// the function id is w0. An HVC returns behind itself, a trapped SMC to itself (D1.3.1).
static enum end do_call(struct trap* t, u8* v, int smc, int fault) {
  if (field(t->esr, 24, 0) != 0) return end_slow;
  for (u32 n = 0; n < call_count; ++n) {
    const struct call* c = &calls[n];
    if (c->id != (u32)t->x[0] || !(smc ? c->smc : c->hvc)) continue;
    const u64 x0 = c->kind == constant ? c->value : c->kind == word ? get(v + c->value, 8) : run_body(c->value, t, v, 0);
    t->x[0] = x0;
    if (smc || fault == 6) complete(t, fault);
    return end_fast;
  }
  return end_slow;
}
// HVC with the immediate of the policy's hypercalls: a convention of the policy's, the number in one register, the result in x0.
static enum end do_hypercall(struct trap* t, u8* v) {
  for (u32 n = 0; n < hypercall_count; ++n) {
    const struct hypercall* h = &hypercalls[n];
    if (h->id != t->x[hypercall_number]) continue;
    if (h->has_first && h->first != (u32)t->x[0]) return end_slow;
    t->x[0] = h->kind == constant ? h->value : h->kind == word ? get(v + h->value, 8) : run_body(h->value, t, v, 0);
    return end_fast;
  }
  return end_slow;
}
// MSR, MRS from AArch64 (D24.2.37, EC 0x18): Op0 21:20, Op2 19:17, Op1 16:14, CRn 13:10, Rt 9:5, CRm 4:1, Direction 0
// (1: read). EL0 or EL1: SPSR_EL2.M[3:2].
static enum end do_register(struct trap* t, u8* v, int fault) {
  const u64 e = t->esr;
  if (field(e, 24, 22) != 0) return end_slow;
  const u32 rt = (u32)field(e, 9, 5);
  for (u32 n = 0; n < reg_count; ++n) {
    const struct reg* r = &regs[n];
    if (r->op0 != field(e, 21, 20) || r->op2 != field(e, 19, 17) || r->op1 != field(e, 16, 14) || r->crn != field(e, 13, 10) ||
        r->crm != field(e, 4, 1) || r->write == (int)field(e, 0, 0))
      continue;
    if (!r->el0 && field(t->spsr, 3, 2) == 0 && fault != 7) return end_slow;
    if (r->kind == watch) {
      set(v + r->value, source(t, rt, fault), 8);
      return end_slow;
    }
    if (!r->write)
      target(t, rt, r->kind == constant ? r->value : r->kind == word ? get(v + r->value, 8) : run_body(r->value, t, v, 0), fault);
    else if (r->kind == word)
      set(v + r->value, source(t, rt, fault), 8);
    else if (r->kind == body)
      run_body(r->value, t, v, source(t, rt, fault));
    complete(t, fault);
    return end_fast;
  }
  return end_slow;
}
// Data Abort from a lower Exception level (D24.2.37, EC 0x24): ISV 24, SAS 23:22, SSE 21, SRT 20:16, SF 15, AR 14,
// VNCR 13, SET 12:11, FnV 10, EA 9, CM 8, S1PTW 7, WnR 6, DFSC 5:0 (0b0001LL: translation fault, level LL).
// FAR_EL2 is valid unless FnV; HPFAR_EL2 43:4 has IPA 51:12 (D24.2.61), valid for a stage 2 translation fault. After a
// permission fault (0b0011LL) it is not: the guest's stage 1 gives the address of FAR_EL2 (C5.5, AT S1E1R). Here that is off,
// so addresses are their own translation, up to 52 bits (D8.2.10), and none with more.
static enum end loaded(struct trap* t, u64 x, u32 bytes, int fault) {
  const u64 e = t->esr;
  if (field(e, 21, 21) && x >> (8 * bytes - 1) && fault != 9) x |= ~0ULL << (8 * bytes - 1);
  if (!field(e, 15, 15) && fault != 10) x = (u32)x;  // SF: a W register, zero-extended
  target(t, (u32)field(e, 20, 16), x, fault);
  complete(t, fault);
  return end_fast;
}
static enum end do_abort(struct trap* t, u8* v, int fault) {
  const u64 e = t->esr;
  const u32 bytes = 1U << field(e, 23, 22), srt = (u32)field(e, 20, 16);
  const int sign = (int)field(e, 21, 21), write = (int)field(e, 6, 6);
  const int permission = field(e, 5, 2) == 3;
  if ((!field(e, 24, 24) && fault != 13) || (field(e, 5, 2) != 1 && !permission && fault != 14)) return end_slow;
  if (field(e, 14, 9) != 0 || (field(e, 8, 8) != 0 && fault != 15) || (field(e, 7, 7) != 0 && fault != 8)) return end_slow;
  if (permission ? t->far_ >> 52 != 0 : field(t->hpfar, 63, 63)) return end_slow;  // NS: only in Secure state
  const u64 ipa = permission && fault != 16 ? t->far_ : field(t->hpfar, 43, 4) << 12 | field(t->far_, 11, 0);
  for (u32 n = 0; n < page_count; ++n) {
    const struct page* p = &pages[n];
    if (ipa < p->ipa || ipa - p->ipa >= p->count * 4096 || p->write != write || p->permission != permission) continue;
    set(v + p->word, ipa, 8);
    if (write) set(v + p->word + 8, source(t, srt, fault), 8);
    return end_slow;
  }
  // AArch32 (M[4]): what completes an instruction there is IT's too (F5.1.1), which BTYPE's bits are of.
  const int aarch32 = field(t->spsr, 4, 4) && fault != 17;
  if (permission || (sign && (write || bytes == 8))) return end_slow;
  if (bytes == 8 && !field(e, 15, 15)) return end_slow;  // no such instruction
  for (u32 n = 0; n < (write ? 0 : place_count); ++n) {
    const struct place* p = &places[n];
    const u64 inside = ipa - get(v + p->base, 8) - p->offset, within = inside & ((1ULL << p->index) - 1);
    if ((get(v + p->base, 8) & 0xfff) != 0 || inside >= p->span || inside % bytes != 0) continue;  // no page, or another place
    if (bytes != p->bytes && !(p->narrow & (int)bytes)) continue;
    if (aarch32) return end_slow;
    const u64 x = p->kind == constant ? p->value : p->kind == word ? get(v + p->value, p->bytes) :
                  get((u8*)(get(v + p->value + 8 * (inside >> p->index), 8) + (u64)(long long)p->plus + within), bytes);
    return loaded(t, low(p->kind == banks ? x : x >> 8 * inside, bytes), bytes, fault);
  }
  for (u32 n = 0; n < mmio_count; ++n) {
    const struct mmio* m = &mmios[n];
    const u64 inside = ipa - m->ipa;
    if (inside >= m->bytes || inside % bytes != 0 || m->write != write) continue;
    if (bytes > m->bytes || (bytes < m->bytes && !m->narrow)) continue;
    if (m->kind == watch) {
      set(v + m->value, source(t, srt, fault), bytes);
      return end_slow;
    }
    if (aarch32 || (sign && m->kind == body)) return end_slow;  // the second is the policy's choice
    if (!write) {
      const u64 whole = m->kind == constant ? m->value : m->kind == word ? get(v + m->value, m->bytes) : run_body(m->value, t, v, 0);
      return loaded(t, low(whole >> 8 * inside, bytes), bytes, fault);
    } else if (m->kind == body) {
      run_body(m->value, t, v, low(source(t, srt, fault), bytes));
    } else if (m->kind == word) {
      set(v + m->value, source(t, srt, fault), bytes);
    }
    complete(t, fault);
    return end_fast;
  }
  return end_slow;
}

enum end model(struct trap* t, u8* v, int fault) {
  if (!field(t->esr, 25, 25) && fault != 11) return end_slow;  // IL 0: a 16-bit instruction, none of AArch64's
  switch (field(t->esr, 31, 26)) {
    case 0x01:  // WFI or WFE: CV 24, COND 23:20 (0b1110 from AArch64), RN 9:5, RV 2, TI 1:0 (0: WFI)
      if (!skips_wfi || field(t->esr, 24, 0) != 0x1e00000 || field(t->spsr, 4, 4)) return end_slow;
      if (fault != 12) complete(t, fault);
      return end_fast;
    case 0x16:
      if (hypercall_count != 0 && field(t->esr, 24, 0) == hypercall_tag) return do_hypercall(t, v);
      return do_call(t, v, 0, fault);
    case 0x17: return do_call(t, v, 1, fault);
    case 0x18: return do_register(t, v, fault);
    case 0x24: return do_abort(t, v, fault);
    default: return end_slow;
  }
}
