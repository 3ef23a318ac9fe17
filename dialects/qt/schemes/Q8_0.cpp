// q8_0 as ggml quantizes it: the scale is rounded to f16 after the codes were found with the unrounded one.
#include "dialects/qt/Qt.h"
#include "dialects/qt/schemes/Round.h"

using namespace tenon::qt;

TENON_QT_WIDE static void quantize(const float *values, int64_t count, uint8_t *codes, float &scale) {
  float exact = maxAbs(values, count) / 127, inverse = inverseOf(exact);
  for (int64_t i = 0; i < count; ++i) {
    // Half away from zero: what truncation leaves is exact.
    float x = values[i] * inverse;
    int32_t whole = static_cast<int32_t>(x);
    float rest = x - static_cast<float>(whole);
    codes[i] = static_cast<uint8_t>(128 + whole + (rest >= 0.5f ? 1 : 0) - (rest <= -0.5f ? 1 : 0));
  }
  scale = asHalf(exact);
}

void Q8_0Attr::quantizeGroup(const float *values, int64_t count, uint8_t *codes, float &scale, uint8_t &) const {
  quantize(values, count, codes, scale);
}
