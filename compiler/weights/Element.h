// Element types of stored weights and the conversions between them, for whole rows.
// Rounding is to nearest, ties to even; NaN stays NaN (quiet), infinities stay, a value beyond f16's range becomes
// infinity.
#pragma once

#include <cstdint>
#include <cstring>

namespace tenon::weights {

enum class Element : uint8_t { F32, F16, BF16 };

inline constexpr uint32_t elementBytes(Element e) { return e == Element::F32 ? 4 : 2; }

inline float bf16ToFloat(uint16_t bits) {
  uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  std::memcpy(&value, &wide, 4);
  return value;
}

inline uint16_t floatToBf16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  if ((bits & 0x7fffffffu) > 0x7f800000u)
    return static_cast<uint16_t>((bits >> 16) | 0x40u);
  return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

float f16ToFloat(uint16_t bits);
uint16_t floatToF16(float value);

// Converts `count` elements; `from` and `to` must not overlap unless they are the same address and type.
void convertElements(Element fromType, const void *from, Element toType, void *to, uint64_t count);

} // namespace tenon::weights
