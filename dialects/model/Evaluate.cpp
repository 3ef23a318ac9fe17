#include "dialects/model/Evaluate.h"
#include "dialects/interfaces/Interfaces.h"
#include "mlir/IR/Operation.h"

using namespace mlir;
using namespace tenon;

FailureOr<SmallVector<ref::Value>> model::evaluateRegion(Region &region, ArrayRef<ref::Value> inputs,
                                                         ref::Context &context) {
  Block &block = region.front();
  Operation *parent = region.getParentOp();
  if (!region.hasOneBlock() || block.getNumArguments() != inputs.size())
    return parent->emitOpError() << "cannot be evaluated: it takes " << block.getNumArguments() << " values in "
                                 << region.getBlocks().size() << " blocks, expected " << inputs.size() << " in one";
  DenseMap<Value, ref::Value> values;
  for (auto [argument, input] : llvm::zip_equal(block.getArguments(), inputs))
    values[argument] = input;
  auto operandsOf = [&](Operation &op) {
    return llvm::map_to_vector(op.getOperands(), [&](Value operand) { return values.at(operand); });
  };
  for (Operation &op : block.without_terminator()) {
    auto reference = dyn_cast<ReferenceEvaluation>(op);
    if (!reference)
      return op.emitOpError() << "has no reference evaluation";
    SmallVector<ref::Value> results;
    if (failed(reference.evaluate(context, operandsOf(op), results)))
      return failure();
    for (auto [result, value] : llvm::zip_equal(op.getResults(), results))
      values[result] = std::move(value);
  }
  return operandsOf(*block.getTerminator());
}
