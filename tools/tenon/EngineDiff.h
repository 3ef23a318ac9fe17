// In what two engines differ, in words.
#pragma once

#include "runtime/engine/EngineFile.h"
#include "tools/cli/JsonWriter.h"

#include <optional>
#include <string>
#include <vector>

namespace tenon::cli {

// The difference of part "compiler" that names both compilers.
inline constexpr const char *kMadeBy = "made by";

struct Difference {
  std::string part; // compiler, option, key, config, document, memory, target, kernel, program, weight, file
  std::string name; // which one: "quant", "layers.0.q", "body 16"
  std::optional<std::string> left, right; // nothing where that engine has none of the name
};

// Sorted by part, in the order above. Empty exactly when the files' bytes are the same, external weights and padding
// not counted. Where weights lie outside they must be attached. Reads all weights where these differ.
std::vector<Difference> diffEngines(const EngineFile &left, const EngineFile &right);

// "kernel     gemm_3: code of 812 bytes -> code of 840 bytes", "weight     x: only in the first: bf16 ..."
std::string textOf(const Difference &difference);

// "differences": [{"part": ..., "name": ..., "first": ..., "second": ...}], null where there is none.
void writeDifferences(JsonWriter &json, const std::vector<Difference> &differences);

} // namespace tenon::cli
