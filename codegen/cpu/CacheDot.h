// The inner step of attention's two products on one instruction set: sums of 16 columns (tokens of a page's keys,
// dimensions of its values) take in a line of the cache and the matching numbers of each row's left side.
//
//   cache      narrow  left side     numbers a step  the step
//   f32, f16   no      f32           1               1 fused multiply-add
//   bf16       no      f32           2               2 fused multiply-adds of widened halves, the first number first
//   bf16       yes     bf16 in pairs 2               1 vdpbf16ps
//   i8         no      f32           1               1 fused multiply-add of codes as f32
//   i8         yes     bf16 in pairs 2, two lines    1 vdpbf16ps of codes as bf16, which holds them
//
// A step rounds the same way for any number of rows and columns.
#pragma once

#include "codegen/common/KernelBuilder.h"
#include "dialects/model/CacheLayout.h"

namespace tenon::codegen::cpu {

class CacheDot {
public:
  CacheDot(KernelBuilder &b, model::CacheType cache, bool narrow)
      : b(b), element(cache.getElementType()), layout(cache), narrow(narrow) {}

  int64_t numbers() const { return narrow ? 2 : layout.interleaved(); }
  int64_t lines() const { return numbers() / layout.interleaved(); } // of a step
  // Whether the last step may take in a number too many: it is finite, and what it is multiplied with is zero.
  bool roundsUp() const { return lines() == 2; }
  mlir::Type leftType() { return narrow ? mlir::Type(b.getBF16Type()) : mlir::Type(b.getF32Type()); }
  // What 16 columns take in a line.
  int64_t panelBytes() const { return KernelBuilder::lanes * layout.columnBytes(); }

  // A step is one or two parts, each a multiply-add into every sum; `valid` numbers of the step exist, what the line
  // holds of others may be anything.
  int64_t parts(int64_t valid) const { return narrow ? 1 : valid; }
  // Columns below `count` of a line; the others are zeros and not touched in memory.
  mlir::Value load(mlir::Value pointer, int64_t lineBytes, int64_t count, int64_t valid);
  mlir::Value right(mlir::Value line, int64_t part);
  // The left side of a part in all lanes, from where its step begins.
  mlir::Value left(mlir::Value pointer, int64_t part, int64_t valid);
  mlir::Value accumulate(mlir::Value sum, mlir::Value left, mlir::Value right);

private:
  mlir::Value loadCodes(mlir::Value pointer, int64_t count); // as f32
  mlir::Value number(int32_t value);

  KernelBuilder &b;
  mlir::Type element;
  model::CacheLayout layout;
  bool narrow;
};

} // namespace tenon::codegen::cpu
