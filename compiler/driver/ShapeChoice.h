// The fixed shapes of an engine: what the user gave, the rest from the model's config.
#pragma once

#include "compiler/driver/CompileOptions.h"
#include "runtime/base/Status.h"

namespace tenon {

struct ShapeChoice {
  uint32_t maxSequences = 0;
  uint32_t maxContext = 0; // tokens of one sequence
  uint32_t pageTokens = 0;
  uint32_t pages = 0;             // KV pages of all sequences together
  std::vector<uint32_t> bodyRows; // ascending
  std::vector<uint32_t> headRows; // ascending

  // "4 sequences of up to 1024 tokens (64 pages of 64), rows 1 2 4 8, head rows 1 2 4"
  std::string describe() const;
};

// `maxPositions` is the model's own limit; `contextLimit`, at most that, what is chosen without --max-seq (whoever
// builds the model refuses a larger one with the reason). Constraint when an option exceeds it or contradicts another.
Result<ShapeChoice> chooseShapes(const CompileOptions &options, uint64_t maxPositions, uint64_t contextLimit);

} // namespace tenon
