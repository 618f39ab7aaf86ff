// Sinks: number formatting at its edges, truncation.
#include <jitkit/ir/support/sink.hpp>

#include <doctest/doctest.h>
#include <string>

using namespace jitkit;

TEST_CASE("sink: numbers") {
  std::string s;
  StringSink sink(s);
  sink.dec(INT64_MIN).put(' ').dec(-1).put(' ').dec(0).put(' ').dec(INT64_MAX);
  CHECK(s == "-9223372036854775808 -1 0 9223372036854775807");
  s.clear();
  sink.udec(~u64{0}).put(' ').hex(~u64{0}).put(' ').hex(0).put(' ').hex(0xab, 8);
  CHECK(s == "18446744073709551615 ffffffffffffffff 0 000000ab");
}

TEST_CASE("sink: padding goes to a column and never back") {
  std::string s;
  StringSink sink(s);
  (sink << "ab").pad(2, 4) << "c";
  sink.pad(9, 4) << "d";
  CHECK(s == "ab  cd");
}

TEST_CASE("sink: a full buffer drops the rest and says so") {
  char buffer[5];
  BufferSink sink(buffer, sizeof buffer);
  sink << "abcde";
  CHECK_FALSE(sink.truncated());
  sink.put('f');
  CHECK(sink.truncated());
  CHECK(sink.text() == "abcde");
  sink.clear();
  sink << "0123456789";
  CHECK(sink.text() == "01234");
  CHECK(sink.truncated());
}
