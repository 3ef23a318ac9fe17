// Which compiler this is, to the byte: the build ids of the program and of the libraries that decide what it makes.
#pragma once

#include "compiler/cache/Key.h"

namespace tenon::cache {

// "build.program", "build.libLLVM", "build.libMLIR", "build.libm", ... to the GNU build id of each, or, where it has
// none, the digest of its file. Computed once in a process.
const Fields &buildIdentity();

} // namespace tenon::cache
