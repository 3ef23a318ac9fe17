// What an engine says of its own making: the options as resolved, and every field that decides its bytes.
#pragma once

#include "compiler/cache/Key.h"
#include "compiler/driver/Compiler.h"
#include "tenon/schema/engine_generated.h"

#include <memory>
#include <vector>

namespace tenon {

using KeyValues = std::vector<std::unique_ptr<schema::KeyValueT>>;

// "tenon 0.1.0, LLVM 22.1.8": the same on every machine with the same packages.
std::string compilerIdentity();

// For people: what --flags would repeat this compilation. `engine` are the fields of the engine's cache key
// (CacheKeys.h).
KeyValues resolvedOptions(const cache::Fields &engine, const EnginePlan &plan);

// Sorted by key: the recorded fields of the cache key (isRecorded), and the formats that they came to. Never in it:
// paths, times, host, locale, environment, number of jobs.
KeyValues keyFields(const cache::Fields &engine, const EnginePlan &plan,
                    const std::vector<std::unique_ptr<schema::VariantT>> &variants);

} // namespace tenon
