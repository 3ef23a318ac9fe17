// One tile of attention: a few query rows of one kv head against the pages of their sequence.
//
// A query row is one (token, query head of the kv head's group) pair, so that every key and value that is loaded serves
// the whole group. Rows of a segment are numbered token by token: row r is token r / group, head r % group of the
// group.
#pragma once

#include "codegen/cpu/AttentionShape.h"
#include "codegen/cpu/CacheDot.h"

namespace tenon::codegen::cpu {

// The rows [firstRow, firstRow + rows) of a segment and where they stand; all i64.
struct AttentionItem {
  mlir::Value slot, firstToken; // of the segment
  mlir::Value before;           // context - rows of the segment: position of its first token
  mlir::Value kvHead, firstRow, rows;
  mlir::Value span; // of a partial tile
};

// Emits the tile, online softmax over the pages:
//   q = scale * log2(e) * q; m = -inf; l = 0; o = 0
//   for each page:  s = q K, s = -inf beyond a row's position; m' = max(m, s); p = 2^(s - m'); a = 2^(m - m')
//                   l = l a + sum p; o = o a + p V; m = m'
//   y = o / l
// With spans, m, l and o are those of a span. A partial tile stores them; another joins them to those of the spans
// before. Narrow tiles multiply bf16 q with K, scale s instead of q, and round p to bf16. q, s and o of the tile stay
// in L1; nothing is as long as the context. The result of a row depends on its own query and the order of the pages
// only, not on the tile or block it is computed in.
class AttentionTile {
public:
  // Allocates the scratch of a tile.
  AttentionTile(KernelBuilder &b, const AttentionOperands &op, const AttentionShape &shape);
  void emit(const AttentionItem &item, AttentionBlock block);

private:
  struct Page {
    mlir::Value keys, values;         // of this head
    mlir::Value nextKeys, nextValues; // of the page that is read next
    mlir::Value tokens;               // i64, that the tile's last row sees, <= pageTokens
    mlir::Value firstToken;           // position of the page's first token
  };

  mlir::Value rowToken(const AttentionItem &item, mlir::Value row);
  void loadQueries(const AttentionItem &item, mlir::Value paddedRows);
  void clear(mlir::Value blocks, mlir::Value rows);
  // The tile's scores of pages [begin, end) and the values they weigh, into m, l and o.
  void passPages(const AttentionItem &item, AttentionBlock block, mlir::Value blocks, mlir::Value begin,
                 mlir::Value end, mlir::Value limit);
  Page openPage(const AttentionItem &item, mlir::Value index, mlir::Value limit);
  void score(const Page &page, AttentionBlock block, mlir::Value firstRow);
  void mask(const AttentionItem &item, const Page &page, AttentionBlock block, mlir::Value firstRow);
  void softmax(const Page &page, AttentionBlock block, mlir::Value blockIndex, mlir::Value firstRow);
  void accumulate(const Page &page, AttentionBlock block, mlir::Value firstRow);
  void joinSpan(AttentionBlock block, mlir::Value blocks);
  void finish(const AttentionItem &item);
  void finishPart(const AttentionItem &item, AttentionBlock block);
  // The sum of a row's weights in the pages passed, f32.
  mlir::Value sumOf(mlir::Value row);
  // To the nearest number of bf16, the larger one of two; for x >= 0.
  mlir::Value roundToBf16(mlir::Value x);
  mlir::Value upperHalves(mlir::Value x);
  // From a dot product to an exponent of 2.
  double scoreFactor() const;
  // Calls `body(column, lanes)` for the vectors of one head: constants, the last may have fewer than 16 lanes.
  void forHeadVectors(llvm::function_ref<void(int64_t column, int64_t lanes)> body);

  KernelBuilder &b;
  const AttentionOperands op;
  const AttentionShape shape;
  const model::CacheLayout layout;
  CacheDot dot;
  int64_t headBytes;                                  // of one row of q or o in scratch, padded to whole vectors
  mlir::Value queries, outputs, scores, maxima, sums; // see the constructor
  mlir::Value factors;
  mlir::Value totalOutputs, totalSums, totalMaxima, totalFactors; // of the spans joined so far
};

} // namespace tenon::codegen::cpu
