// The builder that every CPU emitter writes kernels with: arguments as raw pointers, offsets in bytes, indices as i64,
// vectors of 16 lanes on every instruction set (LLVM splits them into what the target has).
//
// Fixed 16-lane vectors keep one schedule, one packed layout and one summation order for all targets.
#pragma once

#include "codegen/common/Abi.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace tenon::codegen {

class KernelBuilder : public mlir::ImplicitLocOpBuilder {
public:
  static constexpr int64_t lanes = 16;
  // Scratch that one kernel may have on the stack of a worker.
  static constexpr int64_t maxScratchBytes = 256 << 10;

  // Starts the code of `source` at the end of `module`: an exported entry with the kernel ABI and an internal body to
  // which the insertion point moves. `source` outlives the builder.
  KernelBuilder(mlir::ModuleOp module, kernel::FuncOp source);
  // Ends the body. Fails when scratch exceeded its limit.
  mlir::LogicalResult finish();

  kernel::FuncOp source() { return kernelFunc; }
  kernel::TargetAttr target() { return *kernelFunc.getTarget(); }

  // --- Arguments. `operand` is a block argument of the kernel's region.
  mlir::Value pointer(mlir::Value operand);
  mlir::Value resultPointer(unsigned result);
  struct CachePointers {
    mlir::Value keys, values;
  };
  CachePointers cachePointers(mlir::Value operand);
  mlir::Value worker() const { return workerIndex; }  // i64
  mlir::Value workers() const { return workerCount; } // i64, >= 1

  // This worker's contiguous part of [0, total): empty when there are more workers than items.
  struct Range {
    mlir::Value begin, end;
  };
  Range share(mlir::Value total);
  Range share(int64_t total) { return share(i64(total)); }

  // --- Integers (i64), folded where constant.
  mlir::Value i64(int64_t value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value add(mlir::Value a, int64_t b) { return add(a, i64(b)); }
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, int64_t b) { return mul(a, i64(b)); }
  mlir::Value div(mlir::Value a, mlir::Value b); // both >= 0
  mlir::Value div(mlir::Value a, int64_t b) { return div(a, i64(b)); }
  mlir::Value rem(mlir::Value a, mlir::Value b); // both >= 0
  mlir::Value rem(mlir::Value a, int64_t b) { return rem(a, i64(b)); }
  mlir::Value min(mlir::Value a, mlir::Value b);
  mlir::Value max(mlir::Value a, mlir::Value b);
  mlir::Value lessThan(mlir::Value a, mlir::Value b);                      // signed, i1
  mlir::Value equal(mlir::Value a, mlir::Value b);                         // i1
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b); // of any type
  // i32 -> i64, sign extended.
  mlir::Value widen(mlir::Value i32);

  // --- Control flow. Bodies emit at the builder's own insertion point.
  using CarryBody = llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value index, mlir::ValueRange carried)>;
  llvm::SmallVector<mlir::Value> loop(mlir::Value begin, mlir::Value end, int64_t step, mlir::ValueRange init,
                                      CarryBody body);
  void loop(mlir::Value begin, mlir::Value end, int64_t step, llvm::function_ref<void(mlir::Value index)> body);
  void loop(int64_t begin, int64_t end, int64_t step, llvm::function_ref<void(mlir::Value index)> body);
  void ifThen(mlir::Value condition, llvm::function_ref<void()> body);
  using Values = llvm::SmallVector<mlir::Value>;
  Values ifElse(mlir::Value condition, llvm::function_ref<Values()> then, llvm::function_ref<Values()> otherwise);

  // --- Memory. `align` in bytes; 0: the alignment of one element.
  mlir::Value at(mlir::Value pointer, mlir::Value bytes); // pointer + bytes
  mlir::Value at(mlir::Value pointer, int64_t bytes);
  mlir::Value load(mlir::Type type, mlir::Value pointer, int64_t align = 0);
  mlir::Value loadIndex(mlir::Value pointer); // an i32, widened to i64
  void store(mlir::Value value, mlir::Value pointer, int64_t align = 0);
  // Lanes below `count` (i64 or constant); the others are zero and not touched in memory.
  mlir::Value loadLanes(mlir::VectorType type, mlir::Value pointer, mlir::Value count);
  void storeLanes(mlir::Value vector, mlir::Value pointer, mlir::Value count);
  void prefetch(mlir::Value pointer); // for reading, into all levels
  // Stack memory of this worker, 64-byte aligned, allocated once at the start of the body whatever loop it is asked in.
  mlir::Value scratch(int64_t bytes);

  // --- Vectors and floats; the arithmetic takes scalars too.
  mlir::VectorType vectorType(mlir::Type element, int64_t count = lanes);
  mlir::VectorType f32Vector(int64_t count = lanes) { return vectorType(getF32Type(), count); }
  mlir::Value f32(double value);
  mlir::Value splat(double value, int64_t count = lanes);
  mlir::Value broadcast(mlir::Value scalar, int64_t count = lanes);
  mlir::Value zeros(mlir::VectorType type);
  mlir::Value addF(mlir::Value a, mlir::Value b);
  mlir::Value subF(mlir::Value a, mlir::Value b);
  mlir::Value mulF(mlir::Value a, mlir::Value b);
  mlir::Value divF(mlir::Value a, mlir::Value b);
  mlir::Value maxF(mlir::Value a, mlir::Value b);               // a NaN in `a` is dropped, one in `b` kept
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c); // a * b + c, rounded once
  mlir::Value exp(mlir::Value x);                               // within 2 ulp
  mlir::Value sqrt(mlir::Value x);
  // Between f32 and f16 or bf16 (to nearest even), the same bits on every target; other types unchanged.
  mlir::Value toF32(mlir::Value value);
  mlir::Value fromF32(mlir::Value value, mlir::Type element);
  // Over the lanes of one vector, always in the same pairwise order.
  mlir::Value horizontalSum(mlir::Value vector);
  mlir::Value horizontalMax(mlir::Value vector);
  mlir::Value intrinsic(llvm::StringRef name, mlir::Type result, mlir::ValueRange operands);

  mlir::Type pointerType();
  static int64_t bytesOf(mlir::Type elementOrVector);
  // Elements of `type` from one row to the next, in bytes.
  static int64_t rowBytes(mlir::RankedTensorType type);

private:
  mlir::Value foldPairs(mlir::Value vector, llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> combine);
  mlir::Value laneMask(int64_t count, mlir::Value active);

  kernel::FuncOp kernelFunc;
  mlir::func::FuncOp body;
  llvm::DenseMap<mlir::Value, unsigned> argumentOf; // operand -> first pointer
  unsigned firstResult = 0;
  mlir::Value workerIndex, workerCount;
  int64_t scratchBytes = 0;
};

} // namespace tenon::codegen
