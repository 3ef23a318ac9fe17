// The `qt` dialect. Meaning: QtAttrs.td, QtOps.td; bytes: Storage.h.
#pragma once

#include "dialects/interfaces/Interfaces.h"
#include "dialects/qt/Storage.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/qt/QtAttrInterfaces.h.inc"
#include "dialects/qt/QtDialect.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/qt/QtAttrs.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/qt/QtTypes.h.inc"
#define GET_OP_CLASSES
#include "dialects/qt/QtOps.h.inc"

namespace tenon::qt {

// The weight scheme of a matrix, null where its elements are plain floats or rows of activations.
inline Scheme schemeOf(mlir::RankedTensorType type) {
  auto quantized = llvm::dyn_cast<QuantizedType>(type.getElementType());
  return quantized ? llvm::dyn_cast<Scheme>(quantized.getScheme()) : Scheme();
}
// How quantized activations lie in a row, null where they are plain floats.
inline RowsInt8Attr rowSchemeOf(mlir::RankedTensorType type) {
  auto quantized = llvm::dyn_cast<QuantizedType>(type.getElementType());
  return quantized ? llvm::dyn_cast<RowsInt8Attr>(quantized.getScheme()) : RowsInt8Attr();
}
inline RowLayout rowLayout(RowsInt8Attr scheme, int64_t columns) {
  return {columns, scheme.getGroup(), scheme.getSums(), scheme.getZero()};
}

} // namespace tenon::qt
