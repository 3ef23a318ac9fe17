// Norm: the preparation of whole rows (select_rows, rms_norm, cast, elementwise ops, quantize_rows) as a kernel of its
// own.
//
// Loops: rows over workers > for each norm one pass that sums squares > one pass that computes and stores. A row stays
// in L1 between the passes. The code of a row is RowPrep's, so that a linear kernel that prepares its own rows gets the
// same bits.
#include "codegen/common/QuantizeRow.h"
#include "codegen/cpu/Emitters.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;

LogicalResult cpu::emitNorm(KernelBuilder &b, kernel::FuncOp func) {
  ValueRange results = func.getBody().front().getTerminator()->getOperands();
  auto rowsOf = [](Value value) { return cast<RankedTensorType>(value.getType()).getDimSize(0); };
  for (Value result : results) {
    if (failed(RowPrep::verify(result)))
      return failure();
    if (rowsOf(result) != rowsOf(results.front()))
      return func.emitOpError() << "has results of " << rowsOf(result) << " and " << rowsOf(results.front())
                                << " rows, expected as many in each";
  }
  if (results.empty())
    return func.emitOpError("has no results");
  auto [begin, end] = b.share(rowsOf(results.front()));
  b.loop(begin, end, 1, [&](Value row) {
    for (auto [index, result] : llvm::enumerate(results)) {
      if (isQuantizedRows(result)) {
        quantizeRow(b, result, row, b.at(b.resultPointer(index), b.mul(row, rowLayoutOf(result).bytes())));
        continue;
      }
      RowPrep prepared(b, result, row);
      prepared.forColumns([&](Value column, Value count) {
        storeLanesOf(b, prepared.at(column, count), cast<RankedTensorType>(result.getType()), b.resultPointer(index),
                     row, column, count);
      });
    }
  });
  return success();
}
