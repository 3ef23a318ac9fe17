// What tenon-interpret does, free of command line and exceptions.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tenon {

struct InterpretOptions {
  std::string input;   // a model (folder, random:CONFIG, zeros:CONFIG), or a module (.mlir)
  std::string weights; // for a module: the model whose files its weights come from
  std::vector<int32_t> tokens;
  std::string logits;       // .npy file for the logits of every prompt token; empty for none
  int64_t generate = 0;     // greedy tokens after the prompt, printed to stdout
  int64_t maxContext = 0;   // of the module that is built; 0 for as many as tokens and generate need
  int64_t maxSequences = 1; // likewise
  bool emitModule = false;  // print the module and stop
};

// Errors as exit codes say (runtime/base/Status.h).
Status interpret(const InterpretOptions &options);

} // namespace tenon
