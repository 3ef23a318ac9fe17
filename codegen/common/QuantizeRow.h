// qt.quantize_rows for one row: what a norm kernel does for every row and a linear kernel for the few it prepares
// itself.
#pragma once

#include "codegen/common/RowPrep.h"
#include "dialects/qt/Qt.h"

namespace tenon::codegen {

// Writes codes, scales and sums of `row` of the quantized tensor `quantized` (a result of qt.quantize_rows) to
// `destination`, laid out as its RowLayout says; codes from the last column to the end of their padding are 0. The same
// arithmetic as the reference evaluation, so that codes agree to the bit where the rows do.
void quantizeRow(KernelBuilder &b, mlir::Value quantized, mlir::Value row, mlir::Value destination);

// How rows of `tensor` lie in memory; `tensor` has elements of a row scheme.
qt::RowLayout rowLayoutOf(mlir::Value tensor);
// Whether `tensor` holds quantized rows.
bool isQuantizedRows(mlir::Value tensor);

} // namespace tenon::codegen
