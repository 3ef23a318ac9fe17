// What verifiers ask: two sizes agree, or a message says which, what was expected and why.
#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

namespace tenon::model {

// A dynamic size agrees with every size. "op WHAT is GOT, expected EXPECTED (WHY)".
inline llvm::LogicalResult expectSize(mlir::Operation *op, const llvm::Twine &what, int64_t got, int64_t expected,
                                      const llvm::Twine &why) {
  if (got == expected || mlir::ShapedType::isDynamic(got) || mlir::ShapedType::isDynamic(expected))
    return llvm::success();
  return op->emitOpError() << what << " is " << got << ", expected " << expected << " (" << why << ")";
}

// Columns are never dynamic: only the number of rows is open until the steps are instantiated.
inline llvm::LogicalResult expectStaticColumns(mlir::Operation *op, const llvm::Twine &what,
                                               mlir::RankedTensorType type) {
  if (!type.isDynamicDim(type.getRank() - 1))
    return llvm::success();
  return op->emitOpError() << what << " has a dynamic number of columns (" << type
                           << "), expected only rows to be dynamic";
}

inline llvm::LogicalResult expectPositive(mlir::Operation *op, const llvm::Twine &what, int64_t got) {
  if (got > 0)
    return llvm::success();
  return op->emitOpError() << what << " is " << got << ", expected a positive number";
}

inline llvm::LogicalResult expectMultiple(mlir::Operation *op, const llvm::Twine &what, int64_t got, int64_t of,
                                          const llvm::Twine &why) {
  if (got % of == 0)
    return llvm::success();
  return op->emitOpError() << what << " is " << got << ", expected a multiple of " << of << " (" << why << ")";
}

} // namespace tenon::model
