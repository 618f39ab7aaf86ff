// IR to code by jitkit, for both targets, also with the optimiser at both levels: the IR is built anew in every run. The code for the host is
// run, the other target's goes into an object file (JITKIT_BENCH_OBJECTS) that run.py links and runs.
#include <jitkit/emit/arm64/target.hpp>
#include <jitkit/emit/object.hpp>
#include <jitkit/emit/runtime/exec_memory.hpp>
#include <jitkit/emit/x86_64/target.hpp>
#include <jitkit/ir/builder.hpp>
#include <jitkit/ir/compile.hpp>
#include <jitkit/ir/optimiser.hpp>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "case.hpp"
#include "programs.hpp"

namespace {

using namespace jitkit;
using bench::Recipe;
using bench::Step;

class Cook {
 public:
  using Value = ir::Value;
  explicit Cook(ir::FunctionData& f) : b_(f) { memory_ = b_.param(b_.entry(), 0); }

  Value load(int word) { return b_.load(ir::Type::i64, memory_, word * 8); }
  void store(int word, Value v) { b_.store(memory_, v, word * 8); }
  Value binary(Step s, Value a, Value b) {
    switch (s) {
      case Step::add: return b_.add(a, b);
      case Step::sub: return b_.sub(a, b);
      case Step::mul: return b_.mul(a, b);
      case Step::and_: return b_.and_(a, b);
      case Step::or_: return b_.or_(a, b);
      default: return b_.xor_(a, b);
    }
  }
  Value immediate(Step s, Value a, i32 imm) {
    const Value n = b_.i64(imm);
    switch (s) {
      case Step::add_imm: return b_.add(a, n);
      case Step::and_imm: return b_.and_(a, n);
      case Step::xor_imm: return b_.xor_(a, n);
      case Step::shl_imm: return b_.shl(a, n);
      case Step::shr_imm: return b_.lshr(a, n);
      default: return b_.rotl(a, n);
    }
  }
  Value select_less(Value a, Value b, Value otherwise) { return b_.select(b_.icmp(ir::ICond::slt, a, b), a, otherwise); }
  Value diamond(Value a, Value b, Value d, i32 imm) {
    const ir::Block here = b_.block(), yes = b_.new_block(), no = b_.new_block(), join = b_.new_block();
    const Value result = b_.add_param(join, ir::Type::i64);
    b_.brif(b_.icmp(ir::ICond::slt, a, b), {yes}, {no});
    b_.at(yes, here);
    b_.br({join, {b_.add(a, b_.i64(imm))}});
    b_.at(no, here);
    b_.br({join, {b_.xor_(b, d)}});
    b_.at(join, here);
    return result;
  }
  void ret(Value v) { b_.ret({v}); }

 private:
  ir::Builder b_;
  Value memory_;
};

template <class Isa>
class Job {
 public:
  Job(const Recipe& recipe, ir::OptLevel level) : recipe_(recipe), optimiser_(level), compiler_(typename Isa::Options()) {
    ir::Param address, number;
    address.type = ir::Type::ptr;
    number.type = ir::Type::i64;
    signature_ = module_.add_signature({&address, 1}, {&number, 1});
  }
  void run() {
    f_.clear();
    f_.module = &module_;
    f_.signature = signature_;
    {
      Cook b(f_);
      bench::cook(recipe_, b);
    }
    code_.reset();
    Status s = optimiser_.run(f_);
    if (s.ok()) s = compiler_.compile(f_, code_, optimiser_.cfg());
    if (!s.ok()) bench::die(describe(s.error));
  }
  CodeBuffer& code() { return code_; }
  // Instructions of the IR that are in blocks.
  unsigned ops() const {
    unsigned n = 0;
    for (u32 b = 1; b < f_.blocks.size(); ++b)
      for (ir::Inst i = f_.blocks[b].first; i; i = f_[i].next) ++n;
    return n;
  }

 private:
  const Recipe& recipe_;
  ir::Module module_;
  ir::SigRef signature_;
  ir::Function<Isa> f_;
  ir::Optimiser optimiser_;
  ir::Compiler<Isa> compiler_;
  CodeBuffer code_;
};

void check_here(const std::string& what, CodeBuffer& code, const Recipe& recipe) {
  ExecMemory memory;
  ExecBlock block;
  bench::require(memory.add(code, block).ok(), "no executable memory");
  bench::require(bench::run_compiled(recipe, block.as<std::uint64_t(std::uint64_t*)>()) == bench::expected(recipe),
                 what + ": the compiled code computes something else");
  bench::facts().push_back({"result:" + what, "equal"});
}

void write_object(const std::string& what, CodeBuffer& code, Machine machine, const Recipe& recipe) {
  bench::facts().push_back({"expected:" + what, std::to_string(bench::expected(recipe))});
  const char* directory = std::getenv("JITKIT_BENCH_OBJECTS");
  if (directory == nullptr) return;
  Arena arena;
  ObjectWriter object(arena, machine);
  Vec<u8> bytes(arena);
  bench::require(object.add_function(code, {.name = "compiled", .unwind = false}).ok() && object.write(bytes).ok(),
                 what + ": no object");
  std::string path = std::string(directory) + "/" + what + ".o";
  for (char& c : path)
    if (c == ' ') c = '_';
  std::FILE* file = std::fopen(path.c_str(), "wb");
  bench::require(file != nullptr && std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size(),
                 path + ": cannot be written");
  std::fclose(file);
}

template <class Isa>
void add(const std::string& program, const std::string& target, Machine machine, const Recipe& recipe, bool is_host,
         ir::OptLevel level) {
  const std::string what = program + " " + target;
  const auto job = std::make_shared<Job<Isa>>(recipe, level);
  job->run();
  if (job->ops() != recipe.ops)
    bench::facts().push_back({"ops after folding:" + what, std::to_string(job->ops())});
  bench::facts().push_back({"bytes:" + what + "/jitkit", std::to_string(job->code().offset())});
  if (is_host)
    check_here(what, job->code(), recipe);
  else
    write_object(what, job->code(), machine, recipe);
  bench::cases().push_back({what, "jitkit", "ops", static_cast<double>(recipe.ops), [job] { job->run(); }});
}

void add_all() {
#if defined(__x86_64__)
  constexpr bool x86_host = true;
#else
  constexpr bool x86_host = false;
#endif
  for (const auto& [name, recipe] : {std::pair<const char*, const Recipe*>{"line", &bench::big_line()},
                                     {"blocks", &bench::thousand_blocks()},
                                     {"line 5000", &bench::line_of(5000)},
                                     {"line 50000", &bench::line_of(50000)}}) {
    bench::facts().push_back({std::string("mix:") + name, bench::mix_of(*recipe)});
    for (const ir::OptLevel level : {ir::OptLevel::none, ir::OptLevel::fast, ir::OptLevel::full}) {
      const std::string at = level == ir::OptLevel::none ? "" : std::string(" ") + ir::level_names[static_cast<u8>(level)];
      add<x86_64::Isa>(name + at, "x86_64", Machine::x86_64, *recipe, x86_host, level);
      add<arm64::Isa>(name + at, "arm64", Machine::arm64, *recipe, !x86_host, level);
    }
  }
}
const bench::Register registered(add_all);

}  // namespace
