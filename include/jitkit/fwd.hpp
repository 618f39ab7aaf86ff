// Names of the types that stand in other people's interfaces, without their definitions.
#ifndef JITKIT_FWD_HPP
#define JITKIT_FWD_HPP

#include <jitkit/config.hpp>

namespace jitkit::inline JITKIT_ABI {

class Arena;
class CodeBuffer;
class CodeRegistry;
class ExecMemory;
class ObjectWriter;
class Sink;
class UnwindInfo;
struct ExecBlock;
struct Status;

namespace ir {
class Builder;
class FunctionData;
class Interpreter;
class Module;
class Parser;
class Unit;
class Verifier;
template <class Isa>
class Function;
}  // namespace ir

namespace arm64 {
struct Isa;
}  // namespace arm64

namespace x86_64 {
struct Isa;
}  // namespace x86_64

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_FWD_HPP
