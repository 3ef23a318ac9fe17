// The engine of a fine-tune, made from the code of another engine.
#pragma once

#include "compiler/driver/Compiler.h"

namespace tenon {

struct SwapOptions {
  std::string engine; // whose code, recipe, shapes and targets are taken
  std::string model;  // whose weights, config and tokenizer are taken; as for compile
  std::string output;
  unsigned jobs = 0;
  uint64_t maxMemory = 1ull << 30;
  std::function<void(const std::string &)> note;
  std::function<void(const std::string &what, uint64_t done, uint64_t total)> progress;
};

// Writes the bytes that compileEngine writes for `model` with the options that the engine records, without generating
// code. The new model is lowered as far as the plan; its plan and its table of weights must be those of the engine, and
// the plan must be the same whether it is made with the engine's config or with the model's: then so is the code.
//
// Errors: Constraint when the architecture is another one (what differs first, and the fields of config.json that do),
// and when the engine is another compiler's; InvalidFile when it does not say how it was made; those of compileEngine.
Result<CompileReport> swapWeights(const SwapOptions &options);

} // namespace tenon
