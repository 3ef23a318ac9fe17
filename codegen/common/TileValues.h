// What the ops of a kernel's region are worth at one position of an anchor's tile loop.
//
// An anchor computes some values of the region itself (`set`); everything else that its results need, elementwise ops
// of any chain and further operands, is evaluated and loaded on demand, so that no emitter knows what rides in its
// loop.
#pragma once

#include "codegen/common/ElementwiseTree.h"

namespace tenon::codegen {

class TileValues {
public:
  // The position: columns [column, column + count) of row `row` (both i64) of every tensor; 1 <= count <= lanes. All
  // vectors have 16 lanes; those from `count` on hold zeros or what the ops make of them, and are never stored.
  TileValues(KernelBuilder &b, mlir::Value row, mlir::Value column, int64_t count = KernelBuilder::lanes)
      : b(b), row(row), column(column), count(count) {}

  // `vector` (f32) is what the region's `value` is worth here.
  void set(mlir::Value value, mlir::Value vector) { vectors[value] = vector; }
  // The f32 vector of `value`: set, an operand of the kernel, or an elementwise op over such.
  mlir::Value get(mlir::Value value);
  // Stores result `index` of the kernel, converted to its type.
  void store(unsigned index);
  void storeAll();

  // Whether get(value) would succeed when `known` are set. Emitters check before they emit.
  static bool canEvaluate(mlir::Value value, llvm::ArrayRef<mlir::Value> known);
  // Whether `value` is `source` or a chain of elementwise ops over it.
  static bool dependsOn(mlir::Value value, mlir::Value source);

private:
  KernelBuilder &b;
  mlir::Value row, column;
  int64_t count;
  LaneValues vectors;
};

// `count` elements, 1 <= count <= lanes, widened to f32 and zeros in the other lanes; and back, rounded to `element`.
mlir::Value loadF32(KernelBuilder &b, mlir::Type element, mlir::Value pointer, int64_t count = KernelBuilder::lanes);
void storeF32(KernelBuilder &b, mlir::Value vector, mlir::Type element, mlir::Value pointer,
              int64_t count = KernelBuilder::lanes);

// Visits every position of [rows][columns] once, this worker's part of it: vectors of 16 columns, and the last count <
// 16 columns of a row by themselves. For work that is even over the positions.
void forEachVector(KernelBuilder &b, int64_t rows, int64_t columns,
                   llvm::function_ref<void(mlir::Value row, mlir::Value column, int64_t count)> body);

} // namespace tenon::codegen
