// Rows of AVX-512, masks and gathers executed on this CPU: an instruction changes nothing but what its row says it
// writes, and what it writes depends on nothing but what its row says it reads. That proves the roles, widths and
// effects that the allocator and the verifier trust; the bytes are proved by the sweep. All other rows: tests/roles.
//
// Each form runs with random registers, overlaps among them and random flags; then again with everything it
// does not read drawn anew.
#include <doctest/doctest.h>

#include <jitkit/emit/x86_64/disassembler.hpp>

#include <cstdio>
#include <string>

#include "../support/x86_64_samples.hpp"

#if defined(__x86_64__)
#include "../support/x86_64_machine.hpp"

using namespace jitkit;
using namespace jitkit::x86_64;
using test::X86State;

namespace {

// Which bits of which register, or bytes of memory.
struct Part {
  Bank bank;
  u8 number;
  u16 from, bits;
  u8 role;
};
struct Parts {
  Part part[16];
  unsigned count = 0;
  bool memory = false;
  u32 from = 0, bytes = 0;  // of memory
  void add(Bank bank, unsigned number, unsigned from_bit, unsigned bits, u8 role) {
    part[count++] = {bank, static_cast<u8>(number), static_cast<u16>(from_bit), static_cast<u16>(bits), role};
  }
};

void add_register(Parts& p, const FormOperand& o, u8 code) {
  const bool high = o.bank == Bank::gpr && o.width == 3 && (code & code_forbids_rex) != 0;
  const unsigned number = o.bank != Bank::gpr ? code : high ? (code & 15U) - 4 : code & 15U;
  p.add(o.bank, number, high ? 8 : 0, 1U << o.width, o.role);
}

// The registers of the form's operands in `in`.
Parts parts_of(const Instruction& in) {
  Parts p;
  const FormRow row = row_of(in.form);
  const FormOperands list = form_operands(in.form);
  unsigned at = 0;
  for (unsigned i = 0; i < in.count; ++i) {
    const OperandDesc d = operand_of(row, i);
    const OperandValue& v = in.operand[i];
    if (d.cls == OpClass::mem) {
      if (v.mem.base != Mem::none) add_register(p, list[at], v.mem.base);
      if (v.mem.index != Mem::none) add_register(p, list[at + 1], v.mem.index & 31);
      at += 4;
      p.memory = true;
    } else if (d.cls == OpClass::gpr || d.cls == OpClass::vec || d.cls == OpClass::mask) {
      add_register(p, list[at++], v.code);
    } else if (d.cls != OpClass::one) {
      ++at;
    }
    if (i == 0 && in.mask != 0) add_register(p, list[at++], in.mask);
  }
  for (; at < list.size(); ++at) {  // fixed registers that the text does not show
    if (list[at].kind != FormOperand::Kind::reg) continue;
    const u8 n = list[at].arg;
    add_register(p, list[at], static_cast<u8>(n < 16 ? n : n < 48 ? n - 16 : n - 48));
  }
  return p;
}

class Execution {
 public:
  Execution() : samples_(7) {}
  bool ok() const { return machine_.ok(); }
  const FeatureSet& features() const { return machine_.features(); }

  // Number of runs; complaints go to doctest.
  unsigned form(Form f, unsigned rounds) {
    unsigned done = 0;
    for (unsigned n = 0; n < 4 * rounds && done < rounds; ++n) {
      Instruction in = samples_.draw(f);
      if (!tame(in)) continue;
      u8 bytes[16];
      const u8 length = encode(in, bytes);
      if (length != 0 && one(in, {bytes, length})) ++done;
    }
    return done;
  }

