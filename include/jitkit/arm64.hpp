// The AArch64 assembler alone: registers, operands, CodeBuffer, and one method per instruction.
#ifndef JITKIT_ARM64_HPP
#define JITKIT_ARM64_HPP

#include <jitkit/emit/arm64/assembler.hpp>

#endif  // JITKIT_ARM64_HPP
