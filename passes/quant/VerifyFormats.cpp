// verify-formats: the exit contract of the phase `formats`.
#include "dialects/model/Model.h"
#include "passes/Target.h"
#include "passes/quant/Passes.h"

using namespace mlir;
using namespace tenon;

namespace tenon {
#define GEN_PASS_DEF_VERIFYFORMATS
#include "passes/quant/Passes.h.inc"
} // namespace tenon

namespace {
struct VerifyFormats : tenon::impl::VerifyFormatsBase<VerifyFormats> {
  void runOnOperation() override {
    kernel::TargetAttr target = getTarget(getOperation());
    if (!target)
      return signalPassFailure();
    for (auto weight : getOperation().getOps<model::WeightOp>()) {
      bool matrix = weight.getTensorType().getRank() >= 2 && isa<model::CheckpointAttr>(weight.getSource());
      if (!matrix && !weight.getTensorType().getElementType().isF32()) {
        weight.emitOpError() << "is a vector or a generated table of type " << weight.getType()
                             << ", expected elements of f32";
        return signalPassFailure();
      }
    }
    if (target.getDot() == "fma")
      return;
    WalkResult result = getOperation().walk([&](model::LinearOp linear) {
      if (linear.getWeight().getType().getElementType().isBF16() &&
          !linear.getX().getType().getElementType().isBF16()) {
        linear.emitOpError() << "multiplies " << linear.getX().getType()
                             << " with bf16 weights, expected bf16 rows on a target with dot \"" << target.getDot()
                             << "\"";
        return WalkResult::interrupt();
      }
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
