// Element types of stored weights and the conversions between them, for whole rows.
// Rounding is to nearest, ties to even; NaN stays NaN (quiet), infinities stay, a value beyond f16's range becomes
// infinity.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace tenon::weights {

enum class Element : uint8_t { F32, F16, BF16 };

inline constexpr uint32_t elementBytes(Element e) { return e == Element::F32 ? 4 : 2; }

// Straight lines without branches, so that loops over them become vector instructions.

inline float bf16ToFloat(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

inline uint16_t floatToBf16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16, quiet = (bits >> 16) | 0x40u;
  return static_cast<uint16_t>((bits & 0x7fffffffu) > 0x7f800000u ? quiet : rounded);
}

inline float f16ToFloat(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16, magnitude = half & 0x7fffu;
  // Moves the exponent by 112; a subnormal f16 is read as a subnormal f32 first, so the product is exact for it too.
  const auto finite = std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude << 13) * 0x1p112f);
  const uint32_t special = 0x7f800000u | (magnitude << 13) | (magnitude > 0x7c00u ? 0x400000u : 0u);
  return std::bit_cast<float>(sign | (magnitude >= 0x7c00u ? special : finite));
}

inline uint16_t floatToF16(float value) {
  const auto signedBits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = (signedBits >> 16) & 0x8000u, bits = signedBits & 0x7fffffffu;
  const uint32_t normal = (bits + 0xfffu + ((bits >> 13) & 1u) - 0x38000000u) >> 13;
  // Below 2^-14 the sum's last place is 2^-24, so the addition rounds as f16 would.
  const uint32_t small = std::bit_cast<uint32_t>(std::bit_cast<float>(bits) + 0.5f) - 0x3f000000u;
  const uint32_t finite = bits < 0x38800000u ? small : normal;
  const uint32_t infinite = bits > 0x7f800000u ? 0x7e00u : 0x7c00u;
  return static_cast<uint16_t>(sign | (bits >= 0x477ff000u ? infinite : finite)); // from 65520 on
}

// Converts `count` elements; `from` and `to` must not overlap unless they are the same address and type.
void convertElements(Element fromType, const void *from, Element toType, void *to, uint64_t count);

} // namespace tenon::weights
