// narrow-activations: makes the rounding to bf16 that a bf16 multiplier needs part of the program, so that the
// reference evaluation sees it and fusion can store the narrow value. Safe: rounding is what the multiplier would do.
#include "dialects/model/Model.h"
#include "passes/Target.h"
#include "passes/quant/Passes.h"

using namespace mlir;
using namespace tenon;

namespace tenon {
#define GEN_PASS_DEF_NARROWACTIVATIONS
#include "passes/quant/Passes.h.inc"
} // namespace tenon

namespace {
struct NarrowActivations : tenon::impl::NarrowActivationsBase<NarrowActivations> {
  void runOnOperation() override {
    kernel::TargetAttr target = getTarget(getOperation());
    if (!target)
      return signalPassFailure();
    if (target.getDot() == "fma")
      return;

    getOperation().walk([](model::AttentionOp attention) {
      Type stored = attention.getCache().getType().getElementType();
      attention.setNarrow(stored.isBF16() || stored.isInteger(8));
    });
    Type bf16 = BFloat16Type::get(&getContext());
    llvm::DenseMap<Value, Value> narrowed; // looked up only
    getOperation().walk([&](model::LinearOp linear) {
      TypedValue<RankedTensorType> x = linear.getX();
      if (!linear.getWeight().getType().getElementType().isBF16() || x.getType().getElementType().isBF16())
        return;
      Value &narrow = narrowed[x];
      if (!narrow) {
        OpBuilder builder(linear);
        narrow = model::CastOp::create(builder, linear.getLoc(), x.getType().clone(bf16), x);
      }
      linear.getXMutable().assign(narrow);
    });
  }
};
} // namespace
