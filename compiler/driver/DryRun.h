// What a compilation would read, write and find in the cache, without compiling anything or writing a byte.
#pragma once

#include "compiler/cache/Key.h"
#include "compiler/driver/Compiler.h"

#include <string>
#include <vector>

namespace tenon {

struct DryRunPart {
  std::string part; // "engine", "weights", "code cpu:x86-64-v4"
  cache::Key key;
  bool hit = false; // of the engine: with its weights, so that nothing would be compiled
};

struct DryRun {
  EnginePlan plan;
  std::vector<std::string> inputs;  // every file that would be read
  std::vector<std::string> outputs; // every file that would be written, as far as it can be told before
  bool weightsFileUnknown = false;  // external weights are named by their digest: known once they are packed
  std::string cache;                // the folder that was looked into, empty for none
  std::vector<DryRunPart> parts;    // engine, weights, then each target's code
};

// `options` as for compileEngine; its output and depfile may be empty. The cache is only read, and a folder that is not
// there is an empty one. Errors are those of planEngine, and those that
// compileEngine finds before its work: outputs that cannot be written, a tokenizer that cannot be read, a shared tier
// that cannot be asked.
Result<DryRun> dryRun(const CompileOptions &options);

} // namespace tenon
