#include "compiler/families/WeightTable.h"
#include "dialects/qt/Qt.h"

using namespace mlir;
using namespace tenon;

int64_t ModelSizes::of(Size size) const {
  switch (size) {
  case Size::Vocab:
    return vocab;
  case Size::Hidden:
    return hidden;
  case Size::Queries:
    return heads * headDim;
  case Size::KeyValues:
    return kvHeads * headDim;
  case Size::Intermediate:
    return intermediate;
  }
  llvm_unreachable("a size without a value");
}

StringRef tenon::meaningOf(Size size) {
  switch (size) {
  case Size::Vocab:
    return "vocab_size";
  case Size::Hidden:
    return "hidden_size";
  case Size::Queries:
    return "num_attention_heads * head_dim";
  case Size::KeyValues:
    return "num_key_value_heads * head_dim";
  case Size::Intermediate:
    return "intermediate_size";
  }
  llvm_unreachable("a size without a name");
}

Type tenon::weightElementType(MLIRContext *context, tenon::TensorType type, size_t rank) {
  switch (type) {
  case tenon::TensorType::BF16:
    return BFloat16Type::get(context);
  case tenon::TensorType::F16:
    return Float16Type::get(context);
  case tenon::TensorType::F32:
    return Float32Type::get(context);
  case tenon::TensorType::Q8_0:
    if (rank == 2)
      return qt::QuantizedType::get(context, qt::Q8_0Attr::get(context));
    return Float32Type::get(context);
  case tenon::TensorType::Q4_0:
    if (rank == 2)
      return qt::QuantizedType::get(context, qt::Q4_0Attr::get(context));
    return Float32Type::get(context);
  default:
    llvm_unreachable("a tensor source handed out a type that is not readable");
  }
}

namespace {
// One pass over a table, for one layer or for the weights outside layers.
struct Declarer {
  OpBuilder &builder;
  const ModelSizes &sizes;
  TensorSource &tensors;
  WeightSymbols &symbols;

  Status declare(const std::string &symbol, const std::string &tensor, ArrayRef<Size> shape) {
    SmallVector<int64_t> extents = llvm::map_to_vector(shape, [&](Size size) { return sizes.of(size); });
    std::string meaning = llvm::join(llvm::map_range(shape, meaningOf), " x ");
    TENON_ASSIGN(tenon::TensorType stored, tensors.require(tensor, extents, meaning));
    auto type = RankedTensorType::get(extents, weightElementType(builder.getContext(), stored, extents.size()));
    symbols.add(builder, symbol, type, model::CheckpointAttr::get(builder.getContext(), tensor, type));
    return Status::ok();
  }
};
} // namespace

static std::string forLayer(StringRef pattern, int64_t layer) {
  auto [before, after] = pattern.split("{i}");
  return before.size() == pattern.size() ? pattern.str() : (before + Twine(layer) + after).str();
}

static bool isLayers(const WeightRow &row) { return row.tensor.contains("{i}"); }

int64_t tenon::countParameters(ArrayRef<WeightRow> table, const ModelSizes &sizes, WeightSwitches switches) {
  int64_t count = 0;
  for (const WeightRow &row : table) {
    if (switches.tieEmbeddings && !row.tiedTo.empty())
      continue;
    int64_t elements = switches.has(row.bias) ? sizes.of(row.shape.front()) : 0, product = 1;
    for (Size size : row.shape)
      product *= sizes.of(size);
    count += (elements + product) * (isLayers(row) ? sizes.layers : 1);
  }
  return count;
}

Result<WeightSymbols> WeightSymbols::declare(OpBuilder &builder, ArrayRef<WeightRow> table, const ModelSizes &sizes,
                                             WeightSwitches switches, TensorSource &tensors) {
  WeightSymbols out;
  Declarer declarer{builder, sizes, tensors, out};
  auto declareRow = [&](const WeightRow &row, int64_t layer) -> Status {
    std::string symbol = (layer < 0 ? "" : "layers." + std::to_string(layer) + ".") + row.role.str();
    std::string tensor = forLayer(row.tensor, layer);
    TENON_TRY(declarer.declare(symbol, tensor + ".weight", row.shape));
    if (switches.has(row.bias))
      TENON_TRY(declarer.declare(symbol + ".bias", tensor + ".bias", row.shape.take_front()));
    return Status::ok();
  };
  auto tensorOf = [&](StringRef role) {
    return llvm::find_if(table, [&](const WeightRow &row) { return row.role == role; })->tensor.str() + ".weight";
  };

  for (const WeightRow &row : table) {
    if (isLayers(row))
      continue;
    if (switches.tieEmbeddings && !row.tiedTo.empty()) {
      out.tied_[row.role] = row.tiedTo;
      TENON_TRY(tensors.requireCopy(row.tensor.str() + ".weight", tensorOf(row.tiedTo)));
      continue;
    }
    TENON_TRY(declareRow(row, -1));
  }
  for (int64_t layer = 0; layer < sizes.layers; ++layer)
    for (const WeightRow &row : table)
      if (isLayers(row))
        TENON_TRY(declareRow(row, layer));
  return out;
}

model::WeightOp WeightSymbols::add(OpBuilder &builder, StringRef symbol, RankedTensorType type, Attribute source) {
  types_[symbol] = type;
  Location loc = NameLoc::get(builder.getStringAttr(symbol));
  return model::WeightOp::create(builder, loc, symbol, type, source, builder.getArrayAttr({}));
}

StringRef WeightSymbols::resolve(StringRef role) const {
  auto tied = tied_.find(role);
  return tied == tied_.end() ? role : tied->second;
}
