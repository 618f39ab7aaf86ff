// The static check of exclusive sequences: what it accepts, and one code for each fault it must find.
#include <jitkit/emit/arm64/exclusives_check.hpp>

#include <doctest/doctest.h>

#include <initializer_list>
#include <span>

namespace {

using jitkit::u32;
using jitkit::arm64::ExclusiveFault;
using jitkit::arm64::ExclusiveReport;

constexpr u32 ldxr = 0xc85f7c20;   // ldxr x0, [x1]
constexpr u32 stxr = 0xc8037c20;   // stxr w3, x0, [x1]
constexpr u32 ldxp = 0xc87f0820;   // ldxp x0, x2, [x1]
constexpr u32 stxp = 0xc8230820;   // stxp w3, x0, x2, [x1]
constexpr u32 add = 0x91000400;    // add x0, x0, #1
constexpr u32 retry = 0x35ffffa3;  // cbnz w3, back

ExclusiveReport checked(std::initializer_list<u32> words) {
  return jitkit::arm64::check_exclusives(std::span<const u32>(words.begin(), words.size()));
}

}  // namespace

TEST_CASE("arm64 exclusives: accepted sequences") {
  CHECK(checked({}).ok());
  CHECK(checked({ldxr, add, stxr, retry}).ok());
  CHECK(checked({ldxp, stxp, retry}).ok());
  CHECK(checked({ldxr, 0x54000061 /* b.ne, forward past the store */, add, stxr, retry}).ok());
  CHECK(checked({ldxr, 0xb4000060 /* cbz, forward */, stxr, retry}).ok());
  CHECK(checked({ldxr, 0xd5033bbf /* dmb ish */, stxr, retry}).ok());
  CHECK(checked({ldxr, 0xd53bd040 /* mrs */, stxr}).ok());
  CHECK(checked({ldxr, 0xd5033f5f /* clrex */, 0xf94000c5 /* ldr */}).ok());
  CHECK(checked({0xf94000c5 /* ldr */, 0xc8dffc20 /* ldar */, 0xc8a07c41 /* cas */,
                 0x48207c82 /* casp */}).ok());
}

TEST_CASE("arm64 exclusives: each fault") {
  const struct {
    u32 word;
    ExclusiveFault fault;
  } inside[] = {
      {0xf94000c5, ExclusiveFault::memory_access},     // ldr
      {0xf98000c0, ExclusiveFault::memory_access},     // prfm
      {0x58000045, ExclusiveFault::memory_access},     // ldr literal
      {0xf8200041, ExclusiveFault::memory_access},     // ldadd
      {0xc8a07c41, ExclusiveFault::memory_access},     // cas
      {0xc8dffc20, ExclusiveFault::memory_access},     // ldar
      {0x48207c82, ExclusiveFault::memory_access},     // casp
      {0x3dc00020, ExclusiveFault::memory_access},     // ldr q
      {ldxr, ExclusiveFault::nested},
      {0x94000002, ExclusiveFault::call},              // bl
      {0xd63f00a0, ExclusiveFault::call},              // blr
      {0xd61f00a0, ExclusiveFault::indirect_branch},   // br
      {0x17fffffe, ExclusiveFault::backward_branch},   // b
      {0x54ffffc1, ExclusiveFault::backward_branch},   // b.ne
      {0xb4ffffc0, ExclusiveFault::backward_branch},   // cbz
      {0x361fffc0, ExclusiveFault::backward_branch},   // tbz
      {0xd4000001, ExclusiveFault::exception},         // svc
      {0xd4200020, ExclusiveFault::exception},         // brk
      {0x00000000, ExclusiveFault::exception},         // udf
      {0xd65f03c0, ExclusiveFault::exception_return},  // ret
      {0xd69f03e0, ExclusiveFault::exception_return},  // eret
      {0xd5033fdf, ExclusiveFault::isb},
      {0xd51bd040, ExclusiveFault::system_write},      // msr tpidr_el0, x0
      {0xd50342df, ExclusiveFault::system_write},      // msr daifset, #2
      {0xd50b7e20, ExclusiveFault::maintenance},       // dc civac
      {0xd508871f, ExclusiveFault::maintenance},       // tlbi vmalle1
      {0x14000002, ExclusiveFault::load_without_store},  // b, forward
  };
  for (const auto& c : inside) {
    CAPTURE(c.word);
    CHECK(checked({ldxr, c.word, stxr, retry}) == ExclusiveReport{c.fault, 1});
  }
  CHECK(checked({add, stxr}) == ExclusiveReport{ExclusiveFault::store_without_load, 1});
  CHECK(checked({ldxr, stxr, stxr}) == ExclusiveReport{ExclusiveFault::store_without_load, 2});
  CHECK(checked({ldxr, add}) == ExclusiveReport{ExclusiveFault::load_without_store, 2});
  CHECK(checked({ldxr, stxp}) == ExclusiveReport{ExclusiveFault::other_size, 1});
  CHECK(checked({0x885ffc20 /* ldaxr w0 */, stxr}) == ExclusiveReport{ExclusiveFault::other_size, 1});
  CHECK(checked({ldxr, 0xc8037c80 /* stxr w3, x0, [x4] */}) ==
        ExclusiveReport{ExclusiveFault::other_address, 1});
  CHECK(checked({ldxr, 0xc8037c23 /* stxr w3, x3, [x1] */}) ==
        ExclusiveReport{ExclusiveFault::status_overlap, 1});
  CHECK(checked({ldxr, 0xc8017c20 /* stxr w1, x0, [x1] */}) ==
        ExclusiveReport{ExclusiveFault::status_overlap, 1});
  CHECK(checked({ldxp, 0xc8220820 /* stxp w2, x0, x2, [x1] */}) ==
        ExclusiveReport{ExclusiveFault::status_overlap, 1});
}
