#include "passes/tile/WeightUses.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace tenon;

kernel::PackedAttr tenon::layoutOf(model::WeightOp weight) {
  return weight.getRecipe().empty() ? kernel::PackedAttr()
                                    : dyn_cast<kernel::PackedAttr>(weight.getRecipe().getValue().back());
}

WeightUses::WeightUses(ModuleOp module) {
  for (auto kernel : module.getOps<kernel::FuncOp>())
    kernels[kernel.getSymNameAttr()] = kernel;
  for (auto weight : module.getOps<model::WeightOp>())
    weights[weight.getSymNameAttr()] = weight;
  for (auto function : module.getOps<func::FuncOp>())
    for (auto launch : function.getOps<kernel::LaunchOp>())
      allLaunches.push_back(launch);
}

model::WeightOp WeightUses::weightOf(Value operand) const {
  auto get = operand.getDefiningOp<model::GetWeightOp>();
  return get ? weights.at(get.getSymbolAttr().getAttr()) : model::WeightOp();
}

ArrayAttr WeightUses::layoutsOf(kernel::LaunchOp launch) const {
  SmallVector<Attribute> layouts;
  for (Value operand : launch.getInputs()) {
    model::WeightOp weight = weightOf(operand);
    kernel::PackedAttr packed = weight ? layoutOf(weight) : kernel::PackedAttr();
    layouts.push_back(packed ? Attribute(packed) : UnitAttr::get(launch.getContext()));
  }
  return ArrayAttr::get(launch.getContext(), layouts);
}
