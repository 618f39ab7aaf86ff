// FileSink: a Sink that writes a file. The environment names some: JITKIT_IGV=FILE (PublisherOptions::igv) is for an
// ir::IgvDocument.
//
// Invariant: a Sink never fails towards the writer; close() says whether all of it was written.
#ifndef JITKIT_EMIT_RUNTIME_FILE_SINK_HPP
#define JITKIT_EMIT_RUNTIME_FILE_SINK_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/sink.hpp>
#include <jitkit/status.hpp>

#include <errno.h>

#include <cstdio>

namespace jitkit::inline JITKIT_ABI {

class FileSink : public Sink {
 public:
  FileSink() : Sink(&write, this) {}
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;
  ~FileSink() { (void)close().ok(); }

  Status open(const char* name) {
    if (const Status s = close(); !s) return s;
    file_ = std::fopen(name, "we");
    return file_ != nullptr ? Status{} : failure(errno);
  }
  Status close() {
    std::FILE* const file = file_;
    file_ = nullptr;
    if (file == nullptr) return {};
    const int before = std::ferror(file) != 0 ? EIO : 0;  // the reason is not kept
    if (std::fclose(file) != 0) return failure(errno);
    return before == 0 ? Status{} : failure(before);
  }

 private:
  static Status failure(int error) { return {Error::system, 0, static_cast<u64>(error)}; }
  static void write(void* self, const char* text, usize bytes) {
    if (std::FILE* const file = static_cast<FileSink*>(self)->file_; file != nullptr) std::fwrite(text, 1, bytes, file);
  }

  std::FILE* file_ = nullptr;
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_RUNTIME_FILE_SINK_HPP
