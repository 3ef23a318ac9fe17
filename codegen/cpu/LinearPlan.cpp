#include "codegen/cpu/LinearPlan.h"
#include "codegen/common/QuantizeRow.h"
#include "codegen/cpu/CodeView.h"
#include "dialects/qt/IntegerSums.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;
using namespace tenon::codegen::cpu;

// The linears that `value` is computed from through elementwise ops; every other leaf must be an operand.
static LogicalResult collectLinears(Value value, SetVector<Operation *> &linears) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return success();
  if (isa<model::LinearOp>(op)) {
    linears.insert(op);
    return success();
  }
  if (!isa<VectorElementwise>(op))
    return op->emitOpError("cannot follow a linear in its kernel; expected elementwise ops");
  for (Value operand : op->getOperands())
    if (failed(collectLinears(operand, linears)))
      return failure();
  return success();
}

static LogicalResult addResult(LinearPlan &plan, unsigned result, Value value) {
  SetVector<Operation *> linears;
  if (failed(collectLinears(value, linears)))
    return failure();
  if (linears.empty())
    return emitError(value.getLoc()) << "result " << result << " of a linear kernel depends on no linear";
  // Results that share a linear form one group.
  LinearGroup group;
  llvm::erase_if(plan.groups, [&](LinearGroup &other) {
    if (llvm::none_of(other.linears, [&](model::LinearOp linear) { return linears.contains(linear); }))
      return false;
    linears.insert(other.linears.begin(), other.linears.end());
    group.results.append(other.results);
    return true;
  });
  for (Operation *linear : linears)
    group.linears.push_back(cast<model::LinearOp>(linear));
  group.results.push_back(result);
  group.columns = group.linears.front().getType().getDimSize(1);
  plan.groups.push_back(group);
  return success();
}

FailureOr<LinearPlan> LinearPlan::of(kernel::FuncOp func) {
  LinearPlan plan;
  for (auto [index, value] : llvm::enumerate(func.getBody().front().getTerminator()->getOperands()))
    if (failed(addResult(plan, index, value)))
      return failure();

  for (LinearGroup &group : plan.groups)
    for (model::LinearOp linear : group.linears) {
      auto weight = dyn_cast<BlockArgument>(linear.getWeight());
      auto layout = weight ? func.getLayout(weight.getArgNumber()) : kernel::PackedAttr();
      if (!layout)
        return linear.emitOpError("has a weight that is not packed; expected an operand with a #kernel.packed layout");
      Type type = linear.getWeight().getType().getElementType();
      if (!plan.x) {
        plan.x = linear.getX();
        plan.layout = layout;
        plan.weightType = type;
      }
      if (plan.x != linear.getX() || plan.layout != layout || plan.weightType != type)
        return linear.emitOpError("differs in input, weight type or layout from the first linear of its kernel");
      if (linear.getType().getDimSize(1) != group.columns)
        return linear.emitOpError() << "has " << linear.getType().getDimSize(1) << " outputs, expected "
                                    << group.columns << " as the linears that share its epilogue";
      if (!linear.getType().getElementType().isF32())
        return linear.emitOpError("has results that are not f32; round them with model.cast");
    }
  auto x = cast<RankedTensorType>(plan.x.getType());
  if (!x.hasStaticShape())
    return func.emitOpError("has dynamic rows; instantiate the steps before code generation");
  plan.rows = x.getDimSize(0);
  plan.depth = x.getDimSize(1);
  if (failed(RowPrep::verify(plan.x)))
    return failure();
  return plan;
}

LogicalResult LinearPlan::verifyLayout(kernel::FuncOp func) const {
  auto quantized = dyn_cast<qt::QuantizedType>(weightType);
  auto scheme = quantized ? dyn_cast<qt::Scheme>(quantized.getScheme()) : qt::Scheme();
  if (!scheme)
    return func.emitOpError() << "multiplies " << x.getType() << " by weights of " << weightType
                              << ", expected weights of a scheme such as #qt.q4_0";
  if (layout.getN() != qt::kPanelOutputs || layout.getK() != scheme.panelInputs())
    return func.emitOpError() << "has " << weightType << " weights in " << layout
                              << ", expected n = 16 and k = " << scheme.panelInputs();
  return success();
}

LogicalResult LinearPlan::verifyCodes(kernel::FuncOp func) const {
  if (failed(verifyLayout(func)))
    return failure();
  if (!CodeView::canWalk(storage(), rowLayoutOf(x)))
    return func.emitOpError()
           << "has rows of " << x.getType() << " for weights of " << weightType
           << "; expected sums over the smaller of the two groups, which divides the other, and zero = "
           << storage().rowZero();
  if (CodeView::packed(storage(), rowLayoutOf(x)).isWhole() && depth > qt::kMaxIntegerSum)
    return func.emitOpError() << "sums " << depth << " products of codes, expected at most " << qt::kMaxIntegerSum;
  return success();
}
