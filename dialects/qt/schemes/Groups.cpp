// int8_group and int4_group: one rule for both widths, symmetric or with a zero point.
#include "dialects/qt/Qt.h"
#include "dialects/qt/schemes/Round.h"

using namespace mlir;
using namespace tenon::qt;

static LogicalResult verifyGroup(function_ref<InFlightDiagnostic()> emitError, int64_t group) {
  if (group == 32 || group == 64 || group == 128)
    return success();
  return emitError() << "group is " << group << ", expected 32, 64 or 128";
}

TENON_QT_WIDE static void quantize(Storage storage, const float *values, int64_t count, uint8_t *codes, float &scale,
                                   uint8_t &zero) {
  int maxCode = static_cast<int>(storage.maxCode()), middle = static_cast<int>(storage.fixedZero());
  if (!storage.zeroPoints) {
    scale = asHalf(maxAbs(values, count) / static_cast<float>(middle - 1));
    return roundTo(values, count, scale, middle, 1, maxCode, codes);
  }
  // The range holds 0, so that padding and pruned weights stay exact.
  auto [low, high] = rangeWithZero(values, count);
  scale = asHalf((high - low) / static_cast<float>(maxCode));
  zero = scale > 0 ? static_cast<uint8_t>(std::clamp(std::nearbyint(-low / scale), 0.0f, static_cast<float>(maxCode)))
                   : uint8_t(0);
  roundTo(values, count, scale, zero, 0, maxCode, codes);
}

LogicalResult Int8GroupAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t group, bool) {
  return verifyGroup(emitError, group);
}
LogicalResult Int4GroupAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t group, bool) {
  return verifyGroup(emitError, group);
}

void Int8GroupAttr::quantizeGroup(const float *values, int64_t count, uint8_t *codes, float &scale,
                                  uint8_t &zero) const {
  quantize(getStorage(), values, count, codes, scale, zero);
}
void Int4GroupAttr::quantizeGroup(const float *values, int64_t count, uint8_t *codes, float &scale,
                                  uint8_t &zero) const {
  quantize(getStorage(), values, count, codes, scale, zero);
}
