// verify-formats: the exit contract of the phase `formats`.
#include "dialects/model/Model.h"
#include "dialects/qt/Qt.h"
#include "passes/Target.h"
#include "passes/quant/Passes.h"

using namespace mlir;
using namespace tenon;

namespace tenon {
#define GEN_PASS_DEF_VERIFYFORMATS
#include "passes/quant/Passes.h.inc"
} // namespace tenon

// Quantized rows and weights must cut the inputs alike: no scale of one side ends inside a scale of the other, and
// there is a sum for each stretch of inputs that has one of both, ready for the zero point of the weights.
static LogicalResult verifyRows(model::LinearOp linear) {
  qt::RowsInt8Attr rows = qt::rowSchemeOf(linear.getX().getType());
  if (!rows)
    return success();
  qt::Scheme weights = qt::schemeOf(linear.getWeight().getType());
  int64_t a = rows.getGroup(), b = weights.getStorage().group;
  int64_t stretch = a && b ? std::min(a, b) : std::max(a, b);
  int64_t zero = weights.getStorage().rowZero();
  if (rows.getZero() == zero && rows.getSums() == stretch && (stretch == 0 || (a % stretch == 0 && b % stretch == 0)))
    return success();
  return linear.emitOpError() << "multiplies rows of " << rows << " with weights of " << weights
                              << ", expected groups of which one divides the other, sums = " << stretch
                              << " and zero = " << zero;
}

namespace {
struct VerifyFormats : tenon::impl::VerifyFormatsBase<VerifyFormats> {
  void runOnOperation() override {
    kernel::TargetAttr target = getTarget(getOperation());
    if (!target)
      return signalPassFailure();
    for (auto weight : getOperation().getOps<model::WeightOp>()) {
      bool matrix = weight.getTensorType().getRank() >= 2 && isa<model::CheckpointAttr>(weight.getSource());
      if (!matrix && !weight.getTensorType().getElementType().isF32()) {
        weight.emitOpError() << "is a vector or a generated table of type " << weight.getType()
                             << ", expected elements of f32";
        return signalPassFailure();
      }
    }
    WalkResult result = getOperation().walk([&](model::LinearOp linear) {
      if (failed(verifyRows(linear)))
        return WalkResult::interrupt();
      if (target.getDot() != "fma" && linear.getWeight().getType().getElementType().isBF16() &&
          !linear.getX().getType().getElementType().isBF16()) {
        linear.emitOpError() << "multiplies " << linear.getX().getType()
                             << " with bf16 weights, expected bf16 rows on a target with dot \"" << target.getDot()
                             << "\"";
        return WalkResult::interrupt();
      }
      return WalkResult::advance();
    });
    WalkResult attentions = getOperation().walk([&](model::AttentionOp attention) {
      Type stored = attention.getCache().getType().getElementType();
      if (target.getDot() == "fma" || attention.getNarrow() || (!stored.isBF16() && !stored.isInteger(8)))
        return WalkResult::advance();
      attention.emitOpError() << "is not narrow over " << attention.getCache().getType() << ", on a target with dot \""
                              << target.getDot() << "\"";
      return WalkResult::interrupt();
    });
    if (attentions.wasInterrupted())
      return signalPassFailure();
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
