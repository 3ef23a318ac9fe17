// How far products of codes may be summed in 32-bit integers.
#pragma once

#include <cstdint>

namespace tenon::qt {

// Inputs whose products surely fit one sum: 127 * 128 * 2^17 < 2^31. Only sums over the whole depth can grow so long:
// a group, of weights or of rows, ends every other.
inline constexpr int64_t kMaxIntegerSum = int64_t(1) << 17;

} // namespace tenon::qt
