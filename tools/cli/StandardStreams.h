// Standard input, output and error of a program that was started with some of them closed (`<&-`).
#pragma once

#include "runtime/base/Status.h"

namespace tenon::cli {

// Makes sure that no file opened later gets descriptor 0, 1 or 2, which would make it the prompt or the place where
// messages go: opens /dev/null where one is closed, in the direction that the stream is not used in, so that its use
// fails as it would have. First thing in main().
void reserveStandardStreams();

// Whether standard input was closed when the program started.
bool isStandardInputClosed();

// What is still buffered for standard output goes out. Data that did not arrive is a failure, not silence: Resource.
Status deliverStandardOutput();

} // namespace tenon::cli
