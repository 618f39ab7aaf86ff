// The language of docs/jit-in-an-hour.md: from text to running code.
//
//   fn gcd(a, b) { while b { t = a % b; a = b; b = t; } return a; }
//   fn fib(n) { if n < 2 { return n; } return fib(n - 1) + fib(n - 2); }
//
// Every value is a signed 64-bit number; a number that is not 0 is true; a division by 0 gives 0. Functions
// may call functions that stand above them and themselves. The parser emits IR while it reads: there is no tree.
#include <jitkit/jitkit.hpp>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

using namespace jitkit;
using ir::Type;
using ir::Value;

namespace {

// A word, a number or a sign; empty at the end of the text.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : rest_(text) { take(); }
  const std::string& token() const { return token_; }
  std::string take() {
    std::string old = token_;
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_[0]))) rest_.remove_prefix(1);
    usize n = rest_.empty() ? 0 : 1;
    const auto in_word = [&](usize i) { return std::isalnum(static_cast<unsigned char>(rest_[i])) || rest_[i] == '_'; };
    if (n == 1 && in_word(0)) {
      while (n < rest_.size() && in_word(n)) ++n;
    } else if (rest_.starts_with("==") || rest_.starts_with("<=")) {
      n = 2;
    }
    token_ = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return old;
  }

 private:
  std::string_view rest_;
  std::string token_;
};

// n numbers to one.
ir::SigRef numbers(ir::Module& module, usize n) {
  ir::Param number;
  number.type = Type::i64;
  const std::vector<ir::Param> types(n + 1, number);
  return module.add_signature(std::span(types).first(n), std::span(types).last(1));
}

// One function of a program: what calls need to know, and its code once it is there.
struct Callee {
  usize parameters = 0;
  const void* code = nullptr;  // generated code loads it at each call
  ExecBlock block;
};

class Jit {
 public:
  // Compiles every function of the text; false, with a message, at the first error.
  bool load(std::string_view text) {
    Lexer in(text);
    while (!in.token().empty())
      if (!function(in)) return false;
    return true;
  }
  const Callee* find(const std::string& name) const {
    const auto found = callees_.find(name);
    return found == callees_.end() ? nullptr : found->second.get();
  }

 private:
  friend class FunctionReader;
  bool function(Lexer& in);
  bool compile(Lexer& in, const std::string& name, const std::vector<std::string>& names, Callee& callee);
  bool publish(ir::Function<host::Isa>& f, Callee& callee);

  std::map<std::string, std::unique_ptr<Callee>> callees_;  // their addresses stay
  ExecMemory memory_;
};

// Reads one function and emits its IR. Variables are stack slots; the optimiser makes values of them.
class FunctionReader {
 public:
  FunctionReader(Jit& jit, Lexer& in, ir::Builder& b, ir::Module& module)
      : jit_(jit), in_(in), b_(b), module_(module) {}

  void parameters(const std::vector<std::string>& names, ir::Block entry) {
    for (usize i = 0; i < names.size(); ++i) b_.store(variable(names[i]), b_.param(entry, static_cast<u32>(i)));
  }
  // { statement ... }
  bool block() {
    if (!expect("{")) return false;
    while (in_.token() != "}")
      if (!statement()) return false;
    return expect("}");
  }
  const std::string& error() const { return error_; }

 private:
  bool fail(const std::string& text) {
    if (error_.empty()) error_ = text + " before '" + in_.token() + "'";
    return false;
  }
  bool expect(std::string_view token) {
    if (in_.token() != token) return fail("no '" + std::string(token) + "'");
    in_.take();
    return true;
  }
  Value variable(const std::string& name) {
    const auto [at, made] = slots_.try_emplace(name);
    if (made) at->second = b_.new_slot(8, 8);
    return b_.stack_addr(at->second);
  }
  Value truth(Value v) { return b_.icmp(ir::ICond::ne, v, b_.i64(0)); }

