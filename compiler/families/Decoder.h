// What all decoder-only families share: the module around their layers. Symbols for caches and the rope table, and the
// two entries with their signatures (docs/dialects/model.md).
#pragma once

#include "compiler/families/Family.h"
#include "compiler/families/LayerBuilder.h"
#include "compiler/families/RopeParameters.h"

#include <functional>

namespace tenon {

struct Decoder {
  llvm::ArrayRef<WeightRow> weights;
  ModelSizes sizes;
  WeightSwitches switches;
  RopeParameters rope;
  llvm::ArrayRef<llvm::StringLiteral> harmlessTensors; // TensorSource::finish
  // tokens i32[N] -> hidden f32[N][hidden], all layers.
  std::function<mlir::Value(LayerBuilder &b, mlir::Value tokens)> body;
  // hidden f32[R][hidden], rows i32[M] -> logits f32[M][vocab].
  std::function<mlir::Value(LayerBuilder &b, mlir::Value hidden, mlir::Value rows)> head;
};

// See FamilyModel::buildFrom.
Result<mlir::OwningOpRef<mlir::ModuleOp>> buildDecoder(const Decoder &decoder, mlir::MLIRContext &context,
                                                       TensorSource &tensors, const BuildOptions &options);

} // namespace tenon
