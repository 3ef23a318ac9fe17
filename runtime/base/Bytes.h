// Text as the bytes that it is.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tenon {

// Lives no longer than the text.
inline std::span<const uint8_t> bytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

} // namespace tenon
