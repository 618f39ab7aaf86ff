// What `test: compile TARGET [FEATURES]` shows: the interleaved listing of each function.
#ifndef JITKIT_TESTS_FILETEST_CODE_TEXT_HPP
#define JITKIT_TESTS_FILETEST_CODE_TEXT_HPP

#include <jitkit/ir/support/sink.hpp>
#include <jitkit/ir/unit.hpp>

#include <string>
#include <string_view>

namespace filetest {

using namespace jitkit;

// `request`: the target's name and, behind a blank, a list of features on top of its baseline. The
// allocation of each function is proved. What is wrong (no such target, not compiled), or an empty string.
std::string print_code(ir::Unit& unit, std::string_view request, Sink& out);

}  // namespace filetest

#endif  // JITKIT_TESTS_FILETEST_CODE_TEXT_HPP
