// A directory for one confined program, given to the user that it runs as, and gone with this object.
#ifndef JITKIT_TOOLS_EXPLORE_CONFINED_HPP
#define JITKIT_TOOLS_EXPLORE_CONFINED_HPP

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "child.hpp"

namespace jitkit::tools {

// That run at once, of all objects of this class.
constexpr unsigned most_programs = 8;

struct Room {
  std::string directory;  // of ours, that others can read: each program gets a directory in it
  double seconds;         // that a program may take
};

class Confined {
 public:
  Limits limits;

  explicit Confined(const Room& room) {
    namespace fs = std::filesystem;
    static std::atomic<unsigned> count = 0;
    limits.confined = true;
    limits.user = next_user();
    limits.seconds = room.seconds;
    limits.directory = (fs::path(room.directory) / fmt::format("run-{}", count++)).string();
    std::error_code e;
    fs::create_directory(limits.directory, e);
    fs::permissions(limits.directory, fs::perms(0700), e);
    if (limits.user != 0 && chown(limits.directory.c_str(), limits.user, limits.user) != 0)
      error_ = fmt::format("the program's directory could not be given to its user: {}", std::strerror(errno));
  }
  Confined(const Confined&) = delete;
  Confined& operator=(const Confined&) = delete;
  ~Confined() {
    std::error_code ignored;
    std::filesystem::remove_all(limits.directory, ignored);
  }

  // Empty if it can be used.
  const std::string& error() const { return error_; }

  void write(const std::string& name, const std::string& text) const {
    const std::string path = limits.directory + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    std::error_code ignored;
    std::filesystem::permissions(path, std::filesystem::perms(0644), ignored);
  }
  // At most `most` bytes of what the program wrote; nothing of what is no plain file.
  std::string read(const std::string& name, usize most) const {
    const std::string path = limits.directory + "/" + name;
    std::error_code e;
    if (!std::filesystem::is_regular_file(std::filesystem::symlink_status(path, e))) return {};
    std::string text(most, '\0');
    std::ifstream in(path, std::ios::binary);
    in.read(text.data(), static_cast<std::streamsize>(most));
    text.resize(static_cast<usize>(in.gcount()));
    return text;
  }
  // Waits until it is one of most_programs, or cancelled.
  Outcome run(const std::vector<std::string>& command, const std::atomic<bool>& cancelled) const;

 private:
  std::string error_;
};

// Why a program did not come to a good end, for people; empty if it did, or said so itself.
std::string why(const Outcome& o, const Limits& limits);

}  // namespace jitkit::tools

#endif  // JITKIT_TOOLS_EXPLORE_CONFINED_HPP
