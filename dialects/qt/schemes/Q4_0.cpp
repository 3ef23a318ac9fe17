// q4_0 as ggml quantizes it: the number of the largest magnitude becomes code 0 (-8), codes are truncated after adding
// a half, and the scale is rounded to f16 after the codes were found with the unrounded one.
#include "dialects/qt/Qt.h"
#include "dialects/qt/schemes/Round.h"

using namespace tenon::qt;

void Q4_0Attr::quantizeGroup(const float *values, int64_t count, uint8_t *codes, float &scale, uint8_t &) const {
  float largest = 0; // with its sign, the first of equals
  for (int64_t i = 0; i < count; ++i)
    if (std::fabs(values[i]) > std::fabs(largest))
      largest = values[i];
  float exact = largest / -8, inverse = exact != 0 ? 1 / exact : 0;
  for (int64_t i = 0; i < count; ++i)
    codes[i] = static_cast<uint8_t>(std::min(15, static_cast<int>(values[i] * inverse + 8.5f)));
  scale = asHalf(exact);
}
