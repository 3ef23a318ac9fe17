// The names of cache entries: BLAKE3 over named, sorted, length-prefixed fields.
//
// Two compilations share an entry exactly when all its fields are equal. What goes into the fields of each kind is
// decided elsewhere (compiler/driver/CacheKeys.h); here they are text. Threads: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tenon::cache {

enum class Kind { Code, Weights, Engine };
inline constexpr std::array<Kind, 3> kKinds = {Kind::Code, Kind::Weights, Kind::Engine};

// "code", "weights", "engine": also the folder that holds the entries.
std::string_view kindName(Kind kind);
std::optional<Kind> parseKind(std::string_view name);

// Sorted by name, bytewise.
using Fields = std::map<std::string, std::string, std::less<>>;

struct Key {
  Kind kind = Kind::Code;
  std::string hex; // 64 lower-case digits

  std::string text() const { return std::string(kindName(kind)) + "/" + hex; }
  auto operator<=>(const Key &) const = default;
};

Key keyOf(Kind kind, const Fields &fields);

// 64 lower-case hexadecimal digits, nothing else.
bool isHexDigest(std::string_view text);

// BLAKE3 of bytes, in hexadecimal.
std::string blake3Hex(std::span<const uint8_t> bytes);
std::string blake3Hex(std::string_view text);

} // namespace tenon::cache
