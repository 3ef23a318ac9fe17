// verify-steps: the exit contract of the phase `steps`.
#include "passes/Entries.h"
#include "passes/steps/Passes.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace tenon;

namespace tenon {
#define GEN_PASS_DEF_VERIFYSTEPS
#include "passes/steps/Passes.h.inc"
} // namespace tenon

static LogicalResult verifyStatic(Operation *op, Type type) {
  auto shaped = dyn_cast<ShapedType>(type);
  if (!shaped || shaped.hasStaticShape())
    return success();
  return op->emitOpError() << "has the dynamic type " << type << " after the steps were instantiated";
}

namespace {
struct VerifySteps : tenon::impl::VerifyStepsBase<VerifySteps> {
  LogicalResult verify(func::FuncOp function) {
    const Entry *entry = getEntry(function);
    auto rows = function->getAttrOfType<IntegerAttr>(kRowsAttribute);
    if (!entry)
      return failure();
    if (!rows)
      return function.emitOpError() << "must have the attribute 'model.rows'";
    if (!programs.insert({entry, rows.getInt()}).second)
      return function.emitOpError() << "is the second \"" << entry->name << "\" of " << rows.getInt() << " rows";
    for (auto [type, buffer] : llvm::zip_equal(function.getArgumentTypes(), entry->arguments)) {
      auto tensor = dyn_cast<RankedTensorType>(type);
      if (!tensor || !tensor.hasStaticShape() || (buffer.rows == RowsOf::Step && tensor.getDimSize(0) != rows.getInt()))
        return function.emitOpError() << "takes " << type << " as " << buffer.name << " in a step of " << rows.getInt()
                                      << " rows";
    }
    WalkResult result = function.walk([](Operation *op) -> WalkResult {
      for (Type type : op->getResultTypes())
        if (failed(verifyStatic(op, type)))
          return failure();
      return success();
    });
    return failure(result.wasInterrupted());
  }

  void runOnOperation() override {
    programs.clear();
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      if (failed(verify(function)))
        return signalPassFailure();
  }

  llvm::DenseSet<std::pair<const void *, int64_t>> programs; // looked up only
};
} // namespace