  bool statement() {
    if (in_.token() == "while") return loop();
    if (in_.token() == "if") return choice();
    const std::string name = in_.take();
    if (name == "return") {
      const Value v = expression();
      if (!error_.empty() || !expect(";")) return false;
      b_.ret({v});
      b_.at(b_.new_block());  // what follows is not reached
      return true;
    }
    if (name.empty() || !std::isalpha(static_cast<unsigned char>(name[0])) || !expect("=")) return fail("no statement");
    const Value v = expression();
    if (!error_.empty() || !expect(";")) return false;
    b_.store(variable(name), v);
    return true;
  }
  bool loop() {
    in_.take();
    const ir::Block head = b_.new_block(), body = b_.new_block(), done = b_.new_block();
    b_.br({head});
    b_.at(head);
    const Value condition = expression();
    if (!error_.empty()) return false;
    b_.brif(truth(condition), {body}, {done});
    b_.at(body);
    if (!block()) return false;
    b_.br({head});
    b_.at(done);
    return true;
  }
  bool choice() {
    in_.take();
    const Value condition = expression();
    if (!error_.empty()) return false;
    const ir::Block yes = b_.new_block(), done = b_.new_block();
    b_.brif(truth(condition), {yes}, {done});
    b_.at(yes);
    if (!block()) return false;
    b_.br({done});
    b_.at(done);
    return true;
  }

  // Precedence from weak to strong: == < <=, + -, * / %.
  static int level(const std::string& sign) {
    if (sign == "==" || sign == "<" || sign == "<=") return 1;
    if (sign == "+" || sign == "-") return 2;
    return sign == "*" || sign == "/" || sign == "%" ? 3 : 0;
  }
  Value expression(int weakest = 1) {
    Value left = primary();
    while (error_.empty() && level(in_.token()) >= weakest) {
      const std::string sign = in_.take();
      const Value right = expression(level(sign) + 1);
      if (error_.empty()) left = combine(sign, left, right);
    }
    return left;
  }
  Value combine(const std::string& sign, Value x, Value y) {
    if (sign == "==") return b_.zext(Type::i64, b_.icmp(ir::ICond::eq, x, y));
    if (sign == "<") return b_.zext(Type::i64, b_.icmp(ir::ICond::slt, x, y));
    if (sign == "<=") return b_.zext(Type::i64, b_.icmp(ir::ICond::sle, x, y));
    if (sign == "+") return b_.add(x, y);
    if (sign == "-") return b_.sub(x, y);
    if (sign == "*") return b_.mul(x, y);
    return sign == "/" ? b_.sdiv(x, y) : b_.srem(x, y);
  }
  Value primary() {
    const std::string token = in_.take();
    if (token == "(") {
      const Value v = expression();
      expect(")");
      return v;
    }
    if (!token.empty() && std::isdigit(static_cast<unsigned char>(token[0])))
      return b_.i64(static_cast<i64>(std::strtoull(token.c_str(), nullptr, 10)));
    if (in_.token() == "(") return call(token);
    if (slots_.count(token) != 0) return b_.load(Type::i64, variable(token));
    fail("'" + token + "' is not known");
    return b_.i64(0);
  }
  Value call(const std::string& name) {
    const auto found = jit_.callees_.find(name);
    if (found == jit_.callees_.end()) {
      fail("no function '" + name + "'");
      return b_.i64(0);
    }
    Callee& callee = *found->second;
    std::vector<Value> arguments;
    expect("(");
    while (error_.empty() && in_.token() != ")") {
      arguments.push_back(expression());
      if (in_.token() != ")") expect(",");
    }
    expect(")");
    if (error_.empty() && arguments.size() != callee.parameters) fail("wrong number of arguments of '" + name + "'");
    if (!error_.empty()) return b_.i64(0);
    const Value code = b_.load(Type::ptr, b_.ptr(reinterpret_cast<u64>(&callee.code)));
    return b_.result(b_.call_indirect(numbers(module_, arguments.size()), code, std::span<const Value>(arguments)));
  }

  Jit& jit_;
  Lexer& in_;
  ir::Builder& b_;
  ir::Module& module_;
  std::map<std::string, ir::StackSlot> slots_;
  std::string error_;
};

