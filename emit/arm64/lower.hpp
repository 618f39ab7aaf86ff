// Selection for AArch64: IR instructions to machine instructions with merged immediates. lower.def says
// which rule selects which op; the rules stand by idea in lower_int, lower_bits, lower_compare,
// lower_fp, lower_vector, lower_memory, lower_call, lower_control and atomics.
//
// Invariants:
//  - A value of i8, i16 or i32 is in the low bits of a W register, the bits above it are unspecified;
//    an i1 is 0 or 1 in the whole W register. Rules extend where the meaning depends on it.
//  - Every instruction that writes a W register clears the upper half, which zext of an i32 uses.
//  - A VReg of number 0 as an operand is register 31 of its field: the zero register.
//  - x16 and x17 are never operands; emission uses them.
#ifndef JITKIT_EMIT_ARM64_LOWER_HPP
#define JITKIT_EMIT_ARM64_LOWER_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/abi.hpp>
#include <jitkit/emit/arm64/lower_tables.hpp>
#include <jitkit/emit/arm64/machine_word.hpp>
#include <jitkit/ir/select.hpp>
#include <jitkit/ir/support/span.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

// The forms of an addition or comparison by the shape of its second operand; those of one width, the
// other stands beside it in the table.
struct ArithForms {
  Form imm, shift, ext;
};
inline constexpr ArithForms add_forms{Form::add_imm_w, Form::add_shift_w, Form::add_ext_w};
inline constexpr ArithForms sub_forms{Form::sub_imm_w, Form::sub_shift_w, Form::sub_ext_w};
inline constexpr ArithForms adds_forms{Form::adds_imm_w, Form::adds_shift_w, Form::adds_ext_w};
inline constexpr ArithForms subs_forms{Form::subs_imm_w, Form::subs_shift_w, Form::subs_ext_w};
inline constexpr ArithForms cmp_forms{Form::cmp_imm_w, Form::cmp_shift_w, Form::cmp_ext_w};
// Of a bitwise operation; `inverted` complements the second operand.
struct LogicalForms {
  Form imm, shift, inverted;
};
inline constexpr LogicalForms and_forms{Form::and_imm_w, Form::and_shift_w, Form::bic_shift_w};
inline constexpr LogicalForms or_forms{Form::orr_imm_w, Form::orr_shift_w, Form::orn_shift_w};
inline constexpr LogicalForms xor_forms{Form::eor_imm_w, Form::eor_shift_w, Form::eon_shift_w};

struct DivideRule {
  Form form;
  bool is_signed;
  bool remainder;
  Helper helper;
};
inline constexpr DivideRule signed_quotient{Form::sdiv_w, true, false, Helper::divti3};
inline constexpr DivideRule unsigned_quotient{Form::udiv_w, false, false, Helper::udivti3};
inline constexpr DivideRule signed_remainder{Form::sdiv_w, true, true, Helper::modti3};
inline constexpr DivideRule unsigned_remainder{Form::udiv_w, false, true, Helper::umodti3};

// The condition whether x ? y under which an ICond holds after cmp x, y.
constexpr Cond flag_condition(ir::ICond c) {
  constexpr Cond table[] = {Cond::eq, Cond::ne, Cond::lt, Cond::ge, Cond::gt,
                            Cond::le, Cond::lo, Cond::hs, Cond::hi, Cond::ls};
  return table[static_cast<u8>(c)];
}
constexpr bool is_signed(ir::ICond c) { return c >= ir::ICond::slt && c <= ir::ICond::sle; }
constexpr bool is_equality(ir::ICond c) { return c <= ir::ICond::ne; }

class Lower : public ir::Selector<Lower> {
  using Base = ir::Selector<Lower>;
  using Type = ir::Type;
  using Opcode = ir::Opcode;
  using Value = ir::Value;
  using Inst = ir::Inst;
  using InstData = ir::InstData;
  using VReg = ir::VReg;
  using Operand = ir::Operand;
  using Reg = ir::Reg;

 public:
  Lower(const ir::FunctionData& fn, ir::MachFunction& mf, const Options& options, Arena& arena)
      : Base(fn, mf, arena), options_(options), arena_(arena) {}

  void lower(Inst i);
  void lower_entry();
  bool constant_recipe(Type t, ir::ConstantData c, ir::Remat& recipe);
  static bool keeps_flags(const InstData& d);
  static Status missing(Type t) {
    const bool held = !ir::contains(ir::types::wide_vector | ir::set_of(Type::mask), t);
    return held ? Status{} : Status{Error::unsupported, 0, unsupported_type | static_cast<u64>(t)};
  }

