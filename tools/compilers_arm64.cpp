// The one instantiation of the compiler for AArch64.
#include <jitkit/emit/arm64/target.hpp>
#include <jitkit/ir/compile.hpp>

template class jitkit::ir::Compiler<jitkit::arm64::Isa>;