 private:
  // Makes memory operands point into the block; false if this instruction is not for us.
  bool tame(Instruction& in) {
    base_ = -1;
    const FormRow row = row_of(in.form);
    for (unsigned i = 0; i < in.count; ++i) {
      OperandValue& v = in.operand[i];
      if (v.cls == OpClass::gpr && (v.code & 15) == 4 && (v.code & code_forbids_rex) == 0) return false;  // rsp
      if (v.cls != OpClass::mem) continue;
      const u16 index_bits = v.index_bits;
      const u8 vector = v.mem.index;
      do base_ = static_cast<int>(samples_.below(16));
      while (base_ == 4);
      v.mem = address(Gp64(static_cast<unsigned>(base_)));
      v.imm = 0;
      if (index_bits == 0) continue;
      v.mem.index = vector;
      v.mem.scale = static_cast<u8>(samples_.below(2));
    }
    for (unsigned i = 0; i < in.count && base_ >= 0; ++i)  // fixed registers may not be the address
      if (in.operand[i].cls == OpClass::gpr && operand_of(row, i).fixed && in.operand[i].code == base_) return false;
    const detail::RolesInfo& roles = detail::roles_infos[static_cast<u8>(row.roles)];
    for (unsigned i = 0; i < roles.fixed_count; ++i)
      if (roles.fixed[i].number == base_) return false;
    return true;
  }

  void fill(X86State& s) {
    const auto bytes = [&](void* at, usize size) {
      for (usize i = 0; i < size; i += 4) {
        const u32 w = word();
        std::memcpy(static_cast<u8*>(at) + i, &w, 4);
      }
    };
    bytes(s.gpr, sizeof s.gpr);
    bytes(s.mask, sizeof s.mask);
    bytes(s.vec, sizeof s.vec);
    bytes(s.memory, sizeof s.memory);
    s.flags = (u64{word()} & test::status_flags) | 2;
  }
  // xorshift64: a state is a thousand of these.
  u32 word() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    const u32 kind = random_ & 7;
    const u32 any = static_cast<u32>(random_ >> 32);
    return kind == 0 ? 0 : kind == 1 ? ~0U : kind == 2 ? any & 0xff : kind == 3 ? 0x3f800000 ^ (any & 0x80ff0000) : any;
  }
  // What every run needs: addresses, and indices of gathers that stay in the block.
  void place(X86State& s, const Instruction& in) {
    s.gpr[4] = machine_.stack_pointer();
    for (unsigned i = 0; i < in.count; ++i) {
      const OperandValue& v = in.operand[i];
      if (v.cls != OpClass::mem || base_ < 0) continue;
      s.gpr[base_] = reinterpret_cast<u64>(machine_.memory() + middle);
      if (v.index_bits == 0) continue;
      const bool wide = std::string_view(row_of(in.form).text).find("gatherq") != std::string_view::npos ||
                        std::string_view(row_of(in.form).text).find("scatterq") != std::string_view::npos;
      u8* lanes = s.vec[v.mem.index & 31];
      for (unsigned k = 0; k < 64; k += wide ? 8 : 4) {
        const i64 small = static_cast<i64>(lanes[k] & 127) - 64;
        std::memcpy(lanes + k, &small, wide ? 8 : 4);
      }
    }
  }

  // Draws anew what `p` does not read.
  X86State redrawn(const X86State& s, const Parts& p, Effects effects, const OperandDesc* memory) {
    X86State r;
    fill(r);
    const auto keep = [](u8* to, const u8* from, unsigned bit, unsigned bits) {
      for (unsigned i = bit / 8; i < (bit + bits + 7) / 8; ++i) to[i] = from[i];
    };
    for (unsigned i = 0; i < p.count; ++i) {
      const Part& x = p.part[i];
      if ((x.role & role_use) == 0) continue;
      if (x.bank == Bank::gpr) keep(bytes_of(r.gpr[x.number]), bytes_of(s.gpr[x.number]), x.from, x.bits);
      if (x.bank == Bank::vec) keep(r.vec[x.number], s.vec[x.number], 0, x.bits);
      if (x.bank == Bank::mask) r.mask[x.number] = s.mask[x.number];
    }
    if ((effects & reads_flags) != 0) r.flags = s.flags;
    if (memory != nullptr && ((effects & reads_memory) != 0)) {
      if (memory->index != 0)
        std::memcpy(r.memory, s.memory, sizeof r.memory);
      else
        std::memcpy(r.memory + middle, s.memory + middle, memory->bits / 8U);
    }
    return r;
  }

