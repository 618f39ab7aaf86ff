// An interpreter whose handlers are made by jitkit: one function per opcode, each ends in a tail call of the next.
// The machine's state (place in the program, stack, variables, top of the stack, table of handlers) is the
// handlers' arguments, so it stays in registers from one instruction to the next: what C++ compilers promise
// only with extensions, and a `switch` in a loop does not do.
//
// The program counts primes; a plain switch runs the same bytes for comparison.
#include <jitkit/jitkit.hpp>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <vector>

using namespace jitkit;
using ir::Type;
using ir::Value;

namespace {

// ---- the machine ----

enum Op : u8 { op_push, op_get, op_set, op_add, op_sub, op_mul, op_rem, op_less, op_jump, op_jump_if_zero, op_ret, op_count };
// push has a 32-bit number behind it, get and set the number of a variable, jumps a signed 16-bit distance from
// the next instruction.

template <class T>
T read(const u8* at) {
  T v;
  std::memcpy(&v, at, sizeof v);
  return v;
}

i64 run_switch(const u8* pc, i64* sp, i64* variables) {
  i64 top = 0;
  const auto wrapped = [](u64 v) { return static_cast<i64>(v); };
  for (;;) {
    switch (*pc++) {
      case op_push: *sp++ = top; top = read<i32>(pc); pc += 4; break;
      case op_get: *sp++ = top; top = variables[*pc++]; break;
      case op_set: variables[*pc++] = top; top = *--sp; break;
      case op_add: --sp; top = wrapped(static_cast<u64>(*sp) + static_cast<u64>(top)); break;
      case op_sub: --sp; top = wrapped(static_cast<u64>(*sp) - static_cast<u64>(top)); break;
      case op_mul: --sp; top = wrapped(static_cast<u64>(*sp) * static_cast<u64>(top)); break;
      case op_rem: --sp; top = top == 0 ? *sp : top == -1 ? 0 : *sp % top; break;
      case op_less: --sp; top = *sp < top ? 1 : 0; break;
      case op_jump: pc += 2 + read<i16>(pc); break;
      case op_jump_if_zero: {
        const bool taken = top == 0;
        top = *--sp;
        pc += 2 + (taken ? read<i16>(pc) : 0);
        break;
      }
      default: return top;
    }
  }
}

// ---- the handlers ----

// Arguments of every handler: the program behind the opcode, stack, variables, handlers, top of the stack.
struct Registers {
  Value pc, sp, variables, table, top;
};

class HandlerMaker {
 public:
  HandlerMaker(ir::Builder& b, ir::SigRef signature) : b_(b), signature_(signature) {
    const ir::Block entry = b.entry();
    r_ = {b.param(entry, 0), b.param(entry, 1), b.param(entry, 2), b.param(entry, 3), b.param(entry, 4)};
  }

  void make(u8 op) {
    switch (op) {
      case op_push: return push(b_.sload32(Type::i64, r_.pc), 4);
      case op_get: return push(b_.load(Type::i64, variable()), 1);
      case op_set: b_.store(variable(), r_.top); return pop(1);
      case op_add: return binary([&](Value x, Value y) { return b_.add(x, y); });
      case op_sub: return binary([&](Value x, Value y) { return b_.sub(x, y); });
      case op_mul: return binary([&](Value x, Value y) { return b_.mul(x, y); });
      case op_rem: return binary([&](Value x, Value y) { return b_.srem(x, y); });
      case op_less: return binary([&](Value x, Value y) { return b_.zext(Type::i64, b_.icmp(ir::ICond::slt, x, y)); });
      case op_jump: r_.pc = b_.ptr_add(r_.pc, distance()); return next(2);
      case op_jump_if_zero: {
        const Value taken = b_.icmp(ir::ICond::eq, r_.top, b_.i64(0));
        r_.pc = b_.ptr_add(r_.pc, b_.select(taken, distance(), b_.i64(0)));
        return pop(2);
      }
      default: b_.ret({r_.top});
    }
  }

 private:
  Value variable() { return b_.ptr_add(r_.variables, b_.shl(b_.uload8(Type::i64, r_.pc), b_.i64(3))); }
  Value distance() { return b_.sload16(Type::i64, r_.pc); }
  void push(Value v, i64 bytes) {
    b_.store(r_.sp, r_.top);
    r_.sp = b_.ptr_add(r_.sp, b_.i64(8));
    r_.top = v;
    next(bytes);
  }
  void pop(i64 bytes) {
    r_.sp = b_.ptr_add(r_.sp, b_.i64(-8));
    r_.top = b_.load(Type::i64, r_.sp);
    next(bytes);
  }
  template <class F>
  void binary(F f) {
    r_.sp = b_.ptr_add(r_.sp, b_.i64(-8));
    r_.top = f(b_.load(Type::i64, r_.sp), r_.top);
    next(0);
  }
  // On to the handler of the instruction behind these bytes.
  void next(i64 bytes) {
    const Value at = b_.ptr_add(r_.pc, b_.i64(bytes));
    const Value op = b_.uload8(Type::i64, at);
    const Value handler = b_.load(Type::ptr, b_.ptr_add(r_.table, b_.shl(op, b_.i64(3))));
    b_.tail_call_indirect(signature_, handler, {b_.ptr_add(at, b_.i64(1)), r_.sp, r_.variables, r_.table, r_.top});
  }

