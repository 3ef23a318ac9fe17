#include "compiler/families/LayerBuilder.h"

#include <cmath>

using namespace mlir;
using namespace tenon;
using Value = mlir::Value;

LayerBuilder LayerBuilder::layer(int64_t index) const {
  LayerBuilder out = *this;
  out.layer_ = index;
  return out;
}

std::string LayerBuilder::symbol(StringRef role) const {
  return (layer_ < 0 ? "" : "layers." + std::to_string(layer_) + ".") + weights_.resolve(role).str();
}

// Diagnostics of later passes name the layer and what the op is for.
Location LayerBuilder::at(StringRef role) const {
  std::string name = (layer_ < 0 ? "" : "layers." + std::to_string(layer_) + ".") + role.str();
  return NameLoc::get(builder_.getStringAttr(name));
}

TypedValue<RankedTensorType> LayerBuilder::weight(StringRef symbol) {
  RankedTensorType type = weights_.find(symbol);
  assert(type && "a role that the family's table does not have");
  return model::GetWeightOp::create(builder_, NameLoc::get(builder_.getStringAttr(symbol)), type, symbol).getResult();
}

RankedTensorType LayerBuilder::rowsOf(Value like, int64_t columns) const {
  int64_t rows = cast<RankedTensorType>(like.getType()).getDimSize(0);
  return RankedTensorType::get({rows, columns}, builder_.getF32Type());
}

Value LayerBuilder::embedding(Value tokens, StringRef role) {
  auto table = weight(symbol(role));
  return model::EmbeddingOp::create(builder_, at(role), rowsOf(tokens, table.getType().getDimSize(1)), tokens, table);
}

Value LayerBuilder::selectRows(Value x, Value rows) {
  int64_t columns = cast<RankedTensorType>(x.getType()).getDimSize(1);
  return model::SelectRowsOp::create(builder_, at("select"), rowsOf(rows, columns), x, rows);
}

Value LayerBuilder::rmsNorm(Value x, StringRef role, double eps) {
  auto gain = weight(symbol(role));
  return model::RmsNormOp::create(builder_, at(role), x.getType(), x, gain, builder_.getF64FloatAttr(eps));
}

Value LayerBuilder::linear(Value x, StringRef role) {
  auto matrix = weight(symbol(role));
  std::string bias = symbol(role) + ".bias";
  Value biasValue = weights_.find(bias) ? Value(weight(bias)) : Value();
  return model::LinearOp::create(builder_, at(role), rowsOf(x, matrix.getType().getDimSize(0)), x, matrix, biasValue);
}

Value LayerBuilder::add(Value a, Value b) { return model::AddOp::create(builder_, at("add"), a.getType(), a, b); }
Value LayerBuilder::mul(Value a, Value b) { return model::MulOp::create(builder_, at("mul"), a.getType(), a, b); }

Value LayerBuilder::activation(model::ActivationKind kind, Value x) {
  return model::ActivationOp::create(builder_, at("activation"), x.getType(), kind, x);
}

Value LayerBuilder::rope(Value x) {
  int64_t heads = cast<RankedTensorType>(x.getType()).getDimSize(1) / sizes_.headDim;
  return model::RopeOp::create(builder_, at("rope"), x.getType(), x, rows_.positions, weight(ropeTable),
                               builder_.getI64IntegerAttr(heads));
}

Value LayerBuilder::attention(Value q, Value k, Value v) {
  std::string name = cacheName(layer_);
  auto symbol = SymbolTable::lookupNearestSymbolFrom<model::CacheOp>(builder_.getBlock()->getParentOp(),
                                                                     builder_.getStringAttr(name));
  Value cache = model::GetCacheOp::create(builder_, at("cache"), symbol.getType(), name);
  model::CacheAppendOp::create(builder_, at("cache"), k, v, cache, rows_.positions, rows_.slots, rows_.blockTable);
  double scale = 1 / std::sqrt(static_cast<double>(sizes_.headDim));
  return model::AttentionOp::create(builder_, at("attention"), q.getType(), q, cache, rows_.segments, rows_.blockTable,
                                    builder_.getI64IntegerAttr(sizes_.heads), builder_.getF64FloatAttr(scale),
                                    UnitAttr(), IntegerAttr());
}
