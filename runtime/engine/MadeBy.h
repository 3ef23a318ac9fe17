// Which compiler made an engine.
#pragma once

#include "tenon/schema/engine_generated.h"

#include <string>
#include <string_view>

namespace tenon {

// The key field that holds the digest of the compiler's sources (compiler/driver/SourceDigest.h).
inline constexpr std::string_view kSourcesField = "compiler.sources";

// That digest, 64 hexadecimal digits; empty where the engine records none.
std::string_view sourcesOf(const schema::Engine &engine);

// "tenon 0.1.0, LLVM 22.1.8, sources 0123456789abcdef", or "..., sources not recorded".
std::string madeBy(const schema::Engine &engine);
// The same of a version and a digest.
std::string madeByText(std::string_view version, std::string_view sources);

} // namespace tenon
