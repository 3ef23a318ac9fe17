// Registration of the `model` dialect, its cache type and its attributes.
#include "dialects/interfaces/TensorBytes.h"
#include "dialects/model/Model.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tenon::model;

#include "dialects/model/ModelDialect.cpp.inc"
#include "dialects/model/ModelEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/model/ModelAttrs.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/model/ModelTypes.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/model/ModelOps.cpp.inc"

void ModelDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/model/ModelTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/model/ModelAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/model/ModelOps.cpp.inc"
      >();
}

static bool isStoredElement(Type type) { return type.isF32() || type.isF16() || type.isBF16(); }
// Formats of weights that a checkpoint may hold beside floats.
static bool isQuantizedWeight(Type type) {
  auto quantized = dyn_cast<tenon::QuantizedElement>(type);
  return quantized && quantized.getFormat().panelInputs() > 0;
}

LogicalResult CacheType::verify(function_ref<InFlightDiagnostic()> emitError, int64_t pages, int64_t pageTokens,
                                int64_t kvHeads, int64_t headDim, Type elementType) {
  if (pages <= 0 || pageTokens <= 0 || kvHeads <= 0 || headDim <= 0)
    return emitError() << "cache sizes are " << pages << " x " << pageTokens << " x " << kvHeads << " x " << headDim
                       << ", expected positive pages, page_tokens, kv_heads and head_dim";
  bool coded = elementType.isInteger(8);
  if (!isStoredElement(elementType) && !coded)
    return emitError() << "cache element type is " << elementType << ", expected f32, f16, bf16 or i8";
  if ((elementType.isBF16() || coded) && (pageTokens % 2 != 0 || headDim % 2 != 0))
    return emitError() << "cache of " << elementType << " has pages of " << pageTokens << " tokens and heads of "
                       << headDim << ", expected even numbers: bf16 multiplies pairs";
  if (!tensorBytes(RankedTensorType::get({pages, pageTokens, kvHeads, headDim}, elementType)))
    return emitError() << "cache of " << pages << " x " << pageTokens << " x " << kvHeads << " x " << headDim
                       << " elements is larger than 2^48 bytes";
  return success();
}

LogicalResult CheckpointAttr::verify(function_ref<InFlightDiagnostic()> emitError, StringRef name,
                                     RankedTensorType type) {
  if (name.empty())
    return emitError() << "checkpoint tensor has an empty name";
  bool stored = isStoredElement(type.getElementType()) || isQuantizedWeight(type.getElementType());
  if (!stored || !tensorBytes(type))
    return emitError() << "checkpoint tensor '" << name << "' has type " << type
                       << ", expected a static shape below 2^48 bytes of f32, f16 or bf16 or of a weight scheme";
  return success();
}

RankedTensorType CheckpointAttr::getSourceType() const { return getType(); }

LogicalResult RopeTableAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t positions, int64_t headDim,
                                    DictionaryAttr parameters) {
  if (positions <= 0)
    return emitError() << "rope table has " << positions << " positions, expected a positive number";
  if (headDim <= 0 || headDim % 2 != 0)
    return emitError() << "rope table has head size " << headDim << ", expected a positive even number";
  if (!tensorBytes(RankedTensorType::get({positions, headDim}, Float32Type::get(parameters.getContext()))))
    return emitError() << "rope table of " << positions << " x " << headDim << " floats is larger than 2^48 bytes";
  return success();
}

RankedTensorType RopeTableAttr::getSourceType() const {
  return RankedTensorType::get({getPositions(), getHeadDim()}, Float32Type::get(getContext()));
}

LogicalResult ConvertAttr::verify(function_ref<InFlightDiagnostic()> emitError, Type elementType) {
  if (isStoredElement(elementType))
    return success();
  return emitError() << "conversion to " << elementType << ", expected f32, f16 or bf16";
}

RankedTensorType ConvertAttr::apply(RankedTensorType input, function_ref<InFlightDiagnostic()> emitError) const {
  if (isStoredElement(input.getElementType()) || isQuantizedWeight(input.getElementType()))
    return input.clone(getElementType());
  emitError() << "cannot convert " << input << ", expected elements of f32, f16 or bf16 or of a weight scheme";
  return {};
}

uint64_t ConvertAttr::storedBytes(RankedTensorType type) const { return *tensorBytes(type); }
