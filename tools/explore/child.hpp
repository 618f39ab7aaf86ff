// A program in a process of its own, with limits on time, memory, processes, files and network, whatever it
// does. For text and code that may be hostile.
#ifndef JITKIT_TOOLS_EXPLORE_CHILD_HPP
#define JITKIT_TOOLS_EXPLORE_CHILD_HPP

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <jitkit/config.hpp>

namespace jitkit::tools {

struct Limits {
  double seconds = 10;               // of the clock; the processor's time is limited to the same
  u64 memory = u64{2} << 30;         // address space of each process
  u64 file = u64{64} << 20;          // size of a file it writes
  u64 output = u64{1} << 20;         // kept of what it prints
  unsigned processes = 48;
  bool fine_clock = false;           // its own clock is to be exact; a limit of processor time has it count by ticks
  bool confined = false;             // in bubblewrap if that works here, and as:
  unsigned user = 0;                 // another user, if we are root; 0: ours
  std::string directory = {};        // confined: where it starts, the only one it may write to
};

struct Outcome {
  enum class End : u8 { not_started, exited, signalled, out_of_time, too_much_output, cancelled };
  End end = End::not_started;
  int status = 0;  // exit status or signal
  std::string out;
  std::string err;
  double seconds = 0;
};

// Gives `input` to the program and waits for its end; everything it started is gone then.
Outcome run_limited(const std::vector<std::string>& command, const std::string& input, const Limits& limits,
                    const std::atomic<bool>& cancelled);

// Answers questions by a program that reads one from its input and ends: two processes are started before they
// are needed, so that a question need not wait for that, nor the next one for the next process.
class Answerer {
 public:
  Answerer(std::vector<std::string> command, const Limits& limits);
  ~Answerer();
  Outcome ask(const std::string& question, const std::atomic<bool>& cancelled);

 private:
  struct Waiting;
  std::unique_ptr<Waiting> take();
  void refill();

  std::vector<std::string> command_;
  Limits limits_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;
  std::deque<std::unique_ptr<Waiting>> waiting_;
  std::thread thread_;  // starts processes; they end with it
};

// What `confined` means here, for people: "bubblewrap, another user" or less. `room` is the parent of the confined
// programs' directories. Bubblewrap is used if this program has a copy there, called:
constexpr const char* around_program = "jitkit-explore";
// which stands in bubblewrap around the confined program when called with this, seconds, and the program's words. It
// ends after so many in any case, should the server be no more.
constexpr const char* around_option = "--around";
int run_and_tell(const char* seconds, char** command);
const std::string& confinement(const std::string& room);
// A user for one confined program: everything that runs as that user is ended with it. 0 if we are not root.
unsigned next_user();

}  // namespace jitkit::tools

#endif  // JITKIT_TOOLS_EXPLORE_CHILD_HPP
