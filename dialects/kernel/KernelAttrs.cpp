// Targets, packed layouts and tilings: checks and arithmetic.
#include "dialects/interfaces/TensorBytes.h"
#include "dialects/kernel/Kernel.h"
#include "llvm/Support/Error.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::kernel;

static LogicalResult verifyDot(function_ref<InFlightDiagnostic()> emitError, StringRef dot) {
  if (dot == "fma" || dot == "bf16" || dot == "amx")
    return success();
  return emitError() << "dot is \"" << dot << "\", expected \"fma\", \"bf16\" or \"amx\"";
}

LogicalResult TargetAttr::verify(function_ref<InFlightDiagnostic()> emitError, StringRef spec, StringRef triple,
                                 StringRef cpu, ArrayAttr features, StringRef dot, DictionaryAttr numbers) {
  if (failed(verifyDot(emitError, dot)))
    return failure();
  StringRef previous;
  for (Attribute feature : features) {
    auto name = dyn_cast<StringAttr>(feature);
    if (!name || name.getValue().size() < 2 || (name.getValue()[0] != '+' && name.getValue()[0] != '-'))
      return emitError() << "feature is " << feature << ", expected a string such as \"+avx2\"";
    if (!previous.empty() && previous >= name.getValue().drop_front())
      return emitError() << "feature " << name << " follows \"" << previous
                         << "\", expected features sorted by name, each once";
    previous = name.getValue().drop_front();
  }
  for (NamedAttribute number : numbers)
    if (!isa<IntegerAttr>(number.getValue()))
      return emitError() << "number '" << number.getName() << "' is " << number.getValue() << ", expected an integer";
  return success();
}

int64_t TargetAttr::number(StringRef name) const {
  if (auto value = getNumbers().getAs<IntegerAttr>(name))
    return value.getInt();
  llvm::reportFatalUsageError("target \"" + getSpec() + "\" has no number '" + name + "'");
}

bool TargetAttr::hasFeature(StringRef name) const {
  return llvm::any_of(getFeatures().getAsValueRange<StringAttr>(),
                      [&](StringRef feature) { return feature.front() == '+' && feature.drop_front() == name; });
}

LogicalResult PackedAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t n, int64_t k) {
  if (n > 0 && k > 0 && n <= 1024 && k <= 1024)
    return success();
  return emitError() << "packed layout has n = " << n << ", k = " << k << ", expected both in 1..1024";
}

RankedTensorType PackedAttr::apply(RankedTensorType input, function_ref<InFlightDiagnostic()> emitError) const {
  if (auto quantized = dyn_cast<QuantizedElement>(input.getElementType());
      quantized && (quantized.getFormat().panelInputs() != getK() || getN() != 16)) {
    emitError() << "cannot pack " << input << " with n = " << getN() << ", k = " << getK()
                << ", expected n = 16, k = " << quantized.getFormat().panelInputs();
    return {};
  }
  if (input.getRank() == 2)
    return input;
  emitError() << "cannot pack " << input << ", expected a matrix";
  return {};
}

uint64_t PackedAttr::storedBytes(RankedTensorType type) const {
  if (isa<QuantizedElement>(type.getElementType()))
    return *tensorBytes(type);
  uint64_t panels = llvm::divideCeil(type.getDimSize(0), getN()), steps = llvm::divideCeil(type.getDimSize(1), getK());
  return panels * steps * getN() * getK() * type.getElementTypeBitWidth() / 8;
}

StringRef TargetAttr::getCodeDot() const {
  if (hasFeature("amx-int8"))
    return "amx";
  if (hasFeature("avx512vnni"))
    return "vnni";
  if (hasFeature("avx2"))
    return "maddwd";
  return hasFeature("i8mm") ? "usdot" : "widen";
}

LogicalResult TilingAttr::verify(function_ref<InFlightDiagnostic()> emitError, StringRef dot, int64_t rows,
                                 int64_t panels, int64_t depth, int64_t streams, int64_t prefetch) {
  if (!llvm::is_contained({"vnni", "maddwd", "usdot", "widen"}, dot) && failed(verifyDot(emitError, dot)))
    return failure();
  if (rows < 1 || panels < 1 || streams < 1)
    return emitError() << "tiling has rows = " << rows << ", panels = " << panels << ", streams = " << streams
                       << ", expected each to be 1 or more";
  if (depth < 0 || prefetch < 0)
    return emitError() << "tiling has depth = " << depth << ", prefetch = " << prefetch
                       << ", expected each to be 0 or more";
  return success();
}
