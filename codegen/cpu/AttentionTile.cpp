#include "codegen/cpu/AttentionTile.h"
#include "codegen/common/TileValues.h"
#include "codegen/cpu/CacheProduct.h"
#include "codegen/cpu/SpanJoin.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <limits>
#include <numbers>
#include <numeric>

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;
using namespace tenon::codegen::cpu;

static constexpr int64_t kLanes = KernelBuilder::lanes, kVectorBytes = kLanes * 4;

AttentionTile::AttentionTile(KernelBuilder &b, const AttentionOperands &op, const AttentionShape &shape)
    : b(b), op(op), shape(shape), layout(op.cache.getType()), dot(b, op.cache.getType(), shape.narrow),
      headBytes(llvm::alignTo(shape.headDim * 4, kVectorBytes)) {
  int64_t blockRows = std::max(shape.whole.rows, shape.part.rows);
  // A tile is rounded up to whole blocks of either kind.
  int64_t rows = shape.tileRows + blockRows;
  queries = b.scratch(rows * headBytes);                // dot.leftType() [rows][head_dim], f32 ones scaled
  outputs = b.scratch(rows * headBytes);                // f32 [rows][head_dim], not yet divided
  scores = b.scratch(blockRows * shape.pageTokens * 4); // f32 [block rows][page_tokens], in their place the weights
  sums = b.scratch(rows * kVectorBytes);                // f32 [rows][16], summed over lanes at the end
  maxima = b.scratch(rows * kVectorBytes);              // f32 [blocks][16]: lane r belongs to row r of the block
  if (shape.spanPages != 0 && !shape.partial) {
    totalOutputs = b.scratch(rows * headBytes);   // f32 [rows][head_dim]
    totalSums = b.scratch(rows * 4);              // f32 [rows]
    totalMaxima = b.scratch(rows * kVectorBytes); // as maxima
    totalFactors = b.scratch(kVectorBytes);       // as factors, of the spans before
  }
  factors = b.scratch(kVectorBytes); // f32 [16]: what the block's outputs are multiplied with
}

Value AttentionTile::roundToBf16(Value x) {
  VectorType ints = b.vectorType(b.getI32Type());
  auto number = [&](int32_t value) -> Value {
    return arith::ConstantOp::create(b, DenseElementsAttr::get(ints, value));
  };
  Value up = arith::AddIOp::create(b, arith::BitcastOp::create(b, ints, x), number(0x8000));
  Value kept = arith::AndIOp::create(b, up, number(static_cast<int32_t>(0xffff0000)));
  return arith::BitcastOp::create(b, b.f32Vector(), kept);
}

// The bf16 numbers of an f32 vector of such.
Value AttentionTile::upperHalves(Value x) {
  VectorType ints = b.vectorType(b.getI32Type());
  Value shift = arith::ConstantOp::create(b, DenseElementsAttr::get(ints, int32_t(16)));
  Value bits = arith::ShRUIOp::create(b, arith::BitcastOp::create(b, ints, x), shift);
  return arith::TruncIOp::create(b, b.vectorType(b.getI16Type()), bits);
}

double AttentionTile::scoreFactor() const { return shape.scale * std::numbers::log2e; }

void AttentionTile::forHeadVectors(llvm::function_ref<void(int64_t, int64_t)> body) {
  for (int64_t column = 0; column < shape.headDim; column += kLanes)
    body(column, std::min(kLanes, shape.headDim - column));
}

Value AttentionTile::rowToken(const AttentionItem &item, Value row) {
  return b.div(b.add(item.firstRow, row), shape.group);
}

void AttentionTile::emit(const AttentionItem &item, AttentionBlock block) {
  Value blocks = b.div(b.add(item.rows, block.rows - 1), block.rows), rows = b.mul(blocks, block.rows);
  loadQueries(item, rows);
  Value lastToken = rowToken(item, b.add(item.rows, -1));
  Value limit = b.add(b.add(item.before, lastToken), 1); // tokens that the tile's last row sees
  Value pages = b.div(b.add(limit, shape.pageTokens - 1), shape.pageTokens);
  auto passFrom = [&](Value begin) {
    clear(blocks, rows);
    Value end = shape.spanPages ? b.min(b.add(begin, shape.spanPages), pages) : pages;
    passPages(item, block, blocks, begin, end, limit);
  };
  if (shape.partial) {
    passFrom(b.mul(item.span, shape.spanPages));
    return finishPart(item, block);
  }
  if (shape.spanPages == 0) {
    passFrom(b.i64(0));
    return finish(item);
  }
  b.loop(b.i64(0), blocks, 1,
         [&](Value index) { b.store(b.splat(nothingSeen), b.at(totalMaxima, b.mul(index, kVectorBytes)), 64); });
  b.loop(b.i64(0), rows, 1, [&](Value row) {
    b.store(b.f32(0), b.at(totalSums, b.mul(row, 4)));
    forHeadVectors([&](int64_t column, int64_t) {
      b.store(b.splat(0), b.at(b.at(totalOutputs, b.mul(row, headBytes)), column * 4), 64);
    });
  });
  b.loop(b.i64(0), pages, shape.spanPages, [&](Value begin) {
    passFrom(begin);
    joinSpan(block, blocks);
  });
  finish(item);
}

