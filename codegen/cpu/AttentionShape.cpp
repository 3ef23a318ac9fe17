#include "codegen/cpu/AttentionShape.h"
#include "codegen/common/KernelBuilder.h"
#include "dialects/model/CacheLayout.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;
using namespace tenon::codegen::cpu;

static constexpr int64_t kMostTileBytes = 32 << 10; // of the queries of a tile; its outputs take as many

int64_t cpu::evenBlock(int64_t count, int64_t most) { return llvm::divideCeil(count, llvm::divideCeil(count, most)); }

// A block holds its sums, one line of right sides, `perLine` registers for each panel, and one left value in registers.
// Eight rows hide the latency of the multiply-add already; four panels are a page row of 64 tokens.
static AttentionBlock blockOf(int64_t rows, int64_t perLine, kernel::TargetAttr target) {
  int64_t perVector = KernelBuilder::lanes * 32 / target.number("vector_bits"),
          vectors = (target.number("registers") - 1) / perVector;
  rows = evenBlock(rows, std::min<int64_t>(vectors - perLine, 8));
  return {rows, std::min<int64_t>(vectors / (rows + perLine), 4)};
}

template <typename Op> static AttentionOperands operandsOf(Op op, int64_t span, Value result) {
  return {op.getQ(),
          op.getSegments(),
          op.getBlockTable(),
          op.getCache(),
          static_cast<int64_t>(op.getHeads()),
          op.getScale().convertToDouble(),
          op.getNarrow(),
          span,
          result};
}

AttentionOperands AttentionOperands::of(Operation *op) {
  if (auto partial = dyn_cast<model::AttentionPartialOp>(op))
    return operandsOf(partial, partial.getSpan(), {});
  auto whole = cast<model::AttentionOp>(op);
  return operandsOf(whole, whole.getSpan().value_or(0), whole.getResult());
}

AttentionShape AttentionShape::of(const AttentionOperands &op, kernel::TargetAttr target) {
  model::CacheType cache = op.cache.getType();
  auto queries = cast<RankedTensorType>(op.q.getType());
  AttentionShape s;
  s.tokens = queries.getDimSize(0);
  s.kvHeads = cache.getKvHeads();
  s.group = op.heads / s.kvHeads;
  s.headDim = cache.getHeadDim();
  s.pageTokens = cache.getPageTokens();
  s.pagesPerSlot = cast<RankedTensorType>(op.blockTable.getType()).getDimSize(1);
  s.queryType = queries.getElementType();
  s.scale = op.scale;
  s.narrow = op.narrow;
  s.spanPages = op.span / s.pageTokens;
  s.partial = !op.result;
  s.spans = op.span ? llvm::divideCeil(s.pagesPerSlot, s.spanPages) : 1;
  // 16 rows share a page while it is in L1; a whole group stays together as long as its scratch is small.
  int64_t most = std::max<int64_t>(1, kMostTileBytes / (s.headDim * 4));
  int64_t rows = std::min(std::clamp<int64_t>(s.group, 16, 32), most);
  // A line of pairs is widened half after half.
  int64_t perLine = model::CacheLayout(cache).interleaved() == 2 && !s.narrow ? 2 : 1;
  int64_t blockRows = blockOf(rows, perLine, target).rows;
  s.tileRows = std::min(s.tokens * s.group, static_cast<int64_t>(llvm::alignTo(rows, blockRows)));
  s.whole = blockOf(s.tileRows, perLine, target);
  s.part = blockOf(std::min(s.group, s.tileRows), perLine, target);
  return s;
}
