// Every row of insts.def is a method of the assembler that takes the row's operands: none is hidden by a
// method of the same name in a later family (JITKIT_A64_SHARED would be missing), none is ambiguous.
#include <doctest/doctest.h>

#include <jitkit/arm64.hpp>

#include <type_traits>
#include <utility>

using namespace jitkit;
using namespace jitkit::arm64;

#define JITKIT_A64_GIVES_VOID(...) \
  static_assert(std::is_void_v<decltype(std::declval<Assembler&>().__VA_ARGS__)>);
#define JITKIT_A64_0(form, m, bits, ft, fx) JITKIT_A64_GIVES_VOID(m())
#define JITKIT_A64_1(form, m, bits, ft, fx, a) JITKIT_A64_GIVES_VOID(m(std::declval<arg::a>()))
#define JITKIT_A64_2(form, m, bits, ft, fx, a, b) \
  JITKIT_A64_GIVES_VOID(m(std::declval<arg::a>(), std::declval<arg::b>()))
#define JITKIT_A64_3(form, m, bits, ft, fx, a, b, c) \
  JITKIT_A64_GIVES_VOID(m(std::declval<arg::a>(), std::declval<arg::b>(), std::declval<arg::c>()))
#define JITKIT_A64_4(form, m, bits, ft, fx, a, b, c, d)                                              \
  JITKIT_A64_GIVES_VOID(m(std::declval<arg::a>(), std::declval<arg::b>(), std::declval<arg::c>(),    \
                          std::declval<arg::d>()))
#define JITKIT_A64_5(form, m, bits, ft, fx, a, b, c, d, e)                                           \
  JITKIT_A64_GIVES_VOID(m(std::declval<arg::a>(), std::declval<arg::b>(), std::declval<arg::c>(),    \
                          std::declval<arg::d>(), std::declval<arg::e>()))
#define JITKIT_A64_1O JITKIT_A64_1
#define JITKIT_A64_3O JITKIT_A64_3
#define JITKIT_A64_4O JITKIT_A64_4
#define JITKIT_A64_L1 JITKIT_A64_1
#define JITKIT_A64_L2 JITKIT_A64_2
#define JITKIT_A64_L3 JITKIT_A64_3
#include <jitkit/emit/arm64/insts.def>
#undef JITKIT_A64_GIVES_VOID

// encode_as is the encoder of operands made at run time; encode_imm, written apart, says what it has to give.
template <ImmSpec S>
void encode_as_agrees() {
  const auto agrees = [](i64 v) {
    const auto made = encode_as<S>(v);
    const Encoded e = encode_imm(S, v);
    return made.has_value() == (e != refused) && (e == refused || *made == static_cast<u32>(e));
  };
  unsigned wrong = 0;
  for (i64 v = -70000; v <= 70000; ++v) wrong += agrees(v) ? 0 : 1;
  for (unsigned bit = 0; bit < 64; ++bit)
    for (i64 off : {-4096, -16, -8, -1, 0, 1, 8, 4096}) {
      const u64 power = u64{1} << bit, d = static_cast<u64>(off);
      wrong += agrees(static_cast<i64>(power + d)) && agrees(static_cast<i64>(0 - power + d)) ? 0 : 1;
    }
  CHECK(wrong == 0);
}
TEST_CASE("arm64: operands made at run time") {
  encode_as_agrees<ImmSpec{ImmKind::uimm, 5, 16, 0}>();
  encode_as_agrees<ImmSpec{ImmKind::uimm, 10, 12, 3}>();
  encode_as_agrees<ImmSpec{ImmKind::simm, 12, 9, 0}>();
  encode_as_agrees<ImmSpec{ImmKind::simm, 15, 7, 3}>();
  encode_as_agrees<ImmSpec{ImmKind::addsub}>();
  encode_as_agrees<ImmSpec{ImmKind::offset, 0, 0, 0}>();
  encode_as_agrees<ImmSpec{ImmKind::offset, 0, 0, 2}>();
  encode_as_agrees<ImmSpec{ImmKind::offset, 0, 0, 4}>();
  encode_as_agrees<ImmSpec{ImmKind::logical, 0, 64, 0}>();
}

TEST_CASE("arm64: methods of several families are one overload set") {
  CodeBuffer code;
  Assembler a(code);
  a.add(x0, x1, x2);
  a.add(v0.s4(), v1.s4(), v2.s4());
  CHECK(code.bytes().size() == 8);
}