  ir::Builder& b_;
  ir::SigRef signature_;
  Registers r_;
};

class Interpreter {
 public:
  Status make() {
    for (u8 op = 0; op < op_count; ++op)
      if (const Status s = make(op); !s.ok()) return s;
    return {};
  }
  i64 run(const u8* program, i64* stack, i64* variables) const {
    using Handler = i64(const u8*, i64*, i64*, const u64*, i64);
    return blocks_[*program].as<Handler>()(program + 1, stack, variables, table_, 0);
  }
  usize bytes() const { return bytes_; }

 private:
  Status make(u8 op) {
    ir::Module module;
    ir::Function<host::Isa> f;
    f.module = &module;
    f.signature = module.add_signature({Type::ptr, Type::ptr, Type::ptr, Type::ptr, Type::i64}, {Type::i64});
    ir::Builder b(f);
    HandlerMaker(b, f.signature).make(op);
    host::Options options;
    options.features = host_features();
    CodeBuffer code;
    Status s = ir::Optimiser(ir::OptLevel::fast).run(f);
    if (s.ok()) s = ir::Compiler<host::Isa>(options).compile(f, code);
    if (s.ok()) s = memory_.add(code, blocks_[op]);
    table_[op] = blocks_[op].run;
    bytes_ += code.offset();
    return s;
  }

  ExecMemory memory_;
  ExecBlock blocks_[op_count];
  u64 table_[op_count] = {};
  usize bytes_ = 0;
};

// ---- a program ----

class Program {
 public:
  std::vector<u8> bytes;

  Program& op(Op o) { return put(o, 1); }
  Program& push(i32 v) { return op(op_push).put(v, 4); }
  Program& get(u8 n) { return op(op_get).put(n, 1); }
  Program& set(u8 n) { return op(op_set).put(n, 1); }
  usize jump(Op o) {  // the distance's place, for to()
    op(o).put(0, 2);
    return bytes.size() - 2;
  }
  void to(usize from, usize target) {
    const auto distance = static_cast<i16>(static_cast<i64>(target) - static_cast<i64>(from + 2));
    std::memcpy(bytes.data() + from, &distance, 2);
  }

 private:
  Program& put(i64 v, usize n) {
    const usize at = bytes.size();
    bytes.resize(at + n);
    std::memcpy(bytes.data() + at, &v, n);
    return *this;
  }
};

// count = 0; for (i = 2; i < limit; i = i + 1) { d = 2; while (d * d < i + 1) { if (i % d == 0) goto next; d = d + 1; } count = count + 1; }
std::vector<u8> primes(i32 limit) {
  constexpr u8 count = 0, i = 1, d = 2;
  Program p;
  p.push(0).set(count).push(2).set(i);
  const usize head = p.bytes.size();
  p.get(i).push(limit).op(op_less);
  const usize leave = p.jump(op_jump_if_zero);
  p.push(2).set(d);
  const usize inner = p.bytes.size();
  p.get(d).get(d).op(op_mul).get(i).push(1).op(op_add).op(op_less);
  const usize prime = p.jump(op_jump_if_zero);
  p.get(i).get(d).op(op_rem);
  const usize next = p.jump(op_jump_if_zero);
  p.get(d).push(1).op(op_add).set(d);
  p.to(p.jump(op_jump), inner);
  p.to(prime, p.bytes.size());
  p.get(count).push(1).op(op_add).set(count);
  p.to(next, p.bytes.size());
  p.get(i).push(1).op(op_add).set(i);
  p.to(p.jump(op_jump), head);
  p.to(leave, p.bytes.size());
  p.get(count).op(op_ret);
  return std::move(p.bytes);
}

template <class F>
double milliseconds(F f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main() {
  Interpreter interpreter;
  if (const Status s = interpreter.make(); !s.ok()) {
    std::fprintf(stderr, "error: %s\n", describe(s.error));
    return 1;
  }
  const std::vector<u8> program = primes(20000);
  i64 stack[16], variables[4] = {}, made = 0, plain = 0;
  const double made_time = milliseconds([&] { made = interpreter.run(program.data(), stack, variables); });
  const double plain_time = milliseconds([&] { plain = run_switch(program.data(), stack, variables); });
  std::printf("%lld primes below 20000\nhandlers: %.1f ms, %zu bytes of code\nswitch:   %.1f ms\n", static_cast<long long>(made),
              made_time, interpreter.bytes(), plain_time);
  return made == 2262 && plain == 2262 ? 0 : 1;
}