void AttentionTile::clear(Value blocks, Value rows) {
  b.loop(b.i64(0), blocks, 1,
         [&](Value index) { b.store(b.splat(nothingSeen), b.at(maxima, b.mul(index, kVectorBytes)), 64); });
  b.loop(b.i64(0), rows, 1, [&](Value row) {
    b.store(b.splat(0), b.at(sums, b.mul(row, kVectorBytes)), 64);
    forHeadVectors([&](int64_t column, int64_t) {
      b.store(b.splat(0), b.at(b.at(outputs, b.mul(row, headBytes)), column * 4), 64);
    });
  });
}

void AttentionTile::passPages(const AttentionItem &item, AttentionBlock block, Value blocks, Value begin, Value end,
                              Value limit) {
  b.loop(begin, end, 1, [&](Value pageIndex) {
    Page page = openPage(item, pageIndex, limit);
    b.loop(b.i64(0), blocks, 1, [&](Value index) {
      Value firstRow = b.mul(index, block.rows);
      Page here = page;
      // The first block fetches the next page; the others would fetch it again.
      Value isFirst = b.equal(index, b.i64(0));
      here.nextKeys = arith::SelectOp::create(b, isFirst, page.nextKeys, page.keys);
      here.nextValues = arith::SelectOp::create(b, isFirst, page.nextValues, page.values);
      score(here, block, firstRow);
      mask(item, here, block, firstRow);
      softmax(here, block, index, firstRow);
      accumulate(here, block, firstRow);
    });
  });
}

void AttentionTile::loadQueries(const AttentionItem &item, Value paddedRows) {
  int64_t bytes = KernelBuilder::bytesOf(shape.queryType);
  b.loop(b.i64(0), paddedRows, 1, [&](Value row) {
    // Rows past the last repeat it: they cost time but cannot fault, and nothing stores them.
    Value real = b.min(row, b.add(item.rows, -1));
    Value token = b.add(item.firstToken, rowToken(item, real));
    Value head = b.add(b.mul(item.kvHead, shape.group), b.rem(b.add(item.firstRow, real), shape.group));
    Value element = b.mul(b.add(b.mul(token, shape.kvHeads * shape.group), head), shape.headDim);
    Value from = b.at(b.pointer(op.q), b.mul(element, bytes));
    Value query = b.at(queries, b.mul(row, headBytes));
    forHeadVectors([&](int64_t column, int64_t lanes) {
      Value q = loadF32(b, shape.queryType, b.at(from, column * bytes), lanes);
      if (!shape.narrow)
        q = b.mulF(q, b.splat(scoreFactor()));
      b.store(b.fromF32(q, dot.leftType()), b.at(query, column * KernelBuilder::bytesOf(dot.leftType())), 32);
    });
  });
}

AttentionTile::Page AttentionTile::openPage(const AttentionItem &item, Value index, Value limit) {
  Value firstToken = b.mul(index, shape.pageTokens), left = b.sub(limit, firstToken);
  Value row = b.mul(item.slot, shape.pagesPerSlot);
  auto offsetOf = [&](Value pageIndex, Value kvHead) {
    Value id = b.loadIndex(b.at(b.pointer(op.blockTable), b.mul(b.add(row, pageIndex), 4)));
    return b.add(b.mul(kvHead, layout.headBytes()), b.mul(id, layout.pageBytes()));
  };
  // After the last page the next item most likely begins with the first page of the next head.
  Value last = b.div(b.add(limit, -1), shape.pageTokens), isLast = b.equal(index, last);
  Value nextIndex = arith::SelectOp::create(b, isLast, b.i64(0), b.add(index, 1));
  Value nextHead =
      b.min(b.add(item.kvHead, arith::ExtUIOp::create(b, b.getI64Type(), isLast)), b.i64(shape.kvHeads - 1));
  Value here = offsetOf(index, item.kvHead), next = offsetOf(nextIndex, nextHead);
  auto [keys, values] = b.cachePointers(op.cache);
  return {
      b.at(keys, here), b.at(values, here), b.at(keys, next), b.at(values, next), b.min(left, b.i64(shape.pageTokens)),
      firstToken};
}

