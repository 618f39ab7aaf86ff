// What executes programs: a guest of one target with code compiled for one set of features.
#ifndef JITKIT_TOOLS_FUZZ_EXECUTOR_HPP
#define JITKIT_TOOLS_FUZZ_EXECUTOR_HPP

#include <targets.hpp>

#include "guest.hpp"
#include "image.hpp"

namespace jitkit::fuzz {

// A program to be executed, and how that went.
struct Job {
  Program* program = nullptr;
  std::vector<Outcome> outcomes = {};
  std::string failure = {};  // of the program as a whole: it does not compile
  bool spills = false;
  std::shared_ptr<const std::set<u64>> unwatched = nullptr;

  bool refused() const { return !failure.empty(); }
  bool good() const { return !refused() && program->first_difference(outcomes) == program->cases().size(); }
};

class Executor {
 public:
  virtual ~Executor() = default;
  const std::string& name() const { return name_; }
  // The options of `jitkit run` that make it do the same.
  const std::string& run_options() const { return run_options_; }
  // What the exits were seen to hold that calls left through.
  const ExitPlaces::Seen& seen() const { return seen_; }
  // Empty, or why it does not work here.
  virtual std::string start() = 0;
  // Sends the jobs off; receive() waits for their outcomes. In between others may be sent theirs.
  virtual void send(std::span<Job> jobs) = 0;
  virtual void receive(std::span<Job> jobs) = 0;
  // One job alone; in a new process, which nothing has touched, if asked for.
  void execute(Job& job, bool anew = false) {
    if (const std::string why = anew ? start() : ""; !why.empty()) {
      job.failure = why;
      return;
    }
    job.outcomes.clear();
    job.failure.clear();
    send({&job, 1});
    receive({&job, 1});
  }

 protected:
  std::string name_;
  std::string run_options_;
  ExitPlaces::Seen seen_;
};

inline arm64::FeatureSet features_of(const fuzz_hello& h, arm64::FeatureSet) {
  return arm64::decode_hwcap(h.hwcap[0], h.hwcap[1]);
}
inline x86_64::FeatureSet features_of(const fuzz_hello& h, x86_64::FeatureSet) {
  static const fuzz_hello* hello;
  hello = &h;
  return x86_64::decode_cpuid(
      [](u32 leaf, u32 subleaf) {
        x86_64::CpuidResult r{};
        for (const auto& row : hello->cpuid)
          if (row[0] == leaf && row[1] == subleaf) std::memcpy(r.registers, &row[2], sizeof r.registers);
        return r;
      },
      h.xcr0);
}

inline u32 feature_count(arm64::FeatureSet) { return static_cast<u32>(std::size(arm64::feature_infos)); }
inline u32 feature_count(x86_64::FeatureSet) { return static_cast<u32>(std::size(x86_64::feature_infos)); }

// Which features code may use: those that no core op can do without, or all that the guest has.
enum class Level : u8 { core, all };

template <class Target>
class TargetExecutor final : public Executor {
 public:
  using Isa = typename Target::Isa;
  using FeatureSet = typename Isa::FeatureSet;

  // `emulator`: the words before a program; none: this CPU.
  TargetExecutor(Level level, const std::vector<std::string>& emulator)
      : level_(level), guest_(Target::linker, emulator) {
    name_ = Isa::name;
    for (const std::string& w : emulator) emulator_ += (emulator_.empty() ? "" : " ") + w;
    if (!emulator.empty()) name_ += " under " + emulator_;
    if (level == Level::all) name_ += ", all features";
  }

  // What code for it may use; known once it has been started.
  const FeatureSet& uses() const { return uses_; }

