// Overflow-safe arithmetic for numbers that come from files. Every helper returns false (and leaves `out` unspecified)
// when the exact result does not fit.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tenon {

template <typename T> [[nodiscard]] inline bool checkedAdd(T a, T b, T &out) {
  return !__builtin_add_overflow(a, b, &out);
}
template <typename T> [[nodiscard]] inline bool checkedMul(T a, T b, T &out) {
  return !__builtin_mul_overflow(a, b, &out);
}

// True when [offset, offset + size) lies within [0, limit); safe for any values.
[[nodiscard]] inline bool rangeWithin(uint64_t offset, uint64_t size, uint64_t limit) {
  return offset <= limit && size <= limit - offset;
}

// The smallest multiple of `alignment` (a power of two) that is >= value; false on overflow.
[[nodiscard]] inline bool checkedAlignUp(uint64_t value, uint64_t alignment, uint64_t &out) {
  if (!checkedAdd(value, alignment - 1, out))
    return false;
  out &= ~(alignment - 1);
  return true;
}

} // namespace tenon
