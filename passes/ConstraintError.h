// Marks an error as a request that the model does not allow, rather than a broken invariant: users see it as a
// constraint, with what they can do.
#pragma once

#include "mlir/IR/Diagnostics.h"

namespace tenon {

inline constexpr llvm::StringLiteral kConstraintMark = "constraint";

inline mlir::InFlightDiagnostic asConstraintError(mlir::InFlightDiagnostic diagnostic) {
  diagnostic.getUnderlyingDiagnostic()->getMetadata().emplace_back(kConstraintMark);
  return diagnostic;
}
inline bool isConstraintError(mlir::Diagnostic &diagnostic) {
  return llvm::any_of(diagnostic.getMetadata(), [](const mlir::DiagnosticArgument &argument) {
    return argument.getKind() == mlir::DiagnosticArgument::DiagnosticArgumentKind::String &&
           argument.getAsString() == kConstraintMark;
  });
}

} // namespace tenon
