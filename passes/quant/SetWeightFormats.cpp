// set-weight-formats: a weight's type is chosen by what it is (matrix, vector, generated table) and by the recipe, so
// the ops need not be asked. Safe: get_weight and get_cache follow their symbols, and every op reading a stored tensor
// takes all float types and, where it reads a matrix, all schemes.
#include "dialects/qt/Qt.h"
#include "passes/quant/FormatRecipe.h"
#include "passes/quant/Passes.h"

using namespace mlir;
using namespace tenon;

namespace tenon {
#define GEN_PASS_DEF_SETWEIGHTFORMATS
#include "passes/quant/Passes.h.inc"
} // namespace tenon

static void setElementType(model::WeightOp weight, Type elementType) {
  RankedTensorType type = weight.getTensorType();
  if (type.getElementType() == elementType)
    return;
  MLIRContext *context = weight.getContext();
  SmallVector<Attribute> recipe(weight.getRecipe().getValue());
  if (auto quantized = dyn_cast<qt::QuantizedType>(elementType))
    recipe.push_back(qt::QuantizeWeightAttr::get(context, quantized.getScheme()));
  else
    recipe.push_back(model::ConvertAttr::get(context, elementType));
  weight.setRecipeAttr(ArrayAttr::get(context, recipe));
  weight.setType(type.clone(elementType));
}

namespace {
struct SetWeightFormats : tenon::impl::SetWeightFormatsBase<SetWeightFormats> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto emitError = [&] { return module.emitError(); };
    FailureOr<FormatRecipe> recipe = FormatRecipe::parse(&getContext(), format, emitError);
    if (failed(recipe))
      return signalPassFailure();
    FailureOr<std::vector<WeightChoice>> choices = recipe->choose(module, emitError);
    if (failed(choices))
      return signalPassFailure();

    llvm::DenseMap<StringAttr, Type> types; // of every symbol
    bool anyMatrix = false, allHalf = true; // before quantizing
    for (auto [weight, elementType] : *choices) {
      if (isFormattedMatrix(weight)) {
        anyMatrix = true;
        allHalf &= isa<FloatType>(elementType) ? elementType.isF16() : weight.getTensorType().getElementType().isF16();
      }
      setElementType(weight, elementType);
      types[weight.getSymNameAttr()] = weight.getType();
    }
    Type automatic =
        anyMatrix && allHalf ? Type(Float16Type::get(&getContext())) : Type(BFloat16Type::get(&getContext()));
    FailureOr<Type> cacheElement = cacheType(recipe->defaultFloat() ? recipe->defaultFloat() : automatic);
    if (failed(cacheElement))
      return signalPassFailure();
    for (auto cache : module.getOps<model::CacheOp>()) {
      auto type = cast<model::CacheType>(cache.getType());
      cache.setType(model::CacheType::get(&getContext(), type.getPages(), type.getPageTokens(), type.getKvHeads(),
                                          type.getHeadDim(), *cacheElement));
      types[cache.getSymNameAttr()] = cache.getType();
    }

    module.walk([&](Operation *op) {
      if (auto get = dyn_cast<model::GetWeightOp>(op))
        get.getResult().setType(cast<RankedTensorType>(types.at(get.getSymbolAttr().getAttr())));
      else if (auto get = dyn_cast<model::GetCacheOp>(op))
        get.getResult().setType(cast<model::CacheType>(types.at(get.getSymbolAttr().getAttr())));
    });
  }

  // The element type that `kv` names.
  FailureOr<Type> cacheType(Type automatic) {
    Builder b(&getContext());
    const std::pair<StringRef, Type> types[] = {{"auto", automatic},
                                                {"bf16", b.getBF16Type()},
                                                {"f16", b.getF16Type()},
                                                {"f32", b.getF32Type()},
                                                {"int8", b.getI8Type()}};
    for (auto [name, type] : types)
      if (kv == name)
        return type;
    return getOperation().emitError() << "unknown cache format \"" << kv << "\", expected auto, bf16, f16, f32 or int8";
  }
};

} // namespace
