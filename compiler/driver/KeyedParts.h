// The keys of a compilation without compiling it: what `tenon cache explain` and dry runs say.
#pragma once

#include "compiler/cache/Store.h"
#include "compiler/driver/CompileOptions.h"

#include <vector>

namespace tenon {

struct KeyedPart {
  std::string part; // "engine", "code cpu:x86-64-v4", "weights"
  cache::Kind kind = cache::Kind::Engine;
  cache::Fields fields;
};

// Engine, weights, then the code of each target: the very keys that compileEngine uses with the same options. Reads the
// checkpoint's bytes where `store` (may be null) does not remember their digests. Errors are those of planEngine.
Result<std::vector<KeyedPart>> keyedParts(const CompileOptions &options, cache::Store *store);

} // namespace tenon
