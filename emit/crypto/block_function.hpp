// The frame that the block functions of all hashes share: void f(u32* state, const u8* data, u64 blocks)
// brings the state forward by that many blocks of 64 bytes that follow each other in memory. Hashes on 64-bit
// words have u64* and blocks of their own size.
//
// Invariants: the state is read before the first block and may not overlap the data; with 0 blocks it
// stays as it is. Values that a body carries from block to block are block parameters of the loop, so a
// state in registers stays there.
#ifndef JITKIT_EMIT_CRYPTO_BLOCK_FUNCTION_HPP
#define JITKIT_EMIT_CRYPTO_BLOCK_FUNCTION_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/builder.hpp>
#include <jitkit/ir/module.hpp>

#include <array>
#include <string_view>

namespace jitkit::inline JITKIT_ABI::crypto {

inline constexpr unsigned block_bytes = 64;

// Makes f the exported function `name` of the module, with the signature above.
inline void declare_block_function(ir::FunctionData& f, ir::Module& module, std::string_view name) {
  ir::Param params[3];
  params[0].type = params[1].type = ir::Type::ptr;
  params[2].type = ir::Type::i64;
  f.module = &module;
  f.signature = module.add_signature(params, {});
  f.symbol = module.declare_function(name, f.signature);
  module.symbol(f.symbol).linkage = ir::Linkage::exported;
}

struct BlockParams {
  ir::Value state, data, blocks;
};

// Makes the entry block of a function that was declared as above.
inline BlockParams enter_block_function(ir::Builder& b) {
  const ir::Block entry = b.entry();
  return {b.param(entry, 0), b.param(entry, 1), b.param(entry, 2)};
}

// The n words of the state as values.
template <usize n>
std::array<ir::Value, n> load_state(ir::Builder& b, ir::Type word, ir::Value state) {
  std::array<ir::Value, n> values;
  for (usize k = 0; k < n; ++k) values[k] = b.load(word, state, static_cast<i32>(k * ir::bytes(word)));
  return values;
}

// Makes each word of the state combine(the word, its new value).
template <usize n, class Combine>
void update_state(ir::Builder& b, ir::Value state, const std::array<ir::Value, n>& values, Combine combine) {
  const ir::Type word = b.function().type(values[0]);
  for (usize k = 0; k < n; ++k) {
    const i32 at = static_cast<i32>(k * ir::bytes(word));
    b.store(state, combine(b.load(word, state, at), values[k]), at);
  }
}

// The loop over the blocks. body(data, carried) makes the code for one block at `data` and replaces the
// carried values by those after it; in the end `carried` holds those after the last block. Blocks have `size` bytes.
template <usize n, class Body>
void for_each_block(ir::Builder& b, const BlockParams& p, std::array<ir::Value, n>& carried, Body body,
                    ir::Value size) {
  using ir::Type;
  using ir::Value;
  const ir::Block loop = b.new_block(), done = b.new_block();
  std::array<Value, n + 2> next;  // data, blocks left, carried
  const auto gather = [&](Value data, Value left) {
    next[0] = data;
    next[1] = left;
    for (usize k = 0; k < n; ++k) next[k + 2] = carried[k];
    return Span<const Value>(next);
  };
  gather(p.data, p.blocks);
  b.brif(b.icmp(ir::ICond::eq, p.blocks, b.i64(0)), {done, Span<const Value>(next).subspan(2)},
         {loop, Span<const Value>(next)});
  const Value data = b.add_param(loop, Type::ptr), left = b.add_param(loop, Type::i64);
  for (Value& v : carried) v = b.add_param(loop, b.function().type(v));
  b.at(loop);
  body(data, carried);
  const Value more = b.sub(left, b.i64(1));
  gather(b.ptr_add(data, size), more);
  b.brif(b.icmp(ir::ICond::ne, more, b.i64(0)), {loop, Span<const Value>(next)},
         {done, Span<const Value>(next).subspan(2)});
  for (Value& v : carried) v = b.add_param(done, b.function().type(v));
  b.at(done);
}

template <usize n, class Body>
void for_each_block(ir::Builder& b, const BlockParams& p, std::array<ir::Value, n>& carried, Body body,
                    unsigned size = block_bytes) {
  for_each_block(b, p, carried, body, b.i64(size));
}

// Four words of two vectors side by side: word n of the result is word words[n] of x followed by y.
inline ir::Value shuffle_words(ir::Builder& b, ir::Value x, ir::Value y, const std::array<u8, 4>& words) {
  std::array<u8, 16> mask;
  for (unsigned n = 0; n < 16; ++n) mask[n] = static_cast<u8>(4 * words[n / 4] + n % 4);
  return b.vshuffle(x, y, Span<const u8>(mask));
}

// A constant in every 32-bit lane, or four different ones.
inline ir::Value words(ir::Builder& b, u32 w0, u32 w1, u32 w2, u32 w3) {
  return b.v128(u64{w1} << 32 | w0, u64{w3} << 32 | w2);
}
inline ir::Value words(ir::Builder& b, u32 w) { return words(b, w, w, w, w); }

}  // namespace jitkit::inline JITKIT_ABI::crypto

#endif  // JITKIT_EMIT_CRYPTO_BLOCK_FUNCTION_HPP
