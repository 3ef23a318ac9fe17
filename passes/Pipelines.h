// The compiler's phases in order, each a few passes ended by the pass that verifies its exit contract (docs/passes.md).
//   model    what a family has built
//   formats  number formats of weights, caches and activations       passes/quant
//   steps    one static function per entry and bucket                passes/steps
//   fuse     kernels and launches                                    passes/fuse
//   tile     schedules and packed layouts                            passes/tile
//   plan     every address: the `engine` dialect                     passes/plan
// The module carries its target as `kernel.target` from `formats` on.
#pragma once

#include "dialects/engine/Engine.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>
#include <string>

namespace tenon {

enum class Phase { Model, Formats, Steps, Fuse, Tile, Plan };

std::optional<Phase> parsePhase(llvm::StringRef name);
llvm::StringRef phaseName(Phase phase);
llvm::ArrayRef<llvm::StringRef> phaseNames(); // in order

struct FormatOptions {
  std::string weights = "auto";     // a recipe (passes/quant/FormatRecipe.h)
  std::string activations = "auto"; // auto, int8 or float (passes/quant/QuantizeActivations.cpp)
  std::string kv = "auto";          // auto, bf16, f16, f32 or int8
};

struct StepOptions {
  llvm::SmallVector<int64_t> bodyRows, headRows; // ascending
};

struct PipelineOptions {
  FormatOptions formats;
  StepOptions steps;
};

void addFormatPasses(mlir::OpPassManager &pm, const FormatOptions &options);
void addStepPasses(mlir::OpPassManager &pm, const StepOptions &options);
void addFusePasses(mlir::OpPassManager &pm);
void addTilePasses(mlir::OpPassManager &pm);
void addPlanPasses(mlir::OpPassManager &pm);

// Every phase after `model` up to and including `last`.
void addPhases(mlir::OpPassManager &pm, const PipelineOptions &options, Phase last);

// Makes every pass and phase known to tools by its flag: --form-kernels, --phase-fuse, ...
void registerTenonPasses();

// The plan in a module after the phase `plan`; null before.
engine::VariantOp findVariant(mlir::ModuleOp module);

} // namespace tenon
