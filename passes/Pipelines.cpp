#include "passes/Pipelines.h"
#include "mlir/Pass/PassRegistry.h"
#include "passes/fuse/Passes.h"
#include "passes/plan/Passes.h"
#include "passes/quant/Passes.h"
#include "passes/steps/Passes.h"
#include "passes/tile/Passes.h"

using namespace mlir;
using namespace tenon;

static constexpr StringRef kPhaseNames[] = {"model", "formats", "steps", "fuse", "tile", "plan"};

std::optional<Phase> tenon::parsePhase(StringRef name) {
  for (auto [index, known] : llvm::enumerate(kPhaseNames))
    if (name == known)
      return Phase(index);
  return std::nullopt;
}

StringRef tenon::phaseName(Phase phase) { return kPhaseNames[unsigned(phase)]; }
ArrayRef<StringRef> tenon::phaseNames() { return kPhaseNames; }

void tenon::addFormatPasses(OpPassManager &pm, const FormatOptions &options) {
  pm.addPass(createSetWeightFormats({options.weights, options.kv}));
  pm.addPass(createQuantizeActivations({options.activations}));
  pm.addPass(createNarrowActivations());
  pm.addPass(createVerifyFormats());
}

void tenon::addStepPasses(OpPassManager &pm, const StepOptions &options) {
  InstantiateStepsOptions steps;
  steps.bodyRows = options.bodyRows;
  steps.headRows = options.headRows;
  pm.addPass(createInstantiateSteps(steps));
  pm.addPass(createVerifySteps());
}

void tenon::addFusePasses(OpPassManager &pm) {
  pm.addNestedPass<func::FuncOp>(createSplitAttention());
  pm.addNestedPass<func::FuncOp>(createFormKernels());
  pm.addNestedPass<func::FuncOp>(createMergeSiblings());
  pm.addNestedPass<func::FuncOp>(createJoinRotations());
  pm.addNestedPass<func::FuncOp>(createAbsorbPrologues());
  pm.addNestedPass<func::FuncOp>(createSinkEpilogues());
  pm.addPass(createOutlineKernels());
  pm.addPass(createVerifyKernels());
}

void tenon::addTilePasses(OpPassManager &pm) {
  pm.addPass(createChooseTiling());
  pm.addPass(createVerifyTiling());
}

void tenon::addPlanPasses(OpPassManager &pm) {
  pm.addPass(createPlanMemory());
  pm.addPass(createVerifyPlan());
}

void tenon::addPhases(OpPassManager &pm, const PipelineOptions &options, Phase last) {
  if (last >= Phase::Formats)
    addFormatPasses(pm, options.formats);
  if (last >= Phase::Steps)
    addStepPasses(pm, options.steps);
  if (last >= Phase::Fuse)
    addFusePasses(pm);
  if (last >= Phase::Tile)
    addTilePasses(pm);
  if (last >= Phase::Plan)
    addPlanPasses(pm);
}

engine::VariantOp tenon::findVariant(ModuleOp module) {
  auto variants = module.getOps<engine::VariantOp>();
  return variants.empty() ? engine::VariantOp() : *variants.begin();
}

namespace {
struct FormatPhaseOptions : PassPipelineOptions<FormatPhaseOptions> {
  Option<std::string> weights{*this, "weights", llvm::cl::desc("recipe of weight formats"), llvm::cl::init("auto")};
  Option<std::string> activations{*this, "activations", llvm::cl::desc("auto, int8 or float"), llvm::cl::init("auto")};
  Option<std::string> kv{*this, "kv", llvm::cl::desc("auto, bf16, f16, f32 or int8"), llvm::cl::init("auto")};
};
struct StepPhaseOptions : PassPipelineOptions<StepPhaseOptions> {
  ListOption<int64_t> bodyRows{*this, "body-rows", llvm::cl::desc("row counts of the body, ascending")};
  ListOption<int64_t> headRows{*this, "head-rows", llvm::cl::desc("row counts of the head, ascending")};
};
} // namespace

void tenon::registerTenonPasses() {
  registerQuantPasses();
  registerStepsPasses();
  registerFusePasses();
  registerTilePasses();
  registerPlanPasses();
  PassPipelineRegistration<FormatPhaseOptions>("phase-formats", "Number formats of weights, caches and activations",
                                               [](OpPassManager &pm, const FormatPhaseOptions &options) {
                                                 addFormatPasses(pm,
                                                                 {options.weights, options.activations, options.kv});
                                               });
  PassPipelineRegistration<StepPhaseOptions>(
      "phase-steps", "One static function per entry and bucket",
      [](OpPassManager &pm, const StepPhaseOptions &options) {
        addStepPasses(pm, {llvm::to_vector(options.bodyRows), llvm::to_vector(options.headRows)});
      });
  PassPipelineRegistration<>("phase-fuse", "Kernels and launches", addFusePasses);
  PassPipelineRegistration<>("phase-tile", "Schedules and packed layouts", addTilePasses);
  PassPipelineRegistration<>("phase-plan", "Every address: the engine dialect", addPlanPasses);
}
