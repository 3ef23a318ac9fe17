// choose-tiling: expects outlined kernels. The layout of a weight is recorded in two places that must agree, its recipe
// (for the packer) and the layouts of the kernels that read it (for the emitters); both are written here and nowhere
// else.
#include "dialects/interfaces/Interfaces.h"
#include "dialects/model/Model.h"
#include "passes/Target.h"
#include "passes/tile/Passes.h"
#include "passes/tile/Tiling.h"
#include "passes/tile/WeightUses.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace tenon;

namespace tenon {
#define GEN_PASS_DEF_CHOOSETILING
#include "passes/tile/Passes.h.inc"
} // namespace tenon

// The operands of `kernel` that are stored in panels: quantized matrices and what its linears multiply with.
static llvm::SmallVector<unsigned> inPanels(kernel::FuncOp kernel) {
  llvm::SmallVector<unsigned> operands;
  for (BlockArgument argument : kernel.getBody().getArguments())
    if (auto type = dyn_cast<RankedTensorType>(argument.getType()))
      if (auto quantized = dyn_cast<QuantizedElement>(type.getElementType());
          quantized && quantized.getFormat().panelInputs() > 0)
        operands.push_back(argument.getArgNumber());
  for (auto linear : kernel.getBody().getOps<model::LinearOp>())
    if (auto argument = dyn_cast<BlockArgument>(linear.getWeight());
        argument && !llvm::is_contained(operands, argument.getArgNumber()))
      operands.push_back(argument.getArgNumber());
  return operands;
}

namespace {
struct ChooseTiling : tenon::impl::ChooseTilingBase<ChooseTiling> {
  void runOnOperation() override {
    kernel::TargetAttr target = getTarget(getOperation());
    if (!target)
      return signalPassFailure();
    for (auto kernel : getOperation().getOps<kernel::FuncOp>()) {
      kernel.setTargetAttr(target);
      kernel.setTilingAttr(chooseTiling(kernel, target));
    }
    WeightUses uses(getOperation());
    if (failed(packWeights(uses)) || failed(setLayouts(uses)))
      signalPassFailure();
  }

  // Appends the packed layout to the recipe of every weight that is quantized or that a linear multiplies with.
  static LogicalResult packWeights(const WeightUses &uses) {
    llvm::DenseMap<Operation *, SmallVector<unsigned>> operands;
    for (kernel::LaunchOp launch : uses.launches()) {
      kernel::FuncOp kernel = uses.kernelOf(launch);
      auto [known, isNew] = operands.try_emplace(kernel);
      if (isNew)
        known->second = inPanels(kernel);
      for (unsigned operand : known->second) {
        model::WeightOp weight = uses.weightOf(launch.getInputs()[operand]);
        if (!weight)
          return launch.emitOpError() << "reads operand " << operand << " in panels"
                                      << ", expected a weight symbol there";
        if (!layoutOf(weight))
          pack(weight);
      }
    }
    return success();
  }

  static void pack(model::WeightOp weight) {
    SmallVector<Attribute> recipe(weight.getRecipe().getValue());
    recipe.push_back(packedLayout(weight.getTensorType()));
    weight.setRecipeAttr(ArrayAttr::get(weight.getContext(), recipe));
  }

  // Each kernel's layouts, from its first launch; the others must agree.
  static LogicalResult setLayouts(const WeightUses &uses) {
    for (kernel::LaunchOp launch : uses.launches()) {
      kernel::FuncOp kernel = uses.kernelOf(launch);
      ArrayAttr layouts = uses.layoutsOf(launch);
      if (!kernel.getLayouts())
        kernel.setLayoutsAttr(layouts);
      else if (kernel.getLayoutsAttr() != layouts)
        return launch.emitOpError() << "needs @" << kernel.getSymName() << " with operands laid out as " << layouts
                                    << ", but an earlier launch needs " << kernel.getLayoutsAttr();
    }
    return success();
  }
};
} // namespace
