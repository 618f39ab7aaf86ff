/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between Xen 4.17 and the generated path (jitkit_fast.S): the state of each vCPU, and the branch that leads to it.
 *
 * jitkit_hook in entry.S is a nop, or a branch to jitkit_fast: with `jitkit-traps` on the command line, as long as no
 * domain has a vm_event monitor.
 *
 * All words are filled before a vCPU runs and don't change: what they hold is fixed when a domain is built. Enable bits
 * and priorities are read where the vGIC keeps them; one aligned read needs no lock.
 */
#include <xen/init.h>
#include <xen/lib.h>
#include <xen/param.h>
#include <xen/sched.h>
#include <xen/spinlock.h>
#include <xen/version.h>
#include <xen/vmap.h>

#include <asm/cpuerrata.h>
#include <asm/cpufeature.h>
#include <asm/gic.h>
#include <asm/gic_v3_defs.h>
#include <asm/insn.h>
#include <asm/page.h>
#include <asm/psci.h>
#include <asm/smccc.h>
#include <asm/vgic.h>
#include <public/xen.h>
#include <public/version.h>

#ifndef NDEBUG
#error "a debug build changes registers behind hypercalls; the path does not"
#endif

extern uint32_t jitkit_hook[];
extern const uint32_t jitkit_fast[];

static bool __initdata wanted;
boolean_param("jitkit-traps", wanted);

static DEFINE_SPINLOCK(lock);
static unsigned int monitors;
static bool __read_mostly enabled;

/* Other CPUs take the change at their next exception. Both are instructions that may be changed while they run. */
static void lead(bool fast)
{
    mfn_t mfn = _mfn(virt_to_mfn((unsigned long)jitkit_hook));
    char *page = vmap(&mfn, 1);
    uint32_t *at;

    if ( page == NULL )
        panic("jitkit: the hook cannot be mapped\n");
    at = (uint32_t *)(page + ((unsigned long)jitkit_hook & ~PAGE_MASK));
    write_atomic(at, fast ? aarch64_insn_gen_branch_imm((unsigned long)jitkit_hook, (unsigned long)jitkit_fast,
                                                        AARCH64_INSN_BRANCH_NOLINK)
                          : aarch64_insn_gen_nop());
    clean_and_invalidate_dcache_va_range(at, sizeof(*at));
    invalidate_icache();
    vunmap(page);
}

void jitkit_monitor(bool begins)
{
    spin_lock(&lock);
    if ( begins ? monitors++ == 0 : --monitors == 0 )
        if ( enabled )
        {
            lead(!begins);
            printk("jitkit: fast traps %s\n", begins ? "off: a domain is monitored" : "on again");
        }
    spin_unlock(&lock);
}

static int __init jitkit_start(void)
{
    if ( !wanted )
        return 0;
    spin_lock(&lock);
    enabled = true;
    if ( monitors == 0 )
        lead(true);
    spin_unlock(&lock);
    printk("jitkit: fast traps on\n");
    return 0;
}
__initcall(jitkit_start);

/* The policy's constants are Xen's, and its places; GICD_PIDR2 is private to vgic-v3.c, so the tests compare it. */
static void __init __maybe_unused check(void)
{
    BUILD_BUG_ON(HV_SAVED != (long)offsetof(struct cpu_user_regs, x0) - (long)offsetof(struct cpu_user_regs, spsr_el1));
    BUILD_BUG_ON(HV_AREA != offsetof(struct cpu_info, jitkit) - offsetof(struct cpu_user_regs, spsr_el1));
    BUILD_BUG_ON(sizeof(struct cpu_info) % 16 != 0);
    BUILD_BUG_ON(HV_VALUE_SMCCC_VERSION != ARM_SMCCC_VERSION_1_1);
    BUILD_BUG_ON(HV_VALUE_PSCI_VERSION != PSCI_VERSION(1, 1));
    BUILD_BUG_ON(HV_VALUE_PSCI_MIGRATE_INFO_TYPE != PSCI_0_2_TOS_MP_OR_NOT_PRESENT);
    BUILD_BUG_ON(HV_VALUE_GICD_IIDR != GICV3_GICD_IIDR_VAL);
    BUILD_BUG_ON(HV_STATE_workaround_1 != 152 || HV_STATE_workaround_2 != 160 || HV_STATE_workaround_3 != 168); /* bodies.jk */
    BUILD_BUG_ON(offsetof(struct vgic_irq_rank, priority) - offsetof(struct vgic_irq_rank, ienable) != 12);
}