bool Jit::function(Lexer& in) {
  const std::string start = in.take(), name = in.take();
  if (start != "fn" || in.take() != "(") return std::fprintf(stderr, "no 'fn NAME('\n"), false;
  std::vector<std::string> names;
  while (in.token() != ")" && !in.token().empty()) {
    names.push_back(in.take());
    if (in.token() == ",") in.take();
  }
  in.take();
  const auto [at, made] = callees_.try_emplace(name);
  // Code that is there already calls through the record: it must not be replaced by another.
  if (!made) return std::fprintf(stderr, "%s: defined twice\n", name.c_str()), false;
  at->second = std::make_unique<Callee>();
  at->second->parameters = names.size();
  if (compile(in, name, names, *at->second)) return true;
  callees_.erase(at);  // no record without code
  return false;
}

bool Jit::compile(Lexer& in, const std::string& name, const std::vector<std::string>& names, Callee& callee) {
  ir::Module module;
  ir::Function<host::Isa> f;
  f.module = &module;
  f.signature = numbers(module, names.size());
  ir::Builder b(f);
  const ir::Block entry = b.entry();
  FunctionReader reader(*this, in, b, module);
  reader.parameters(names, entry);
  if (!reader.block()) return std::fprintf(stderr, "%s: %s\n", name.c_str(), reader.error().c_str()), false;
  b.ret({b.i64(0)});
  return publish(f, callee);
}

// IR to code: checked, slots made values and so on, machine code, executable memory.
bool Jit::publish(ir::Function<host::Isa>& f, Callee& callee) {
  ir::Diagnostics errors;
  if (!ir::verify(f, errors)) return std::fprintf(stderr, "error: the IR is not sound\n"), false;
  host::Options options;
  options.features = host_features();
  ir::Compiler<host::Isa> compiler(options);
  CodeBuffer code;
  Status s = ir::Optimiser(ir::PassList(ir::OptLevel::fast)).run(f);
  if (s.ok()) s = compiler.compile(f, code);
  if (s.ok()) s = memory_.add(code, callee.block);
  if (!s.ok()) return std::fprintf(stderr, "error: %s\n", describe(s.error)), false;
  callee.code = reinterpret_cast<const void*>(callee.block.run);
  return true;
}

constexpr const char* program = R"(
  fn gcd(a, b) { while b { t = a % b; a = b; b = t; } return a; }
  fn fib(n) { if n < 2 { return n; } return fib(n - 1) + fib(n - 2); }
  fn primes(n) {
    count = 0; i = 2;
    while i <= n {
      d = 2; prime = 1;
      while d * d <= i { if i % d == 0 { prime = 0; } d = d + 1; }
      count = count + prime; i = i + 1;
    }
    return count;
  }
)";

}  // namespace

int main() {
  Jit jit;
  if (!jit.load(program)) return 1;
  const i64 gcd = jit.find("gcd")->block.as<i64(i64, i64)>()(1071, 462);
  const i64 fib = jit.find("fib")->block.as<i64(i64)>()(20);
  const i64 primes = jit.find("primes")->block.as<i64(i64)>()(1000);
  std::printf("gcd(1071, 462) = %lld\nfib(20) = %lld\nprimes(1000) = %lld\n", static_cast<long long>(gcd),
              static_cast<long long>(fib), static_cast<long long>(primes));
  // Errors are messages, not crashes.
  Jit wrong;
  const bool refused = !wrong.load("fn f(a) { return b; }") && !wrong.load("fn g( { return 1") &&
                       !wrong.load("fn h(a) { return h(a, a); }") && !wrong.load("f") &&
                       wrong.find("f") == nullptr && !wrong.load("fn k(a) { return h(a); }") &&
                       !jit.load("fn gcd(a, b) { return 0; }") && jit.find("gcd")->block.as<i64(i64, i64)>()(1071, 462) == 21;
  return gcd == 21 && fib == 6765 && primes == 168 && refused ? 0 : 1;
}
