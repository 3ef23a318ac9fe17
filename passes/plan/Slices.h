// The fixed places of an engine's memory: weights, caches and step inputs and outputs.
#pragma once

#include "dialects/engine/Engine.h"
#include "dialects/model/Model.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/Entries.h"

namespace tenon {

struct CacheSlices {
  engine::SliceAttr keys, values;
};

struct IoSlice {
  mlir::RankedTensorType type; // of the largest program
  engine::SliceAttr slice;
};

// What every program of a module shares. Maps are looked up only; the vectors give the order.
class FixedSlices {
public:
  // Fails with a diagnostic where two entries disagree about a buffer's columns or element type.
  static mlir::FailureOr<FixedSlices> of(mlir::ModuleOp module);

  engine::SliceAttr weight(mlir::StringAttr symbol) const { return weights.at(symbol); }
  CacheSlices cache(mlir::StringAttr symbol) const { return caches.at(symbol); }
  // The first rows of io buffer `name` that a program holds as `type`.
  engine::SliceAttr io(mlir::StringRef name, mlir::RankedTensorType type) const;

  llvm::SmallVector<std::pair<mlir::StringAttr, CacheSlices>> cacheList;
  llvm::SmallVector<std::pair<mlir::StringRef, IoSlice>> ioList;
  uint64_t weightBytes = 0, kvBytes = 0, ioBytes = 0;

private:
  void placeCaches(mlir::ModuleOp module);
  mlir::LogicalResult placeIo(mlir::ModuleOp module);

  llvm::DenseMap<mlir::StringAttr, engine::SliceAttr> weights;
  llvm::DenseMap<mlir::StringAttr, CacheSlices> caches;
};

} // namespace tenon
