// Condition flags of native ops in the whole compiler: selection gives them to the allocation checker, which
// refuses whatever is put between a definition and its use and writes what the use reads. On x86-64 CF and OF
// count apart.
#include <doctest/doctest.h>

#include <compilers.hpp>
#include <jitkit/emit/arm64/target.hpp>
#include <jitkit/emit/x86_64/target.hpp>
#include <jitkit/ir/parser.hpp>
#include <jitkit/ir/unit.hpp>
#include <jitkit/ir/verifier.hpp>

#include <string>

using namespace jitkit;
using namespace jitkit::ir;

namespace {

// A function @f compiled, and its allocation to be damaged and proved again.
template <class T>
struct Allocated {
  explicit Allocated(const std::string& text) {
    Diagnostics errors;
    const IsaInfo* const targets[] = {&T::isa_info()};
    REQUIRE(parse(text, unit, targets, errors));
    REQUIRE(verify(unit, errors));
    REQUIRE(compiler.compile(*unit.find("f"), code).ok());
    mf = compiler.machine();
  }
  AllocationFault prove() {
    const RegisterInfo info = T::register_info(T::convention(CallConv::c), mf);
    return AllocationChecker(mf, info, &T::isa_info(), arena).run().fault;
  }
  // The nth instruction with the form in program order.
  MachInst& find(const std::string& form, u32 n = 0) {
    for (u32 i = mf.insts.size(); i-- > 0;)
      if (is(mf.insts[i], form) && n-- == 0) return mf.insts[i];
    FAIL("no instruction ", form);
    return mf.insts[0];
  }
  static bool is(const MachInst& m, const std::string& form) {
    return m.form != 0 && m.form < T::isa_info().forms && T::isa_info().form_name(m.form).view() == form;
  }
  static u16 form(const std::string& name) {
    for (u16 n = 1; n < T::isa_info().forms; ++n)
      if (T::isa_info().form_name(n).view() == name) return n;
    FAIL("no form ", name);
    return 0;
  }
  static typename T::Options options() {
    typename T::Options o;
    o.features.apply("all");
    return o;
  }
  Unit unit;
  Compiler<T> compiler{options()};
  typename T::Buffer code;
  MachFunction mf;
  Arena arena;
};

}  // namespace

TEST_CASE("flags: an instruction that writes them between definition and use is refused, AArch64") {
  Allocated<arm64::Isa> a(
      "target arm64\nfunc @f(i64, i64, i64) -> (i64, i64) {\nb1(x: i64, y: i64, z: i64):\n  f = arm64.cmp_shift_x x, y, 0\n"
      "  s = arm64.add_shift_x x, z, 0\n  r = arm64.csel_x y, z, 0, f\n  ret r, s\n}\n");
  CHECK(a.prove() == AllocationFault::none);
  a.find("add_shift_x").form = a.form("adds_shift_x");
  CHECK(a.prove() == AllocationFault::flags_lost);
}

TEST_CASE("flags: a region reads those from before and makes others") {
  Allocated<arm64::Isa> a(
      "target arm64\nfunc @f(ptr, i64, i64) -> (i64, i32) {\nb1(p: ptr, y: i64, z: i64):\n  f = arm64.cmp_shift_x y, z, 0\n"
      "  s = arm64.add_shift_x y, z, 0\n  region_begin\n  o = arm64.ldxr_x p\n  n = arm64.csel_x o, s, 0, f\n"
      "  g = arm64.cmp_shift_x o, y, 0\n  t = arm64.stxr_x n, p\n  region_end\n  u = arm64.add_shift_x s, z, 0\n"
      "  r = arm64.csel_x u, z, 0, g\n  ret r, t\n}\n");
  CHECK(a.prove() == AllocationFault::none);
  MachInst& before = a.find("add_shift_x", 0);
  MachInst& behind = a.find("add_shift_x", 1);
  for (MachInst* m : {&before, &behind}) {
    m->form = a.form("adds_shift_x");
    CHECK(a.prove() == AllocationFault::flags_lost);
    m->form = a.form("add_shift_x");
  }
  CHECK(a.prove() == AllocationFault::none);
}

TEST_CASE("flags: carry and overflow are apart, x86-64") {
  Allocated<x86_64::Isa> x(
      "target x86_64\nfunc @f(i64, i64, i64, i64) -> (i64, i64, i64) {\nb1(a: i64, b: i64, c: i64, d: i64):\n"
      "  z, f = x86_64.add_rr_64 a, b\n"
      "  s0, c0 = x86_64.adcx_rr_64 a, b, f\n  t0, o0 = x86_64.adox_rr_64 c, d, f\n"
      "  s1, c1 = x86_64.adcx_rr_64 s0, c, c0\n  t1, o1 = x86_64.adox_rr_64 t0, a, o0\n"
      "  s2 = x86_64.adcx_rr_64 s1, d, c1\n  t2 = x86_64.adox_rr_64 t1, b, o1\n  ret s2, t2, z\n}\n");
  CHECK(x.prove() == AllocationFault::none);
  // A link of one chain made one of the other: the carry of the first is lost.
  MachInst& link = x.find("adox_rr_64", 1);
  link.form = x.form("adcx_rr_64");
  CHECK(x.prove() == AllocationFault::flags_lost);
  link.form = x.form("adc_rr_64");
  CHECK(x.prove() == AllocationFault::flags_lost);
  link.form = x.form("adox_rr_64");
  CHECK(x.prove() == AllocationFault::none);
}

TEST_CASE("flags: a constant that is made again between the two by an instruction that writes them is refused") {
  Allocated<x86_64::Isa> x(
      "target x86_64\nfunc @f(i64, i64) -> (i64, i64) {\nb1(a: i64, b: i64):\n  f = x86_64.cmp_rr_64 a, b\n"
      "  k = x86_64.lea_rm_64 a, _, 0, 8\n  m = x86_64.mov_rr_64 123456789\n  r = x86_64.cmove_rr_64 k, m, f\n  ret r, m\n}\n");
  CHECK(x.prove() == AllocationFault::none);
  u32 made = 0;
  for (const Edit& e : x.mf.edits) {
    if (e.move.from.kind() != Allocation::Kind::remat) continue;
    Remat& recipe = x.mf.remats[e.move.from.index()];
    const u16 form = recipe.form;
    recipe.form = x.form("xor_rr_64");
    CHECK(x.prove() == AllocationFault::flags_lost);
    recipe.form = form;
    ++made;
  }
  CHECK(made == 1);
}