// s[r][t] = q[r] . K[:, t] for the page's tokens, in blocks of panels; further scores of the page are left as they
// were.
void AttentionTile::score(const Page &page, AttentionBlock block, Value firstRow) {
  int64_t panels = evenBlock(shape.pageTokens / kLanes, block.panels), columns = panels * kLanes;
  int64_t bytes = layout.columnBytes();
  auto emitPanels = [&](Value column, int64_t count) {
    CacheProduct product{b.at(queries, b.mul(firstRow, headBytes)),
                         headBytes,
                         b.at(page.keys, b.mul(column, bytes)),
                         layout.keyLineBytes(),
                         b.at(page.nextKeys, b.mul(column, bytes * shape.headDim / layout.interleaved())),
                         b.i64(shape.headDim),
                         count,
                         kLanes};
    KernelBuilder::Values s = product.emit(b, dot, block.rows, KernelBuilder::Values(block.rows * count, b.splat(0)));
    Value scales = b.at(b.at(page.keys, layout.scaleOffset(0)), b.mul(column, 4));
    for (int64_t c = 0; c < count; ++c) {
      Value factor = shape.narrow ? b.splat(scoreFactor()) : Value();
      if (layout.scaled) {
        Value scale = b.load(b.f32Vector(), b.at(scales, c * kVectorBytes));
        factor = factor ? b.mulF(scale, factor) : scale;
      }
      for (int64_t r = 0; factor && r < block.rows; ++r)
        s[r * count + c] = b.mulF(s[r * count + c], factor);
    }
    for (int64_t r = 0; r < block.rows; ++r)
      for (int64_t c = 0; c < count; ++c)
        b.store(s[r * count + c], b.at(b.at(scores, b.mul(column, 4)), (r * shape.pageTokens + c * kLanes) * 4), 64);
  };
  int64_t even = shape.pageTokens / columns * columns;
  b.loop(b.i64(0), b.min(page.tokens, b.i64(even)), columns, [&](Value column) { emitPanels(column, panels); });
  if (even != shape.pageTokens)
    b.ifThen(b.lessThan(b.i64(even), page.tokens),
             [&] { emitPanels(b.i64(even), (shape.pageTokens - even) / kLanes); });
}

// Where some row does not see the whole page: -inf at the tokens after its own. Keys there may be anything, NaN too.
void AttentionTile::mask(const AttentionItem &item, const Page &page, AttentionBlock block, Value firstRow) {
  auto seenBy = [&](Value row) {
    Value position = b.add(item.before, rowToken(item, row));
    return b.min(b.sub(b.add(position, 1), page.firstToken), page.tokens);
  };
  b.ifThen(b.lessThan(seenBy(firstRow), b.i64(shape.pageTokens)), [&] {
    b.loop(0, block.rows, 1, [&](Value row) {
      Value seen = arith::TruncIOp::create(b, b.getI32Type(), seenBy(b.add(firstRow, row)));
      Value limit = b.broadcast(seen), at = b.at(scores, b.mul(row, shape.pageTokens * 4));
      for (int64_t column = 0; column < shape.pageTokens; column += kLanes) {
        SmallVector<int32_t> tokens(kLanes);
        std::iota(tokens.begin(), tokens.end(), static_cast<int32_t>(column));
        Value token = arith::ConstantOp::create(b, b.getI32VectorAttr(tokens));
        Value visible = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, token, limit);
        Value s = b.load(b.f32Vector(), b.at(at, column * 4), 64);
        Value masked = arith::SelectOp::create(b, visible, s, b.splat(-std::numeric_limits<double>::infinity()));
        b.store(masked, b.at(at, column * 4), 64);
      }
    });
  });
}