  bool one(const Instruction& in, std::span<const u8> code) {
    const FormRow row = row_of(in.form);
    const Parts p = parts_of(in);
    const Effects effects = form_effects(in.form);
    OperandDesc memory;
    bool has_memory = false;
    for (unsigned i = 0; i < in.count; ++i)
      if (in.operand[i].cls == OpClass::mem) memory = operand_of(row, i), has_memory = true;
    X86State before, after, other, after_other;
    fill(before);
    place(before, in);
    if (!machine_.run(code, before, after)) return false;  // a fault: a quotient that does not fit
    const std::string wrong = changed(before, after, p, effects, in, has_memory ? &memory : nullptr);
    const std::string what = name(in);
    CHECK_MESSAGE(wrong.empty(), what, " changes ", wrong);
    other = redrawn(before, p, effects, has_memory ? &memory : nullptr);
    other.gpr[4] = before.gpr[4];
    if (!machine_.run(code, other, after_other)) return false;
    // A flag that an instruction leaves undefined, or leaves alone when it shifts by 0, may stay as it was; so
    // may bytes that a masked store leaves out.
    const u64 stayed = ~(before.flags ^ after.flags) & ~(other.flags ^ after_other.flags);
    after_other.flags ^= (after.flags ^ after_other.flags) & stayed;
    for (usize i = 0; i < sizeof before.memory; ++i)
      if (before.memory[i] == after.memory[i] && other.memory[i] == after_other.memory[i])
        after_other.memory[i] = after.memory[i];
    const std::string reads = differs(after, after_other, p, effects, has_memory ? &memory : nullptr);
    CHECK_MESSAGE(reads.empty(), what, " reads more than its row says: another ", reads);
    return true;
  }
  // The first thing that changed and must not; empty if there is none.
  static std::string changed(const X86State& a, const X86State& b, const Parts& p, Effects effects, const Instruction& in,
                             const OperandDesc* memory) {
    const bool legacy = space_of(row_of(in.form).enc) == Space::legacy;
    X86State want = a;
    for (unsigned i = 0; i < p.count; ++i) {
      const Part& x = p.part[i];
      if ((x.role & role_def) == 0) continue;
      if (x.bank == Bank::mask) want.mask[x.number] = b.mask[x.number];
      if (x.bank == Bank::gpr) {
        const u64 m = x.bits >= 32 ? ~u64{0} : low_mask(x.bits) << x.from;
        want.gpr[x.number] = (want.gpr[x.number] & ~m) | (b.gpr[x.number] & m);
        // One that is also read may not be written at all (bsf of 0, cmpxchg of equals).
        const bool kept = (x.role & role_use) != 0 && a.gpr[x.number] >> 32 == b.gpr[x.number] >> 32;
        if (x.bits == 32 && b.gpr[x.number] >> 32 != 0 && !kept) return "the upper half of a register";
      }
      if (x.bank == Bank::vec) {
        const unsigned bytes = legacy ? (x.bits < 128 ? x.bits / 8U : 16U) : 64U;
        std::memcpy(want.vec[x.number], b.vec[x.number], bytes);
        for (unsigned k = x.bits < 128 ? 16U : x.bits / 8U; !legacy && k < 64; ++k)
          if (b.vec[x.number][k] != 0) return "the upper part of a vector";
        // A scalar load clears the rest of the register.
        if (legacy && x.bits < 128 && memory != nullptr) std::memcpy(want.vec[x.number], b.vec[x.number], 16);
      }
    }
    if (std::memcmp(want.gpr, b.gpr, sizeof b.gpr) != 0) return "a general register";
    if (std::memcmp(want.mask, b.mask, sizeof b.mask) != 0) return "a mask";
    if (std::memcmp(want.vec, b.vec, sizeof b.vec) != 0) return "a vector";
    const u64 flags = flags_written(effects);
    if (((a.flags ^ b.flags) & test::status_flags & ~flags) != 0) return "a flag";
    const bool writes = memory != nullptr && (effects & writes_memory) != 0;
    const usize size = writes ? memory->bits / 8U : 0;
    if (!(writes && memory->index != 0) &&
        (std::memcmp(a.memory, b.memory, middle) != 0 ||
         std::memcmp(a.memory + middle + size, b.memory + middle + size, sizeof a.memory - middle - size) != 0))
      return "memory";
    return "";
  }

