// Weight and cache symbols and the ops that reach them.
#include "dialects/interfaces/TensorBytes.h"
#include "dialects/model/Model.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::model;

RankedTensorType WeightOp::getSourceType() { return cast<WeightOrigin>(getSource()).getSourceType(); }

uint64_t WeightOp::getStoredBytes() {
  if (getRecipe().empty())
    return *tensorBytes(getTensorType());
  return cast<RecipeStep>(getRecipe().getValue().back()).storedBytes(getTensorType());
}

LogicalResult WeightOp::verify() {
  if (!isa<WeightOrigin>(getSource()))
    return emitOpError() << "source is " << getSource() << ", expected #model.checkpoint or a generated table";
  RankedTensorType type = getSourceType();
  for (auto [index, step] : llvm::enumerate(getRecipe())) {
    auto recipeStep = dyn_cast<RecipeStep>(step);
    if (!recipeStep)
      return emitOpError() << "recipe step " << index << " is " << step
                           << ", expected a recipe step such as #model.convert";
    type = recipeStep.apply(type, [&, index = index] { return emitOpError() << "recipe step " << index << ": "; });
    if (!type)
      return failure();
  }
  if (type != getTensorType())
    return emitOpError() << "has type " << getType() << ", expected " << type << " (its source after the recipe)";
  if (!tensorBytes(type))
    return emitOpError() << "has type " << type << ", expected a static shape below 2^48 bytes";
  return success();
}

// The symbol that `user` names, of the wanted kind, or a diagnostic.
template <typename SymbolOp>
static SymbolOp lookUp(Operation *user, FlatSymbolRefAttr name, SymbolTableCollection &tables) {
  Operation *symbol = tables.lookupNearestSymbolFrom(user, name);
  if (auto op = dyn_cast_or_null<SymbolOp>(symbol))
    return op;
  InFlightDiagnostic error = user->emitOpError()
                             << "names " << name << ", expected a '" << SymbolOp::getOperationName() << "' symbol";
  if (symbol)
    error.attachNote(symbol->getLoc()) << "the symbol is a '" << symbol->getName() << "'";
  return {};
}

LogicalResult GetWeightOp::verifySymbolUses(SymbolTableCollection &tables) {
  auto weight = lookUp<WeightOp>(*this, getSymbolAttr(), tables);
  if (!weight)
    return failure();
  if (weight.getType() != getType())
    return emitOpError() << "has type " << getType() << ", expected " << weight.getType() << " (the type of "
                         << getSymbolAttr() << ")";
  return success();
}

LogicalResult GetCacheOp::verifySymbolUses(SymbolTableCollection &tables) {
  auto cache = lookUp<CacheOp>(*this, getSymbolAttr(), tables);
  if (!cache)
    return failure();
  if (cache.getType() != getType())
    return emitOpError() << "has type " << getType() << ", expected " << cache.getType() << " (the type of "
                         << getSymbolAttr() << ")";
  return success();
}
