// Vectors and crypto steps against known answers: FIPS 197, RFC 3720, and sums worked by hand.
#include <jitkit/ir/semantics.hpp>

#include <doctest/doctest.h>

#include <string_view>

using namespace jitkit;
using namespace jitkit::ir;

namespace {

Bits run(Opcode op, Type t, Lane lane, u32 aux, Bits x, Bits y = {}, std::span<const u8> mask = {}) {
  const Bits operands[] = {x, y};
  Bits r[8];
  REQUIRE(evaluate({op, t, Type::none, static_cast<u8>(lane), aux, mask}, operands, r) ==
          Outcome::value);
  return r[0];
}
Bits run(Opcode op, Bits x, Bits y = {}, u32 aux = 0) {
  return run(op, Type::v128, Lane::i8, aux, x, y);
}

// Sixteen bytes as the standards print them, first byte first.
Bits block(std::string_view hex) {
  Bits r;
  for (unsigned i = 0; i < 16; ++i) {
    const auto digit = [](char c) { return static_cast<u64>(c <= '9' ? c - '0' : c - 'a' + 10); };
    semantics::set_lane(r, 8, i, digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
  }
  return r;
}

}  // namespace

TEST_CASE("AES rounds of FIPS 197") {
  // Appendix B, rounds 1 and 10 of the cipher.
  CHECK(run(Opcode::aes_enc, block("193de3bea0f4e22b9ac68d2ae9f84808"),
            block("a0fafe1788542cb123a339392a6c7605")) == block("a49c7ff2689f352b6b5bea43026a5049"));
  CHECK(run(Opcode::aes_enclast, block("eb40f21e592e38848ba113e71bc342d2"),
            block("d014f9a8c9ee2589e13f0cc8b6630ca6")) == block("3925841d02dc09fbdc118597196a0b32"));
  // Appendix C.1, the equivalent inverse cipher, round 1.
  CHECK(run(Opcode::aes_dec, block("7ad5fda789ef4e272bca100b3d9ff59f"),
            block("13aa29be9c8faff6f770f58000f7bf03")) == block("54d990a16ba09ab596bbf40ea111702f"));
  CHECK(run(Opcode::aes_imc, block("bd6e7c3df2b5779e0b61216e8b10b689")) ==
        block("4773b91ff72f354361cb018ea1e6cf2c"));
}

TEST_CASE("AES steps undo each other") {
  Bits x{0x0123456789abcdef, 0xfedcba9876543210};
  for (int i = 0; i < 1000; ++i) {
    const Bits y = run(Opcode::aes_enclast, x);
    REQUIRE(run(Opcode::aes_declast, y) == x);
    // An inverse round with a zero key is InvMixColumns of an inverse last round.
    REQUIRE(run(Opcode::aes_dec, y) == run(Opcode::aes_imc, run(Opcode::aes_declast, y)));
    x = run(Opcode::aes_enc, x, y);
  }
}

TEST_CASE("carry-less products") {
  const Bits x = block("5d47535d726f746365566573747b5b54");  // arbitrary
  CHECK(run(Opcode::clmul, {3, 0}, {3, 0}) == Bits{5, 0});
  CHECK(run(Opcode::clmul, {~u64{0}, 0}, {~u64{0}, 0}) == Bits{0x5555555555555555, 0x5555555555555555});
  CHECK(run(Opcode::clmul, {0, u64{1} << 63}, {0, 2}, 0x11) == Bits{0, 1});
  CHECK(run(Opcode::clmul, {1, 2}, {4, 8}, 0x01) == Bits{8, 0});
  CHECK(run(Opcode::clmul, {1, 2}, {4, 8}, 0x10) == Bits{8, 0});
  // Linear in both.
  const Bits a = run(Opcode::clmul, x, {5, 0}), b = run(Opcode::clmul, x, {4, 0});
  CHECK(Bits{a.lo ^ b.lo, a.hi ^ b.hi} == Bits{x.lo, 0});
}

TEST_CASE("CRC-32C of RFC 3720 appendix B.4") {
  const auto crc = [](auto byte_at, unsigned n, unsigned step) {
    Bits r[8];
    u64 state = 0xffffffff;
    const Type t = step == 8 ? Type::i64 : step == 4 ? Type::i32 : step == 2 ? Type::i16 : Type::i8;
    for (unsigned i = 0; i < n; i += step) {
      u64 data = 0;
      for (unsigned k = 0; k < step; ++k) data |= u64{byte_at(i + k)} << (8 * k);
      const Bits x[] = {{state, 0}, {data, 0}};
      REQUIRE(evaluate({Opcode::crc32c, t}, x, r) == Outcome::value);
      state = r[0].lo;
    }
    return static_cast<u32>(~state);
  };
  for (const unsigned step : {1U, 2U, 4U, 8U}) {
    CHECK(crc([](unsigned) { return u8{0}; }, 32, step) == 0x8a9136aa);
    CHECK(crc([](unsigned) { return u8{0xff}; }, 32, step) == 0x62a8ab43);
    CHECK(crc([](unsigned i) { return static_cast<u8>(i); }, 32, step) == 0x46dd794e);
    CHECK(crc([](unsigned i) { return static_cast<u8>(31 - i); }, 32, step) == 0x113fdb5c);
  }
  CHECK(crc([](unsigned i) { return static_cast<u8>("123456789"[i]); }, 9, 1) == 0xe3069283);
}

TEST_CASE("lanes: the same numbers in every shape") {
  const Bits x{0x80017fff00ff0100, 0x00000000ffffffff}, y{0x0001000100010001, 0x00000001ffffffff};
  CHECK(run(Opcode::vadd, Type::v128, Lane::i8, 0, x, y) == Bits{0x80027f0000000101, 0x00000001fefefefe});
  CHECK(run(Opcode::vadd, Type::v128, Lane::i16, 0, x, y) == Bits{0x8002800001000101, 0x00000001fffefffe});
  CHECK(run(Opcode::vadd, Type::v128, Lane::i32, 0, x, y) == Bits{0x8002800001000101, 0x00000001fffffffe});
  CHECK(run(Opcode::vadd, Type::v128, Lane::i64, 0, x, y) == Bits{0x8002800001000101, 0x00000002fffffffe});
  CHECK(run(Opcode::vadd, Type::v64, Lane::i16, 0, {x.lo, 0}, {y.lo, 0}) == Bits{0x8002800001000101, 0});
  CHECK(run(Opcode::vmul, Type::v64, Lane::i16, 0, {0xffff00ff80000003, 0}, {0xffff010100020005, 0}) ==
        Bits{0x0001ffff0000000f, 0});
  CHECK(run(Opcode::vsmin, Type::v64, Lane::i8, 0, {0x80ff007f01020304, 0}, {0x0000000000000000, 0}) ==
        Bits{0x80ff000000000000, 0});
  CHECK(run(Opcode::vumax, Type::v64, Lane::i32, 0, {0x80000000ffffffff, 0}, {0x7fffffff00000001, 0}) ==
        Bits{0x80000000ffffffff, 0});
  CHECK(run(Opcode::vcmpgt, Type::v64, Lane::i16, 0, {0x80007fff00000001, 0}, {0, 0}) ==
        Bits{0x0000ffff0000ffff, 0});
  CHECK(run(Opcode::vcmpeq, Type::v128, Lane::i64, 0, x, {x.lo, 0}) == Bits{~u64{0}, 0});
  CHECK(run(Opcode::vashr_imm, Type::v64, Lane::i16, 15, {0x80007fff0001ffff, 0}) ==
        Bits{0xffff00000000ffff, 0});
  CHECK(run(Opcode::vshl_imm, Type::v128, Lane::i64, 63, {3, 1}) == Bits{u64{1} << 63, u64{1} << 63});
  CHECK(run(Opcode::vlshr_imm, Type::v64, Lane::i32, 31, {0x80000000ffffffff, 0}) == Bits{0x100000001, 0});
  CHECK(run(Opcode::vadd, Type::v64, Lane::f32, 0, {0x3f8000007f800000, 0}, {0x40000000ff800000, 0}) ==
        Bits{0x404000007fc00000, 0});  // 1 + 2, inf - inf
  CHECK(run(Opcode::vfdiv, Type::v128, Lane::f64, 0, {0x3ff0000000000000, 0}, {0x4000000000000000, 0}) ==
        Bits{0x3fe0000000000000, 0x7ff8000000000000});  // 1 / 2, 0 / 0
}

TEST_CASE("single lanes, shuffles, tables") {
  const Bits x{0x0706050403020100, 0x0f0e0d0c0b0a0908}, y{0x1716151413121110, 0x1f1e1d1c1b1a1918};
  CHECK(run(Opcode::vextract, Type::v128, Lane::i16, 5, x) == Bits{0x0b0a, 0});
  CHECK(run(Opcode::vextract, Type::v128, Lane::f64, 1, x) == Bits{0x0f0e0d0c0b0a0908, 0});
  CHECK(run(Opcode::vinsert, Type::v128, Lane::i32, 2, x, {0xdeadbeef, 0}) ==
        Bits{0x0706050403020100, 0x0f0e0d0cdeadbeef});
  CHECK(run(Opcode::vsplat, Type::v64, Lane::i16, 0, {0x1234, 0}) == Bits{0x1234123412341234, 0});
  CHECK(run(Opcode::vbic, x, {0xff, ~u64{0}}) == Bits{0x0706050403020100, 0});
  CHECK(run(Opcode::vnot, Type::v64, Lane::i8, 0, {0, 0}) == Bits{~u64{0}, 0});
  const u8 mask[] = {31, 16, 0, 15, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  CHECK(run(Opcode::vshuffle, Type::v128, Lane::i8, 0, x, y, mask) ==
        Bits{0x040302010f00101f, 0x0c0b0a0908070605});
  const u8 half[] = {8, 0, 15, 7, 1, 9, 2, 10};
  CHECK(run(Opcode::vshuffle, Type::v64, Lane::i8, 0, {x.lo, 0}, {y.lo, 0}, half) ==
        Bits{0x1202110107170010, 0});
  CHECK(run(Opcode::vtable, y, {0x0f10ff0080000102, 0}) == Bits{0x1f00001000101112, 0x1010101010101010});
  CHECK(run(Opcode::vtable, Type::v64, Lane::i8, 0, {y.lo, 0}, {0x0708000000000000, 0}) ==
        Bits{0x1700101010101010, 0});
}
