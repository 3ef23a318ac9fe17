// What can be found wrong with a compilation before its work is done.
#pragma once

#include "compiler/driver/CompileOptions.h"
#include "compiler/import/ModelDirectory.h"

namespace tenon {

// Usage where options.output or options.depfile, as far as they are given, cannot be written, or would destroy each
// other or one of `inputs`.
Status checkOutputs(const CompileOptions &options, const std::vector<std::string> &inputs);

// What the runtime could not read is refused here, where it can be mended.
Status checkTokenizer(const ModelDirectory &directory);

} // namespace tenon
