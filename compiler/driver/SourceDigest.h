// Which sources this compiler was built from.
#pragma once

#include <string_view>

namespace tenon {

// 64 hexadecimal digits: the digest of the names and contents of all files below codegen, compiler, dialects, passes
// and runtime that the build reads (tools/cmake/SourceDigest.cmake). The same on every machine, for every kind of build
// and in any folder.
std::string_view sourceDigest();

} // namespace tenon
