// In what two JSON values differ, by path: "rope_parameters.factor" 8 -> 4.
//
// Objects are compared by key, in whatever order they name them, arrays by index; a value on one side only is told
// once, not with all that is in it. What is told is bounded, whatever the values hold: at most kMaxJsonDifferences,
// each with a path of about 200 bytes and values as JsonValue::brief() says them. Cost: a sort of the keys of each
// object. Threads: any.
#pragma once

#include "runtime/base/Json.h"

namespace tenon {

inline constexpr size_t kMaxJsonDifferences = 256;

struct JsonDifference {
  std::string path;
  std::optional<std::string> left, right; // nothing: not on that side
};

// Empty exactly when both say the same; the first ones where there are more than are told.
std::vector<JsonDifference> jsonDifferences(JsonValue left, JsonValue right);

} // namespace tenon
