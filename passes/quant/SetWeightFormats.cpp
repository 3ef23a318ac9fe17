// set-weight-formats: a weight's type is chosen by what it is (matrix, vector, generated table), so the ops need not be
// asked. Safe: get_weight and get_cache follow their symbols, and every op reading a stored tensor takes all three
// float types.
#include "dialects/model/Model.h"
#include "passes/quant/Passes.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace tenon;

namespace tenon {
#define GEN_PASS_DEF_SETWEIGHTFORMATS
#include "passes/quant/Passes.h.inc"
} // namespace tenon

namespace {

struct Formats {
  std::string name;
  MLIRContext *context;

  // The type of a matrix that is stored as `source`.
  Type matrix(Type source) const {
    if (name == "auto")
      return source.isF32() ? BFloat16Type::get(context) : source;
    return *fixed();
  }
  // The one type that the option names, nothing for auto.
  std::optional<Type> fixed() const {
    return llvm::StringSwitch<std::optional<Type>>(name)
        .Case("bf16", BFloat16Type::get(context))
        .Case("fp16", Float16Type::get(context))
        .Case("fp32", Float32Type::get(context))
        .Default(std::nullopt);
  }
};

bool isMatrix(model::WeightOp weight) {
  return weight.getTensorType().getRank() >= 2 && isa<model::CheckpointAttr>(weight.getSource());
}

void setElementType(model::WeightOp weight, Type elementType) {
  RankedTensorType type = weight.getTensorType();
  if (type.getElementType() == elementType)
    return;
  SmallVector<Attribute> recipe(weight.getRecipe().getValue());
  recipe.push_back(model::ConvertAttr::get(weight.getContext(), elementType));
  weight.setRecipeAttr(ArrayAttr::get(weight.getContext(), recipe));
  weight.setType(type.clone(elementType));
}

struct SetWeightFormats : tenon::impl::SetWeightFormatsBase<SetWeightFormats> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    Formats formats{format, &getContext()};
    if (format != "auto" && !formats.fixed()) {
      module.emitError() << "unknown weight format \"" << format << "\", expected bf16, fp16, fp32 or auto";
      return signalPassFailure();
    }

    llvm::DenseMap<StringAttr, Type> types; // of every symbol
    Type f32 = Float32Type::get(&getContext());
    bool anyMatrix = false, allHalf = true;
    for (auto weight : module.getOps<model::WeightOp>()) {
      bool matrix = isMatrix(weight);
      Type elementType = matrix ? formats.matrix(weight.getTensorType().getElementType()) : f32;
      if (matrix) {
        anyMatrix = true;
        allHalf &= elementType.isF16();
      }
      setElementType(weight, elementType);
      types[weight.getSymNameAttr()] = weight.getType();
    }

    Type automatic =
        anyMatrix && allHalf ? Type(Float16Type::get(&getContext())) : Type(BFloat16Type::get(&getContext()));
    Type cacheElement = formats.fixed().value_or(automatic);
    for (auto cache : module.getOps<model::CacheOp>()) {
      auto type = cast<model::CacheType>(cache.getType());
      cache.setType(model::CacheType::get(&getContext(), type.getPages(), type.getPageTokens(), type.getKvHeads(),
                                          type.getHeadDim(), cacheElement));
      types[cache.getSymNameAttr()] = cache.getType();
    }

    module.walk([&](Operation *op) {
      if (auto get = dyn_cast<model::GetWeightOp>(op))
        get.getResult().setType(cast<RankedTensorType>(types.at(get.getSymbolAttr().getAttr())));
      else if (auto get = dyn_cast<model::GetCacheOp>(op))
        get.getResult().setType(cast<model::CacheType>(types.at(get.getSymbolAttr().getAttr())));
    });
  }
};

} // namespace
