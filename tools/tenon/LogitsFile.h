// Logits of every position of a text as a .npy file (float32, C order, [tokens, vocabulary]).
#pragma once

#include "runtime/session/Engine.h"

#include <span>
#include <string>

namespace tenon::cli {

// Feeds `tokens` (no more than the context holds) to a new sequence, in chunks, and writes each row as it comes: memory
// stays at one chunk. The file appears under its name only when it is complete.
Status writeLogits(Engine &engine, std::span<const int32_t> tokens, const std::string &path);

} // namespace tenon::cli