 private:
  friend Base;

  // --- instructions of the table (here)
  static constexpr Form next(Form f, unsigned n) {
    return static_cast<Form>(static_cast<u16>(f) + n);
  }
  static constexpr bool is_wide(Type t) { return ir::bits(t) > 32; }
  // The form of the width of t; f is the W form, the X form follows it.
  static constexpr Form sized(Form f, Type t) { return next(f, is_wide(t) ? 1 : 0); }
  static constexpr Type register_type(Type t) { return is_wide(t) ? Type::i64 : Type::i32; }

  void put(Form f, Fields where, u32 imm, std::initializer_list<Operand> operands);
  static constexpr u32 zero_in(VReg v, RegField f) { return v ? 0 : in_field(f, 31); }
  void op_d(Form f, VReg d, u32 imm = 0) { put(f, fields(RegField::d), imm, {Reg::def(d)}); }
  void op_n(Form f, VReg n, u32 imm = 0) {
    put(f, fields(RegField::n), imm ^ zero_in(n, RegField::n), {Reg::use(n)});
  }
  void op_nm(Form f, VReg n, VReg m, u32 imm = 0) {
    put(f, fields(RegField::n, RegField::m), imm ^ zero_in(n, RegField::n) ^ zero_in(m, RegField::m),
        {Reg::use(n), Reg::use(m)});
  }
  void op_dn(Form f, VReg d, VReg n, u32 imm = 0) {
    put(f, fields(RegField::d, RegField::n), imm ^ zero_in(d, RegField::d) ^ zero_in(n, RegField::n),
        {Reg::def(d), Reg::use(n)});
  }
  void op_dm(Form f, VReg d, VReg m, u32 imm = 0) {
    put(f, fields(RegField::d, RegField::m), imm ^ zero_in(d, RegField::d) ^ zero_in(m, RegField::m),
        {Reg::def(d), Reg::use(m)});
  }
  void op_dnm(Form f, VReg d, VReg n, VReg m, u32 imm = 0) {
    put(f, fields(RegField::d, RegField::n, RegField::m),
        imm ^ zero_in(d, RegField::d) ^ zero_in(n, RegField::n) ^ zero_in(m, RegField::m),
        {Reg::def(d), Reg::use(n), Reg::use(m)});
  }
  void op_dnma(Form f, VReg d, VReg n, VReg m, VReg a) {
    put(f, fields(RegField::d, RegField::n, RegField::m, RegField::a), zero_in(a, RegField::a),
        {Reg::def(d), Reg::use(n), Reg::use(m), Reg::use(a)});
  }
  // Reads and writes its first register: d <- f(old, n).
  void op_tied_n(Form f, VReg d, VReg old, VReg n, u32 imm = 0);
  void op_tied_nm(Form f, VReg d, VReg old, VReg n, VReg m, u32 imm = 0);
  void put_macro(Macro m, std::initializer_list<Operand> operands, u64 imm = 0, u32 extra = 0,
                 u8 flags = 0, u8 aux = 0) {
    emit(form_of(m), operands, imm, extra, flags, aux);
  }

  bool has(Feature f) const { return options_.features.has(f); }
  bool require(Feature f) {
    if (!has(f)) fail(Error::feature_missing, static_cast<u64>(f));
    return has(f);
  }
  void unsupported(Inst i) { fail(Error::unsupported, static_cast<u64>(fn_[i].op)); }

  Type type_of(Inst i, u32 n) const { return fn_.type(fn_.operand(i, n)); }
  bool is_zero(Value v) const {
    return fn_.is_constant(v) && fn_.constant(v).lo == 0 && fn_.constant(v).hi == 0;
  }
  // A register with the value, the zero register for 0.
  VReg vreg_or_zero(Value v) { return is_zero(v) ? VReg() : vreg(v); }
  VReg constant(Type t, u64 bits) { return constant_vreg(t, bits); }