  static std::string differs(const X86State& a, const X86State& b, const Parts& p, Effects effects,
                             const OperandDesc* memory) {
    for (unsigned i = 0; i < p.count; ++i) {
      const Part& x = p.part[i];
      if ((x.role & role_def) == 0) continue;
      if (x.bank == Bank::mask && a.mask[x.number] != b.mask[x.number]) return "mask";
      if (x.bank == Bank::gpr && ((a.gpr[x.number] ^ b.gpr[x.number]) >> x.from & low_mask(x.bits)) != 0) return "general register";
      if (x.bank == Bank::vec && std::memcmp(a.vec[x.number], b.vec[x.number], x.bits / 8U) != 0) return "vector";
    }
    if (((a.flags ^ b.flags) & flags_written(effects)) != 0) return "flag";
    if (memory != nullptr && (effects & writes_memory) != 0 && memory->index == 0 &&
        std::memcmp(a.memory + middle, b.memory + middle, memory->bits / 8U) != 0)
      return "memory";
    return "";
  }

  static u64 flags_written(Effects e) {
    if ((e & writes_flags) == 0) return 0;
    if ((e & only_carry) != 0) return 1;
    if ((e & only_overflow) != 0) return 0x800;
    return (e & keeps_carry) != 0 ? test::status_flags & ~u64{1} : test::status_flags;
  }
  static u8* bytes_of(u64& v) { return reinterpret_cast<u8*>(&v); }
  static const u8* bytes_of(const u64& v) { return reinterpret_cast<const u8*>(&v); }
  static std::string name(const Instruction& in) {
    std::string s(form_name(in.form).view());
    StringSink sink(s);
    sink << ": ";
    print(in, sink);
    return s;
  }

  static constexpr u32 middle = 512;
  test::X86Machine machine_;
  test::X86Samples samples_;
  u64 random_ = 0x9e3779b97f4a7c15;
  int base_ = -1;
};

bool is_executed(Form f) {
  const FormRow row = row_of(f);
  const Effects e = form_effects(f);
  if ((e & (control | other_state)) != 0 || row.alternate) return false;
  return required_features(f).has(Feature::avx512f) || row.roles == Roles::gather;
}

}  // namespace

TEST_CASE("x86-64: rows of AVX-512 read and write what they say, executed") {
  Execution run;
  REQUIRE(run.ok());
  unsigned executed = 0, lacking = 0, runs = 0;
  for (u16 n = 1; n < form_limit; ++n) {
    const Form f = static_cast<Form>(n);
    if (!is_form(f) || !is_executed(f)) continue;
    if (!run.features().has(required_features(f))) {
      ++lacking;
      continue;
    }
    const unsigned rounds = is_evex(f) ? 8 : 64;
    const unsigned done = run.form(f, rounds);
    CHECK_MESSAGE(done >= rounds / 4, std::string(form_name(f).view()));
    ++executed;
    runs += done;
  }
  if (run.features().has(Feature::avx512f))
    CHECK(executed > 4000);
  else
    std::printf("SKIP native_avx512_rows: this CPU has no AVX-512\n");
  MESSAGE(executed << " forms, " << runs << " runs; " << lacking << " forms that this CPU lacks");
}

#endif
