// What is constant in the code of one attention kernel: its operands, and how its rows are cut for a target.
#pragma once

#include "dialects/kernel/Kernel.h"
#include "dialects/model/Model.h"

namespace tenon::codegen::cpu {

// Accumulators that an inner loop holds in registers: `rows` x `panels` vectors of 16 lanes.
struct AttentionBlock {
  int64_t rows, panels;
};

// The operands and attributes of model.attention, or of model.attention_partial, whose results are parts.
struct AttentionOperands {
  mlir::Value q, segments, blockTable;
  mlir::TypedValue<model::CacheType> cache;
  int64_t heads;
  double scale;
  bool narrow;
  int64_t span;       // tokens, 0: all of the context at once
  mlir::Value result; // null: parts

  static AttentionOperands of(mlir::Operation *op);
};

// All that is constant in the code of one attention kernel.
struct AttentionShape {
  int64_t tokens;         // rows of q
  int64_t kvHeads, group; // query heads = kvHeads * group
  int64_t headDim, pageTokens, pagesPerSlot;
  mlir::Type queryType; // element type
  double scale;
  bool narrow;
  int64_t spanPages;    // 0: all pages at once
  bool partial;         // a tile is one span, and its results are parts
  int64_t spans;        // of the longest context
  int64_t tileRows;     // query rows of one tile
  AttentionBlock whole; // for a tile of tileRows rows
  AttentionBlock part;  // for fewer: one token's group, the last rows of a segment

  // From the op and the registers of the target.
  static AttentionShape of(const AttentionOperands &op, kernel::TargetAttr target);
  int64_t spanTokens() const { return spanPages * pageTokens; }
};

// The size of block that cuts `count` into equal blocks of at most `most`.
int64_t evenBlock(int64_t count, int64_t most);

} // namespace tenon::codegen::cpu
