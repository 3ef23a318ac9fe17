// instantiate-steps: expects entries whose rows are dynamic and everything else static; leaves one static function for
// each entry and bucket. Safe: ops treat rows alike, so a shape is all that a bucket decides.
#include "passes/Entries.h"
#include "passes/steps/Passes.h"

using namespace mlir;
using namespace tenon;

namespace tenon {
#define GEN_PASS_DEF_INSTANTIATESTEPS
#include "passes/steps/Passes.h.inc"
} // namespace tenon

namespace {

RankedTensorType withRows(RankedTensorType type, int64_t rows) {
  SmallVector<int64_t> shape(type.getShape());
  shape.front() = rows;
  return RankedTensorType::get(shape, type.getElementType());
}

bool hasDynamicRows(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() > 0 && tensor.isDynamicDim(0);
}

// A result has as many rows as the op's list of row indices (tokens, positions, selected rows), or else as its first
// operand.
int64_t rowsOfResults(Operation *op) {
  for (Value operand : op->getOperands())
    if (auto type = dyn_cast<RankedTensorType>(operand.getType());
        type && type.getRank() == 1 && type.getElementType().isInteger(32))
      return type.getDimSize(0);
  auto first = op->getNumOperands() ? dyn_cast<RankedTensorType>(op->getOperand(0).getType()) : RankedTensorType();
  return first && first.getRank() > 0 ? first.getDimSize(0) : ShapedType::kDynamic;
}

struct Bucket {
  int64_t rows, bodyRows; // of this program; of the largest body
};

// Gives `function`, a copy of an entry, the shapes of `bucket`.
void setShapes(func::FuncOp function, const Entry &entry, Bucket bucket) {
  int64_t sequences = ShapedType::kDynamic;
  if (entry.blockTable < entry.arguments.size())
    sequences = cast<RankedTensorType>(function.getArgument(entry.blockTable).getType()).getDimSize(0);
  auto rowsOf = [&](RowsOf rows) {
    switch (rows) {
    case RowsOf::Step:
      return bucket.rows;
    case RowsOf::Segments:
      return std::min(bucket.rows, sequences);
    case RowsOf::Body:
      return bucket.bodyRows;
    case RowsOf::Fixed:
      return ShapedType::kDynamic;
    }
    llvm_unreachable("every buffer has its rows");
  };

  for (auto [argument, buffer] : llvm::zip_equal(function.getArguments(), entry.arguments))
    if (buffer.rows != RowsOf::Fixed && hasDynamicRows(argument.getType()))
      argument.setType(withRows(cast<RankedTensorType>(argument.getType()), rowsOf(buffer.rows)));
  for (Operation &op : function.getBody().front()) {
    int64_t rows = ShapedType::kDynamic;
    for (OpResult result : op.getResults())
      if (hasDynamicRows(result.getType())) {
        if (ShapedType::isDynamic(rows))
          rows = rowsOfResults(&op);
        result.setType(withRows(cast<RankedTensorType>(result.getType()), rows));
      }
  }
  Operation *terminator = function.getBody().front().getTerminator();
  function.setFunctionType(
      FunctionType::get(function.getContext(), function.getBody().getArgumentTypes(), terminator->getOperandTypes()));
}

LogicalResult checkBuckets(ModuleOp module, ArrayRef<int64_t> rows, StringRef option) {
  if (rows.empty())
    return module.emitError() << "no " << option << " given, expected ascending row counts such as 1,16";
  for (size_t i = 0; i < rows.size(); ++i)
    if (rows[i] < 1 || (i > 0 && rows[i] <= rows[i - 1]))
      return module.emitError() << option << " has " << rows[i] << " at place " << i
                                << ", expected ascending positive row counts";
  return success();
}

struct InstantiateSteps : tenon::impl::InstantiateStepsBase<InstantiateSteps> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkBuckets(module, bodyRows, "body-rows")) || failed(checkBuckets(module, headRows, "head-rows")))
      return signalPassFailure();
    for (func::FuncOp function : llvm::make_early_inc_range(module.getOps<func::FuncOp>())) {
      const Entry *entry = getEntry(function);
      if (!entry)
        return signalPassFailure();
      OpBuilder builder(function);
      for (int64_t rows : entry->name == "body" ? ArrayRef<int64_t>(bodyRows) : ArrayRef<int64_t>(headRows)) {
        auto copy = cast<func::FuncOp>(builder.clone(*function));
        copy.setName((function.getName() + "_" + Twine(rows)).str());
        copy->setAttr(kRowsAttribute, builder.getI64IntegerAttr(rows));
        setShapes(copy, *entry, {rows, bodyRows[bodyRows.size() - 1]});
      }
      function.erase();
    }
  }
};

} // namespace
