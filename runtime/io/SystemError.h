// Turns a failed system call into a Status: what was attempted, on which path, and the system's own words.
#pragma once

#include "runtime/base/Status.h"

#include <string>
#include <string_view>

namespace tenon::io {

// The system's text for an errno value ("No space left on device"). Threads: safe.
std::string errorText(int error);

// "cannot <verb> '<path>': <errno text>". A path that is absent or of the wrong kind is InvalidFile: the caller named
// it. Everything else (permission, descriptors, memory, device) is Resource: the machine said no.
Status systemError(std::string_view verb, const std::string &path, int error);

} // namespace tenon::io
