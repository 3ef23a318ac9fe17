// What the schemes share: stored scales and rounding, in loops that compilers turn into vector instructions. A build
// quantizes gigabytes.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>

namespace tenon::qt {

// The nearest f16, ties to even, as f32. Beyond f16's range the largest finite one, so that a weight never becomes
// infinite.
inline float asHalf(float scale) {
  constexpr float largest = 65504;
  return static_cast<float>(static_cast<_Float16>(std::clamp(scale, -largest, largest)));
}

// The bits of finite floats as integers in the same order: maxima of integers need no rule for NaN.
inline int32_t orderedBits(float value) {
  auto bits = std::bit_cast<int32_t>(value);
  return bits ^ ((bits >> 31) & 0x7fffffff);
}
inline float fromOrderedBits(int32_t bits) { return std::bit_cast<float>(bits ^ ((bits >> 31) & 0x7fffffff)); }

inline float maxAbs(std::span<const float> values) {
  int32_t largest = 0;
  for (float v : values)
    largest = std::max(largest, std::bit_cast<int32_t>(v) & 0x7fffffff);
  return std::bit_cast<float>(largest);
}

// What to multiply with in place of dividing by `scale`; 0 where 1 / scale would not be finite.
inline float inverseOf(float scale) { return std::fabs(scale) >= 0x1p-126f ? 1 / scale : 0; }

struct Range {
  float low, high;
};

// The smallest and the largest of `values` and 0.
inline Range rangeWithZero(std::span<const float> values) {
  int32_t low = 0, high = 0;
  for (float v : values) {
    low = std::min(low, orderedBits(v));
    high = std::max(high, orderedBits(v));
  }
  return {fromOrderedBits(low), fromOrderedBits(high)};
}

// To the nearest integer, ties to even, for |value| < 2^22: the sum's last place is 1. Beyond that no longer an
// integer's neighbour, but on the same side of every code.
inline float roundHalfEven(float value) {
  constexpr float shift = 12582912; // 1.5 * 2^23
  return (value + shift) - shift;
}

// Codes clamp(round_half_even(v / scale) + zero, low, high); all `zero` where the scale is 0.
inline void roundTo(std::span<const float> values, float scale, int zero, int low, int high, uint8_t *codes) {
  const float inverse = inverseOf(scale), shift = static_cast<float>(zero);
  const float smallest = static_cast<float>(low), largest = static_cast<float>(high);
  for (size_t i = 0; i < values.size(); ++i) {
    float code = roundHalfEven(values[i] * inverse) + shift;
    code = code < smallest ? smallest : code;
    code = code > largest ? largest : code;
    codes[i] = static_cast<uint8_t>(static_cast<int32_t>(code));
  }
}

} // namespace tenon::qt
