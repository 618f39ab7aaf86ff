// SPDX-License-Identifier: GPL-2.0-or-later
//
// A TCG plugin that counts the instructions an AArch64 guest executes; the counts repeat to the instruction.
//
//   qemu-aarch64 -plugin libjitkit_count.so,out=FILE[,range=LO-HI] PROGRAM      (the dynamic one, of package qemu-user)
//   qemu-system-aarch64 ... -plugin libjitkit_count.so,out=FILE,range=LO-HI,marks=on[,within=M]
//
// FILE, written at exit, has lines
//
//   total N                          instructions, of those in range when one is given (hexadecimal, HI excluded)
//   page ADDRESS N                   the same for each 4 KiB page of code, by address; zeroes left out
//   span K n N min A max B sum S     marks=on: spans from `movz xzr, #K` to the next marker of the same CPU (K = 0 only
//                                    ends one), with the instructions in range, markers aside, that each executed
//   within C K N                     within=M too: how many spans K of CPU C had at most M instructions in range
//
// An instruction that faults counts each time it is begun. Counters of pages are plain memory: with several threads
// executing one page at a time some counts can be lost; those of spans are kept by CPU and are exact.
#include "qemu_plugin.h"

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Spans {
  std::uint64_t n = 0, min = ~std::uint64_t{0}, max = 0, sum = 0, within = 0;
};

struct Cpu {
  std::uint64_t marker = 0, instructions = 0;
  std::map<std::uint64_t, Spans> spans;
};

constexpr unsigned max_cpus = 64;
constexpr std::uint64_t page_bytes = 4096;

// The machine may leave by exit() in one CPU's thread while others run on, and QEMU calls `finished` after this
// library's destructors would have run: nothing that they would destroy.
std::string& out = *new std::string;
std::uint64_t range_begin = 0, range_end = ~std::uint64_t{0}, within = 0;
bool marks = false;

std::mutex& mutex = *new std::mutex;  // guards `pages` while blocks are translated
std::map<std::uint64_t, std::uint64_t>& pages =
    *new std::map<std::uint64_t, std::uint64_t>;  // a map: counters keep their addresses
Cpu* const cpus = new Cpu[max_cpus];

void count_for_cpu(unsigned cpu, void*) {
  if (cpu < max_cpus) ++cpus[cpu].instructions;
}

void end_span(Cpu& cpu) {
  if (cpu.marker == 0) return;
  Spans& s = cpu.spans[cpu.marker];
  ++s.n;
  s.min = std::min(s.min, cpu.instructions);
  s.max = std::max(s.max, cpu.instructions);
  s.sum += cpu.instructions;
  s.within += cpu.instructions <= within;
}

void marker(unsigned index, void* number) {
  if (index >= max_cpus) return;
  Cpu& cpu = cpus[index];
  end_span(cpu);
  cpu.marker = reinterpret_cast<std::uintptr_t>(number);
  cpu.instructions = 0;
}

// movz xzr, #imm16 without a shift (Arm ARM, C6.2, MOVZ).
bool is_marker(const Instruction* i, std::uintptr_t& number) {
  std::uint32_t word = 0;
  if (qemu_plugin_insn_size(i) != sizeof word) return false;
  std::memcpy(&word, qemu_plugin_insn_data(i), sizeof word);
  number = (word >> 5) & 0xffff;
  return (word & 0xffe0001f) == 0xd280001f;
}

void translated(PluginId, TranslationBlock* block) {
  const std::lock_guard lock(mutex);
  for (std::size_t i = 0; i < qemu_plugin_tb_n_insns(block); ++i) {
    Instruction* instruction = qemu_plugin_tb_get_insn(block, i);
    const std::uint64_t address = qemu_plugin_insn_vaddr(instruction);
    const bool counted = address >= range_begin && address < range_end;
    if (counted)
      qemu_plugin_register_vcpu_insn_exec_inline(instruction, add_u64, &pages[address / page_bytes * page_bytes], 1);
    std::uintptr_t number = 0;
    if (marks && is_marker(instruction, number))
      qemu_plugin_register_vcpu_insn_exec_cb(instruction, marker, no_registers, reinterpret_cast<void*>(number));
    else if (marks && counted)
      qemu_plugin_register_vcpu_insn_exec_cb(instruction, count_for_cpu, no_registers, nullptr);
  }
}

void finished(PluginId, void*) {
  std::FILE* file = std::fopen(out.c_str(), "w");
  if (file == nullptr) {
    std::fprintf(stderr, "jitkit_count: cannot write %s: %s\n", out.c_str(), std::strerror(errno));
    return;
  }
  const std::lock_guard lock(mutex);
  std::uint64_t total = 0;
  for (const auto& [address, n] : pages) total += n;
  std::fprintf(file, "total %" PRIu64 "\n", total);
  for (const auto& [address, n] : pages)
    if (n != 0) std::fprintf(file, "page %" PRIx64 " %" PRIu64 "\n", address, n);
  std::map<std::uint64_t, Spans> all;
  for (unsigned n = 0; n < max_cpus; ++n)
    for (const auto& [number, s] : cpus[n].spans) {
      Spans& sum = all[number];
      sum = {sum.n + s.n, std::min(sum.min, s.min), std::max(sum.max, s.max), sum.sum + s.sum, 0};
      if (within != 0) std::fprintf(file, "within %u %" PRIu64 " %" PRIu64 "\n", n, number, s.within);
    }
  for (const auto& [number, s] : all)
    std::fprintf(file, "span %" PRIu64 " n %" PRIu64 " min %" PRIu64 " max %" PRIu64 " sum %" PRIu64 "\n", number, s.n,
                 s.min, s.max, s.sum);
  std::fclose(file);
}

bool set_range(const std::string& text) {
  char* end = nullptr;
  range_begin = std::strtoull(text.c_str(), &end, 16);
  if (*end != '-') return false;
  range_end = std::strtoull(end + 1, &end, 16);
  return *end == '\0' && range_begin < range_end;
}

bool set(std::string_view argument) {
  const std::size_t equals = argument.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string name(argument.substr(0, equals)), value(argument.substr(equals + 1));
  if (name == "out") out = value;
  else if (name == "range") return set_range(value);
  else if (name == "within") within = std::strtoull(value.c_str(), nullptr, 10);
  else if (name == "marks") marks = value == "on" || value == "true";
  else return false;
  return true;
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

__attribute__((visibility("default"))) int qemu_plugin_install(PluginId id, const PluginInfo* info, int argc,
                                                               char** argv) {
  if (std::strcmp(info->target_name, "aarch64") != 0) {
    std::fprintf(stderr, "jitkit_count: counts AArch64 guests, not %s\n", info->target_name);
    return 1;
  }
  for (int i = 0; i < argc; ++i)
    if (!set(argv[i])) {
      std::fprintf(stderr, "jitkit_count: bad argument '%s' (out=FILE, range=LO-HI, marks=on, within=M)\n", argv[i]);
      return 1;
    }
  if (out.empty()) {
    std::fprintf(stderr, "jitkit_count: out=FILE is missing\n");
    return 1;
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, finished, nullptr);
  return 0;
}
}
