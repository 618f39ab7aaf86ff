// ir::Compiler of both targets for tools, tests and benchmarks, compiled once: in the CMake library
// jitkit_compilers. A file that only calls compile() is spared the seconds it takes to instantiate it.
#ifndef JITKIT_TOOLS_COMPILERS_HPP
#define JITKIT_TOOLS_COMPILERS_HPP

#include <jitkit/emit/arm64/target.hpp>
#include <jitkit/emit/x86_64/target.hpp>
#include <jitkit/ir/compile.hpp>

extern template class jitkit::ir::Compiler<jitkit::arm64::Isa>;
extern template class jitkit::ir::Compiler<jitkit::x86_64::Isa>;

#endif  // JITKIT_TOOLS_COMPILERS_HPP