static unsigned long gicr_typer(const struct vcpu *v)
{
    const unsigned long mpidr = v->arch.vmpidr;
    unsigned long typer = (unsigned long)v->vcpu_id << GICR_TYPER_PROC_NUM_SHIFT;
    unsigned int level;

    for ( level = 0; level < 4; level++ )
        typer |= (unsigned long)MPIDR_AFFINITY_LEVEL(mpidr, level) << (32 + 8 * level);
    if ( v->arch.vgic.flags & VGIC_V3_RDIST_LAST )
        typer |= GICR_TYPER_LAST;
    if ( v->domain->arch.vgic.has_its )
        typer |= GICR_TYPER_PLPIS;
    return typer;
}

static unsigned long gicd_typer(const struct domain *d)
{
    unsigned long typer = (min(d->max_vcpus, 8U) - 1) << GICD_TYPE_CPUS_SHIFT;

    typer |= DIV_ROUND_UP(d->arch.vgic.nr_spis, 32) | (d->arch.vgic.intid_bits - 1) << GICD_TYPE_ID_BITS_SHIFT;
    return d->arch.vgic.has_its ? typer | GICD_TYPE_LPIS : typer;
}

#define SET(name, value) (*(unsigned long *)(base + HV_STATE_##name) = (value))
/* Words and Xen's groups are in the same order: not compiled if a group is shorter. */
#define SET_IDS(first, last, group) \
    memcpy(base + HV_STATE_##first##_EL1, guest_cpuinfo.group.bits, \
           HV_STATE_##last##_EL1 - HV_STATE_##first##_EL1 + 8 + \
           BUILD_BUG_ON_ZERO(HV_STATE_##last##_EL1 - HV_STATE_##first##_EL1 + 8 > sizeof(guest_cpuinfo.group.bits)))

static void set_vgic(char *base, struct vcpu *v)
{
    static struct vgic_irq_rank none;
    const struct vgic_dist *vgic = &v->domain->arch.vgic;
    unsigned int n;

    SET(gicd, HV_NO_PAGE);
    SET(gicd_id, HV_NO_PAGE);
    SET(gicr, HV_NO_PAGE);
    if ( vgic->version != GIC_V3 )
        return;
    SET(gicd, vgic->dbase);
    SET(gicd_id, vgic->dbase + 0xf000);
    SET(gicr, v->arch.vgic.rdist_base);
    SET(gicd_typer, gicd_typer(v->domain));
    SET(gicr_typer, gicr_typer(v));
    for ( n = 0; n < 32; n++ )
    {
        struct vgic_irq_rank *rank = n == 0 ? v->arch.vgic.private_irqs :
                                     n <= DOMAIN_NR_RANKS(v->domain) ? &vgic->shared_irqs[n - 1] : &none;

        ((unsigned long *)(base + HV_STATE_ranks))[n] = (unsigned long)&rank->ienable;
    }
}

static unsigned long workaround_2(void)
{
    switch ( get_ssbd_state() )
    {
    case ARM_SSBD_RUNTIME:
        return ARM_SMCCC_SUCCESS;
    case ARM_SSBD_FORCE_ENABLE:
    case ARM_SSBD_MITIGATED:
        return ARM_SMCCC_NOT_REQUIRED;
    default:
        return ARM_SMCCC_NOT_SUPPORTED;
    }
}

void jitkit_vcpu_start(struct vcpu *v)
{
    char *base = (char *)&v->arch.cpu_info->guest_cpu_user_regs.spsr_el1;
    const bool bhb = cpus_have_cap(ARM_WORKAROUND_BHB_SMCC_3);

    if ( is_idle_vcpu(v) )
        return;
    SET(xen_version, xen_major_version() << 16 | xen_minor_version());
    SET(actlr, v->arch.actlr);
    SET(workaround_1, bhb || cpus_have_cap(ARM_HARDEN_BRANCH_PREDICTOR) ? ARM_SMCCC_SUCCESS : ARM_SMCCC_NOT_SUPPORTED);
    SET(workaround_2, workaround_2());
    SET(workaround_3, bhb ? ARM_SMCCC_SUCCESS : ARM_SMCCC_NOT_SUPPORTED);
    set_vgic(base, v);
    SET_IDS(ID_PFR0, ID_PFR2, pfr32);
    SET_IDS(ID_DFR0, ID_DFR1, dbg32);
    SET_IDS(ID_AFR0, ID_AFR0, aux32);
    SET_IDS(ID_MMFR0, ID_MMFR5, mm32);
    SET_IDS(ID_ISAR0, ID_ISAR6, isa32);
    SET_IDS(MVFR0, MVFR2, mvfr);
    SET_IDS(ID_AA64PFR0, ID_AA64PFR1, pfr64);
    SET_IDS(ID_AA64DFR0, ID_AA64DFR1, dbg64);
    SET_IDS(ID_AA64AFR0, ID_AA64AFR1, aux64);
    SET_IDS(ID_AA64ISAR0, ID_AA64ISAR1, isa64);
    SET_IDS(ID_AA64MMFR0, ID_AA64MMFR2, mm64);
    SET_IDS(ID_AA64ZFR0, ID_AA64ZFR0, zfr64);
}