  // --- lower_int.hpp
  struct Wide {  // an i128 in two registers
    VReg low, high;
  };
  Wide wide(Value v) {
    const VReg low = vreg(v);
    return {low, VReg(low.id + 1)};
  }
  Wide wide_result(Inst i) {
    const VReg low = result_vreg(i);
    return {low, VReg(low.id + 1)};
  }
  VReg extended(Value v, bool is_signed);
  bool is_zero_extended(Value v) const;
  void extend_into(VReg d, VReg n, Type from, bool is_signed, bool to_wide);
  bool shifted(Value v, Type t, bool rotates, VReg& m, u32& imm);
  bool fold_shift(Value v, Type t, VReg& m, u32& imm);
  bool extension(Value v, VReg& m, u32& imm, bool& from_word);
  bool arith_imm(const ArithForms& f, Type t, VReg d, VReg n, Value y);
  void arith(const ArithForms& f, Type t, VReg d, Value x, Value y);
  void arith_regs(const ArithForms& f, Type t, VReg d, VReg n, VReg m, u32 imm = 0);
  void add(Inst i);
  void sub(Inst i);
  void add_wide(Inst i, bool subtract);
  bool multiply_add(Inst i, Value product, Value addend, Form form);
  bool fold_product(Inst i, Value product, Value addend, Form form);
  void mul(Inst i);
  void mul_wide(Inst i);
  void neg(Inst i);
  void multiply_high(Inst i, Form word, Form full);
  void divide(Inst i, const DivideRule& rule);
  void divide_regs(Inst i, const DivideRule& rule, VReg x, VReg y);
  void divide_wide(Inst i, const DivideRule& rule, bool traps);
  void divide_or_trap(Inst i, const DivideRule& rule);
  void trap_if_overflow(Type t, VReg x, VReg y);
  void extremum(Inst i, Form native, Cond c);
  void absolute(Inst i);
  Cond overflow_condition(Inst i) const;
  void add_overflow(Inst i, const ArithForms& f, bool is_signed);
  void multiply_overflow(Inst i, bool is_signed);
  bool carry_in_flags(Value v, Opcode starts, Opcode goes_on);
  void add_carry(Inst i);
  void sub_borrow(Inst i);
  void finish_overflow(Inst i);

  // --- lower_bits.hpp
  bool logical_imm(Form f, Type t, VReg d, VReg n, Value y);
  bool bit_field(Inst i);
  void logical(Inst i, const LogicalForms& f);
  void logical_part(const LogicalForms& f, VReg d, VReg n, VReg m) { op_dnm(next(f.shift, 1), d, n, m); }
  void complement(Inst i);
  void shift_imm(Opcode op, Type t, VReg d, VReg n, unsigned count);
  void shift_left(Inst i);
  void shift_right(Inst i, bool arithmetic);
  void shift_wide(Inst i);
  void shift_wide_imm(Inst i, unsigned count);
  void rotate(Inst i, bool left);
  void count_leading(Inst i);
  void count_trailing(Inst i);
  void count_ones(Inst i);
  void swap_bytes(Inst i);
  void reverse_bits(Inst i);
  void freeze(Inst i);
  void zero_extend(Inst i);
  void sign_extend_to(Inst i);
  void truncate(Inst i);
  void checksum(Inst i);

  // --- lower_compare.hpp
  // A conditional branch without its target: the word, and the register it tests if any.
  struct BranchTest {
    Form form = Form::none;
    u32 imm = 0;
    VReg reg;
  };
  Cond compare(Inst i);
  Cond compare_int(ir::ICond c, Value x, Value y);
  Cond compare_wide(ir::ICond c, Value x, Value y);
  Cond compare_float(ir::FCond c, Value x, Value y);
  bool test_bits(ir::ICond c, Value x, Value y);
  Cond flags_of(Value condition);
  bool overflow_flags(Value condition, Cond& c);
  BranchTest branch_test(Value condition, bool inverted);
  Inst overflow_before(Value v) const;
  bool compare_branch(Inst i, bool inverted, BranchTest& test);
  void set_condition(Inst i);
  void select(Inst i);
  void select_int(Cond c, Type t, VReg d, Value x, Value y);
  void select_vector(Cond c, VReg d, VReg x, VReg y);

  // --- lower_fp.hpp
  static constexpr Form float_sized(Form single, Type t) { return next(single, t == Type::f64 ? 1 : 0); }
  void float_binary(Inst i, Form single);
  void float_unary(Inst i, Form single);
  void fused_multiply_add(Inst i);
  void copy_sign(Inst i);
  void convert_float(Inst i);
  void int_to_float(Inst i, Form word_to_single);
  void float_to_int(Inst i, Form single_to_word);
  void bitcast(Inst i);

