// verify-tiling: the exit contract of the phase `tile`.
#include "dialects/model/Model.h"
#include "passes/tile/Passes.h"
#include "passes/tile/Tiling.h"
#include "passes/tile/WeightUses.h"

using namespace mlir;
using namespace tenon;

namespace tenon {
#define GEN_PASS_DEF_VERIFYTILING
#include "passes/tile/Passes.h.inc"
} // namespace tenon

namespace {
struct VerifyTiling : tenon::impl::VerifyTilingBase<VerifyTiling> {
  static LogicalResult verify(kernel::FuncOp kernel) {
    if (!kernel.getTarget() || !kernel.getTiling() || !kernel.getLayouts())
      return kernel.emitOpError() << "lacks its target, tiling or layouts after the phase `tile`";
    if (!fitsRegisters(*kernel.getTiling(), *kernel.getTarget()))
      return kernel.emitOpError() << "keeps more sums than the target has registers for: " << *kernel.getTiling();
    for (auto linear : kernel.getBody().getOps<model::LinearOp>()) {
      auto argument = dyn_cast<BlockArgument>(linear.getWeight());
      if (!argument || !kernel.getLayout(argument.getArgNumber()))
        return linear.emitOpError() << "multiplies with a weight that is not packed";
    }
    return success();
  }

  void runOnOperation() override {
    for (auto kernel : getOperation().getOps<kernel::FuncOp>())
      if (failed(verify(kernel)))
        return signalPassFailure();
    WeightUses uses(getOperation());
    for (kernel::LaunchOp launch : uses.launches())
      if (uses.layoutsOf(launch) != uses.kernelOf(launch).getLayoutsAttr()) {
        launch.emitOpError() << "passes weights laid out as " << uses.layoutsOf(launch) << " to a kernel that expects "
                             << uses.kernelOf(launch).getLayoutsAttr();
        return signalPassFailure();
      }
  }
};
} // namespace
