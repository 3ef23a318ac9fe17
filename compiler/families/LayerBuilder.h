// The vocabulary in which families are written: ops of `model` whose weights go by their roles.
#pragma once

#include "compiler/families/WeightTable.h"

namespace tenon {

class LayerBuilder {
public:
  using Value = mlir::Value;

  // What the rows of a step are; the arguments of the body entry. See dialects/model/ops/Attention.td.
  struct Rows {
    Value positions, slots, segments, blockTable;
  };

  // Builds outside layers. `weights` and `builder` must outlive this. Heads share the sizes' head_dim.
  LayerBuilder(mlir::OpBuilder &builder, const WeightSymbols &weights, const ModelSizes &sizes, Rows rows = {})
      : builder_(builder), weights_(weights), sizes_(sizes), rows_(rows) {}
  // The same for layer `index`: roles mean that layer's weights, attention its cache.
  LayerBuilder layer(int64_t index) const;

  Value embedding(Value tokens, llvm::StringRef role);
  Value selectRows(Value x, Value rows);
  Value rmsNorm(Value x, llvm::StringRef role, double eps);
  // With the bias where the model has one.
  Value linear(Value x, llvm::StringRef role);
  Value add(Value a, Value b);
  Value mul(Value a, Value b);
  Value activation(model::ActivationKind kind, Value x);
  // Turns every head of x by its row's position.
  Value rope(Value x);
  // Writes k and v into the layer's cache, then attends over it with 1 / sqrt(head_dim).
  Value attention(Value q, Value k, Value v);

  static constexpr llvm::StringLiteral ropeTable = "rope"; // symbol names
  static std::string cacheName(int64_t layer) { return "kv." + std::to_string(layer); }

private:
  std::string symbol(llvm::StringRef role) const;
  mlir::Location at(llvm::StringRef role) const;
  mlir::TypedValue<mlir::RankedTensorType> weight(llvm::StringRef symbol);
  mlir::RankedTensorType rowsOf(Value like, int64_t columns) const;

  mlir::OpBuilder &builder_;
  const WeightSymbols &weights_;
  const ModelSizes &sizes_;
  Rows rows_;
  int64_t layer_ = -1;
};

} // namespace tenon
