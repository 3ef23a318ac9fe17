// int8: one f32 scale per output (LLM.int8's and SmoothQuant's rule for weights).
#include "dialects/qt/Qt.h"
#include "dialects/qt/schemes/Round.h"

using namespace tenon::qt;

TENON_QT_WIDE static void quantize(const float *values, int64_t count, uint8_t *codes, float &scale) {
  scale = maxAbs(values, count) / 127;
  roundTo(values, count, scale, 128, 1, 255, codes);
}

void Int8Attr::quantizeGroup(const float *values, int64_t count, uint8_t *codes, float &scale, uint8_t &) const {
  quantize(values, count, codes, scale);
}
