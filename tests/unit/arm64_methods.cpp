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

TEST_CASE("arm64: methods of several families are one overload set") {
  CodeBuffer code;
  Assembler a(code);
  a.add(x0, x1, x2);
  a.add(v0.s4(), v1.s4(), v2.s4());
  CHECK(code.bytes().size() == 8);
}
