// Turns MLIR diagnostics into the Status that the driver's callers see.
#pragma once

#include "codegen/Target.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "passes/ConstraintError.h"
#include "runtime/base/Status.h"

#include <string>

namespace tenon {

// Collects the errors (with their notes) of a context while it lives; the first is what a Status should say.
class DiagnosticText {
public:
  explicit DiagnosticText(mlir::MLIRContext *context)
      : handler_(context, [this](mlir::Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() != mlir::DiagnosticSeverity::Error)
            return mlir::failure(); // not ours
          if (text_.empty()) {
            text_ = diagnostic.str();
            resource_ = codegen::isResourceError(diagnostic);
            constraint_ = isConstraintError(diagnostic);
            for (mlir::Diagnostic &note : diagnostic.getNotes())
              text_ += "\n" + note.str();
          }
          return mlir::success();
        }) {}

  // `what` names the work that failed. Resource instead of `code` where the system refused, Constraint where the model
  // does not allow what was asked for.
  Status failed(Code code, const std::string &what) const {
    return Status(resource_     ? Code::Resource
                  : constraint_ ? Code::Constraint
                                : code,
                  what + ": " + (text_.empty() ? "failed without a message" : text_));
  }

  // The same failure with what was collected.
  Status explained(const Status &status) const {
    return text_.empty() ? status : Status(status.code(), status.message() + "\n" + text_);
  }

private:
  std::string text_;
  bool resource_ = false, constraint_ = false;
  mlir::ScopedDiagnosticHandler handler_;
};

} // namespace tenon
