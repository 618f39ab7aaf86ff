// The x86-64 assembler and what it writes into: everything needed to emit instructions by hand.
#ifndef JITKIT_X86_64_HPP
#define JITKIT_X86_64_HPP

#include <jitkit/emit/code_buffer.hpp>
#include <jitkit/emit/x86_64/assembler.hpp>

#endif  // JITKIT_X86_64_HPP
