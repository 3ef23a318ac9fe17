// split-attention: expects static shapes. Safe: spans change the order of additions only, the same one in every bucket.
#include "dialects/model/Model.h"
#include "passes/Target.h"
#include "passes/fuse/Passes.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tenon;

namespace tenon {
#define GEN_PASS_DEF_SPLITATTENTION
#include "passes/fuse/Passes.h.inc"
} // namespace tenon

namespace {

// Partial results of a row grow with the number of its spans.
constexpr int64_t kMostSpans = 64;

// Tokens of a span, whole pages; 0 where the longest context is one span.
int64_t chooseSpan(int64_t pages, int64_t pageTokens, int64_t least) {
  int64_t span = llvm::alignTo(std::max<int64_t>(llvm::divideCeil(pages * pageTokens, kMostSpans), least), pageTokens);
  return span < pages * pageTokens ? span : 0;
}

struct SplitAttention : tenon::impl::SplitAttentionBase<SplitAttention> {
  void runOnOperation() override {
    kernel::TargetAttr target = getTarget(getOperation()->getParentOp());
    if (!target)
      return signalPassFailure();
    for (auto op : llvm::make_early_inc_range(getOperation().getOps<model::AttentionOp>())) {
      int64_t pages = op.getBlockTable().getType().getDimSize(1), pageTokens = op.getCache().getType().getPageTokens();
      int64_t span = chooseSpan(pages, pageTokens, target.number("attention_span"));
      if (span == 0)
        continue;
      if (op.getType().getDimSize(0) <= target.number("split_rows"))
        split(op, span, llvm::divideCeil(pages * pageTokens, span));
      else
        op.setSpan(span);
    }
  }

  static void split(model::AttentionOp op, int64_t span, int64_t spans) {
    OpBuilder b(op);
    int64_t rows = op.getType().getDimSize(0), columns = op.getType().getDimSize(1), heads = op.getHeads();
    Type f32 = b.getF32Type();
    auto outputs = RankedTensorType::get({rows, spans * columns}, f32);
    auto numbers = RankedTensorType::get({rows, spans * heads}, f32);
    auto partial = model::AttentionPartialOp::create(b, op.getLoc(), outputs, numbers, numbers, op.getQ(),
                                                     op.getCache(), op.getSegments(), op.getBlockTable(), heads,
                                                     op.getScale(), op.getNarrow(), span);
    auto combined =
        model::AttentionCombineOp::create(b, op.getLoc(), op.getType(), partial.getOutputs(), partial.getLargest(),
                                          partial.getSums(), op.getSegments(), heads, span);
    op.replaceAllUsesWith(combined.getResult());
    op.erase();
  }
};

} // namespace
