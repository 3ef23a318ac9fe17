#include "compiler/cache/Key.h"

#include "runtime/base/Bytes.h"
#include "llvm/Support/BLAKE3.h"

#include <algorithm>

namespace tenon::cache {
namespace {

std::string toHexText(std::span<const uint8_t> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : bytes)
    text += {kDigits[byte >> 4], kDigits[byte & 15]};
  return text;
}

void addText(llvm::BLAKE3 &hasher, std::string_view text) {
  std::array<uint8_t, 8> size;
  for (size_t i = 0; i < size.size(); ++i)
    size[i] = static_cast<uint8_t>(uint64_t(text.size()) >> (8 * i));
  hasher.update(size);
  hasher.update(llvm::StringRef(text.data(), text.size()));
}

std::string finish(llvm::BLAKE3 &hasher) {
  const auto digest = hasher.final<32>();
  return toHexText(digest);
}

} // namespace

std::string_view kindName(Kind kind) {
  switch (kind) {
  case Kind::Code:
    return "code";
  case Kind::Weights:
    return "weights";
  case Kind::Engine:
    break;
  }
  return "engine";
}

std::optional<Kind> parseKind(std::string_view name) {
  for (const Kind kind : kKinds)
    if (kindName(kind) == name)
      return kind;
  return std::nullopt;
}

Key keyOf(Kind kind, const Fields &fields) {
  llvm::BLAKE3 hasher;
  addText(hasher, "tenon cache 1");
  addText(hasher, kindName(kind));
  for (const auto &[name, value] : fields) {
    addText(hasher, name);
    addText(hasher, value);
  }
  return {kind, finish(hasher)};
}

bool isHexDigest(std::string_view text) {
  return text.size() == 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string blake3Hex(std::span<const uint8_t> bytes) {
  llvm::BLAKE3 hasher;
  hasher.update(llvm::ArrayRef(bytes.data(), bytes.size()));
  return finish(hasher);
}

std::string blake3Hex(std::string_view text) { return blake3Hex(bytesOf(text)); }

} // namespace tenon::cache
