// Text inside quotation marks or between tags, for formats that other programs read.
#ifndef JITKIT_IR_SUPPORT_QUOTED_SINK_HPP
#define JITKIT_IR_SUPPORT_QUOTED_SINK_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/sink.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI {

// What is written to it stands between quotation marks: of an attribute of XML (or between tags), or of
// a label of Graphviz.
class QuotedSink : public Sink {
 public:
  enum class Form : u8 { xml, dot };
  QuotedSink(Sink& out, Form form) : Sink(&write, this), out_(out), form_(form) {}
  QuotedSink(const QuotedSink&) = delete;
  QuotedSink& operator=(const QuotedSink&) = delete;

 private:
  static void write(void* self, const char* text, usize bytes) {
    auto* s = static_cast<QuotedSink*>(self);
    for (usize n = 0; n < bytes; ++n) s->put_one(text[n]);
  }
  void put_one(char c) {
    const bool xml = form_ == Form::xml;
    if (static_cast<u8>(c) < ' ' || c == '\x7f')
      out_ << "?";  // XML has no way to write them
    else if (!xml && (c == '"' || c == '\\'))
      out_.put('\\').put(c);
    else if (xml && (c == '"' || c == '&' || c == '<' || c == '>'))
      out_ << (c == '"' ? "&quot;" : c == '&' ? "&amp;" : c == '<' ? "&lt;" : "&gt;");
    else
      out_.put(c);
  }

  Sink& out_;
  Form form_;
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_IR_SUPPORT_QUOTED_SINK_HPP
