// What an engine says of its own making: the options as resolved, and every field that decides its bytes.
#pragma once

#include "compiler/driver/Compiler.h"
#include "compiler/driver/Lowering.h"

#include <memory>
#include <vector>

namespace tenon {

using KeyValues = std::vector<std::unique_ptr<schema::KeyValueT>>;

// "tenon 0.1.0, LLVM 22.1.8": the same on every machine with the same packages.
std::string compilerIdentity();

// For people: what --flags would repeat this compilation.
KeyValues resolvedOptions(const CompileOptions &options, const ShapeChoice &shape, const EnginePlan &plan);

// Sorted by key. Never in it: paths, times, host, locale, environment, number of jobs.
KeyValues keyFields(const CompileOptions &options, const LoadedModel &model, const EnginePlan &plan,
                    const std::vector<std::unique_ptr<schema::VariantT>> &variants);

} // namespace tenon
