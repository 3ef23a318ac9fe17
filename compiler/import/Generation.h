// What generation_config.json says: the ids that begin and end a text, and how tokens are drawn unless the user says
// otherwise. None of it changes the logits, so keys that are not known are passed over.
#pragma once

#include "runtime/base/Json.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace tenon {

struct Generation {
  std::vector<int64_t> bosIds, eosIds, padIds; // empty where the file says nothing
  std::optional<bool> doSample;                // false: always the likeliest token
  std::optional<double> temperature;           // >= 0
  std::optional<double> topP, minP;            // in [0, 1]
  std::optional<int64_t> topK;                 // 0: no limit
  std::optional<double> repetitionPenalty;     // > 0
};

// InvalidFile for values out of range. Ids are checked against a vocabulary by checkTokenIds, once it is known.
Result<Generation> readGeneration(const JsonDocument &document);

// Every id lies in [0, vocab), else InvalidFile.
Status checkTokenIds(const Generation &generation, int64_t vocab);

} // namespace tenon
