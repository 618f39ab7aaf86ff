// SPDX-License-Identifier: GPL-2.0-or-later
//
// What tools/qemu_count uses of QEMU's interface for TCG plugins, version 1 (QEMU 4.2 to 8.2), declared here because
// Debian packages no header of it. Source: QEMU's documentation, "QEMU TCG Plugins". A plugin is part of the QEMU that
// loads it, hence this licence.
#ifndef JITKIT_TOOLS_QEMU_COUNT_QEMU_PLUGIN_H
#define JITKIT_TOOLS_QEMU_COUNT_QEMU_PLUGIN_H

#include <cstddef>
#include <cstdint>

extern "C" {

using PluginId = std::uint64_t;
struct TranslationBlock;
struct Instruction;

// The version of the interface and whether the guest is a whole machine; what else QEMU tells is not used.
struct PluginInfo {
  const char* target_name;
  struct {
    int least;
    int current;
  } version;
  bool whole_machine;
};

enum CallbackRegisters { no_registers = 0 };
enum InlineOperation { add_u64 = 0 };

void qemu_plugin_register_vcpu_tb_trans_cb(PluginId, void (*)(PluginId, TranslationBlock*));
void qemu_plugin_register_atexit_cb(PluginId, void (*)(PluginId, void*), void*);
void qemu_plugin_register_vcpu_insn_exec_cb(Instruction*, void (*)(unsigned vcpu, void*), CallbackRegisters, void*);
void qemu_plugin_register_vcpu_insn_exec_inline(Instruction*, InlineOperation, void* counter, std::uint64_t by);
std::size_t qemu_plugin_tb_n_insns(const TranslationBlock*);
Instruction* qemu_plugin_tb_get_insn(const TranslationBlock*, std::size_t);
std::uint64_t qemu_plugin_insn_vaddr(const Instruction*);
std::size_t qemu_plugin_insn_size(const Instruction*);
const void* qemu_plugin_insn_data(const Instruction*);
}

#endif
