// The program that jitkit_add_stubs() builds on the user's machine and runs at build time: from a .jk
// file, or from what the user's C++ source fills, to an object and the C header of what it exports.
//
//   PROGRAM [--features LIST] --object FILE --header FILE ORIGIN
//
// Nothing but the headers of jitkit and the standard library is used. Errors are printed as FILE:LINE:COL:
// error: ..., and nothing is then written.
#ifndef JITKIT_CMAKE_STUBS_STUB_COMPILER_HPP
#define JITKIT_CMAKE_STUBS_STUB_COMPILER_HPP

#include <jitkit/ir/diagnostics.hpp>
#include <jitkit/stubs.hpp>

#include <string>

namespace jitkit::stubs {

struct Arguments {
  std::string features;
  std::string object;
  std::string header;
  bool landing_pads = false;
  std::string origin;  // the source: read if it is a .jk file, else named in the header
};

// Reads the command line. False, having said so, if it is wrong.
bool read_arguments(int argc, char** argv, Arguments& a);

// Compiles and writes both files. The exit status.
int write_stubs(Module<Isa>& module, const Arguments& a);
int write_stubs(ir::Unit& unit, ir::Diagnostics& errors, const Arguments& a);

// Prints the errors.
int fail(const ir::Diagnostics& errors, const Arguments& a);

}  // namespace jitkit::stubs

#endif  // JITKIT_CMAKE_STUBS_STUB_COMPILER_HPP
