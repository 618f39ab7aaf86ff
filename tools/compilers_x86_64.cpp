// The one instantiation of the compiler for x86-64.
#include <jitkit/emit/x86_64/target.hpp>
#include <jitkit/ir/compile.hpp>

template class jitkit::ir::Compiler<jitkit::x86_64::Isa>;
