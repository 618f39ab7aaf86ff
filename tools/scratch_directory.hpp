// A directory for files of this process: for tools and tests that run compilers and emulators.
#ifndef JITKIT_TOOLS_SCRATCH_DIRECTORY_HPP
#define JITKIT_TOOLS_SCRATCH_DIRECTORY_HPP

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace jitkit::tools {

// Gone with the object; made() is false if the system refused it.
class ScratchDirectory {
 public:
  // `kind` is part of its name.
  explicit ScratchDirectory(std::string_view kind) {
    std::error_code none;
    std::string name =
        (std::filesystem::temp_directory_path(none) / ("jitkit-" + std::string(kind) + "-XXXXXX")).string();
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  bool made() const { return !path_.empty(); }
  std::string file(std::string_view name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace jitkit::tools

#endif  // JITKIT_TOOLS_SCRATCH_DIRECTORY_HPP
