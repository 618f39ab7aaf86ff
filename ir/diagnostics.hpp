// The list of errors of a parser or verifier run, with positions in the text they came from.
//
// Invariants: messages are kept in the list's own arena; past max_errors further errors are counted and
// dropped, so hostile input cannot make the list large.
#ifndef JITKIT_IR_DIAGNOSTICS_HPP
#define JITKIT_IR_DIAGNOSTICS_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/arena.hpp>
#include <jitkit/ir/support/sink.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/ir/text_pos.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI::ir {

struct Diagnostic {
  TextPos at;
  u32 text = 0;  // start of the message; it ends where the next one starts
  u16 rule = 0;  // number of the verifier's rule; 0: not from the verifier
};

class Diagnostics {
 public:
  static constexpr u32 max_errors = 200;

  Diagnostics() : sink_(&write, this) { clear(); }
  Diagnostics(const Diagnostics&) = delete;
  Diagnostics& operator=(const Diagnostics&) = delete;

  void clear() {
    arena_.reset();
    list_.attach(arena_);
    text_.attach(arena_);
    count_ = 0;
  }

  // A new error; its message is what is written to the Sink before the next call.
  Sink& error(TextPos at, u16 rule = 0) {
    ++count_;
    open_ = list_.size() < max_errors && list_.push({at, text_.size(), rule});
    return sink_;
  }

  bool empty() const { return count_ == 0; }
  // Errors in all, those past max_errors too.
  u32 count() const { return count_; }
  Span<const Diagnostic> list() const { return {list_.data(), list_.size()}; }
  std::string_view message(u32 n) const {
    const u32 end = n + 1 < list_.size() ? list_[n + 1].text : text_.size();
    return {text_.data() + list_[n].text, end - list_[n].text};
  }

  // One line each: FILE:LINE:COL: error: [IR012: ] MESSAGE.
  void print(Sink& out, std::string_view file) const;

 private:
  static void write(void* self, const char* text, usize n) {
    auto* d = static_cast<Diagnostics*>(self);
    if (d->open_) d->text_.append({text, n});
  }

  Arena arena_;
  Vec<Diagnostic> list_;
  Vec<char> text_;
  Sink sink_;
  u32 count_ = 0;
  bool open_ = false;
};

// A rule's name: IR and three digits.
inline void print_rule(Sink& out, u16 rule) {
  out << "IR" << (rule < 10 ? "00" : rule < 100 ? "0" : "");
  out.udec(rule);
}

inline void Diagnostics::print(Sink& out, std::string_view file) const {
  for (u32 n = 0; n < list_.size(); ++n) {
    const Diagnostic& d = list_[n];
    out << file << ":";
    if (d.at.line != 0) out.udec(d.at.line).put(':').udec(d.at.column).put(':');
    out << " error: ";
    if (d.rule != 0) {
      print_rule(out, d.rule);
      out << ": ";
    }
    out << message(n) << "\n";
  }
  if (count_ > list_.size()) {
    out << file << ": error: ";
    out.udec(count_ - list_.size()) << " more errors\n";
  }
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_DIAGNOSTICS_HPP