  std::string start() override {
    if (!guest_.start()) return guest_.error();
    const FeatureSet has = features_of(guest_.hello(), FeatureSet());
    FeatureSet uses = Isa::core_features();
    if (const auto lacking = has.first_missing(uses); lacking != FeatureSet::Feature::base)
      return fmt::format("the CPU lacks {}, which code for {} needs", Isa::feature_name(static_cast<u64>(lacking)),
                         Isa::name);
    if (level_ == Level::all) uses = has;
    uses_ = uses;
    if (image_ == nullptr) {
      typename Isa::Options o;
      o.features = uses;
      o.conventions = tools::custom_conventions<Isa>();
      image_ = std::make_unique<Image<Isa>>(o);
      run_options_ = fmt::format("--target {} --features {}", Isa::name, names(uses));
      if (!emulator_.empty() && (tools::is_host<Target> || emulator_ != Target::emulator))
        run_options_ += fmt::format(" --emulator '{}'", emulator_);
    }
    image_->helpers(guest_.hello());
    return {};
  }

  void send(std::span<Job> jobs) override {
    image_->clear();
    for (Job& j : jobs) {
      if (!image_->add(*j.program)) j.failure = "does not compile: " + image_->error();
      j.spills = image_->spills();
      j.unwatched = image_->unwatched();
    }
    seen_.watched = image_->seen().watched;
    seen_.unwatched = image_->seen().unwatched;
    sent_ = guest_.send(image_->request());
  }

  void receive(std::span<Job> jobs) override {
    std::vector<fuzz_answer> answers;
    std::vector<u8> told;
    if (!sent_ || !guest_.receive(answers, told) || answers.size() != image_->calls()) answers.clear();
    usize at = 0;
    const u8* from = told.data();
    for (Job& j : jobs) {
      if (j.refused()) continue;
      for (usize n = 0; n < j.program->cases().size(); ++n, ++at)
        if (at >= answers.size()) {
          j.outcomes.push_back(Outcome::failed("the process that ran it ended: " + guest_.ending()));
        } else {
          j.outcomes.push_back(outcome(j.program->function(n), answers[at]));
          stops(j, answers[at], from, told.data() + told.size());
        }
    }
    if (!guest_.running()) start();
  }

 private:
  static std::string names(FeatureSet set) {
    std::string s;
    for (u32 n = 1; n < feature_count(set); ++n)
      if (set.has(static_cast<typename FeatureSet::Feature>(n)))
        s += (s.empty() ? "" : ",") + std::string(Isa::feature_name(n));
    return s;
  }

  Outcome outcome(const FunctionData& f, const fuzz_answer& a) {
    Outcome o;
    if (a.end == fuzz_trapped) {
      o.kind = Outcome::Kind::trapped;
    } else if (a.end == fuzz_left) {
      o.kind = Outcome::Kind::left;
      o.exit = image_->exits().read(a, seen_);
    } else if (a.end != fuzz_returned) {
      return Outcome::failed(fmt::format("signal {} ({})", a.end, strsignal(static_cast<int>(a.end))));
    } else if (a.broken != 0) {
      return Outcome::failed("a register that must be preserved was changed");
    } else {
      o.kind = Outcome::Kind::returned;
      for (const Type t : result_types(f)) {
        Datum d;
        std::memcpy(&d, a.slots[o.values.size()], ir::bytes(t));
        o.values.push_back(d);
      }
    }
    return o;
  }

  void stops(Job& j, const fuzz_answer& a, const u8*& from, const u8* end) {
    Stops& s = j.outcomes.back().stops;
    s.unwatched = j.unwatched;
    s.cut = a.cut != 0;
    for (u64 n = 0; n < a.stops; ++n)
      if (!image_->exits().read_stop(from, static_cast<usize>(end - from), s.list.emplace_back(), seen_)) {
        j.outcomes.back() = Outcome::failed("what it told of a point makes no sense");
        from = end;
        return;
      }
  }

  Level level_;
  FeatureSet uses_;
  std::string emulator_;
  Guest guest_;
  std::unique_ptr<Image<Isa>> image_;
  bool sent_ = false;
};

}  // namespace jitkit::fuzz

#endif  // JITKIT_TOOLS_FUZZ_EXECUTOR_HPP
