// quantize-activations: makes the rounding of activations part of the program, so that the reference evaluation sees it
// and fusion can do it where the rows are made. Expects weights in their formats and rows in f32.
//
// Which scheme (measured on verse-7m and its twin with outliers, docs/quantization.md): ...
#include "dialects/model/Model.h"
#include "dialects/qt/Qt.h"
#include "passes/quant/Passes.h"

using namespace mlir;
using namespace tenon;

namespace tenon {
#define GEN_PASS_DEF_QUANTIZEACTIVATIONS
#include "passes/quant/Passes.h.inc"
} // namespace tenon

// Where weights have a scale for every 32 inputs, sums are scaled there anyway, and activations get scales of their own
// at no further cost.
static qt::RowsInt8Attr rowsFor(qt::Scheme weights) {
  int64_t group = weights.getStorage().group;
  return qt::RowsInt8Attr::get(weights.getContext(), group == 32 ? 32 : 0, group);
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
    getOperation().walk([&](model::LinearOp linear) {
      TypedValue<RankedTensorType> x = linear.getX();
      qt::Scheme weights = qt::schemeOf(linear.getWeight().getType());
      if (!weights || !x.getType().getElementType().isF32())
        return;
      qt::RowsInt8Attr scheme = rowsFor(weights);
      Value &rows = quantized[{x, scheme}];
      if (!rows) {
        OpBuilder builder(linear);
        auto type = x.getType().clone(qt::QuantizedType::get(&getContext(), scheme));
        rows = qt::QuantizeRowsOp::create(builder, linear.getLoc(), type, x);
      }
      linear.getXMutable().assign(rows);
    });
  }
};
} // namespace
