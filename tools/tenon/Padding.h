// The bytes of an engine file that belong to nothing (docs/formats/engine.md): zeros.
#pragma once

#include "runtime/engine/EngineFile.h"

namespace tenon::cli {

// Integrity, with the place of the first byte that is not zero, between the metadata, the segments and the end of the
// engine's file, and before the segments of external weights files. No digest covers these.
Status checkPadding(const EngineFile &engine);

} // namespace tenon::cli
