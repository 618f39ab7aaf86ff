// SHA-256 in core ops only: one C++ template that fills a function for any target. The compression
// function is compiled for the host and checked against FIPS 180-4's examples.
#include <jitkit/emit/arm64/target.hpp>
#include <jitkit/emit/runtime/cpu_features.hpp>
#include <jitkit/emit/runtime/exec_memory.hpp>
#include <jitkit/emit/x86_64/target.hpp>
#include <jitkit/ir/builder.hpp>
#include <jitkit/ir/compile.hpp>

#include <cstdio>
#include <cstring>

using namespace jitkit;

namespace {

constexpr u32 round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// void block(u32 state[8], const u8* data, u64 blocks): FIPS 180-4 section 6.2.2 on each 64 bytes.
template <class Isa>
void build(ir::Function<Isa>& f, ir::Module& module) {
  using ir::Type;
  using ir::Value;
  ir::Param params[3];
  params[0].type = params[1].type = Type::ptr;
  params[2].type = Type::i64;
  f.module = &module;
  f.signature = module.add_signature(params, {});
  ir::Builder b(f);
  const ir::Block entry = b.entry();
  const Value state = b.param(entry, 0);
  const ir::Block loop = b.new_block(), done = b.new_block();
  const Value data = b.add_param(loop, Type::ptr), left = b.add_param(loop, Type::i64);
  b.brif(b.icmp(ir::ICond::eq, b.param(entry, 2), b.i64(0)), {done},
         {loop, {b.param(entry, 1), b.param(entry, 2)}});
  b.at(loop);

  const auto rotr = [&](Value x, unsigned n) { return b.rotr(x, b.i32(n)); };
  const auto xor3 = [&](Value x, Value y, Value z) { return b.xor_(b.xor_(x, y), z); };
  Value w[64];
  for (int t = 0; t < 16; ++t) w[t] = b.bswap(b.load(Type::i32, data, 4 * t));
  for (int t = 16; t < 64; ++t) {
    const Value s0 = xor3(rotr(w[t - 15], 7), rotr(w[t - 15], 18), b.lshr(w[t - 15], b.i32(3)));
    const Value s1 = xor3(rotr(w[t - 2], 17), rotr(w[t - 2], 19), b.lshr(w[t - 2], b.i32(10)));
    w[t] = b.add(b.add(s1, w[t - 7]), b.add(s0, w[t - 16]));
  }
  Value s[8];
  for (int n = 0; n < 8; ++n) s[n] = b.load(Type::i32, state, 4 * n);
  for (int t = 0; t < 64; ++t) {
    const Value a = s[0], e = s[4];
    const Value choice = b.xor_(s[6], b.and_(e, b.xor_(s[5], s[6])));
    const Value majority = b.or_(b.and_(a, s[1]), b.and_(s[2], b.or_(a, s[1])));
    const Value t1 = b.add(b.add(s[7], xor3(rotr(e, 6), rotr(e, 11), rotr(e, 25))),
                           b.add(choice, b.add(w[t], b.i32(round_constants[t]))));
    const Value t2 = b.add(xor3(rotr(a, 2), rotr(a, 13), rotr(a, 22)), majority);
    for (int n = 7; n > 0; --n) s[n] = s[n - 1];
    s[4] = b.add(s[4], t1);
    s[0] = b.add(t1, t2);
  }
  for (int n = 0; n < 8; ++n) b.store(state, b.add(b.load(Type::i32, state, 4 * n), s[n]), 4 * n);
  const Value more = b.sub(left, b.i64(1));
  b.brif(b.icmp(ir::ICond::ne, more, b.i64(0)), {loop, {b.ptr_add(data, b.i64(64)), more}}, {done});
  b.at(done);
  b.ret();
}

using BlockFunction = void(u32*, const u8*, u64);

// The digest of a short message, padded as section 5.1.1 says.
bool digest_is(BlockFunction* block, const char* message, const char* hex) {
  u8 padded[128] = {};
  const usize n = std::strlen(message);
  const usize blocks = (n + 9 + 63) / 64;
  std::memcpy(padded, message, n);
  padded[n] = 0x80;
  padded[blocks * 64 - 1] = static_cast<u8>(n * 8);
  padded[blocks * 64 - 2] = static_cast<u8>(n * 8 >> 8);
  u32 h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  block(h, padded, blocks);
  char text[65];
  for (int k = 0; k < 8; ++k) std::snprintf(text + 8 * k, 9, "%08x", h[k]);
  std::printf("%s  \"%s\"\n", text, message);
  return std::strcmp(text, hex) == 0;
}

}  // namespace

int main() {
  ir::Module module;
  ir::Function<host::Isa> f;
  build(f, module);
  host::Options options;
  options.features = host_features();
  ir::Compiler<host::Isa> compiler(options);
  compiler.check_allocations = true;
  CodeBuffer code;
  ExecMemory memory;
  ExecBlock block;
  Status s = compiler.compile(f, code);
  if (s.ok()) s = memory.add(code, block);
  if (!s.ok()) {
    std::fprintf(stderr, "error: %s\n", describe(s.error));
    return 1;
  }
  std::printf("%u bytes of code\n", code.offset());
  auto* run = block.as<BlockFunction>();
  const bool good =
      digest_is(run, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855") &&
      digest_is(run, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") &&
      digest_is(run, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  if (!good) std::fprintf(stderr, "error: a digest is wrong\n");
  return good ? 0 : 1;
}
