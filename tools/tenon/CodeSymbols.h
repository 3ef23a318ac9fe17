// The functions of a code segment, by name.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string_view>

namespace tenon::cli {

// The bytes of every exported function of a 64-bit little-endian ELF library. What leads out of the image is left out,
// so the map of a damaged image may be empty. Points into `image`.
std::map<std::string_view, std::span<const uint8_t>> functionsOf(std::span<const uint8_t> image);

} // namespace tenon::cli