  // --- lower_vector.hpp
  void word(u32 bits, Fields where, std::initializer_list<Operand> operands);
  void word_dn(u32 bits, VReg d, VReg n);
  void word_dnm(u32 bits, VReg d, VReg n, VReg m);
  void word_tied_n(u32 bits, VReg d, VReg old, VReg n);
  void word_tied_nm(u32 bits, VReg d, VReg old, VReg n, VReg m);
  u32 full(Inst i) const;
  void splat(Inst i);
  void extract_lane(Inst i);
  void insert_lane(Inst i);
  void lane_binary(Inst i);
  void vector_logical(Inst i, unsigned which);
  void vector_not(Inst i);
  void lane_shift(Inst i);
  void shuffle(Inst i);
  bool simple_shuffle(Inst i, Span<const u8> mask, bool same);
  void table_lookup(Inst i);
  void aes_round(Inst i);
  void aes_inverse_mix(Inst i);
  void carryless_multiply(Inst i);

  // --- lower_memory.hpp
  struct Address {
    enum class Kind : u8 { offset, index, word_index, frame };
    Kind kind = Kind::offset;
    VReg base;
    VReg index;
    i64 offset = 0;
    u32 imm = 0;   // of an index: extension and scale
    u32 slot = 0;  // kind frame
  };
  Address address(Value base, i64 offset, unsigned log2);
  Address index_address(Value base, unsigned log2);
  Address far_address(Value base, i64 offset, unsigned log2);
  static Address at(VReg base, i64 offset);
  static Address frame(u32 slot, i64 offset);
  void access(Form f, unsigned log2, Operand data, const Address& a);
  void access_pair(Form f, unsigned log2, Operand first, Operand second, Address a);
  void load_from(Type t, VReg d, const Address& a);
  void store_to(Type t, VReg v, const Address& a);
  VReg address_register(const Address& a);
  void load(Inst i);
  void load_wide(Inst i);
  bool pair_load(Inst i);
  void extending_load(Inst i);
  void store(Inst i, Type t);
  bool pair_store(Inst i);
  bool pairs_with(Inst other, Inst i, Value base, i64 offset, i64& other_offset) const;
  Value root(Value base, i64& offset) const;
  void stack_address(Inst i);
  void symbol_address(Inst i);
  void allocate_stack(Inst i);
  void copy_memory(Inst i, Helper h);
  void set_memory(Inst i);
  void copy_small(VReg to, VReg from, u64 bytes, i64 to_offset, u32 to_slot);

  // --- lower_call.hpp
  const ir::Convention* convention(ir::CallConv c);
  struct CallOperands;
  void call_helper(Helper h, Span<const VReg> arguments, Span<const VReg> results);
  void place_arguments(CallOperands& list, ir::SigRef sig, const ir::Convention& conv, Inst i, u32 first,
                       u32 stack_slot);
  VReg copy_argument(Value from, u32 bytes, u32 slot, u32 offset);
  VReg argument_part(Value v, const ir::Param& p, unsigned part);
  void call(Inst i);
  void tail_call(Inst i);
  // Whether a tail call's callee gives and preserves what this function has to.
  bool returns_like(ir::SigRef callee, const ir::Convention& c, ir::SigRef own, const ir::Convention& own_c) const {
    const Span<const ir::Param> theirs = fn_.module->results(callee), ours = fn_.module->results(own);
    return ir::preserves_for(c, own_c) && ir::same_results(ArgumentPlaces(c, theirs, ~u32{0}, true), theirs,
                                                           ArgumentPlaces(own_c, ours, ~u32{0}, true), ours);
  }
  void return_values(Inst i);
  void exit(Inst i);
  void start_variadic(Inst i);
  void save_variadic(CallOperands& list, const ArgumentPlaces& places);
  void store_variadic(const CallOperands& list, const ArgumentPlaces& places);

  // --- lower_control.hpp
  void native(Inst i);
  void begin_region(Inst i);
  void end_region(Inst i);
  struct RegionOperands;
  static u8 tuple_role(const FormOperand& o);
  void region_word(Inst i, RegionOperands& list);
  unsigned region_update(VReg v, VReg r, RegionOperands& list);
  void branch(Inst i);
  void branch_if(Inst i);
  void switch_value(Inst i);
  void guard(Inst i, bool inverted);
  void load_or_exit(Inst i);
  void patch_point(Inst i);
  void safepoint(Inst i);
  void trap(Inst i);
  void trap_if(const BranchTest& t);
  void unreachable(Inst i);

  // --- atomics.hpp
  VReg plain_address(Inst i);
  void atomic_load(Inst i);
  void atomic_store(Inst i);
  void atomic_update(Inst i);
  void atomic_compare(Inst i);
  void atomic_load_wide(Inst i);
  void atomic_store_wide(Inst i);
  void atomic_exchange_wide(Inst i);
  void atomic_compare_wide(Inst i);
  void fence(Inst i);