void AttentionTile::softmax(const Page &page, AttentionBlock block, Value blockIndex, Value firstRow) {
  auto scoreAt = [&](Value row, int64_t column) {
    return b.at(b.at(scores, b.mul(row, shape.pageTokens * 4)), column * 4);
  };
  auto load = [&](Value at) { return b.load(b.f32Vector(), at, 64); };
  // All rows' maxima side by side in one vector: one exponential gives all their factors.
  KernelBuilder::Values largest;
  for (int64_t r = 0; r < block.rows; ++r) {
    KernelBuilder::Values row;
    for (int64_t column = 0; column < shape.pageTokens; column += kLanes)
      row.push_back(load(scoreAt(b.i64(r), column)));
    for (; row.size() > 1; row.pop_back())
      row[(row.size() - 1) / 2] = b.maxF(row[(row.size() - 1) / 2], row.back());
    largest.push_back(b.horizontalMax(row.front()));
  }
  largest.resize(kLanes, largest.front());
  Value at = b.at(maxima, b.mul(blockIndex, kVectorBytes)), before = load(at);
  Value now = b.maxF(vector::FromElementsOp::create(b, b.f32Vector(), largest), before);
  b.store(now, at, 64);
  b.store(exp2(b, b.subF(before, now)), factors, 64);

  b.loop(0, block.rows, 1, [&](Value row) {
    Value maximum = b.broadcast(b.load(b.getF32Type(), b.at(at, b.mul(row, 4))));
    Value factor = b.broadcast(b.load(b.getF32Type(), b.at(factors, b.mul(row, 4))));
    Value sumAt = b.at(sums, b.mul(b.add(firstRow, row), kVectorBytes));
    Value scoresAt = b.at(scores, b.mul(row, shape.pageTokens * 4));
    // A loop, not straight code: the exponential's constants fill the registers of the smaller targets.
    Value sum = b.mulF(load(sumAt), factor);
    KernelBuilder::Values total =
        b.loop(b.i64(0), b.i64(shape.pageTokens * 4), kVectorBytes, sum, [&](Value offset, ValueRange carried) {
          Value at = b.at(scoresAt, offset), weight = exp2(b, b.subF(load(at), maximum));
          Value factor = weight;
          if (layout.scaled) {
            // Scales of unseen tokens may be anything.
            Value scale = b.load(b.f32Vector(), b.at(b.at(page.values, layout.scaleOffset(0)), offset));
            Value seen = arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, weight, b.splat(0));
            factor = b.select(seen, b.mulF(weight, scale), b.splat(0));
          }
          if (shape.narrow) {
            factor = roundToBf16(factor);
            // Behind every score that is still to be read.
            b.store(upperHalves(factor), b.at(scoresAt, b.div(offset, 2)), 32);
          } else {
            b.store(factor, at, 64);
          }
          return KernelBuilder::Values{b.addF(carried.front(), layout.scaled ? weight : factor)};
        });
    b.store(total.front(), sumAt, 64);
  });
}

// o[r] = o[r] a[r] + sum_t p[r][t] V[t], over the tokens that the tile sees: values after them may be anything.
void AttentionTile::accumulate(const Page &page, AttentionBlock block, Value firstRow) {
  int64_t bytes = layout.columnBytes();
  Value outputAt = b.at(outputs, b.mul(firstRow, headBytes));
  auto emitPanels = [&](Value column, int64_t count, int64_t lastLanes) {
    Value to = b.at(outputAt, b.mul(column, 4)), from = b.mul(column, bytes);
    auto place = [&](int64_t r, int64_t c) { return b.at(to, r * headBytes + c * kVectorBytes); };
    KernelBuilder::Values o;
    for (int64_t r = 0; r < block.rows; ++r) {
      Value factor = b.broadcast(b.load(b.getF32Type(), b.at(factors, r * 4)));
      for (int64_t c = 0; c < count; ++c)
        o.push_back(b.mulF(b.load(b.f32Vector(), place(r, c), 64), factor));
    }
    CacheProduct product{scores,
                         shape.pageTokens * 4,
                         b.at(page.values, from),
                         layout.valueLineBytes(),
                         b.at(page.nextValues, b.mul(column, bytes * shape.pageTokens / layout.interleaved())),
                         page.tokens,
                         count,
                         lastLanes};
    o = product.emit(b, dot, block.rows, o);
    for (int64_t r = 0; r < block.rows; ++r)
      for (int64_t c = 0; c < count; ++c)
        b.store(o[r * count + c], place(r, c), 64);
  };
  int64_t vectors = shape.headDim / kLanes, rest = shape.headDim % kLanes;
  if (vectors != 0) {
    int64_t panels = evenBlock(vectors, block.panels), even = vectors / panels * panels;
    b.loop(0, even * kLanes, panels * kLanes, [&](Value column) { emitPanels(column, panels, kLanes); });
    if (even != vectors)
      emitPanels(b.i64(even * kLanes), vectors - even, kLanes);
  }
  if (rest != 0)
    emitPanels(b.i64(vectors * kLanes), 1, rest);
}

