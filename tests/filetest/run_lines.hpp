// The directive `run`: calls of a function of the file and what they give.
//
//   ; run: @add(1, 2) == 3, (255, 1) == 0
//   ; run: @divmod(7, 2) == (3, 1), (7, 0) == trap
//
// Arguments and results are constants as in the text of functions, by the types of the function's
// signature. A result `nan` is any NaN; `+nan` and `#0x...` are exact. A function without results gives
// ().
#ifndef JITKIT_TESTS_FILETEST_RUN_LINES_HPP
#define JITKIT_TESTS_FILETEST_RUN_LINES_HPP

#include <fuzz/wrapper.hpp>
#include <jitkit/ir/constant_text.hpp>
#include <jitkit/ir/interpreter_memory.hpp>
#include <jitkit/ir/float_format.hpp>

#include <string>
#include <vector>

#include "filetest.hpp"

namespace filetest {

// How a call ended, as an executor saw it.
struct Outcome {
  enum class Kind { none, returned, trapped, failed };
  Kind kind = Kind::none;
  std::vector<ir::Datum> values;
  std::string message;  // failed: why
};

// One call with its expectation.
struct Case {
  u32 line = 0;
  const ir::FunctionData* function = nullptr;
  std::vector<ir::Datum> arguments;
  bool traps = false;
  std::vector<ir::Datum> values;
  std::vector<bool> any_nan;
};

using fuzz::parameter_types;
using fuzz::result_types;

inline bool is_nan(ir::Type t, const Bits& v) {
  return ir::is_float(t) && ir::format_of(t).is_nan(v.lo);
}

// A value as text that reads back as the same bits.
inline std::string value_text(ir::Type t, const ir::Datum& d) {
  std::string s;
  StringSink out(s);
  if (bits(t) > 128) return "(wide)";
  print_constant(out, t, d.low);
  return s;
}
inline std::string values_text(const std::vector<ir::Type>& types, const std::vector<ir::Datum>& v) {
  std::string s;
  for (usize i = 0; i < v.size() && i < types.size(); ++i)
    s += (i != 0 ? ", " : "") + value_text(types[i], v[i]);
  return v.size() == 1 ? s : "(" + s + ")";
}
inline std::string outcome_text(const Case& c, const Outcome& o) {
  switch (o.kind) {
    case Outcome::Kind::none: return "not run";
    case Outcome::Kind::returned: return values_text(result_types(*c.function), o.values);
    case Outcome::Kind::trapped: return "trap";
    case Outcome::Kind::failed: return o.message;
  }
  return {};
}
inline std::string expected_text(const Case& c) {
  if (c.traps) return "trap";
  const std::vector<ir::Type> types = result_types(*c.function);
  std::string s;
  for (usize i = 0; i < c.values.size(); ++i)
    s += (i != 0 ? ", " : "") + (c.any_nan[i] ? "nan" : value_text(types[i], c.values[i]));
  return c.values.size() == 1 ? s : "(" + s + ")";
}
inline std::string call_text(const Case& c) {
  std::string s;
  const std::vector<ir::Type> types = parameter_types(*c.function);
  for (usize i = 0; i < c.arguments.size(); ++i)
    s += (i != 0 ? ", " : "") + value_text(types[i], c.arguments[i]);
  return "(" + s + ")";
}

inline bool as_expected(const Case& c, const Outcome& o) {
  if (c.traps) return o.kind == Outcome::Kind::trapped;
  if (o.kind != Outcome::Kind::returned || o.values.size() != c.values.size()) return false;
  const std::vector<ir::Type> types = result_types(*c.function);
  for (usize i = 0; i < c.values.size(); ++i)
    if (c.any_nan[i] ? !is_nan(types[i], o.values[i].low) : !(o.values[i] == c.values[i])) return false;
  return true;
}

// Reads one run directive. The text is a small language of its own, so this is a scanner over it.
class RunLine {
 public:
  RunLine(const FileTest& test, const Directive& d) : test_(test), line_(d.line), s_(d.text) {}

  // Appends the line's cases; false, with error(), if it is malformed.
  bool parse(std::vector<Case>& cases) {
    if (!function()) return false;
    do {
      Case c;
      c.line = line_;
      c.function = function_;
      if (!values(parameter_types(*function_), c.arguments, nullptr)) return false;
      if (!accept("==")) return fail("expected ==");
      if (accept("trap"))
        c.traps = true;
      else if (!results(c))
        return false;
      cases.push_back(std::move(c));
    } while (accept(","));
    return s_.empty() || fail("unexpected text behind the call");
  }
  const std::string& error() const { return error_; }

 private:
  bool fail(std::string why) {
    error_ = why + " at '" + std::string(s_.substr(0, 20)) + "'";
    return false;
  }
  bool accept(std::string_view token) {
    s_ = trimmed(s_);
    if (!s_.starts_with(token)) return false;
    s_ = trimmed(s_.substr(token.size()));
    return true;
  }

  bool function() {
    if (!accept("@")) return fail("expected @function");
    const usize n = std::min(s_.find_first_of(" ("), s_.size());
    function_ = test_.unit->find(std::string_view(s_.substr(0, n)));
    if (function_ == nullptr) return fail("no such function");
    s_ = s_.substr(n);
    return true;
  }

  bool results(Case& c) {
    const std::vector<ir::Type> types = result_types(*function_);
    if (types.size() != 1) return values(types, c.values, &c.any_nan);
    c.values.emplace_back();
    c.any_nan.push_back(false);
    return value(types[0], c.values[0], c.any_nan, 0);
  }

  bool values(const std::vector<ir::Type>& types, std::vector<ir::Datum>& v, std::vector<bool>* nan) {
    if (!accept("(")) return fail("expected (");
    v.resize(types.size());
    std::vector<bool> unused(types.size());
    if (nan != nullptr) nan->resize(types.size());
    for (usize i = 0; i < types.size(); ++i) {
      if (i != 0 && !accept(",")) return fail("expected another value");
      if (!value(types[i], v[i], nan != nullptr ? *nan : unused, i)) return false;
    }
    return accept(")") || fail("expected )");
  }

  bool value(ir::Type t, ir::Datum& d, std::vector<bool>& any_nan, usize i) {
    s_ = trimmed(s_);
    const usize n = std::min(s_.find_first_of(" ,)"), s_.size());
    std::string_view token = s_.substr(0, n);
    s_ = s_.substr(n);
    const char* wrong = nullptr;
    if (token == "nan" && ir::is_float(t)) {
      any_nan[i] = true;
    } else if (token.starts_with('#')) {
      wrong = ir::parse_raw_constant(token.substr(1), t, d.low);
    } else {
      const bool negative = token.starts_with('-');
      if (negative || token.starts_with('+')) token.remove_prefix(1);
      wrong = ir::parse_constant(negative, token, t, d.low);
    }
    return wrong == nullptr || fail(std::string(token) + ": " + wrong);
  }

  const FileTest& test_;
  u32 line_;
  std::string_view s_;
  const ir::FunctionData* function_ = nullptr;
  std::string error_;
};

}  // namespace filetest

#endif  // JITKIT_TESTS_FILETEST_RUN_LINES_HPP
