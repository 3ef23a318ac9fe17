// What the schemes share: stored scales and rounding.
#pragma once

#include <algorithm>
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

inline float maxAbs(std::span<const float> values) {
  float largest = 0;
  for (float v : values)
    largest = std::max(largest, std::fabs(v));
  return largest;
}

// Codes clamp(round_half_even(v / scale) + zero, low, high); all `zero` where the scale is 0.
inline void roundTo(std::span<const float> values, float scale, int zero, int low, int high, uint8_t *codes) {
  float inverse = scale != 0 ? 1 / scale : 0;
  for (size_t i = 0; i < values.size(); ++i)
    codes[i] = static_cast<uint8_t>(
        std::clamp(std::nearbyint(values[i] * inverse) + static_cast<float>(zero), float(low), float(high)));
}

} // namespace tenon::qt