  static constexpr u32 max_pairs = 4;
  struct Pair {
    Inst first;   // earlier in the block
    Inst second;
  };

  const Options& options_;
  Arena& arena_;
  Pair pairs_[max_pairs];  // accesses found to be halves of a pair, whose other half is still ahead
  u32 pair_count_ = 0;
  bool in_region_ = false;
  bool variadic_area_ = false;   // va_start was selected: the entry saves the argument registers
  Inst fused_overflow_;          // its flags are the test of the branch behind it
  unsigned variadic_first_ = 0;  // of those registers among the entry's operands
};

// ---- dispatch ----

namespace lower_table {
inline constexpr ir::TypeSet all = ~ir::TypeSet{0};
inline constexpr ir::TypeSet none = 0;
inline constexpr ir::TypeSet but_i128 = all & ~ir::set_of(ir::Type::i128);
inline constexpr ir::Opcode ops[] = {
    ir::Opcode::none,
#define JITKIT_LOWER(op, flag_free, ...) ir::Opcode::op,
#include <jitkit/emit/arm64/lower.def>
};
static_assert(ir::LowerRow<ir::misplaced_lower_row(ops)>::there);
inline constexpr ir::TypeSet flag_free_types[] = {
    none,
#define JITKIT_LOWER(op, flag_free, ...) flag_free,
#include <jitkit/emit/arm64/lower.def>
};
}  // namespace lower_table

// Whether selection of the core op never writes the condition flags.
constexpr bool flag_free(ir::Opcode op, ir::Type t) {
  return !ir::is_native(op) && ir::contains(lower_table::flag_free_types[static_cast<u16>(op)], t);
}
inline bool Lower::keeps_flags(const InstData& d) { return flag_free(d.op, d.type); }

inline void Lower::lower(Inst i) {
  const InstData& d = fn_[i];
  switch (d.op) {
#define JITKIT_LOWER(op, flag_free, rule) \
  case Opcode::op: return rule;
#include <jitkit/emit/arm64/lower.def>
    case Opcode::none:
    case Opcode::core_count: break;
    default: return native(i);
  }
  unsupported(i);
}

inline void Lower::put(Form f, Fields where, u32 imm, std::initializer_list<Operand> operands) {
  if (!require(form_feature(f))) return;
  emit(form_of(f), operands, (form_bits(f) ^ imm) | where, 0,
       (row_of(f).effects & writes_flags) != 0 ? ir::mach_writes_flags : u8{0});
}
inline void Lower::op_tied_n(Form f, VReg d, VReg old, VReg n, u32 imm) {
  put(f, fields(RegField::d, RegField::none, RegField::n), imm ^ zero_in(n, RegField::n),
      {Reg::use(old), Reg::def_tied(d), Reg::use(n)});
}
inline void Lower::op_tied_nm(Form f, VReg d, VReg old, VReg n, VReg m, u32 imm) {
  put(f, fields(RegField::d, RegField::none, RegField::n, RegField::m), imm,
      {Reg::use(old), Reg::def_tied(d), Reg::use(n), Reg::use(m)});
}

// Constants need no register between their uses: they are made again.
inline bool Lower::constant_recipe(Type t, ir::ConstantData c, ir::Remat& recipe) {
  switch (ir::bank(t)) {
    case Bank::gpr:
      recipe = {form_of(Macro::integer), c.lo, is_wide(t) ? 1U : 0U};
      return true;
    case Bank::vec:
      if (ir::bits(t) <= 64) {
        recipe = {form_of(Macro::float_bits), c.lo, ir::bits(t)};
        return true;
      }
      if (t != Type::v128 || !mf_.literals.push(c)) return false;
      recipe = {form_of(Macro::vector), 0, mf_.literals.size() - 1};
      return true;
    default: return false;
  }
}

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#include <jitkit/emit/arm64/atomics.hpp>
#include <jitkit/emit/arm64/lower_bits.hpp>
#include <jitkit/emit/arm64/lower_call.hpp>
#include <jitkit/emit/arm64/lower_compare.hpp>
#include <jitkit/emit/arm64/lower_control.hpp>
#include <jitkit/emit/arm64/lower_fp.hpp>
#include <jitkit/emit/arm64/lower_int.hpp>
#include <jitkit/emit/arm64/lower_memory.hpp>
#include <jitkit/emit/arm64/lower_vector.hpp>

#endif  // JITKIT_EMIT_ARM64_LOWER_HPP
