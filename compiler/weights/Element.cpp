#include "compiler/weights/Element.h"

namespace tenon::weights {

float f16ToFloat(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const uint32_t exponent = (half >> 10) & 0x1fu;
  const uint32_t mantissa = half & 0x3ffu;
  uint32_t bits;
  if (exponent == 0x1f) {
    bits = sign | 0x7f800000u | (mantissa << 13) | (mantissa ? 0x400000u : 0u);
  } else if (exponent != 0) {
    bits = sign | ((exponent + 112) << 23) | (mantissa << 13);
  } else { // zero and subnormals: mantissa * 2^-24 is exact in f32
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    std::memcpy(&bits, &magnitude, 4);
    bits |= sign;
  }
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

uint16_t floatToF16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  const uint16_t sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
  bits &= 0x7fffffffu;
  if (bits > 0x7f800000u)
    return static_cast<uint16_t>(sign | 0x7e00u);
  if (bits >= 0x477ff000u) // 65520 and above round to infinity
    return static_cast<uint16_t>(sign | 0x7c00u);
  if (bits < 0x38800000u) { // below 2^-14: the sum's last place is 2^-24, so the addition rounds as f16 would
    float magnitude;
    std::memcpy(&magnitude, &bits, 4);
    magnitude += 0.5f;
    std::memcpy(&bits, &magnitude, 4);
    return static_cast<uint16_t>(sign | (bits - 0x3f000000u));
  }
  const uint32_t rounded = bits + 0xfffu + ((bits >> 13) & 1u);
  return static_cast<uint16_t>(sign | ((rounded - 0x38000000u) >> 13));
}

namespace {

float load(Element type, const void *from, uint64_t i) {
  switch (type) {
  case Element::F32:
    return static_cast<const float *>(from)[i];
  case Element::F16:
    return f16ToFloat(static_cast<const uint16_t *>(from)[i]);
  case Element::BF16:
    return bf16ToFloat(static_cast<const uint16_t *>(from)[i]);
  }
  return 0;
}

} // namespace

void convertElements(Element fromType, const void *from, Element toType, void *to, uint64_t count) {
  if (fromType == toType) {
    if (from != to)
      std::memcpy(to, from, count * elementBytes(toType));
    return;
  }
  // The loops are split by destination so that each is a straight line the compiler can vectorise.
  switch (toType) {
  case Element::F32:
    for (uint64_t i = 0; i < count; ++i)
      static_cast<float *>(to)[i] = load(fromType, from, i);
    break;
  case Element::F16:
    for (uint64_t i = 0; i < count; ++i)
      static_cast<uint16_t *>(to)[i] = floatToF16(load(fromType, from, i));
    break;
  case Element::BF16:
    for (uint64_t i = 0; i < count; ++i)
      static_cast<uint16_t *>(to)[i] = floatToBf16(load(fromType, from, i));
    break;
  }
}

} // namespace tenon::weights
