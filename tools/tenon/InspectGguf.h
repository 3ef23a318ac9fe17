// What is in a GGUF file, for `tenon inspect`: its metadata and its tensors, as the header describes them.
#pragma once

#include "runtime/base/Status.h"

#include <string>

namespace tenon::cli {

// Whether the file begins as every GGUF file does; false where it cannot be read.
bool isGguf(const std::string &path);

// Prints to stdout. `tensors`: list each of them (JSON always does). InvalidFile and Unsupported as when compiling it,
// but any architecture will do.
Status inspectGguf(const std::string &path, bool tensors, bool json);

} // namespace tenon::cli
