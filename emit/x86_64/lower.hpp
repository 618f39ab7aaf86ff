// Selection for x86-64: how each core op becomes instructions. lower.def says which rule selects which
// op; the rules stand by idea in lower_int, lower_wide (i128), lower_bits, lower_compare, lower_fp,
// lower_vector, lower_shuffle, lower_memory, lower_call, lower_control, lower_native and atomics.
//
// Invariants:
//  - i8 and i16 stand in 32-bit registers with anything above them; an op that cares extends first. The
//    low byte of an i1 is 0 or 1, what is above it is anything. i32 leaves anything in the upper half.
//  - v64 is the low half of an xmm register, f16 its low word; what is above is anything.
//  - With AVX every vector instruction is a VEX form; never a mixture.
//  - While a flags value is live (flags_live_) nothing that writes flags is emitted; the rows of
//    lower.def marked flag_free promise that.
#ifndef JITKIT_EMIT_X86_64_LOWER_HPP
#define JITKIT_EMIT_X86_64_LOWER_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/abi.hpp>
#include <jitkit/emit/x86_64/formats.hpp>
#include <jitkit/emit/x86_64/machine_word.hpp>
#include <jitkit/ir/select.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

// The types for which selection of the op can do without writing flags (column of lower.def).
namespace flag_free {
inline constexpr ir::TypeSet never = 0;
inline constexpr ir::TypeSet always = ~ir::TypeSet{0};
inline constexpr ir::TypeSet narrow = always & ~ir::set_of(ir::Type::i128);
inline constexpr ir::TypeSet not_bool = always & ~ir::set_of(ir::Type::i1);
inline constexpr ir::TypeSet register_swap = always & ~ir::set_of(ir::Type::i16);  // bswap
}  // namespace flag_free

// The forms of a two-operand instruction at 8 bits (sized() finds the others).
struct AluForms {
  Form rr, rm, mr, ri, mi;
  bool commutes;
};
#define JITKIT_X86_ALU_FORMS(n, commutes) \
  inline constexpr AluForms alu_##n{Form::n##_rr_8, Form::n##_rm_8, Form::n##_mr_8, Form::n##_ri_8, Form::n##_mi_8, commutes};
JITKIT_X86_ALU_FORMS(add, true)
JITKIT_X86_ALU_FORMS(sub, false)
JITKIT_X86_ALU_FORMS(and, true)
JITKIT_X86_ALU_FORMS(or, true)
JITKIT_X86_ALU_FORMS(xor, true)
JITKIT_X86_ALU_FORMS(adc, true)
JITKIT_X86_ALU_FORMS(sbb, false)
#undef JITKIT_X86_ALU_FORMS

