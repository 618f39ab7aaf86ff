// Everything: the IR and its compiler, both targets, and the run-time of code in this process.
#ifndef JITKIT_JITKIT_HPP
#define JITKIT_JITKIT_HPP

#include <jitkit/arm64.hpp>
#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/target.hpp>
#include <jitkit/emit/object.hpp>
#include <jitkit/emit/placement.hpp>
#include <jitkit/emit/runtime/code_publisher.hpp>
#include <jitkit/emit/runtime/code_registry.hpp>
#include <jitkit/emit/runtime/cpu_features.hpp>
#include <jitkit/emit/runtime/exec_memory.hpp>
#include <jitkit/emit/runtime/exit_thunk.hpp>
#include <jitkit/emit/runtime/file_sink.hpp>
#include <jitkit/emit/runtime/machine_state.hpp>
#include <jitkit/emit/runtime/patch.hpp>
#include <jitkit/emit/runtime/trap_table.hpp>
#include <jitkit/emit/runtime/unwind.hpp>
#include <jitkit/emit/x86_64/target.hpp>
#include <jitkit/fwd.hpp>
#include <jitkit/ir/builder.hpp>
#include <jitkit/ir/compile.hpp>
#include <jitkit/ir/dce.hpp>
#include <jitkit/ir/graph.hpp>
#include <jitkit/ir/interpreter.hpp>
#include <jitkit/ir/line_rows.hpp>
#include <jitkit/ir/optimiser.hpp>
#include <jitkit/ir/parser.hpp>
#include <jitkit/ir/printer.hpp>
#include <jitkit/ir/verifier.hpp>
#include <jitkit/status.hpp>
#include <jitkit/x86_64.hpp>

#endif  // JITKIT_JITKIT_HPP
