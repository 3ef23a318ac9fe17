// What the schemes share: stored scales and rounding, in loops that compilers turn into vector instructions. A build
// quantizes gigabytes.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

// On functions that take a group: compiled for wider vectors too, and chosen when the program starts. Products and sums
// are never contracted here, so the codes are the same.
#ifdef __x86_64__
#define TENON_QT_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define TENON_QT_WIDE
#endif

namespace tenon::qt {

// The nearest f16, ties to even, as f32. Beyond f16's range the largest finite one, so that a weight never becomes
// infinite. In integers and f32: conversions are calls where the build's baseline has no instruction for them.
inline float asHalf(float scale) {
  const auto bits = std::bit_cast<uint32_t>(scale);
  const uint32_t sign = bits & 0x80000000u, size = bits & 0x7fffffffu;
  const uint32_t normal = (size + 0xfffu + ((size >> 13) & 1u)) & ~0x1fffu;
  // Below 2^-14 f16 counts in steps of 2^-24, the last place of numbers from 0.5 on.
  const auto small = std::bit_cast<uint32_t>((std::bit_cast<float>(size) + 0.5f) - 0.5f);
  constexpr uint32_t largest = 0x477fe000u, smallestNormal = 0x38800000u; // 65504, 2^-14
  const uint32_t rounded = size < smallestNormal ? small : normal;
  return std::bit_cast<float>(sign | std::min(rounded, largest));
}

// The bits of finite floats as integers in the same order: maxima of integers need no rule for NaN.
inline int32_t orderedBits(float value) {
  auto bits = std::bit_cast<int32_t>(value);
  return bits ^ ((bits >> 31) & 0x7fffffff);
}
inline float fromOrderedBits(int32_t bits) { return std::bit_cast<float>(bits ^ ((bits >> 31) & 0x7fffffff)); }

inline float maxAbs(const float *values, int64_t count) {
  int32_t largest = 0;
  for (int64_t i = 0; i < count; ++i)
    largest = std::max(largest, std::bit_cast<int32_t>(values[i]) & 0x7fffffff);
  return std::bit_cast<float>(largest);
}

// What to multiply with in place of dividing by `scale`; 0 where 1 / scale would not be finite.
inline float inverseOf(float scale) { return std::fabs(scale) >= 0x1p-126f ? 1 / scale : 0; }

struct Range {
  float low, high;
};

// The smallest and the largest of `values` and 0.
inline Range rangeWithZero(const float *values, int64_t count) {
  int32_t low = 0, high = 0;
  for (int64_t i = 0; i < count; ++i) {
    low = std::min(low, orderedBits(values[i]));
    high = std::max(high, orderedBits(values[i]));
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
inline void roundTo(const float *values, int64_t count, float scale, int zero, int low, int high, uint8_t *codes) {
  const float inverse = inverseOf(scale), shift = static_cast<float>(zero);
  const float smallest = static_cast<float>(low), largest = static_cast<float>(high);
  for (int64_t i = 0; i < count; ++i) {
    float code = roundHalfEven(values[i] * inverse) + shift;
    code = code < smallest ? smallest : code;
    code = code > largest ? largest : code;
    codes[i] = static_cast<uint8_t>(static_cast<int32_t>(code));
  }
}

} // namespace tenon::qt