Value AttentionTile::sumOf(Value row) {
  return b.horizontalSum(b.load(b.f32Vector(), b.at(sums, b.mul(row, kVectorBytes)), 64));
}

void AttentionTile::joinSpan(AttentionBlock block, Value blocks) {
  b.loop(b.i64(0), blocks, 1, [&](Value index) {
    Value offset = b.mul(index, kVectorBytes), at = b.at(totalMaxima, offset);
    SpanJoin join(b, b.load(b.f32Vector(), at, 64), b.load(b.f32Vector(), b.at(maxima, offset), 64));
    b.store(join.largest, at, 64);
    b.store(join.before, totalFactors, 64);
    b.store(join.here, factors, 64);
    b.loop(0, block.rows, 1, [&](Value r) {
      Value row = b.add(b.mul(index, block.rows), r), lane = b.mul(r, 4), sumAt = b.at(totalSums, b.mul(row, 4));
      Value before = b.load(b.getF32Type(), b.at(totalFactors, lane));
      Value here = b.load(b.getF32Type(), b.at(factors, lane));
      b.store(SpanJoin::sum(b, b.load(b.getF32Type(), sumAt), before, sumOf(row), here), sumAt);
      before = b.broadcast(before);
      here = b.broadcast(here);
      forHeadVectors([&](int64_t column, int64_t) {
        Value from = b.add(b.mul(row, headBytes), column * 4), totalAt = b.at(totalOutputs, from);
        Value o = b.load(b.f32Vector(), b.at(outputs, from), 64);
        b.store(SpanJoin::sum(b, b.load(b.f32Vector(), totalAt, 64), before, o, here), totalAt, 64);
      });
    });
  });
}

void AttentionTile::finish(const AttentionItem &item) {
  bool joined = shape.spanPages != 0;
  b.loop(b.i64(0), item.rows, 1, [&](Value row) {
    Value sum = joined ? b.load(b.getF32Type(), b.at(totalSums, b.mul(row, 4))) : sumOf(row);
    Value inverse = b.broadcast(b.divF(b.f32(1), sum)), from = joined ? totalOutputs : outputs;
    Value token = b.add(item.firstToken, rowToken(item, row));
    Value head = b.add(b.mul(item.kvHead, shape.group), b.rem(b.add(item.firstRow, row), shape.group));
    forHeadVectors([&](int64_t column, int64_t lanes) {
      Value o = b.load(b.f32Vector(), b.at(b.at(from, b.mul(row, headBytes)), column * 4), 64);
      TileValues values(b, token, b.add(b.mul(head, shape.headDim), column), lanes);
      values.set(op.result, b.mulF(o, inverse));
      values.storeAll();
    });
  });
}

// outputs f32 [tokens][spans][heads][head_dim], maxima and sums f32 [tokens][spans][heads].
void AttentionTile::finishPart(const AttentionItem &item, AttentionBlock block) {
  b.loop(b.i64(0), item.rows, 1, [&](Value row) {
    Value token = b.add(item.firstToken, rowToken(item, row));
    Value head = b.add(b.mul(item.kvHead, shape.group), b.rem(b.add(item.firstRow, row), shape.group));
    Value index = b.add(b.mul(b.add(b.mul(token, shape.spans), item.span), shape.kvHeads * shape.group), head);
    Value maximumAt = b.add(b.mul(b.div(row, block.rows), kVectorBytes), b.mul(b.rem(row, block.rows), 4));
    b.store(b.load(b.getF32Type(), b.at(maxima, maximumAt)), b.at(b.resultPointer(1), b.mul(index, 4)));
    b.store(sumOf(row), b.at(b.resultPointer(2), b.mul(index, 4)));
    Value to = b.at(b.resultPointer(0), b.mul(index, shape.headDim * 4));
    forHeadVectors([&](int64_t column, int64_t lanes) {
      Value o = b.load(b.f32Vector(), b.at(b.at(outputs, b.mul(row, headBytes)), column * 4), 64);
      storeF32(b, o, b.getF32Type(), b.at(to, column * 4), lanes);
    });
  });
}
