// What stands behind `-agentpath:...libjitkit_hotspot.so=`: words between commas, see the README.
//
// Invariant: options are taken as a whole or, with a message, not at all.
#ifndef JITKIT_CONSUMERS_JVM_OPTIONS_HPP
#define JITKIT_CONSUMERS_JVM_OPTIONS_HPP

#include <jitkit/config.hpp>
#include <jitkit/consumers/jvm/convention.hpp>
#include <jitkit/ir/support/sink.hpp>

#include <charconv>
#include <string_view>

namespace jitkit::inline JITKIT_ABI::hotspot {

struct Options {
  bool list = false;   // say what would be replaced; replace nothing
  bool print = false;  // listings of what would be installed; replace nothing
  bool time = false;   // say how long stubs and HotSpot's take; replace nothing
  bool make = false;   // make stubs now, for this CPU, instead of taking those of the agent's library
  bool count = false;  // call stubs and HotSpot's between markers that tools/qemu_count knows; replace nothing
  u32 verify = 0;      // random inputs per stub before it is installed; 0: none
  u64 seed = 1;
  std::string_view report;  // file for the calls per stub, written at exit; empty: none
  std::string_view dump;    // directory for a jitdump of HotSpot's own code; empty: none
  bool any_named = false;
  bool named[stub_count] = {};
  // Of the test build alone.
  bool wrong[stub_count] = {};  // this stub does nothing
  u32 pretend_java = 0;         // the JVM calls itself this version

  bool wants(unsigned stub) const { return !any_named || named[stub]; }
};

#if defined(JITKIT_HOTSPOT_TEST)
inline constexpr bool test_build = true;
#else
inline constexpr bool test_build = false;
#endif

inline constexpr u32 verify_cases = 200;  // where no number is given

namespace detail {

// Stubs of that name or group, with a key if it is `aes`, or whose names begin so if it ends in *. False: there are none.
inline bool mark(std::string_view name, bool* list) {
  const bool begins = !name.empty() && name.back() == '*';
  if (begins) name.remove_suffix(1);
  bool found = false;
  for (unsigned n = 0; n < stub_count; ++n) {
    const std::string_view stub = stubs[n].name;
    const bool keyed = name == "aes" && stubs[n].convention.has(Role::key);
    if (begins ? stub.substr(0, name.size()) == name : keyed || name == stub || name == stubs[n].kernel->group)
      found = list[n] = true;
  }
  return found;
}

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const std::from_chars_result r = std::from_chars(text.data(), text.data() + text.size(), number);
  return r.ec == std::errc() && r.ptr == text.data() + text.size() && number != 0;
}

inline bool apply(std::string_view word, Options& o) {
  const usize equals = word.find('=');
  const std::string_view key = word.substr(0, equals);
  const bool has_value = equals != std::string_view::npos;
  const std::string_view value = has_value ? word.substr(equals + 1) : std::string_view();
  if (key == "report") return !(o.report = value).empty();
  if (key == "dump") return !(o.dump = value).empty();
  if (key == "seed") return read_number(value, o.seed);
  if (key == "verify" && has_value) return read_number(value, o.verify);
  if (test_build && key == "wrong") return mark(value, o.wrong);
  if (test_build && key == "java") return read_number(value, o.pretend_java);
  if (has_value) return false;
  if (key == "list") return o.list = true;
  if (key == "print") return o.print = true;
  if (key == "time") return o.time = true;
  if (key == "make") return o.make = true;
  if (key == "count") return o.count = true;
  if (key == "verify") return (o.verify = verify_cases) != 0;
  return o.any_named = mark(key, o.named);
}

}  // namespace detail

// `text` must live as long as the options. False, with a message, if a word is not known.
inline bool read_options(std::string_view text, Options& options, Sink& messages) {
  Options o;
  while (!text.empty()) {
    const usize comma = text.find(',');
    const std::string_view word = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    if (word.empty() || detail::apply(word, o)) continue;
    messages << "unknown option '" << word << "': every stub stays as HotSpot made it";
    return false;
  }
  options = o;
  return true;
}

}  // namespace jitkit::inline JITKIT_ABI::hotspot

#endif  // JITKIT_CONSUMERS_JVM_OPTIONS_HPP
