#include "compiler/cache/remote/SharedEntry.h"

#include "runtime/base/Bytes.h"

namespace tenon::cache {

std::string sharedEntryName(const Key &key) { return "ac/" + key.hex; }

std::string sharedPartName(const Part &part) {
  return "cas/" + blake3Hex("tenon cache part 1 " + std::to_string(part.bytes) + " " + std::to_string(part.prefix) +
                            " " + toHex(part.prefixDigest) + " " + toHex(part.digest));
}

std::string sharedEntryText(Manifest manifest, const trust::SecretKey *key) {
  for (Part &part : manifest.parts)
    part.stamp = {};
  std::string text = manifestText(manifest);
  if (key)
    text += trust::formatSignature(trust::sign(*key, kEntryDomain, bytesOf(text)));
  return text;
}

Result<SharedEntry> parseSharedEntry(std::string_view text) {
  // No line of a manifest but its last begins so.
  const size_t sum = text.find("\nsum "), end = sum == text.npos ? text.npos : text.find('\n', sum + 1);
  if (end == text.npos)
    return Status(Code::InvalidFile, "not the manifest of a cache entry: it does not end in a sum: it was cut off");
  SharedEntry entry;
  entry.signedText = text.substr(0, end + 1);
  TENON_ASSIGN(entry.manifest, parseManifest(entry.signedText));
  if (text.size() > entry.signedText.size()) {
    TENON_ASSIGN(entry.signatures, trust::parseSignatures(text.substr(entry.signedText.size()), "its signatures"));
  }
  return entry;
}

} // namespace tenon::cache
