// What llvm-mca says of a function's code on a processor: latency and throughput of each instruction, cycles of
// each block if it ran again and again. A model, not a measurement.
#ifndef JITKIT_TOOLS_EXPLORE_CYCLES_HPP
#define JITKIT_TOOLS_EXPLORE_CYCLES_HPP

#include <atomic>
#include <string>

#include "confined.hpp"
#include "question.hpp"

namespace jitkit::tools {

// The processors to choose from: {arm64: [names], x86_64: [names]}.
Json processors();

// {target, cpu, blocks: [one text each, an instruction a line]} to {blocks: [{cycles, instructions: [{latency,
// throughput, uops}]} or {message}]}, or to {message}.
Json cycles(const Json& question, const Room& room, const std::atomic<bool>& cancelled);

}  // namespace jitkit::tools

#endif  // JITKIT_TOOLS_EXPLORE_CYCLES_HPP
