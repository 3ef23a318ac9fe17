// What a compilation says of its engine: read off the planned modules, or off the finished engine's metadata. Both say
// the same.
#pragma once

#include "compiler/driver/Compiler.h"
#include "compiler/driver/Lowering.h"

namespace tenon {

// Of the model alone: no formats, no variants yet.
EnginePlan describe(const LoadedModel &model);

// The formats of weights, activations and cache, as a planned module has them.
void describePlan(mlir::ModuleOp module, EnginePlan &plan);

VariantPlan planOf(engine::VariantOp variant);

// Bytes of the checkpoint's tensors; 0 without one.
uint64_t sourceBytes(const ModelDirectory &directory);

// All of it. `engine` has passed a flatbuffer verifier; numbers that contradict each other make no sense here, but do
// no harm.
EnginePlan planOf(const schema::Engine &engine, uint64_t sourceBytes);

} // namespace tenon
