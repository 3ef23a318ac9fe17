// Registration of the `qt` dialect, its type and what its attributes have in common.
#include "dialects/interfaces/TensorBytes.h"
#include "dialects/qt/Qt.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::qt;

#include "dialects/qt/QtAttrInterfaces.cpp.inc"
#include "dialects/qt/QtDialect.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/qt/QtAttrs.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/qt/QtTypes.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/qt/QtOps.cpp.inc"

void QtDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/qt/QtTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/qt/QtAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/qt/QtOps.cpp.inc"
      >();
}

LogicalResult QuantizedType::verify(function_ref<InFlightDiagnostic()> emitError, Attribute scheme) {
  if (isa<NumberFormat>(scheme))
    return success();
  return emitError() << "quantized element has scheme " << scheme << ", expected a number format such as #qt.q4_0";
}

NumberFormat QuantizedType::getFormat() const { return cast<NumberFormat>(getScheme()); }

LogicalResult QuantizeWeightAttr::verify(function_ref<InFlightDiagnostic()> emitError, Attribute scheme) {
  if (isa<Scheme>(scheme))
    return success();
  return emitError() << "quantizes weights with " << scheme << ", expected a weight scheme such as #qt.q4_0";
}

RankedTensorType QuantizeWeightAttr::apply(RankedTensorType input, function_ref<InFlightDiagnostic()> emitError) const {
  Type element = input.getElementType();
  bool known =
      element.isF32() || element.isF16() || element.isBF16() || (schemeOf(input) && schemeOf(input) != getScheme());
  if (input.getRank() == 2 && known)
    return input.clone(QuantizedType::get(getContext(), getScheme()));
  emitError() << "cannot quantize " << input << ", expected a matrix of f32, f16 or bf16 or of another weight scheme";
  return {};
}

uint64_t QuantizeWeightAttr::storedBytes(RankedTensorType type) const { return *tensorBytes(type); }
