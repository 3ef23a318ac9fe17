// int8: one f32 scale per output (LLM.int8's and SmoothQuant's rule for weights).
#include "dialects/qt/Qt.h"
#include "dialects/qt/schemes/Round.h"

using namespace tenon::qt;

void Int8Attr::quantizeGroup(const float *values, int64_t count, uint8_t *codes, float &scale, uint8_t &) const {
  std::span numbers(values, static_cast<size_t>(count));
  scale = maxAbs(numbers) / 127;
  roundTo(numbers, scale, 128, 1, 255, codes);
}
