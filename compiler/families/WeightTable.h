// A family's weights as data: role, checkpoint name, shape. Declaring a table makes the weight symbols.
#pragma once

#include "compiler/families/TensorSource.h"
#include "dialects/model/Model.h"
#include "llvm/ADT/StringMap.h"

namespace tenon {

// The sizes that shapes are made of, by the names that configs have for them.
enum class Size { Vocab, Hidden, Queries, KeyValues, Intermediate };

struct ModelSizes {
  int64_t vocab, hidden, heads, kvHeads, headDim, intermediate, layers;
  int64_t of(Size size) const;
};
// The type that a weight's source gets in IR: a quantized matrix keeps its codes; everything else quantized is decoded.
// `type` is readable.
mlir::Type weightElementType(mlir::MLIRContext *context, TensorType type, size_t rank);

// "num_attention_heads * head_dim".
llvm::StringRef meaningOf(Size size);

enum class Bias { None, Attention, Mlp };

struct WeightRow {
  llvm::StringLiteral role;   // symbol name; a weight of layer 3 is "layers.3." and the role
  llvm::StringLiteral tensor; // checkpoint name without ".weight"; "{i}" is the layer, and makes it a layer's weight
  llvm::ArrayRef<Size> shape;
  Bias bias = Bias::None;          // which switch of the config adds a ".bias" of shape[0]
  llvm::StringLiteral tiedTo = ""; // role that takes this one's place in models that tie embeddings
};

// Which of the optional weights a model has.
struct WeightSwitches {
  bool attentionBias = false, mlpBias = false, tieEmbeddings = false;
  bool has(Bias bias) const { return bias == Bias::Attention ? attentionBias : bias == Bias::Mlp && mlpBias; }
};

// Elements of all weights that the checkpoint of such a model stores, tied ones once.
int64_t countParameters(llvm::ArrayRef<WeightRow> table, const ModelSizes &sizes, WeightSwitches switches);

// The declared symbols of one model, by name.
class WeightSymbols {
public:
  // Creates a `model.weight` for every row (for every layer) at the builder's place, with the source's element types
  // and an empty recipe. Errors are the source's.
  static Result<WeightSymbols> declare(mlir::OpBuilder &builder, llvm::ArrayRef<WeightRow> table,
                                       const ModelSizes &sizes, WeightSwitches switches, TensorSource &tensors);
  // Adds a symbol that is not from the table, such as a rope table.
  model::WeightOp add(mlir::OpBuilder &builder, llvm::StringRef symbol, mlir::RankedTensorType type,
                      mlir::Attribute source);

  // The type of `symbol`, null where there is no such symbol (a bias that the model lacks).
  mlir::RankedTensorType find(llvm::StringRef symbol) const { return types_.lookup(symbol); }
  // The role whose weight serves for `role`: another one where embeddings are tied.
  llvm::StringRef resolve(llvm::StringRef role) const;

private:
  llvm::StringMap<mlir::RankedTensorType> types_;
  llvm::StringMap<llvm::StringRef> tied_;
};

} // namespace tenon
