// One translation unit with every header, compiled several times with different options and linked.
// NAME is the function's name, so that each copy defines another one.
#include "all_headers.hpp"

// With checks on this traps; with checks off it does not. If the linker merged the two bodies of
// jitkit::check, one of the two answers would be wrong.
bool NAME(bool holds) {
  jitkit::check(holds);
  return jitkit::checks_enabled;
}
