// quantize-activations: makes the rounding of activations part of the program, so that the reference evaluation sees it
// and fusion can do it where the rows are made. Expects weights in their formats and rows in f32.
//
// `auto` gives every 32 inputs a scale: outliers in a few channels then coarsen their neighbours only. With one scale
// for a row they coarsen all of it, which costs as much as 4-bit weights do; that is `int8`, with the fewest scalings
// (docs/quantization.md has the figures).
#include "dialects/model/Model.h"
#include "dialects/qt/IntegerSums.h"
#include "dialects/qt/Qt.h"
#include "passes/ConstraintError.h"
#include "passes/quant/Passes.h"

using namespace mlir;
using namespace tenon;

namespace tenon {
#define GEN_PASS_DEF_QUANTIZEACTIVATIONS
#include "passes/quant/Passes.h.inc"
} // namespace tenon

constexpr int64_t kAutomaticGroup = 32;

// Rows with a scale for every `group` inputs, 0 for all of them, and with sums as far as both sides' scales go, ready
// to start products with the weights.
static qt::RowsInt8Attr rowsFor(qt::Scheme weights, int64_t group) {
  int64_t weightGroup = weights.getStorage().group;
  int64_t sums = group && weightGroup ? std::min(group, weightGroup) : std::max(group, weightGroup);
  return qt::RowsInt8Attr::get(weights.getContext(), group, sums, weights.getStorage().rowZero());
}

// Refuses rows whose products with the weights stay integers over more inputs than an integer holds.
static LogicalResult checkSums(model::LinearOp linear, qt::RowsInt8Attr rows) {
  int64_t inputs = linear.getX().getType().getDimSize(1);
  if (rows.getSums() != 0 || inputs <= qt::kMaxIntegerSum)
    return success();
  auto weight = linear.getWeight().getDefiningOp<model::GetWeightOp>();
  std::string name = weight ? "weight " + weight.getSymbol().str() : "a weight";
  return asConstraintError(emitError(linear.getLoc()))
         << name << " has " << inputs << " inputs, more than the " << qt::kMaxIntegerSum
         << " that one scale a row can sum in integers with one scale an output; give --activations auto or float, or "
            "weights with groups, such as int8_wo:g128";
}

namespace {
struct QuantizeActivations : tenon::impl::QuantizeActivationsBase<QuantizeActivations> {
  using Base::Base;

  void runOnOperation() override {
    if (mode != "auto" && mode != "int8" && mode != "float") {
      getOperation().emitError() << "unknown format of activations \"" << mode << "\", expected auto, int8 or float";
      return signalPassFailure();
    }
    if (mode == "float")
      return;
    llvm::DenseMap<std::pair<Value, Attribute>, Value> quantized; // looked up only
    WalkResult result = getOperation().walk([&](model::LinearOp linear) {
      TypedValue<RankedTensorType> x = linear.getX();
      qt::Scheme weights = qt::schemeOf(linear.getWeight().getType());
      if (!weights || !x.getType().getElementType().isF32())
        return WalkResult::advance();
      qt::RowsInt8Attr scheme = rowsFor(weights, mode == "int8" ? 0 : kAutomaticGroup);
      if (failed(checkSums(linear, scheme)))
        return WalkResult::interrupt();
      Value &rows = quantized[{x, scheme}];
      if (!rows) {
        OpBuilder builder(linear);
        auto type = x.getType().clone(qt::QuantizedType::get(&getContext(), scheme));
        rows = qt::QuantizeRowsOp::create(builder, linear.getLoc(), type, x);
      }
      linear.getXMutable().assign(rows);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
