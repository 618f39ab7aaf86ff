// Rules of the verifier that no text can break, because the parser cannot make such a function, or that
// need native ops: broken here through the data model, with a target of three forms.
#include <doctest/doctest.h>

#include <jitkit/ir/diagnostics.hpp>
#include <jitkit/ir/verifier.hpp>

using namespace jitkit;
using namespace jitkit::ir;

namespace {

constexpr FormOperand operands[] = {
    {FormOperand::Kind::reg, role_def, Bank::gpr, 6, ConstraintKind::reg, 0, 0, 0},
    {FormOperand::Kind::reg, role_use, Bank::gpr, 6, ConstraintKind::reg, 0, 0, 0},
    {FormOperand::Kind::label, 0, Bank::none, 0, ConstraintKind::reg, 0, 0, 0},
};
struct TestForm {
  const char* name;
  Effects effects;
  u8 first_operand, operands;
};
constexpr TestForm forms[] = {
    {"", 0, 0, 0},
    {"adds", writes_flags, 0, 2},
    {"adc", reads_flags, 0, 2},
    {"jump", control, 2, 1},
};
FormName form_name(u16 form) { return forms[form].name; }
Effects form_effects(u16 form) { return forms[form].effects; }
FormOperands form_operands(u16 form) {
  FormOperands list;
  for (u8 i = 0; i < forms[form].operands; ++i) list.add(operands[forms[form].first_operand + i]);
  return list;
}
bool nothing_is_flag_free(Opcode, Type) { return false; }
bool everything_is_flag_free(Opcode, Type) { return true; }

struct Broken {
  FunctionData f;
  IsaInfo isa{};
  Value x;

  Broken() {
    isa.name = "test";
    isa.forms = sizeof forms / sizeof forms[0];
    isa.form_name = form_name;
    isa.form_effects = form_effects;
    isa.form_operands = form_operands;
    isa.flag_free = nothing_is_flag_free;
    f.isa = &isa;
    f.new_block();
    x = f.add_param(FunctionData::entry(), Type::i64);
  }
  Inst add(Opcode op, Type t, std::initializer_list<Value> args, std::initializer_list<Type> results,
           u32 aux = 0) {
    const Inst i = f.new_inst(op, t, {args.begin(), args.size()}, {results.begin(), results.size()}, aux);
    f.append(FunctionData::entry(), i);
    return i;
  }
  void end() { add(Opcode::ret, Type::none, {}, {}); }
  // The numbers of the rules that are broken, as a set of bits.
  u64 rules() {
    Diagnostics errors;
    verify(f, errors);
    u64 set = 0;
    for (const Diagnostic& d : errors.list()) set |= u64{1} << d.rule;
    return set;
  }
};
u64 only(Rule r) { return u64{1} << static_cast<u16>(r); }

}  // namespace

TEST_CASE("verifier: an intact function breaks no rule") {
  Broken b;
  b.add(Opcode::add, Type::i64, {b.x, b.x}, {Type::i64});
  b.end();
  CHECK(b.rules() == 0);
}

TEST_CASE("verifier: results of another number or type") {
  Broken none, wrong;
  none.add(Opcode::add, Type::i64, {none.x, none.x}, {});
  none.end();
  CHECK(none.rules() == only(Rule::results));
  wrong.add(Opcode::add, Type::i64, {wrong.x, wrong.x}, {Type::i32});
  wrong.end();
  CHECK(wrong.rules() == only(Rule::results));
}

TEST_CASE("verifier: a stack slot that does not exist") {
  Broken b;
  b.add(Opcode::stack_addr, Type::none, {}, {Type::ptr}, 7);
  b.end();
  CHECK(b.rules() == only(Rule::reference));
}

TEST_CASE("verifier: native ops that are no form of the target, or transfer control") {
  Broken unknown, jump;
  unknown.add(native_opcode(9), Type::none, {}, {});
  unknown.end();
  CHECK(unknown.rules() == only(Rule::native));
  jump.add(native_opcode(3), Type::none, {}, {});
  jump.end();
  CHECK((jump.rules() & only(Rule::native)) != 0);
}

TEST_CASE("verifier: flags written between definition and use") {
  for (const bool free : {false, true}) {
    Broken b;
    b.isa.flag_free = free ? everything_is_flag_free : nothing_is_flag_free;
    const Inst adds = b.add(native_opcode(1), Type::none, {b.x}, {Type::i64, Type::flags});
    b.add(Opcode::add, Type::i64, {b.x, b.x}, {Type::i64});
    b.add(native_opcode(2), Type::none, {b.x, b.f.result(adds, 1)}, {Type::i64});
    b.end();
    CHECK(b.rules() == (free ? 0 : only(Rule::flags_written)));
  }
}

TEST_CASE("verifier: a constant of a type that has none") {
  Broken b;
  b.add(Opcode::freeze, Type::v256, {b.f.constant(Type::v256, 1)}, {Type::v256});
  b.end();
  CHECK((b.rules() & only(Rule::constant)) != 0);
}
