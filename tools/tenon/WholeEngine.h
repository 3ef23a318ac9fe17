// Everything that can be known about the soundness of an engine file without a key.
#pragma once

#include "runtime/engine/EngineFile.h"

namespace tenon::cli {

// Attaches external weights, compares the digests of all segments on all cores and looks for zeros in the padding.
// `file` was opened, so its structure is checked. Errors: InvalidFile, Integrity, Resource.
Status checkWholeEngine(EngineFile &file);

// Bytes of all segments, those in other files, too.
uint64_t segmentBytes(const EngineFile &file);

} // namespace tenon::cli
