// q4_0 as ggml quantizes it: the number of the largest magnitude becomes code 0 (-8), codes are truncated after adding
// a half, and the scale is rounded to f16 after the codes were found with the unrounded one.
#include "dialects/qt/Qt.h"
#include "dialects/qt/schemes/Round.h"

using namespace tenon::qt;

// The number of the largest magnitude with its sign, the first of equals.
static float largestOf(const float *values, int64_t count) {
  Range range = rangeWithZero(values, count);
  if (range.high != -range.low)
    return range.high > -range.low ? range.high : range.low;
  for (int64_t i = 0; i < count; ++i)
    if (values[i] == range.high || values[i] == range.low)
      return values[i];
  return 0;
}

TENON_QT_WIDE static void quantize(const float *values, int64_t count, uint8_t *codes, float &scale) {
  float exact = largestOf(values, count) / -8, inverse = inverseOf(exact);
  for (int64_t i = 0; i < count; ++i)
    codes[i] = static_cast<uint8_t>(std::min(15, static_cast<int32_t>(values[i] * inverse + 8.5f)));
  scale = asHalf(exact);
}

void Q4_0Attr::quantizeGroup(const float *values, int64_t count, uint8_t *codes, float &scale, uint8_t &) const {
  quantize(values, count, codes, scale);
}
