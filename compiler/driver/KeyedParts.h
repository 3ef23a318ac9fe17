// The keys of a compilation without compiling it: what `tenon cache explain` and dry runs say.
#pragma once

#include "compiler/cache/Store.h"
#include "compiler/driver/Compiler.h"
#include "compiler/import/ModelDirectory.h"

#include <functional>
#include <vector>

namespace tenon {

struct KeyedPart {
  std::string part; // "engine", "code cpu:x86-64-v4", "weights"
  cache::Kind kind = cache::Kind::Engine;
  cache::Fields fields;
};

struct KeyedParts {
  std::vector<KeyedPart> parts;    // engine, weights, then the code of each target
  EnginePlan plan;                 // as planEngine gives it
  std::vector<std::string> inputs; // every file that compiling reads, as the rule of --depfile names them
};

// The very keys that compileEngine uses with the same options. Reads the checkpoint's bytes where `store` (may be null)
// does not remember their digests. `check` (may be none) sees the model before any work. Errors are its, and those of
// planEngine.
Result<KeyedParts> keyedParts(const CompileOptions &options, cache::Store *store,
                              const std::function<Status(const ModelDirectory &)> &check = nullptr);

} // namespace tenon
