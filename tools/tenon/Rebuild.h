// Compiling an engine's model again, to see that its bytes are what that model, these options and this compiler give.
#pragma once

#include "tools/cli/Terminal.h"
#include "tools/tenon/EngineDiff.h"

namespace tenon::cli {

// Compiles `model` with the options that `file` records, without the cache, into a folder of its own below $TMPDIR
// (else /tmp), which is removed again. Empty when every byte of the engine, external weights included, is the same;
// the digests of `file` were compared before. Errors: the compiler's, InvalidFile where the engine does not say how it
// was made, Resource.
Result<std::vector<Difference>> rebuildAndCompare(const EngineFile &file, const std::string &model, Terminal &terminal);

} // namespace tenon::cli
