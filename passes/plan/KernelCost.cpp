#include "passes/plan/KernelCost.h"
#include "dialects/interfaces/Interfaces.h"
#include "dialects/interfaces/TensorBytes.h"
#include "dialects/model/Model.h"

using namespace mlir;
using namespace tenon;

// The ops that make the kernel what it is: its anchors, or its last row-preparing op, or its first op.
static std::pair<unsigned, unsigned> anchorRange(MutableArrayRef<FusionRole> ops) {
  std::optional<unsigned> first, last, prepares;
  for (auto [index, op] : llvm::enumerate(ops)) {
    if (op.getFusionRole() == Role::Anchor) {
      first = first.value_or(index);
      last = index;
    } else if (op.getFusionRole() == Role::Prologue) {
      prepares = index;
    }
  }
  unsigned alone = prepares.value_or(0);
  return {first.value_or(alone), last.value_or(alone)};
}

static std::string namesOf(ArrayRef<FusionRole> ops) {
  std::string names;
  for (FusionRole op : ops)
    names += (names.empty() ? "" : ",") + op->getName().stripDialect().str();
  return names;
}

KernelCost tenon::costOf(kernel::FuncOp kernel, kernel::LaunchOp launch) {
  KernelCost cost;
  SmallVector<FusionRole> ops;
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    ops.push_back(cast<FusionRole>(op));
    if (auto model = dyn_cast<CostModel>(op)) {
      cost.flops += model.getFlops();
      cost.weightBytes += model.getWeightBytes();
    }
  }
  for (Value input : launch.getInputs()) {
    auto tensor = dyn_cast<RankedTensorType>(input.getType());
    cost.argCount += tensor ? 1 : 2;
    if (tensor && !input.getDefiningOp<model::GetWeightOp>())
      cost.activationBytes += *tensorBytes(tensor);
  }
  for (Type type : launch.getResultTypes())
    cost.activationBytes += *tensorBytes(cast<RankedTensorType>(type));
  cost.argCount += launch.getNumResults();

  if (kernel.getTiling() && cost.flops > 0)
    cost.multiplier = kernel.getTiling()->getDot().str();

  auto [first, last] = anchorRange(ops);
  cost.prologue = namesOf(ArrayRef(ops).take_front(first));
  cost.epilogue = namesOf(ArrayRef(ops).drop_front(last + 1));
  return cost;
}
