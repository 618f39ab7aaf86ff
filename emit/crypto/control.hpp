// Loops and choices for builders of kernels: values that a loop carries are an array, which the body
// replaces by those of the next time round.
//
// Invariants: a body may make blocks of its own; what is made after a helper returns stands in the block
// where both ways meet, with the carried values of either.
#ifndef JITKIT_EMIT_CRYPTO_CONTROL_HPP
#define JITKIT_EMIT_CRYPTO_CONTROL_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/builder.hpp>
#include <jitkit/ir/module.hpp>

#include <array>
#include <string_view>

namespace jitkit::inline JITKIT_ABI::crypto {

// Makes f the exported C function `name` of the module.
inline void declare_function(ir::FunctionData& f, ir::Module& module, std::string_view name,
                             std::initializer_list<ir::Type> params, std::initializer_list<ir::Type> results) {
  ir::Param from[8], to[1];
  usize n = 0, m = 0;
  for (const ir::Type t : params) from[n++].type = t;
  for (const ir::Type t : results) to[m++].type = t;
  f.module = &module;
  f.signature = module.add_signature(Span<const ir::Param>(from, n), Span<const ir::Param>(to, m));
  f.symbol = module.declare_function(name, f.signature);
  module.symbol(f.symbol).linkage = ir::Linkage::exported;
}

namespace detail {

// The parameters of a block, in place of the values that go there.
template <usize n>
void receive(ir::Builder& b, ir::Block block, std::array<ir::Value, n>& carried) {
  for (ir::Value& v : carried) v = b.add_param(block, b.function().type(v));
}

}  // namespace detail

// While at least `step` are left: body(carried), and `step` fewer are left. Returns what is left.
template <usize n, class Body>
ir::Value while_at_least(ir::Builder& b, ir::Value left, u64 step, std::array<ir::Value, n>& carried, Body body) {
  using ir::Value;
  const ir::Block loop = b.new_block(), done = b.new_block();
  std::array<Value, n + 1> next;  // left, carried
  const auto branch = [&](Value rest) {
    next[0] = rest;
    for (usize k = 0; k < n; ++k) next[k + 1] = carried[k];
    b.brif(b.icmp(ir::ICond::uge, rest, b.i64(static_cast<i64>(step))), {loop, Span<const Value>(next)},
           {done, Span<const Value>(next)});
  };
  branch(left);
  left = b.add_param(loop, ir::Type::i64);
  detail::receive(b, loop, carried);
  b.at(loop);
  body(carried);
  branch(b.sub(left, b.i64(static_cast<i64>(step))));
  left = b.add_param(done, ir::Type::i64);
  detail::receive(b, done, carried);
  b.at(done);
  return left;
}

// body(carried, k) for k = 0, step, 2 step ... below `end`, which is known now and more than 0.
template <usize n, class Body>
void repeat(ir::Builder& b, u64 end, u64 step, std::array<ir::Value, n>& carried, Body body) {
  using ir::Value;
  const ir::Block loop = b.new_block(), done = b.new_block();
  std::array<Value, n + 1> next;
  const auto arguments = [&](Value k) {
    next[0] = k;
    for (usize i = 0; i < n; ++i) next[i + 1] = carried[i];
    return Span<const Value>(next);
  };
  b.br({loop, arguments(b.i64(0))});
  const Value k = b.add_param(loop, ir::Type::i64);
  detail::receive(b, loop, carried);
  b.at(loop);
  body(carried, k);
  const Value after = b.add(k, b.i64(static_cast<i64>(step)));
  const Span<const Value> all = arguments(after);
  b.brif(b.icmp(ir::ICond::ult, after, b.i64(static_cast<i64>(end))), {loop, all}, {done, all.subspan(1)});
  detail::receive(b, done, carried);
  b.at(done);
}

// body(carried), which counts carried[0] down, and again while that is not 0.
template <usize n, class Body>
void do_while(ir::Builder& b, std::array<ir::Value, n>& carried, Body body) {
  const ir::Block loop = b.new_block(), done = b.new_block();
  b.br({loop, Span<const ir::Value>(carried)});
  detail::receive(b, loop, carried);
  b.at(loop);
  body(carried);
  const Span<const ir::Value> all(carried);
  b.brif(b.icmp(ir::ICond::ne, carried[0], b.i64(0)), {loop, all}, {done, all});
  detail::receive(b, done, carried);
  b.at(done);
}

// Either of two ways, each of which may replace the carried values.
template <usize n, class Then, class Else>
void choose(ir::Builder& b, ir::Value condition, std::array<ir::Value, n>& carried, Then then, Else otherwise) {
  using ir::Value;
  const ir::Block yes = b.new_block(), no = b.new_block(), done = b.new_block();
  b.brif(condition, {yes}, {no});
  const std::array<Value, n> before = carried;
  b.at(yes);
  then(carried);
  b.br({done, Span<const Value>(carried)});
  carried = before;
  b.at(no);
  otherwise(carried);
  b.br({done, Span<const Value>(carried)});
  detail::receive(b, done, carried);
  b.at(done);
}
template <usize n, class Then>
void when(ir::Builder& b, ir::Value condition, std::array<ir::Value, n>& carried, Then then) {
  choose(b, condition, carried, then, [](std::array<ir::Value, n>&) {});
}

}  // namespace jitkit::inline JITKIT_ABI::crypto

#endif  // JITKIT_EMIT_CRYPTO_CONTROL_HPP