// A vector or scalar float operation in its legacy two-operand and its VEX three-operand form.
struct VecForms {
  Form rr, rm;    // dst op= src
  Form rrr, rrm;  // dst = a op b
};
// The same with an immediate, or with one source only (then rrr and rrm have two operands).
#define JITKIT_X86_PACKED_FORMS(n) \
  VecForms { Form::n##_rr, Form::n##_rm, Form::v##n##_rrr_128, Form::v##n##_rrm_128 }
#define JITKIT_X86_SCALAR_FORMS(n) \
  VecForms { Form::n##_rr, Form::n##_rm, Form::v##n##_rrr, Form::v##n##_rrm }

#define JITKIT_X86_P JITKIT_X86_PACKED_FORMS
// By Lane; lanes an op does not have repeat another's.
inline constexpr VecForms add_lanes[] = {JITKIT_X86_P(paddb), JITKIT_X86_P(paddw), JITKIT_X86_P(paddd),
                                         JITKIT_X86_P(paddq), JITKIT_X86_P(addps), JITKIT_X86_P(addps),
                                         JITKIT_X86_P(addpd)};
inline constexpr VecForms sub_lanes[] = {JITKIT_X86_P(psubb), JITKIT_X86_P(psubw), JITKIT_X86_P(psubd),
                                         JITKIT_X86_P(psubq), JITKIT_X86_P(subps), JITKIT_X86_P(subps),
                                         JITKIT_X86_P(subpd)};
inline constexpr VecForms div_lanes[] = {JITKIT_X86_P(divps), JITKIT_X86_P(divps), JITKIT_X86_P(divps),
                                         JITKIT_X86_P(divps), JITKIT_X86_P(divps), JITKIT_X86_P(divps),
                                         JITKIT_X86_P(divpd)};
#undef JITKIT_X86_P

class Lower : public ir::Selector<Lower> {
 public:
  Lower(const ir::FunctionData& fn, ir::MachFunction& mf, const Options& options, Arena& arena)
      : Selector(fn, mf, arena), options_(options) {
    variadic_params_.attach(arena);
  }

 private:
  friend class ir::Selector<Lower>;
  using F = Form;
  using Inst = ir::Inst;
  using Value = ir::Value;
  using VReg = ir::VReg;
  using Reg = ir::Reg;
  using Type = ir::Type;
  using Operand = ir::Operand;
  using Opcode = ir::Opcode;

  // --- Called by Selector
  void lower(Inst i);
  void lower_entry();
  static bool keeps_flags(const ir::InstData& d);
  bool constant_recipe(Type t, ir::ConstantData c, ir::Remat& recipe);
  Status missing(Type t) const {
    // A mask is 64 bits.
    const Feature wanted = t == Type::v512 ? Feature::avx512f : t == Type::mask ? Feature::avx512bw : Feature::avx;
    if ((t == Type::v256 || t == Type::v512 || t == Type::mask) && !has(wanted))
      return {Error::feature_missing, 0, static_cast<u64>(wanted)};
    return {};
  }

  // --- Making instructions. Sizes are bits.
  bool has(Feature f) const { return options_.features.has(f); }
  // The width at which integers of type t are computed: 32 or 64.
  static constexpr unsigned width(Type t) { return ir::bits(t) > 32 ? 64 : 32; }
  Type op_type(Inst i) const { return fn_[i].type; }
  Type operand_type(Inst i, u32 n) const { return fn_.type(fn_.operand(i, n)); }

  void op(Form f, std::initializer_list<Operand> operands, u64 imm = 0) {
    emit(static_cast<u16>(f), operands, imm);
  }
  void op_mem(Form f, std::initializer_list<Operand> operands, const Address& a, i32 imm = 0) {
    emit(static_cast<u16>(f), operands, pack(a.disp, imm), a.extra, address_flags(a), a.aux());
  }
  static constexpr u8 address_flags(const Address& a) {
    return a.kind == AddressKind::slot ? ir::mach_frame_address : u8{0};
  }
  void macro(Macro m, std::initializer_list<Operand> operands, u64 imm = 0, u32 extra = 0,
             u8 flags = 0, u8 aux = 0) {
    emit(form_of(m), operands, imm, extra, flags, aux);
  }
  // d = f(s); d = f(s, imm).
  void unary(Form f, VReg d, VReg s, i64 imm = 0) { op(f, {Reg::def(d), Reg::use(s)}, static_cast<u64>(imm)); }
  // d = x, then f on d alone.
  void update(Form f, VReg d, VReg x, i64 imm = 0) {
    op(f, {Reg::use(x), Reg::def_tied(d)}, static_cast<u64>(imm));
  }
  // d = x, then d = f(d, y).
  void update(Form f, VReg d, VReg x, VReg y, i64 imm = 0) {
    op(f, {Reg::use(x), Reg::def_tied(d), Reg::use(y)}, static_cast<u64>(imm));
  }
  void update_mem(Form f, VReg d, VReg x, const Address& y, i32 imm = 0) {
    op_mem(f, {Reg::use(x), Reg::def_tied(d), Reg::use(y.base), Reg::use(y.index)}, y, imm);
  }
  void load(Form f, VReg d, const Address& a, i32 imm = 0) {
    op_mem(f, {Reg::def(d), Reg::use(a.base), Reg::use(a.index)}, a, imm);
  }
  void store(Form f, const Address& a, VReg s, i32 imm = 0) {
    op_mem(f, {Reg::use(a.base), Reg::use(a.index), Reg::use(s)}, a, imm);
  }
  void compare(Form f, VReg x, VReg y) { op(f, {Reg::use(x), Reg::use(y)}); }
  void compare_imm(Form f, VReg x, i64 imm) { op(f, {Reg::use(x)}, static_cast<u64>(imm)); }
  void lea(Type t, VReg d, const Address& a) { load(sized(F::lea_rm_32, width(t)), d, a); }
  VReg integer(Type t, u64 v) { return constant_vreg(t, v); }
  VReg temp(Type t) { return new_vreg(t); }
  // d = x in another type of the same bank.
  void rename(Inst i) { copy(result_vreg(i), operand_vreg(i, 0)); }
  // x with zeroes or its sign above, in a register of at least 32 bits.
  VReg extended(Value x, bool is_signed);
  VReg extended(VReg x, Type t, bool is_signed);
  // A constant that an instruction takes as a sign-extended 32-bit immediate.
  bool imm32(Value v, i64& imm) const { return is_constant(v, imm) && fits_signed(imm, 32); }
  bool missing(Feature f) {
    if (has(f)) return false;
    fail(Error::feature_missing, static_cast<u64>(f));
    return true;
  }
  void refuse() { fail(Error::unsupported, static_cast<u64>(fn_[current_].op)); }

  // --- Integers (lower_int.hpp)
  void alu(Inst i, const AluForms& f);
  void lower_add(Inst i);
  void lower_sub(Inst i);
  bool add_as_address(Inst i);
  bool bit_trick(Opcode op, VReg d, Value x, Value y);
  void lower_mul(Inst i);
  bool mul_by_constant(VReg d, VReg x, Type t, i64 c);
  void high_product(Inst i, bool is_signed);
  void wide_product(VReg lo, VReg hi, VReg x, VReg y, bool is_signed);
  void negate(Inst i);
  void complement(Inst i);
  void divide(Inst i, u8 flags, bool traps);
  VReg high_of_dividend(VReg x, Type t, bool is_signed);
  void divide_unchecked(VReg q, VReg r, VReg x, VReg y, Type t, bool is_signed);
  bool divide_by_constant(Inst i, u8 flags);
  void min_max(Inst i, Cond keeps_first);
  void absolute(Inst i);
  void with_overflow(Inst i, const AluForms& f);
  void mul_overflow(Inst i, bool is_signed);
  void with_carry(Inst i, const AluForms& f, const AluForms& without);
  void update_with(const AluForms& f, unsigned bits, VReg d, Value x, Value y);
  Inst overflow_before(Value v) const;
  Cond overflow_condition(Inst i) const;
  void finish_overflow(Inst i);
  bool keep_carry(Value v);

  // --- Shifts and bit counts (lower_bits.hpp)
  struct ShiftForms {
    Form by_cl, by_imm;  // at 8 bits
    Form flagless;       // BMI2, at 32 bits; none
  };
  static const ShiftForms shl_forms, shr_forms, sar_forms, rol_forms, ror_forms;
  void shift(Inst i, const ShiftForms& f, bool extends, bool is_signed);
  void rotate(Inst i, const ShiftForms& f);
  void shift_imm(const ShiftForms& f, unsigned bits, VReg d, VReg x, unsigned count);
  void shift_by(const ShiftForms& f, unsigned bits, VReg d, VReg x, VReg count);
  void leading_zeros(Inst i);
  void trailing_zeros(Inst i);
  void population(Inst i);
  void swap_bytes(Inst i);
  void reverse_bits(Inst i);
  VReg exchange_bits(VReg x, unsigned width, unsigned distance, u64 mask);

  // --- i128 (lower_wide.hpp)
  struct Pair {
    VReg lo, hi;
  };
  Pair pair(Value v);
  Pair result_pair(Inst i);
  void alu_pair(Inst i, const AluForms& lo, const AluForms& hi);
  void unary_pair(Inst i);
  void mul_pair(Inst i);
  void divide_pair(Inst i, u8 flags, bool traps);
  void shift_pair(Inst i);
  void shift_pair_by_constant(Inst i, unsigned count);
  u8 compare_pair(ir::ICond c, Value x, Value y);

  // --- Comparison, choice, conversions (lower_compare.hpp)
  u8 compare_integers(ir::ICond c, Value x, Value y);
  u8 compare_floats(ir::FCond c, Value x, Value y);
  u8 condition(Value c);  // emits the test; the code of "c is 1"
  void set_from(VReg d, u8 code);
  void choose(VReg d, VReg yes, VReg no, Type t, u8 code);
  void lower_compare(Inst i);
  void select(Inst i);
  void select_vector(Inst i);
  bool select_by_compare(Inst i);
  VReg lane_mask(Value c, Type t);
  bool is_zero_extended(Value v) const;
  void zero_extend(Inst i);
  void sign_extend_op(Inst i);
  void truncate(Inst i);
  void bitcast(Inst i);
  void freeze(Inst i);

  // --- Floating point (lower_fp.hpp)
  void vec_op(const VecForms& f, VReg d, VReg x, VReg y);
  void vec_op_mem(const VecForms& f, VReg d, VReg x, const Address& y);
  void vec_imm(const VecForms& f, VReg d, VReg x, VReg y, u8 imm);
  void vec_literal(const VecForms& f, VReg d, VReg x, u64 lo, u64 hi);
  void vec_unary(Form legacy, Form vex, VReg d, VReg x) { unary(has(Feature::avx) ? vex : legacy, d, x); }
  void vec_load(Form legacy, Form vex, VReg d, const Address& a) { load(has(Feature::avx) ? vex : legacy, d, a); }
  void vec_store(Form legacy, Form vex, const Address& a, VReg s) { store(has(Feature::avx) ? vex : legacy, a, s); }
  void scalar_unary(const VecForms& f, VReg d, VReg x, i64 imm = 0);
  Address literal(u64 lo, u64 hi, u32 bytes);
  void with_sign_of(VReg d, VReg x, VReg y, Type t);
  void float_mask(VReg d, VReg x, VReg y, Type t, u8 predicate);
  void compare_with_power(VReg x, Type t, unsigned exponent);
  void float_op(Inst i, const VecForms& f32, const VecForms& f64);
  void float_sqrt(Inst i);
  void float_fma(Inst i);
  void float_sign(Inst i, bool flip);
  void copy_sign(Inst i);
  void float_min_max(Inst i, bool is_max);
  void round(Inst i, u8 mode);
  void round_portable(Inst i, u8 mode);
  void extend_float(Inst i);
  void truncate_float(Inst i);
  void from_integer(Inst i, bool is_signed);
  void convert_integer(VReg d, VReg s, unsigned bits, Type t);
  void to_integer(Inst i, bool is_signed);
  void to_signed_sat(Inst i);
  void to_unsigned_sat(Inst i);
  VReg truncated(VReg s, Type from, unsigned bits);
  VReg to_u64(VReg x, Type from);
  void move_to_vec(VReg d, VReg s, unsigned bits);
  void move_to_gpr(VReg d, VReg s, unsigned bits);

  // --- Vectors (lower_vector.hpp, lower_shuffle.hpp)
  ir::Lane lane(Inst i) const { return static_cast<ir::Lane>(fn_[i].flags); }
  void vec_binary(Inst i, const VecForms& f);
  void vec_lanes(Inst i, const VecForms* by_lane);
  void vec_mul(Inst i);
  void vec_min_max(Inst i, bool is_max, bool is_signed);
  VReg greater_mask(ir::Lane l, VReg x, VReg y);
  void blend(VReg d, VReg mask, VReg yes, VReg no);
  void vec_equal(Inst i);
  void vec_greater(Inst i);
  void vec_not(Inst i);
  void vec_shift(Inst i);
  void vec_shift_imm(Form legacy, Form vex, VReg d, VReg x, unsigned count);
  void vec_splat(Inst i);
  void vec_extract(Inst i);
  void vec_insert(Inst i);
  void insert_word(VReg d, VReg x, VReg word, unsigned lane);
  void vec_shuffle(Inst i);
  bool shuffle_words(VReg d, VReg x, VReg y, const u8* mask);
  bool shuffle_run(VReg d, VReg x, VReg y, const u8* mask);
  void vec_table(Inst i);
  void bytes_through_memory(VReg d, VReg indices, const u8* mask, unsigned size);
  void shuffle_dwords(VReg d, VReg x, u8 imm);
  void aes(Inst i, const VecForms& f);
  void aes_mix(Inst i);
  void carryless(Inst i);
  void crc(Inst i);

  // --- Memory (lower_memory.hpp)
  Address address(Value v, i64 disp);
  Address address(Inst i) { return address(fn_.operand(i, 0), static_cast<i32>(fn_[i].aux)); }
  bool shifted_index(Value v, Value& index, u8& scale) const;
  bool is_local(ir::SymbolRef s) const;
  static Address at(Address a, i32 offset) {
    a.disp += offset;
    return a;
  }
  static Address based(VReg base, i32 disp = 0) {
    Address a;
    a.base = base;
    a.disp = disp;
    return a;
  }
  static Address of_kind(AddressKind k, i32 disp, u32 extra = 0) {
    Address a;
    a.kind = k;
    a.disp = disp;
    a.extra = extra;
    return a;
  }
  bool safe_offset(const Address& a, i32 bytes) const { return fits_signed(i64{a.disp} + bytes, 32); }
  // The load that may be a memory operand of an instruction of that width.
  bool memory_operand(Value v, unsigned bits, Address& a);
  void load_value(Type t, VReg d, const Address& a);
  void store_value(Type t, const Address& a, Value v);
  void store_vreg(Type t, const Address& a, VReg v);
  void lower_load(Inst i);
  void load_extended(Inst i, Form f32, Form f64);
  void lower_store(Inst i, Type t);
  bool update_in_memory(Inst i);
  void lower_load_trap(Inst i);
  void lower_stack_addr(Inst i);
  void lower_symbol_addr(Inst i);
  void lower_ptr_add(Inst i);
  void lower_alloca(Inst i);
  void lower_va_start(Inst i);
  void memory_block(Inst i, Helper h);
  bool inline_copy(Inst i, bool overlaps);
  bool inline_set(Inst i);
  void copy_bytes(const Address& to, const Address& from, u32 bytes, bool overlaps);
  u32 scratch_slot() { return fn_.slots.size() + 1; }    // 48 bytes, aligned to 16
  u32 save_area_slot() { return fn_.slots.size(); }      // of a variadic function

  // --- Atomics (atomics.hpp)
  void atomic_load(Inst i);
  void atomic_store(Inst i);
  void atomic_exchange(Inst i);
  void atomic_add(Inst i, bool subtracts);
  void atomic_update(Inst i, AtomicOp op);
  void atomic_cas(Inst i);
  void store_exchange(Type t, const Address& a, VReg y, VReg d);
  void exchange_pair(const Address& a, Pair desired, Pair found);
  void cas_pair(const Address& a, Pair expected, Pair desired, Pair found);
  void lower_fence(Inst i);

  // --- Control, calls, speculation (lower_control.hpp, lower_call.hpp)
  void lower_br(Inst i);
  void lower_brif(Inst i);
  void lower_switch(Inst i);
  void lower_guard(Inst i, bool exits_if);
  void lower_patch_point(Inst i);
  void lower_safepoint(Inst i);
  void lower_trap(Inst i);
  void lower_exit(Inst i);
  void lower_ret(Inst i);
  void lower_call(Inst i, bool indirect);
  void lower_tail_call(Inst i, bool indirect);
  void call_helper(Helper h, std::initializer_list<VReg> args, VReg lo, VReg hi);
  const ir::Convention& convention(ir::CallConv c);
  // A value and the register it is passed in.
  struct RegisterArgument {
    VReg value;
    PReg place;
  };
  static constexpr u32 max_register_arguments = 24;
  static constexpr u32 max_exit_registers = 56;  // all there are
  VReg passed(Value v, const ir::Param& param, unsigned part);
  void pass_on_stack(const Place& p, Value v, const ir::Param& param, unsigned part, AddressKind area);
  void pass_stack_arguments(ArgumentPlaces places, Span<const ir::Param> params, Span<const u32> args,
                            AddressKind area);
  u32 gather_register_arguments(ArgumentPlaces& places, Span<const ir::Param> params,
                                Span<const u32> args, RegisterArgument* out);
  Span<const ir::Param> call_params(ir::SigRef sig, Span<const u32> args);
  // Whether a tail call's callee gives and preserves what this function has to.
  bool returns_like(ir::SigRef callee, const ir::Convention& c, ir::SigRef own, const ir::Convention& own_c) const {
    const Span<const ir::Param> theirs = fn_.module->results(callee), ours = fn_.module->results(own);
    return ir::preserves_for(c, own_c) &&
           ir::same_results(ArgumentPlaces(c, theirs, true), theirs, ArgumentPlaces(own_c, ours, true), ours);
  }
  bool cannot_pass(const ir::Convention& c, Span<const ir::Param> params, bool results);
  u32 tell_variadic(const ir::Convention& c, const ArgumentPlaces& places, usize fixed, Span<const ir::Param> params,
                    Span<const u32> args, RegisterArgument* regs, u32 count);
  static bool passes_wide(Span<const ir::Param> params);
  void receive(const Place& p, const ir::Param& param, VReg v, unsigned part);
  void save_variadic_registers(const ir::Convention& c, const ArgumentPlaces& places);

  Operand native_operand(const FormOperand& o, VReg v, u8 role);
  void lower_native(Inst i);
  void native_immediates(Inst i, Form form);
  static constexpr unsigned max_native_operands = 16;

  const Options& options_;
  jitkit::Vec<ir::Param> variadic_params_;
  bool flags_live_ = false;  // a flags value or a kept carry is live behind the instruction being selected
  Inst fused_;               // the flags it leaves are the test or the carry of what was selected behind it
};

// The rule of every op, in the order of ops.def.
namespace detail {
inline constexpr ir::Opcode lowered_ops[] = {
    ir::Opcode::none,
#define JITKIT_X86_LOWER(op, flag_free, rule) ir::Opcode::op,
#include <jitkit/emit/x86_64/lower.def>
};
static_assert(ir::LowerRow<ir::misplaced_lower_row(lowered_ops)>::there);
inline constexpr ir::TypeSet lowered_flag_free[] = {
    flag_free::never,
#define JITKIT_X86_LOWER(op, flag_free, rule) flag_free,
#include <jitkit/emit/x86_64/lower.def>
};
}  // namespace detail

// Whether selection can do the core op on type t without writing flags, on every x86-64 CPU.
constexpr bool flag_free_selection(ir::Opcode op, ir::Type t) {
  const auto n = static_cast<unsigned>(op);
  return n < ir::core_op_count && ir::contains(detail::lowered_flag_free[n], t);
}

inline bool Lower::keeps_flags(const ir::InstData& d) { return flag_free_selection(d.op, d.type); }

// Constants: none of these touches flags.
inline bool Lower::constant_recipe(Type t, ir::ConstantData c, ir::Remat& recipe) {
  switch (ir::bank(t)) {
    case Bank::gpr: recipe = {form_of(Macro::integer), c.lo, 0}; return true;
    case Bank::vec:
    case Bank::mask: break;
    default: return false;
  }
  if (ir::bits(t) > 128) return c.lo == 0 && c.hi == 0 ? (recipe = {form_of(Macro::vec_zero), 0, 0}, true) : false;
  const bool whole = t == Type::v128;
  if (c.lo == 0 && (!whole || c.hi == 0)) {
    recipe = {form_of(Macro::vec_zero), 0, 0};
  } else if ((t == Type::mask || ir::contains(ir::types::vector, t)) && c.lo == ~u64{0} && (!whole || c.hi == ~u64{0})) {
    recipe = {form_of(Macro::vec_ones), 0, 0};
  } else {
    const Macro m = whole ? Macro::literal_16 : ir::bits(t) == 64 ? Macro::literal_8 : Macro::literal_4;
    recipe = {form_of(m), 0, literal(c.lo, c.hi, 16).extra};
  }
  return true;
}

inline Address Lower::literal(u64 lo, u64 hi, u32 bytes) {
  mf_.literals.push({lo, hi});
  Address a = of_kind(AddressKind::literal, 0, mf_.literals.size() - 1);
  a.literal_bytes = static_cast<u8>(bytes);
  return a;
}

inline Lower::VReg Lower::extended(Value x, bool is_signed) { return extended(vreg(x), fn_.type(x), is_signed); }

inline Lower::VReg Lower::extended(VReg x, Type t, bool is_signed) {
  if (ir::bits(t) >= 32) return x;
  const VReg d = temp(Type::i32);
  if (ir::bits(t) == 16)
    unary(is_signed ? F::movsx_rr16_32 : F::movzx_rr16_32, d, x);
  else
    unary(is_signed ? F::movsx_rr8_32 : F::movzx_rr8_32, d, x);
  return d;
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#include <jitkit/emit/x86_64/lower_bits.hpp>
#include <jitkit/emit/x86_64/lower_call.hpp>
#include <jitkit/emit/x86_64/lower_compare.hpp>
#include <jitkit/emit/x86_64/lower_control.hpp>
#include <jitkit/emit/x86_64/lower_fp.hpp>
#include <jitkit/emit/x86_64/lower_int.hpp>
#include <jitkit/emit/x86_64/lower_memory.hpp>
#include <jitkit/emit/x86_64/lower_native.hpp>
#include <jitkit/emit/x86_64/lower_shuffle.hpp>
#include <jitkit/emit/x86_64/lower_vector.hpp>
#include <jitkit/emit/x86_64/lower_wide.hpp>
#include <jitkit/emit/x86_64/atomics.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

inline void Lower::lower(Inst i) {
  const ir::InstData& d = fn_[i];
  if (ir::is_native(d.op)) return lower_native(i);
  switch (d.op) {
#define JITKIT_X86_LOWER(op, flag_free, rule) \
  case Opcode::op: rule; break;
#include <jitkit/emit/x86_64/lower.def>
    case Opcode::none:
    case Opcode::core_count:
    case Opcode::first_native: break;
  }
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_LOWER_HPP
